// Shapes that turn. What draws them is large, and loaded only when a bundle has one.

/** @typedef {import("./solids.js").Solid} Solid */
/** @typedef {{frame: HTMLElement, solid: Solid, alt: string}} Turned */

export class Shapes {
  /** @type {Promise<void> | null} */
  #loading = null;
  /** @type {import("./solids.js").Solids | undefined} */
  #solids;
  /** @type {import("./solids.js").Turntable | undefined} */
  #turntable;
  #turning = false;

  /** Resolves when shapes can be drawn. @returns {Promise<void>} */
  ready() {
    this.#loading ??= this.#load().catch((error) => {
      this.#loading = null; // it may come the next time
      throw error;
    });
    return this.#loading;
  }

  async #load() {
    const { Solids, Turntable } = await import("./solids.js");
    this.#solids = new Solids();
    this.#turntable = new Turntable({ reducedMotion: matchMedia("(prefers-reduced-motion: reduce)").matches });
  }

  /** @param {string[]} urls */
  async prepare(urls) {
    await this.ready();
    this.#solids?.prepare(urls);
  }

  /** @param {string} url @returns {Promise<Solid>} */
  async of(url) {
    await this.ready();
    return /** @type {Promise<Solid>} */ (this.#solids?.of(url));
  }

  /** @param {Turned[]} entries of solids that are ready */
  show(entries) {
    this.#turntable?.show(entries);
    this.#turning = true;
  }

  clear() {
    if (this.#turning) this.#turntable?.clear();
    this.#turning = false;
  }

  /** Whether there is something to turn. */
  get turning() {
    return this.#turning;
  }

  /** @param {number} dx @param {number} dy */
  turn(dx, dy) {
    this.#turntable?.turn(dx, dy);
  }

  reset() {
    this.#turntable?.reset();
  }
}
