// Wires the voting page: addresses from the page, keys and taps to the session, the outbox to the network.

import { createApi } from "./api.js";
import { Outbox } from "./outbox.js";
import { Pictures } from "./pictures.js";
import { Session } from "./session.js";
import * as stage from "./stage.js";

const page = document.body.dataset;
const instructions = /** @type {HTMLDialogElement} */ (document.getElementById("instructions"));
const begin = document.getElementById("begin");
const storage = usableStorage();
const seenKey = `semblance.instructions.${page.box}`;

const api = createApi({ claim: page.claim, votes: page.votes, return: page.return, csrf: page.csrf });
const outbox = new Outbox(
  page.box,
  api.send,
  {
    onState: (state, waiting) => stage.setSaved(state, waiting, page.login),
    onRefused: (message, entry) => session.refused(message, entry),
  },
  storage,
);
const session = new Session(api, outbox, new Pictures(), { home: page.home, login: page.login });

/** Where the browser forbids storage, touching it throws. @returns {Storage | null} */
function usableStorage() {
  try {
    localStorage.setItem("semblance.probe", "1");
    localStorage.removeItem("semblance.probe");
    return localStorage;
  } catch {
    return null;
  }
}

const SIDES = /** @type {const} */ ({ ArrowLeft: "left", ArrowRight: "right" });

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || instructions.open) return;
  if (event.key === "?") {
    event.preventDefault();
    openInstructions("Go on");
  } else if (event.key in SIDES && !stage.panelIsOpen()) {
    event.preventDefault();
    if (!event.repeat) session.answer(SIDES[event.key]);
  }
});

for (const side of /** @type {const} */ (["left", "right"])) {
  document.getElementById(side).addEventListener("click", () => session.answer(side));
}
instructions.addEventListener("close", () => session.restartClock());
document.getElementById("help").addEventListener("click", () => openInstructions("Go on"));
document.getElementById("stop").addEventListener("click", () => session.stop());

/** @param {string} word on its button */
function openInstructions(word) {
  begin.textContent = word;
  instructions.showModal();
}

window.addEventListener("online", () => outbox.flush());
document.addEventListener("visibilitychange", () => {
  if (outbox.size) outbox.flush();
});
window.addEventListener("beforeunload", (event) => {
  // With a store the answers survive the page; without one, leaving would lose them.
  if (outbox.size && !storage) event.preventDefault();
});

/** Instructions come first, once; the first question's pictures are fetched only when they can be looked at. */
function start() {
  if (storage?.getItem(seenKey)) {
    session.next();
    return;
  }
  openInstructions("Begin");
  instructions.addEventListener(
    "close",
    () => {
      storage?.setItem(seenKey, "1");
      session.next();
    },
    { once: true },
  );
}

start();
