// A run while it trains: asks for its progress every two seconds, moves the bar, draws the curves; reloads at the end.

import { Curves } from "./curves.js";

const POLL_MS = 2_000;
const SLOW_MS = 10_000;

const root = document.getElementById("run");
const holder = document.getElementById("curves");
const curves = holder ? new Curves(holder) : null;
const note = document.getElementById("curves-note");
const wasOver = root.dataset.over === "true";

/** @typedef {import("./curves.js").HistoryRow} HistoryRow */
/**
 * @typedef {{status: string, status_text: string, over: boolean, iteration: number, total: number, percent: string,
 *   eta: string, losses: Record<string, number>, history: HistoryRow[], best_iteration: number | null, error: string}} Progress
 */

/** @param {string} id @param {string} text */
function setText(id, text) {
  const element = document.getElementById(id);
  if (element && element.textContent !== text) element.textContent = text;
}

/** @param {Progress} progress */
function draw(progress) {
  const badge = document.getElementById("status");
  badge.textContent = progress.status_text;
  badge.className = `badge ${progress.status}`;
  setText("iteration", progress.iteration.toLocaleString("en"));
  setText("total", progress.total ? progress.total.toLocaleString("en") : "–");
  setText("eta", progress.eta ? `${progress.eta} left` : "");
  root.querySelector(".card .bar .fill")?.setAttribute("width", `${progress.percent}%`);
  if (!curves) return;
  curves.draw(progress.history, progress.best_iteration);
  note.textContent = progress.history.length
    ? "Means between two evaluations."
    : "The first point comes with the first evaluation.";
}

async function poll() {
  let pause = POLL_MS;
  try {
    const response = await fetch(root.dataset.progress, { redirect: "manual" });
    if (!response.ok) throw new Error(`The server answered ${response.status}.`);
    const progress = /** @type {Progress} */ (await response.json());
    draw(progress);
    if (progress.over && !wasOver) location.reload(); // the finished page has the evaluation and the map
    if (progress.over) return;
  } catch (error) {
    setText("eta", "Connection lost, trying again");
    pause = SLOW_MS;
  }
  setTimeout(poll, document.hidden ? SLOW_MS : pause);
}

poll();
