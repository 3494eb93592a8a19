// What is on the screen while questions are asked. It knows elements and no rules.

import { counted, text } from "./texts.js";

/** @typedef {import("./stimuli.js").Face} Face */
/** @typedef {import("./api.js").Item} Item */

/** @param {string} id */
export const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

const NOTICE_MS = 10_000;
const page = document.body;
/** @type {Record<string, HTMLElement>} */
const frames = {};
for (const frame of document.querySelectorAll(".frame[data-role]")) {
  const element = /** @type {HTMLElement} */ (frame);
  frames[element.dataset.role ?? ""] = element;
}

/** @param {"loading" | "asking" | "resting"} state */
export function setState(state) {
  page.dataset.state = state;
}

/**
 * Put an item's stimuli on; resolves when they are on the screen.
 * @param {Item} item @param {Face[]} faces @param {import("./shapes.js").Shapes} shapes @returns {Promise<number>}
 */
export async function show(item, faces, shapes) {
  await Promise.all(faces.map(({ element }) => (element instanceof HTMLImageElement ? element.decode() : null)));
  shapes.clear();
  page.dataset.asks = item.kind;
  page.dataset.form = faces.some(({ solid }) => solid) ? "shape" : faces.every(isWords) ? "text" : "picture";
  const solids = [];
  for (const [role, frame] of Object.entries(frames)) {
    const face = faces.find((one) => one.role === role);
    frame.replaceChildren(...(face?.element ? [face.element] : []));
    if (face?.solid) solids.push({ frame, solid: face.solid, alt: face.alt });
  }
  if (solids.length) shapes.show(solids);
  letScroll();
  // The first callback comes before the frame that shows them is painted, the second right after it.
  await painted();
  return painted();
}

/** @param {Face} face */
const isWords = ({ element }) => element?.className === "words";

/** Words that are longer than their frame can be scrolled by keys too. */
function letScroll() {
  for (const words of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("figure .words"))) {
    if (words.scrollHeight > words.clientHeight + 1) words.tabIndex = 0;
  }
}

/** What instructions have to speak of. @param {Item[]} items */
export function expect(items) {
  const turning = items.some((item) => (item.reference ?? item.stimulus)?.kind === "shape");
  page.classList.toggle("has-shapes", turning);
}

/** Take the stimuli off while the next ones are on their way. @param {import("./shapes.js").Shapes} shapes */
export function clear(shapes) {
  shapes.clear();
  for (const frame of Object.values(frames)) frame.replaceChildren();
  setState("loading");
}

/** The next frame, or a moment later where the page is hidden and gets none. @returns {Promise<number>} */
function painted() {
  return new Promise((resolve) => {
    const late = setTimeout(() => resolve(performance.now()), 250);
    requestAnimationFrame(() => {
      clearTimeout(late);
      resolve(performance.now());
    });
  });
}

/** @param {number} answered @param {number} total */
export function setProgress(answered, total) {
  byId("bar").setAttribute("width", `${total ? (100 * answered) / total : 0}%`);
  byId("count").textContent = total ? text("progress", { n: Math.min(answered + 1, total), total }) : "\u00a0";
}

/** Say what is asked to those who do not see it. @param {Item} item @param {number} n @param {number} total @param {string} before */
export function announceItem(item, n, total, before) {
  const prompt = byId("asking").querySelector(`[data-prompt="${item.kind}"]`)?.textContent?.trim() ?? "";
  byId("announce").textContent = [before, text(`announce.${item.kind}`, { n, total, prompt })].filter(Boolean).join(" ");
}

/** @param {string} answer */
export function markChosen(answer) {
  for (const button of /** @type {NodeListOf<HTMLElement>} */ (page.querySelectorAll(`#asking [data-action="${answer}"]`))) {
    button.classList.remove("chosen");
    void button.offsetWidth; // restarts the animation
    button.classList.add("chosen");
  }
}

/** @param {import("./outbox.js").State} state @param {number} waiting */
export function setSaved(state, waiting) {
  const saved = byId("saved");
  saved.dataset.kind = state;
  saved.textContent = state === "waiting" ? counted("waiting", waiting) : text(state);
}

/** Whether there is an answer that can be taken back. @param {boolean} can */
export function setUndo(can) {
  const undo = /** @type {HTMLButtonElement} */ (byId("undo"));
  undo.setAttribute("aria-disabled", String(!can));
}

let noticed = 0;

/** A sentence that is no reason to stop; it goes by itself. @param {string} sentence */
export function setNotice(sentence) {
  if (!sentence) return;
  byId("notice").textContent = sentence;
  clearTimeout(noticed);
  noticed = setTimeout(() => byId("notice").replaceChildren(), NOTICE_MS);
}

/** What practice says of an answer. @param {"right" | "wrong" | ""} kind @param {string} [sentence] @param {string} [look] the answer to look at again */
export function setFeedback(kind, sentence = "", look = "") {
  byId("feedback").dataset.kind = kind;
  byId("feedback").textContent = sentence;
  for (const button of page.querySelectorAll("#asking [data-action]")) {
    button.classList.toggle("look", button.getAttribute("data-action") === look);
  }
}
