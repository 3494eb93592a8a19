// What the panels say. Their words are in the page's texts.

import { Refused } from "./api.js";
import { counted, text } from "./texts.js";

/** @typedef {import("./panel.js").Content} Content */

/** @param {number} total @param {import("./worktime.js").WorkTime} worktime @param {number} breakMinutes 0: never @param {string} undoKey @returns {Content} */
export function bundleEnd(total, worktime, breakMinutes, undoKey) {
  const rest = breakMinutes > 0 && worktime.unbroken >= breakMinutes;
  return {
    title: counted("end.title", total),
    text: rest ? counted("end.break", worktime.unbroken) : text("end.text"),
    go: text("end.go"),
    back: text("end.back"),
    leave: text(rest ? "end.rest" : "leave"),
    keys: text("end.keys", { undo: undoKey }),
    tone: "glad",
  };
}

/** The campaign has nothing for this person now. @param {import("./api.js").Nothing} done @param {import("./worktime.js").WorkTime} worktime @returns {Content} */
export function nothingLeft(done, worktime) {
  const empty = done.why === "nothing" && done.votes === 0;
  const paused = done.why === "paused" || done.why === "campaign-paused";
  return {
    title: text(empty ? "done.empty.title" : `done.${done.why}.title`),
    text: text(empty ? "done.empty.text" : `done.${done.why}.text`),
    body: empty || paused ? undefined : "thanks",
    facts: done.votes === 0 ? [] : achieved(done, worktime),
    leave: document.body.dataset.guest ? "" : text("home"),
    tone: empty || paused ? "calm" : "glad",
  };
}

/** @param {import("./api.js").Nothing} done @param {import("./worktime.js").WorkTime} worktime */
function achieved(done, worktime) {
  const facts = [{ label: text("facts.answers"), value: text("number", { n: done.votes }) }];
  if (done.hits) facts.push({ label: text("facts.bundles"), value: text("number", { n: done.hits }) });
  if (worktime.minutes >= 1) facts.push({ label: text("facts.time"), value: text("facts.minutes", { n: worktime.minutes }) });
  return facts;
}

/** @param {number} n practice questions @returns {Content} */
export const practiceFirst = (n) => ({
  title: text("practice.title"),
  text: counted("practice.text", n),
  go: text("practice.go"),
  keys: text("enter"),
});

/** @param {{right: number, given: number}} score @returns {Content} */
export const practiceScore = ({ right, given }) => ({
  title: text("practice.score", { right, given }),
  text: text(right === given ? "practice.all" : "practice.some"),
  go: text("practice.real"),
  keys: text("enter"),
  tone: "glad",
});

/** @returns {Content} */
export const consentFirst = () => ({ title: text("consent.title"), body: "consent", go: text("consent.go"), leave: text("consent.leave") });

/** @returns {Content} */
export const away = () => ({ title: text("away.title"), text: text("away.text"), go: text("away.go"), leave: "" });

/** The bundle in hand went on without this person. @param {string} sentence @returns {Content} */
export const overtaken = (sentence) => ({ title: text("overtaken.title"), text: sentence, go: text("overtaken.go"), keys: text("enter") });

/** @param {string} message the server's own sentence @returns {Content} */
export const refused = (message) => ({ title: text("refused.title"), text: message, go: text("overtaken.go"), tone: "trouble" });

/** @returns {Content} */
export const missing = () => ({ title: text("missing.title"), text: text("missing.text"), go: text("again"), tone: "trouble" });

/** @returns {Content} */
export const stopped = () => ({ title: text("stopped.title"), text: text("stopped.text"), go: text("stopped.go"), leave: "" });

/** @returns {Content} */
export function signIn() {
  const { guest, login } = document.body.dataset;
  if (guest) return { title: text("signin.guest.title"), text: text("signin.guest.text"), leave: "", tone: "trouble" };
  return { title: text("signin.title"), text: text("signin.text"), leave: text("signin.go"), leaveHref: login, tone: "trouble" };
}

/** @param {unknown} error @returns {Content} */
export function trouble(error) {
  if (error instanceof Refused) return { title: text("trouble.title"), text: error.message, go: text("again"), tone: "trouble" };
  return { title: text("offline.title"), text: text("offline.text"), go: text("again"), tone: "trouble" };
}
