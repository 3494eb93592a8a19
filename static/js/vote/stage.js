// What is on the screen. It knows elements and no rules.

/** @typedef {{reference: HTMLImageElement, left: HTMLImageElement, right: HTMLImageElement}} Trio */

/** @param {string} id */
const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

const bar = byId("bar");
const count = byId("count");
const saved = byId("saved");
const announce = byId("announce");
const panel = byId("panel");
const frames = {
  reference: byId("reference"),
  left: byId("left").querySelector(".frame"),
  right: byId("right").querySelector(".frame"),
};

/** @param {"loading" | "asking" | "resting"} state */
export function setState(state) {
  document.body.dataset.state = state;
}

/** Put three decoded pictures on; resolves when they are on the screen. @param {Trio} trio @returns {Promise<number>} */
export async function show(trio) {
  await Promise.all(Object.values(trio).map((image) => image.decode()));
  for (const place of /** @type {const} */ (["reference", "left", "right"])) frames[place].replaceChildren(trio[place]);
  panel.hidden = true;
  // The first callback comes before the frame that shows the pictures is painted, the second right after it.
  await frame();
  return frame();
}

/** Take the pictures off while the next ones are on their way. */
export function clear() {
  for (const place of Object.values(frames)) place.replaceChildren();
  setState("loading");
}

/** The next frame, or a moment later where the page is hidden and gets none. @returns {Promise<number>} */
function frame() {
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
  bar.setAttribute("width", `${total ? (100 * answered) / total : 0}%`);
  count.textContent = `${Math.min(answered + 1, total)} of ${total}`;
}

/** @param {number} number @param {number} total */
export function announceQuestion(number, total) {
  announce.textContent = `Question ${number} of ${total}`;
}

/** @param {"left" | "right"} side */
export function markChosen(side) {
  const button = byId(side);
  button.classList.remove("chosen");
  void button.offsetWidth; // restarts the animation
  button.classList.add("chosen");
}

/** @param {import("./outbox.js").State} state @param {number} waiting @param {string} login */
export function setSaved(state, waiting, login) {
  saved.dataset.kind = state === "signed-out" ? "waiting" : state;
  if (state === "signed-out") {
    const link = document.createElement("a");
    link.href = login;
    link.textContent = `Sign in to save ${waiting}`;
    saved.replaceChildren(link);
    return;
  }
  saved.textContent = { saved: "Saved", saving: "Saving", waiting: `${waiting} waiting` }[state];
}

/**
 * @param {{title: string, text: string, go?: string, keys?: string, leave?: string, leaveHref?: string}} content
 * @param {() => void} [onGo]
 */
export function showPanel(content, onGo) {
  byId("panel-title").textContent = content.title;
  byId("panel-text").textContent = content.text;
  byId("panel-keys").textContent = content.keys ?? "";
  const go = byId("panel-go");
  go.hidden = !content.go;
  go.textContent = content.go ?? "";
  go.onclick = onGo ?? null;
  const leave = /** @type {HTMLAnchorElement} */ (byId("panel-leave"));
  leave.textContent = content.leave ?? "Stop for now";
  if (content.leaveHref) leave.href = content.leaveHref;
  panel.hidden = false;
  (content.go ? go : leave).focus();
}

export const panelIsOpen = () => !panel.hidden;
