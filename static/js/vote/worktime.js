// How long somebody has worked here: in all since the tab was opened, and without a pause.

import { keep, read } from "./storage.js";

// A question takes seconds. Who gives no sign for longer is not answering; who is away for this long has rested.
const IDLE_MS = 120_000;
const REST_MS = 300_000;

export class WorkTime {
  /** @param {string} name @param {Storage | null} storage of this tab: a reload is not a pause */
  constructor(name, storage) {
    this.key = `semblance.worktime.${name}`;
    this.storage = storage;
    const kept = /** @type {any} */ (read(storage, this.key));
    this.total = Number(kept?.total) || 0;
    this.stretch = Number(kept?.stretch) || 0;
    this.last = Number(kept?.last) || NaN;
  }

  /** Somebody did something. */
  touch() {
    const now = Date.now();
    const gap = now - this.last;
    if (gap >= REST_MS) this.stretch = 0;
    if (gap >= 0 && gap < IDLE_MS) {
      this.total += gap;
      this.stretch += gap;
    }
    this.last = now;
    keep(this.storage, this.key, JSON.stringify({ total: this.total, stretch: this.stretch, last: now }));
  }

  /** Whole minutes in all. */
  get minutes() {
    return Math.round(this.total / 60_000);
  }

  /** Whole minutes since the last rest. */
  get unbroken() {
    return Math.floor(this.stretch / 60_000);
  }

  /** Whether anything was done within this time. @param {number} ms */
  activeWithin(ms) {
    return Date.now() - this.last < ms;
  }
}
