// A bundle being answered: item after item, back by one where the person wants to, until all are answered.

import { Missing } from "./asker.js";
import { Bundle } from "./bundle.js";
import { newId } from "./ids.js";
import * as stage from "./stage.js";
import { text } from "./texts.js";

/**
 * @typedef {{asker: import("./asker.js").Asker, outbox: import("./outbox.js").Outbox,
 *   worktime: import("./worktime.js").WorkTime}} Parts
 */

export class Run {
  /**
   * @param {import("./api.js").Claimed} claimed @param {Parts} parts
   * @param {{onWhole: () => void, onMissing: () => void}} tell
   */
  constructor(claimed, parts, tell) {
    this.parts = parts;
    this.tell = tell;
    this.bundle = new Bundle(claimed, parts.outbox.waiting(claimed.assignment));
  }

  get whole() {
    return this.bundle.current === undefined;
  }

  /** Ask the current item, or say that there is none. @param {string} [before] said before it to those who listen */
  async ask(before = "") {
    const { asker } = this.parts;
    const { current, coming, answered, total } = this.bundle;
    stage.setProgress(answered, total);
    stage.setUndo(answered > 0);
    if (!current) {
      asker.stop();
      this.tell.onWhole();
      return;
    }
    try {
      if (await asker.ask(current, coming)) stage.announceItem(current, answered + 1, total, before);
    } catch (error) {
      if (!(error instanceof Missing)) throw error;
      this.tell.onMissing();
    }
  }

  /** @param {string} answer */
  answer(answer) {
    const { asker, outbox, worktime } = this.parts;
    if (!asker.fits(answer)) return;
    const took = asker.take();
    if (took === null) return;
    stage.markChosen(answer);
    worktime.touch();
    outbox.add(this.bundle.give(answer, took, newId()));
    this.ask();
  }

  /** Take the last answer back and ask again. */
  undo() {
    const back = this.bundle.takeBack();
    if (!back) return;
    this.parts.worktime.touch();
    this.parts.outbox.add(back);
    this.ask(text("undone"));
  }

  /** The same bundle, claimed again: go on without a break. @param {import("./api.js").Claimed} claimed */
  renew(claimed) {
    const before = this.bundle.current;
    this.bundle = new Bundle(claimed, this.parts.outbox.waiting(claimed.assignment));
    if (this.bundle.current?.place !== before?.place) this.ask();
  }
}
