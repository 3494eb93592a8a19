// Answers that the server has not confirmed. Each lies in localStorage under a key of its own from the moment it is
// given, so a reload or a second tab can neither lose nor overwrite it; it leaves only when the server says that it has
// it, or that it will never take it.

import { Refused, SignedOut, Unreachable } from "./api.js";

/** @typedef {{assignment: number, question: number, side: "left" | "right", response_ms: number, client_id: string}} Entry */
/** @typedef {"saved" | "saving" | "waiting" | "signed-out"} State */

const BATCH = 50;
const PAUSES_MS = [1_000, 2_000, 4_000, 8_000, 15_000];

export class Outbox {
  /** @type {Map<string, Entry>} */
  #entries = new Map();
  #sending = false;
  #failures = 0;
  #timer = 0;

  /**
   * @param {string} name of this person in this campaign
   * @param {(assignment: number, answers: object[]) => Promise<import("./api.js").Receipt>} send
   * @param {{onState: (state: State, waiting: number) => void, onRefused: (message: string, entry: Entry) => void}} tell
   * @param {Storage | null} storage null where the browser forbids it: the answers then live as long as the page
   */
  constructor(name, send, tell, storage) {
    this.prefix = `semblance.outbox.${name}.`;
    this.send = send;
    this.tell = tell;
    this.storage = storage;
    this.#load();
  }

  #load() {
    for (const key of Object.keys(this.storage ?? {})) {
      if (!key.startsWith(this.prefix)) continue;
      try {
        const entry = JSON.parse(this.storage.getItem(key) ?? "");
        this.#entries.set(entry.client_id, entry);
      } catch {
        this.storage.removeItem(key); // half-written by a browser that died; nothing in it can be sent
      }
    }
  }

  get size() {
    return this.#entries.size;
  }

  /** Questions that are answered here already. @param {number} assignment */
  answered(assignment) {
    return new Set([...this.#entries.values()].filter((one) => one.assignment === assignment).map((one) => one.question));
  }

  /** @param {Entry} entry */
  add(entry) {
    this.#entries.set(entry.client_id, entry);
    try {
      this.storage?.setItem(this.prefix + entry.client_id, JSON.stringify(entry));
    } catch {
      // The store is full or forbidden. The answer is still in memory and on its way.
    }
    this.flush();
  }

  /** @param {string} clientId */
  #drop(clientId) {
    this.#entries.delete(clientId);
    this.storage?.removeItem(this.prefix + clientId);
  }

  /** Send all that waits, now. @returns {Promise<boolean>} whether nothing waits any more */
  async flush() {
    if (this.#sending) return false;
    clearTimeout(this.#timer);
    this.#sending = true;
    try {
      while (this.#entries.size) {
        if (!this.#failures) this.tell.onState("saving", this.#entries.size);
        await this.#sendOnce();
        this.#failures = 0;
      }
      this.tell.onState("saved", 0);
      return true;
    } catch (error) {
      this.#later(error);
      return false;
    } finally {
      this.#sending = false;
    }
  }

  async #sendOnce() {
    const assignment = this.#entries.values().next().value.assignment;
    const batch = [...this.#entries.values()].filter((one) => one.assignment === assignment).slice(0, BATCH);
    try {
      await this.#deliver(assignment, batch);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      // One of them was refused, and with it all. Alone, each shows whether it is the one.
      for (const entry of batch) await this.#deliverAlone(entry);
    }
  }

  /** @param {number} assignment @param {Entry[]} batch */
  async #deliver(assignment, batch) {
    const receipt = await this.send(assignment, batch.map(({ assignment: _, ...answer }) => answer));
    for (const id of [...receipt.saved, ...receipt.superseded]) this.#drop(id);
    if (batch.some((one) => this.#entries.has(one.client_id))) throw new Unreachable("Some answers were not confirmed.");
  }

  /** @param {Entry} entry */
  async #deliverAlone(entry) {
    try {
      await this.#deliver(entry.assignment, [entry]);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.#drop(entry.client_id);
      this.tell.onRefused(error.message, entry);
    }
  }

  /** @param {unknown} error */
  #later(error) {
    if (error instanceof SignedOut) {
      this.tell.onState("signed-out", this.#entries.size);
      return;
    }
    const pause = PAUSES_MS[Math.min(this.#failures, PAUSES_MS.length - 1)];
    this.#failures += 1;
    this.tell.onState("waiting", this.#entries.size);
    this.#timer = setTimeout(() => this.flush(), pause * (0.75 + Math.random() / 2));
    if (!(error instanceof Unreachable)) throw error;
  }
}
