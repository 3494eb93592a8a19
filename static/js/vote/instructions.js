// The instructions: shown once before the first bundle, and whenever somebody asks for them.

import { whenClosed } from "./dialogs.js";
import { byId } from "./stage.js";
import { keep } from "./storage.js";
import { text } from "./texts.js";

export class Instructions {
  /** @type {(() => void)[]} */
  #waiting = [];

  /** @param {string} name of this person in this campaign @param {Storage | null} storage */
  constructor(name, storage) {
    this.dialog = /** @type {HTMLDialogElement} */ (byId("instructions"));
    this.key = `semblance.instructions.${name}`;
    this.storage = storage;
    this.seen = storage?.getItem(this.key) === "1";
    whenClosed(this.dialog, () => this.#closed());
  }

  #closed() {
    this.seen = true;
    keep(this.storage, this.key, "1");
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  /** Resolves when they were seen, at once where they were seen before. @returns {Promise<void>} */
  once() {
    if (this.seen) return Promise.resolve();
    return this.show(text("begin"));
  }

  /** @param {string} word on the button that closes them @returns {Promise<void>} */
  show(word) {
    if (!this.dialog.open) {
      byId("begin").textContent = word;
      this.dialog.showModal();
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}
