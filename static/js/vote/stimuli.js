// Stimuli of every kind, made ready before they are needed: pictures decoded, shapes loaded, texts as they are.

import { Pictures } from "./pictures.js";
import { Shapes } from "./shapes.js";
import { text } from "./texts.js";

/** @typedef {import("./api.js").Item} Item */
/** @typedef {import("./api.js").Stimulus} Stimulus */
/** @typedef {"reference" | "left" | "right" | "stimulus"} Role */
/** @typedef {{role: Role, alt: string, element?: HTMLElement, solid?: import("./shapes.js").Solid}} Face */

const AHEAD = 10;
const NEAR = 60;
const ROLES = /** @type {const} */ (["reference", "left", "right", "stimulus"]);

export class Stimuli {
  #pictures = new Pictures();

  /** @param {Shapes} shapes */
  constructor(shapes) {
    this.shapes = shapes;
  }

  /** What an item shows, ready. @param {Item} item @returns {Promise<Face[]>} */
  of(item) {
    const shown = ROLES.filter((role) => item[role]);
    return Promise.all(shown.map((role) => this.#face(role, /** @type {Stimulus} */ (item[role]))));
  }

  /** @param {Role} role @param {Stimulus} stimulus @returns {Promise<Face>} */
  async #face(role, stimulus) {
    const alt = text(`alt.${role}`);
    if (stimulus.kind === "text") return { role, alt, element: words(stimulus.text ?? "") };
    if (stimulus.kind === "shape") return { role, alt, solid: await this.shapes.of(stimulus.shape ?? "") };
    // A candidate lies in a button, which has a name of its own.
    const said = role === "left" || role === "right" ? "" : alt;
    return { role, alt, element: await this.#pictures.of(stimulus.url ?? "", said) };
  }

  /** @param {Item[]} coming */
  prepare(coming) {
    const all = coming.slice(0, NEAR).map((item) => ROLES.flatMap((role) => item[role] ?? []));
    const pictures = (/** @type {Stimulus[]} */ some) => some.flatMap((one) => (one.kind === "image" ? (one.url ?? []) : []));
    const near = all.slice(0, AHEAD).flat();
    this.#pictures.prepare(pictures(near), pictures(all.slice(AHEAD).flat()));
    const shapes = near.flatMap((one) => (one.kind === "shape" ? (one.shape ?? []) : []));
    // What cannot be fetched is missed when it is to be shown.
    if (shapes.length) this.shapes.prepare(shapes).catch(() => undefined);
  }
}

/** @param {string} content */
function words(content) {
  const element = document.createElement("span");
  element.className = "words";
  element.dataset.length = content.length > 220 ? "long" : content.length > 70 ? "middle" : "short";
  element.textContent = content;
  return element;
}
