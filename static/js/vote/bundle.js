// A bundle in hand: what is still to be asked, and what was answered, the last answer last. It knows no elements.

/** @typedef {import("./api.js").Item} Item */
/** @typedef {import("./outbox.js").Answer} Answer */

export class Bundle {
  /** @type {Item[]} */
  #coming = [];
  /** @type {{item: Item, given: Answer}[]} */
  #answered = [];

  /**
   * @param {import("./api.js").Claimed} claimed
   * @param {Answer[]} waiting what lies in the outbox of this bundle, in order
   */
  constructor(claimed, waiting) {
    this.assignment = claimed.assignment;
    this.ticket = claimed.ticket;
    const latest = new Map(waiting.map((one) => [one.place, one]));
    /** @type {typeof this.#answered} */
    const unsent = [];
    for (const item of claimed.items) {
      const mine = latest.get(item.place);
      if (mine && !mine.withdrawn) unsent.push({ item, given: mine });
      else if (item.given && mine?.client_id !== item.given.client_id) this.#answered.push(this.#fromServer(item, item.given));
      else this.#coming.push(item);
    }
    const turn = (/** @type {Answer} */ one) => waiting.indexOf(one);
    this.#answered.push(...unsent.sort((one, other) => turn(one.given) - turn(other.given)));
  }

  /** @param {Item} item @param {import("./api.js").Given} given */
  #fromServer(item, { client_id, answer }) {
    return { item, given: this.#answer(item, answer, 0, client_id) };
  }

  /** @param {Item} item @param {string} answer @param {number} response_ms @param {string} client_id @returns {Answer} */
  #answer(item, answer, response_ms, client_id) {
    const { assignment, ticket } = this;
    return { ticket, assignment, question: item.question, place: item.place, answer, response_ms, client_id };
  }

  get total() {
    return this.#coming.length + this.#answered.length;
  }

  get answered() {
    return this.#answered.length;
  }

  get coming() {
    return this.#coming;
  }

  /** The item to be asked now. @returns {Item | undefined} */
  get current() {
    return this.#coming[0];
  }

  /** Answer the current item. @param {string} answer @param {number} response_ms @param {string} client_id */
  give(answer, response_ms, client_id) {
    const item = /** @type {Item} */ (this.#coming.shift());
    const given = this.#answer(item, answer, response_ms, client_id);
    this.#answered.push({ item, given });
    return given;
  }

  /** Take the last answer back: its item comes next again. @returns {Answer | undefined} */
  takeBack() {
    const last = this.#answered.pop();
    if (!last) return undefined;
    this.#coming.unshift(last.item);
    return { ...last.given, withdrawn: true };
  }
}
