// Answers that the server keeps and does not count. Not the person's fault, so no alarm: one quiet sentence.

import { counted } from "./texts.js";

export class Uncounted {
  /** @type {Map<string, number>} */
  #since = new Map();

  /** @param {string} reason */
  add(reason) {
    this.#since.set(reason, (this.#since.get(reason) ?? 0) + 1);
  }

  /** What there is to say since it was last said. @returns {string} */
  say() {
    const sentence = [...this.#since].map(([reason, n]) => counted(`uncounted.${reason}`, n)).join(" ");
    this.#since.clear();
    return sentence;
  }
}
