// One tab at a time asks questions. Whoever opens the page, or says "continue here", goes on; all others step aside.

import { newId } from "./ids.js";

export class Tabs {
  #mine = { at: 0, id: newId() };

  /** @param {string} name of this person in this campaign @param {() => void} stepAside */
  constructor(name, stepAside) {
    this.channel = "BroadcastChannel" in window ? new BroadcastChannel(`semblance.tabs.${name}`) : null;
    this.channel?.addEventListener("message", ({ data }) => {
      if (isLater(data, this.#mine)) stepAside();
    });
  }

  /** Go on here, and tell the others. */
  take() {
    this.#mine = { ...this.#mine, at: Date.now() };
    this.channel?.postMessage(this.#mine);
  }
}

/** Two that open at once each hear the other; the same one of them has to win on both sides. @param {any} one @param {{at: number, id: string}} other */
const isLater = (one, other) => one.at > other.at || (one.at === other.at && one.id > other.id);
