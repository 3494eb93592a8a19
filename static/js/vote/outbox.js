// Answers that the server has not confirmed. Each lies in localStorage under a key of its own from the moment it is
// given, with the ticket that lets it in, so neither a reload nor a second tab nor an expired sign-in can lose it. It
// leaves only when the server says that it has it, or that it will never take it.

import { Refused, Unreachable } from "./api.js";
import { keep, read } from "./storage.js";

/**
 * @typedef {{ticket: string, assignment: number, question: number, place: number, answer: string, response_ms: number,
 *   client_id: string, withdrawn?: true}} Answer
 * @typedef {Answer & {seq: number}} Entry
 * @typedef {"saved" | "saving" | "waiting"} State
 * @typedef {{onState: (state: State, waiting: number) => void, onRefused: (message: string, entry: Entry) => void,
 *   onUncounted: (kept: {reason: string, entry: Entry}[]) => void}} Listener
 */

const BATCH = 50;
const PAUSES_MS = [1_000, 2_000, 4_000, 8_000, 15_000];

export class Outbox {
  /** @type {Map<string, Entry>} */
  #entries = new Map();
  /** @type {Promise<boolean> | null} */
  #running = null;
  #suspended = false;
  #failures = 0;
  #timer = 0;

  /**
   * @param {string} name of this person in this campaign
   * @param {(ticket: string, answers: object[]) => Promise<import("./api.js").Receipt>} send
   * @param {Listener} tell
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
      const entry = read(this.storage, key);
      if (isEntry(entry)) this.#entries.set(entry.client_id, entry);
      else this.storage?.removeItem(key); // half-written, or of an older page and without a ticket: it cannot be sent
    }
  }

  get size() {
    return this.#entries.size;
  }

  /** In the order in which they were given. @returns {Entry[]} */
  #inOrder() {
    return [...this.#entries.values()].sort((one, other) => one.seq - other.seq);
  }

  /** What waits of a bundle, in order. @param {number} assignment */
  waiting(assignment) {
    return this.#inOrder().filter((one) => one.assignment === assignment);
  }

  /** Keep an answer, or that it was taken back, and send it. @param {Answer} answer */
  add(answer) {
    const seq = Math.max(0, ...[...this.#entries.values()].map((one) => one.seq)) + 1;
    const entry = { ...answer, seq };
    this.#entries.set(entry.client_id, entry);
    keep(this.storage, this.prefix + entry.client_id, JSON.stringify(entry));
    this.flush();
  }

  /** Forget an entry, unless it has been replaced since it was sent. @param {Entry} entry */
  #drop(entry) {
    if (this.#entries.get(entry.client_id)?.seq === entry.seq) this.#entries.delete(entry.client_id);
    const key = this.prefix + entry.client_id;
    const kept = /** @type {Entry | null} */ (read(this.storage, key));
    if (kept?.seq === entry.seq) this.storage?.removeItem(key);
  }

  /** Another tab goes on: it has taken over what lies in the store. */
  suspend() {
    if (!this.storage) return;
    this.#suspended = true;
    clearTimeout(this.#timer);
    this.#entries.clear();
  }

  /** This tab goes on, with what the other one left. */
  resume() {
    this.#suspended = false;
    this.#load();
  }

  /** Send all that waits, now. @returns {Promise<boolean>} whether nothing waits any more */
  flush() {
    this.#running ??= this.#run().finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  async #run() {
    clearTimeout(this.#timer);
    try {
      while (this.#entries.size) {
        if (!this.#failures) this.tell.onState("saving", this.#entries.size);
        await this.#sendOnce();
        this.#failures = 0;
      }
      if (!this.#suspended) this.tell.onState("saved", 0);
      return true;
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error;
      if (!this.#suspended) this.#tryLater();
      return false;
    }
  }

  #tryLater() {
    const pause = PAUSES_MS[Math.min(this.#failures, PAUSES_MS.length - 1)];
    this.#failures += 1;
    this.tell.onState("waiting", this.#entries.size);
    this.#timer = setTimeout(() => this.flush(), pause * (0.75 + Math.random() / 2));
  }

  async #sendOnce() {
    const waiting = this.#inOrder();
    const batch = waiting.filter((one) => one.ticket === waiting[0].ticket).slice(0, BATCH);
    try {
      await this.#deliver(batch);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      // One of them was refused, and with it all. Alone, each shows whether it is the one.
      for (const entry of batch) await this.#deliverAlone(entry);
    }
  }

  /** @param {Entry[]} batch */
  async #deliver(batch) {
    const receipt = await this.send(batch[0].ticket, batch.map(asAnswer));
    const known = new Set([...receipt.saved, ...Object.keys(receipt.uncounted)]);
    for (const entry of batch) if (known.has(entry.client_id)) this.#drop(entry);
    const uncounted = batch
      .filter((entry) => entry.client_id in receipt.uncounted && !entry.withdrawn)
      .map((entry) => ({ reason: receipt.uncounted[entry.client_id], entry }));
    if (uncounted.length) this.tell.onUncounted(uncounted);
    if (!batch.every((entry) => known.has(entry.client_id))) throw new Unreachable("Some answers were not confirmed.");
  }

  /** @param {Entry} entry */
  async #deliverAlone(entry) {
    try {
      await this.#deliver([entry]);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.#drop(entry);
      this.tell.onRefused(error.message, entry);
    }
  }
}

/** What the server is sent of an entry. @param {Entry} entry */
export function asAnswer({ question, place, answer, response_ms, client_id, withdrawn }) {
  return { question, place, answer, response_ms, client_id, ...(withdrawn ? { withdrawn } : {}) };
}

/** @param {any} it @returns {it is Entry} */
function isEntry(it) {
  const texts = [it?.ticket, it?.answer, it?.client_id];
  const numbers = [it?.assignment, it?.question, it?.place, it?.response_ms, it?.seq];
  return texts.every((one) => typeof one === "string") && numbers.every(Number.isInteger);
}
