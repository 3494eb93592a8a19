// Small multiples: one panel a quantity, each with its own scale, one cursor over all of them.

import uPlot from "../../vendor/uplot-1.6.32/uPlot.min.js";
import { colour, onThemeChange } from "../theme.js";

/**
 * @typedef {{iteration: number, losses: Record<string, number>, validation: Record<string, number> | null}} HistoryRow
 * @typedef {{title: string, about: string, read: (row: HistoryRow) => number | undefined, best?: boolean}} Panel
 */

/** @type {Panel[]} */
const PANELS = [
  { title: "Validation ELBO", about: "higher is better", read: (row) => row.validation?.elbo, best: true },
  { title: "Validation accuracy", about: "higher is better", read: (row) => row.validation?.accuracy, best: true },
  { title: "Triplets satisfied", about: "in validation, higher is better", read: (row) => row.validation?.satisfied, best: true },
  { title: "Loss", about: "what is minimised", read: (row) => ("elbo" in (row.validation ?? {}) ? undefined : row.losses.loss) },
  { title: "Reconstruction", about: "loss a stimulus", read: (row) => row.losses.reconstruction },
  { title: "KL", about: "divergence from the prior", read: (row) => row.losses.kl },
  { title: "Triplets", about: "loss of the triplet prior", read: (row) => row.losses.triplet },
  { title: "β", about: "weight of the annealed term", read: (row) => row.losses.beta },
];
const HEIGHT = 168;

/** @param {number | null | undefined} value */
function short(value) {
  if (value == null) return "–";
  const size = Math.abs(value);
  if (size >= 1e6) return `${+(value / 1e6).toPrecision(3)}M`;
  if (size >= 1e3) return `${+(value / 1e3).toPrecision(3)}k`;
  return String(+value.toPrecision(3));
}

export class Curves {
  /** @type {{panel: Panel, plot: uPlot, value: HTMLElement}[]} */
  #shown = [];
  /** @type {HistoryRow[]} */
  #history = [];
  /** @type {number | null} */
  #best = null;

  /** @param {HTMLElement} holder */
  constructor(holder) {
    this.holder = holder;
    new ResizeObserver(() => this.#resize()).observe(holder);
    onThemeChange(() => this.#rebuild());
  }

  /** @param {HistoryRow[]} history @param {number | null} best */
  draw(history, best) {
    const known = this.#history.length;
    this.#history = history;
    this.#best = best;
    if (!history.length) return;
    if (!this.#shown.length) return this.#rebuild();
    if (history.length === known) return;
    for (const { panel, plot, value } of this.#shown) {
      plot.setData(this.#data(panel));
      value.textContent = short(this.#last(panel));
    }
  }

  /** @param {Panel} panel @returns {uPlot.AlignedData} */
  #data(panel) {
    return [this.#history.map((row) => row.iteration), this.#history.map((row) => panel.read(row) ?? null)];
  }

  /** @param {Panel} panel */
  #last(panel) {
    return panel.read(this.#history[this.#history.length - 1]);
  }

  #rebuild() {
    for (const { plot } of this.#shown) plot.destroy();
    this.holder.replaceChildren();
    const panels = PANELS.filter((panel) => this.#history.some((row) => panel.read(row) !== undefined));
    this.#shown = panels.map((panel) => this.#panel(panel));
  }

  /** @param {Panel} panel */
  #panel(panel) {
    const figure = document.createElement("figure");
    figure.className = "curve card";
    const caption = document.createElement("figcaption");
    const title = document.createElement("strong");
    const value = document.createElement("span");
    const about = document.createElement("small");
    title.textContent = panel.title;
    value.textContent = short(this.#last(panel));
    value.className = "num";
    about.textContent = panel.about;
    caption.append(title, value, about);
    figure.append(caption);
    this.holder.append(figure);
    const plot = new uPlot(this.#options(panel, figure), this.#data(panel), figure);
    return { panel, plot, value };
  }

  /** @param {Panel} panel @param {HTMLElement} figure @returns {uPlot.Options} */
  #options(panel, figure) {
    const axis = {
      stroke: colour("muted"),
      font: `11px ${getComputedStyle(document.body).fontFamily}`,
      grid: { stroke: colour("line"), width: 1 },
      ticks: { show: false },
      values: (_, values) => values.map(short),
    };
    return {
      width: this.#width(figure),
      height: HEIGHT,
      legend: { show: false },
      cursor: { sync: { key: "curves" }, drag: { x: false, y: false }, points: { size: 7 } },
      scales: { x: { time: false } },
      axes: [{ ...axis, size: 28, space: 70 }, { ...axis, size: 46, space: 36 }],
      series: [{}, { stroke: colour("accent"), width: 2, points: { show: this.#history.length < 3, size: 6 } }],
      hooks: {
        draw: panel.best ? [(plot) => this.#markBest(plot, panel)] : [],
        setCursor: [(plot) => this.#read(plot, panel)],
      },
    };
  }

  /** Ring the evaluation whose model was kept. @param {uPlot} plot @param {Panel} panel */
  #markBest(plot, panel) {
    const row = this.#history.find((one) => one.iteration === this.#best);
    const value = row && panel.read(row);
    if (value === undefined) return;
    const { ctx } = plot;
    ctx.save();
    ctx.strokeStyle = colour("ink");
    ctx.lineWidth = 2 * devicePixelRatio;
    ctx.beginPath();
    ctx.arc(plot.valToPos(row.iteration, "x", true), plot.valToPos(value, "y", true), 5 * devicePixelRatio, 0, 2 * Math.PI);
    ctx.stroke();
    ctx.restore();
  }

  /** @param {uPlot} plot @param {Panel} panel */
  #read(plot, panel) {
    const shown = this.#shown.find((one) => one.panel === panel);
    if (!shown) return;
    const place = plot.cursor.idx;
    shown.value.textContent =
      place == null
        ? short(this.#last(panel))
        : `${short(panel.read(this.#history[place]))} at ${this.#history[place].iteration.toLocaleString("en")}`;
  }

  /** @param {HTMLElement} figure */
  #width(figure) {
    const style = getComputedStyle(figure);
    return Math.max(180, figure.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight));
  }

  #resize() {
    for (const { plot } of this.#shown) {
      const width = this.#width(plot.root.parentElement);
      if (width !== plot.width) plot.setSize({ width, height: HEIGHT });
    }
  }
}
