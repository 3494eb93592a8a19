// The legend: one button a category, which shows and hides its points.

import { SHAPES } from "./shapes.js";

const SVG = "http://www.w3.org/2000/svg";

/**
 * @param {HTMLElement} holder
 * @param {import("./main.js").About} about
 * @param {string[]} colours
 * @param {Set<number>} hidden categories, changed in place
 * @param {() => void} onChange
 */
export function buildLegend(holder, about, colours, hidden, onChange) {
  const title = document.createElement("h3");
  title.textContent = about.label || "All stimuli";
  const counts = new Map();
  for (const category of about.category) counts.set(category, (counts.get(category) ?? 0) + 1);
  const buttons = about.categories.map((name, category) => {
    const button = document.createElement("button");
    button.type = "button";
    button.setAttribute("aria-pressed", String(!hidden.has(category)));
    button.addEventListener("click", () => {
      if (!hidden.delete(category)) hidden.add(category);
      button.setAttribute("aria-pressed", String(!hidden.has(category)));
      onChange();
    });
    const text = document.createElement("span");
    text.textContent = name || "no label";
    const count = document.createElement("small");
    count.textContent = String(counts.get(category) ?? 0);
    button.append(mark(category, colours), text, count);
    return button;
  });
  holder.replaceChildren(title, ...buttons);
}

/** @param {number} category @param {string[]} colours */
function mark(category, colours) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "-1.1 -1.1 2.2 2.2");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", SHAPES[Math.floor(category / colours.length) % SHAPES.length]);
  path.setAttribute("fill", colours[category % colours.length]);
  svg.append(path);
  return svg;
}
