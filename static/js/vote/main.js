// Wires the voting page: keys, taps and swipes to the session, the outbox to the network, tabs to each other.

import { createApi } from "./api.js";
import { Asker } from "./asker.js";
import { whenClosed } from "./dialogs.js";
import { startHeartbeat } from "./heartbeat.js";
import { Instructions } from "./instructions.js";
import { Keys, sign } from "./keys.js";
import { keysDialog, nameKeys } from "./keys_dialog.js";
import { Outbox } from "./outbox.js";
import { panelIsOpen, panelKey } from "./panel.js";
import { Session } from "./session.js";
import { Shapes } from "./shapes.js";
import * as stage from "./stage.js";
import { Stimuli } from "./stimuli.js";
import { usable } from "./storage.js";
import { magnified, watchMagnification, watchSwipes } from "./swipe.js";
import { Tabs } from "./tabs.js";
import { text } from "./texts.js";
import { WorkTime } from "./worktime.js";
import { Zoom } from "./zoom.js";

const page = /** @type {Record<string, string>} */ (document.body.dataset);
const storage = usable("localStorage");
const asking = stage.byId("asking");

const api = createApi({
  claim: page.claim, votes: page.votes, heartbeat: page.heartbeat, return: page.return,
  consent: page.consent, practice: page.practice, csrf: page.csrf,
});
const shapes = new Shapes();
const asker = new Asker(new Stimuli(shapes), shapes);
const worktime = new WorkTime(page.box, usable("sessionStorage"));
const instructions = new Instructions(page.box, storage);
const keys = new Keys((page.actions ?? "").split(" "), page.worker, storage);
const dialog = keysDialog(keys);
const zoom = new Zoom(asking, stage.byId("zoom"));
const outbox = new Outbox(
  page.box,
  api.send,
  {
    onState: stage.setSaved,
    onRefused: (message, entry) => session.refused(message, entry),
    onUncounted: (kept) => session.uncounted(kept),
  },
  storage,
);
const tabs = new Tabs(page.box, () => session.stepAside());
/** @type {Session} */
const session = new Session({
  api, outbox, asker, tabs, worktime,
  instructions: () => instructions.once(),
  undoKey: () => sign(keys.of("undo")),
  breakMinutes: Number(page.breakMinutes),
});

/** @param {string} action */
function act(action) {
  if (action === "help") instructions.show(text("goon"));
  else if (action === "stop") session.stop();
  else if (action === "undo") session.undo();
  else if (action === "zoom") zoom.toggle();
  else session.answer(action);
}

const covered = () => instructions.dialog.open || dialog.open;
const TURNS = /** @type {Record<string, [number, number]>} */ ({
  ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1],
});
const TURN = 0.2;

/** Shift and an arrow turn shapes; 0 turns them back. @param {KeyboardEvent} event */
function turned(event) {
  if (!shapes.turning || panelIsOpen()) return false;
  if (event.shiftKey && event.key in TURNS) shapes.turn(TURN * TURNS[event.key][0], TURN * TURNS[event.key][1]);
  else if (event.key === "0") shapes.reset();
  else return false;
  return true;
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || covered()) return;
  worktime.touch();
  if (turned(event)) return event.preventDefault();
  if (event.key === "Escape" && zoom.on) return zoom.leave();
  if (event.key === "?") {
    event.preventDefault();
    return act("help");
  }
  const action = event.shiftKey && event.key in TURNS ? null : keys.actionOf(event.key);
  if (action === null) return panelIsOpen() ? panelKey(event) : undefined;
  event.preventDefault();
  if (event.repeat) return undefined;
  return action === "zoom" ? zoom.press() : act(action);
});
document.addEventListener("keyup", (event) => {
  if (keys.actionOf(event.key) === "zoom") zoom.release();
});
document.addEventListener("click", ({ target }) => {
  const button = target instanceof Element ? target.closest("[data-action]") : null;
  if (button) act(button.getAttribute("data-action") ?? "");
});
document.addEventListener("pointerdown", () => worktime.touch());
watchMagnification(asking);
watchSwipes(asking, {
  enabled: () => asker.item?.kind === "triplet" && !shapes.turning && !magnified(),
  onSwipe: (side) => session.answer(side),
});

// Time in dialogs is not time spent on a question.
for (const one of [instructions.dialog, dialog]) whenClosed(one, () => asker.restartClock());
stage.byId("change-keys").addEventListener("click", () => {
  instructions.dialog.close();
  dialog.showModal();
});

window.addEventListener("online", () => session.online());
window.addEventListener("pagehide", () => session.leave());
window.addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload(); // a page from the browser's memory does not know what happened since
});
document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  asker.restartClock(); // what nobody could see was not looked at
  if (outbox.size) outbox.flush();
});
window.addEventListener("beforeunload", (event) => {
  // With a store the answers survive the page; without one, leaving would lose them.
  if (outbox.size && !storage) event.preventDefault();
});

startHeartbeat({
  ticket: () => session.ticket,
  activeWithin: (ms) => worktime.activeWithin(ms),
  send: api.heartbeat,
  onLost: (ticket) => session.lost(ticket),
});
nameKeys(keys);
session.start();
