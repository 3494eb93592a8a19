// Shows one item and measures how long it is looked at: from visible to answer, on a clock that never goes backwards.

import { hidePanel } from "./panel.js";
import * as stage from "./stage.js";

/** @typedef {import("./api.js").Item} Item */

// A second press within this time is the first one's bounce, not a judgement of stimuli just shown.
const BOUNCE_MS = 120;
const STALE_MS = 200;
const MAX_RESPONSE_MS = 86_400_000;

/** A picture or shape did not come. */
export class Missing extends Error {}

export class Asker {
  /** @type {Item | null} */
  #item = null;
  #visibleSince = NaN;
  #turn = 0;

  /** @param {import("./stimuli.js").Stimuli} stimuli @param {import("./shapes.js").Shapes} shapes */
  constructor(stimuli, shapes) {
    this.stimuli = stimuli;
    this.shapes = shapes;
  }

  /** The item on the screen that can be answered. */
  get item() {
    return this.#item;
  }

  /**
   * Show an item; resolves to whether it is this one that is asked now, and not a later one.
   * @param {Item} item @param {Item[]} coming the items from this one on
   */
  async ask(item, coming) {
    this.stop();
    const turn = this.#turn;
    // The last stimuli may stay a moment, so that nothing flickers, but never long enough to be judged again.
    const late = setTimeout(() => stage.clear(this.shapes), STALE_MS);
    try {
      this.stimuli.prepare(coming);
      const faces = await this.stimuli.of(item);
      if (turn !== this.#turn) return false;
      clearTimeout(late); // or it would take off what is put on now
      hidePanel();
      const visible = await stage.show(item, faces, this.shapes);
      if (turn !== this.#turn) return false;
      stage.setState("asking");
      this.#item = item;
      this.#visibleSince = visible;
      return true;
    } catch (error) {
      if (turn !== this.#turn) return false;
      throw new Missing(String(error), { cause: error });
    } finally {
      clearTimeout(late);
    }
  }

  /** Whether an answer is one that the item on the screen has. @param {string} answer */
  fits(answer) {
    if (!this.#item) return false;
    if (answer === "cant-tell") return true;
    return this.#item.kind === "triplet" ? answer === "left" || answer === "right" : /^\d$/.test(answer);
  }

  /** Take an answer to what is on the screen. @returns {number | null} the time that it took, or null where it is none */
  take() {
    const waited = performance.now() - this.#visibleSince;
    if (!(waited >= BOUNCE_MS)) return null;
    this.stop();
    return Math.min(Math.round(waited), MAX_RESPONSE_MS);
  }

  /** The clock starts again: the stimuli were covered meanwhile. */
  restartClock() {
    if (this.#item) this.#visibleSince = performance.now();
  }

  /** Nothing is asked any more. */
  stop() {
    this.#turn += 1;
    this.#item = null;
    this.#visibleSince = NaN;
  }
}
