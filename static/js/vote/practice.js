// Practice: questions whose answer is known, with a word on each answer at once. The first answers are what counts.

import { Missing } from "./asker.js";
import * as stage from "./stage.js";
import { text } from "./texts.js";

/** @typedef {import("./api.js").Item} Item */

const PAUSE_MS = 1_000;

export class Practice {
  /** @type {{question: number, answer: string}[]} */
  #answers = [];
  #at = 0;
  #tried = false;
  #timer = 0;

  /**
   * @param {Item[]} items @param {import("./asker.js").Asker} asker
   * @param {{onDone: (answers: {question: number, answer: string}[]) => void, onMissing: () => void}} tell
   */
  constructor(items, asker, tell) {
    this.items = items;
    this.asker = asker;
    this.tell = tell;
  }

  async ask() {
    stage.setFeedback("");
    stage.setUndo(false);
    stage.setProgress(this.#at, this.items.length);
    const item = this.items[this.#at];
    if (!item) {
      this.asker.stop();
      this.tell.onDone(this.#answers);
      return;
    }
    try {
      const before = text("practice.before");
      if (await this.asker.ask(item, this.items.slice(this.#at))) {
        stage.announceItem(item, this.#at + 1, this.items.length, before);
      }
    } catch (error) {
      if (!(error instanceof Missing)) throw error;
      this.tell.onMissing();
    }
  }

  /** @param {string} answer */
  answer(answer) {
    const item = this.asker.item;
    if (!item || !this.asker.fits(answer) || this.asker.take() === null) return;
    stage.markChosen(answer);
    if (!this.#tried) this.#answers.push({ question: item.question, answer });
    if (answer === item.expected) this.#goOn();
    else this.#again(item);
  }

  #goOn() {
    stage.setFeedback("right", text("practice.right"));
    this.#tried = false;
    this.#at += 1;
    this.#timer = setTimeout(() => this.ask(), PAUSE_MS);
  }

  /** Nothing more is asked here. */
  end() {
    clearTimeout(this.#timer);
    this.asker.stop();
    stage.setFeedback("");
  }

  /** @param {Item} item */
  async #again(item) {
    const expected = item.expected ?? "";
    const label = document.querySelector(`#asking [data-action="${expected}"] .name`)?.textContent?.trim() ?? "";
    this.#tried = true;
    await this.asker.ask(item, this.items.slice(this.#at));
    stage.setFeedback("wrong", text(item.kind === "label" ? "practice.wrong.label" : `practice.wrong.${expected}`, { label }), expected);
  }
}
