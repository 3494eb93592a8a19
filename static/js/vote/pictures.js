// Pictures, fetched and decoded before they are needed, so that showing one takes a frame and not a download.

export class Pictures {
  /** @type {Map<string, Promise<HTMLImageElement>>} */
  #decoded = new Map();

  /** A picture of its own, ready to be shown. @param {string} url @param {string} alt */
  async of(url, alt) {
    // One stimulus can be in several questions, and an element only in one place; a copy of a decoded image is decoded.
    const shown = /** @type {HTMLImageElement} */ ((await this.#get(url)).cloneNode());
    shown.alt = alt;
    return shown;
  }

  /** @param {string} url @returns {Promise<HTMLImageElement>} */
  #get(url) {
    const known = this.#decoded.get(url);
    if (known) return known;
    const loading = load(url);
    this.#decoded.set(url, loading);
    // A failed download must not be remembered: the next try is to fetch again.
    loading.catch(() => this.#decoded.delete(url));
    return loading;
  }

  /**
   * Decode what comes next, bring the rest near, forget what is over.
   * @param {string[]} next @param {string[]} later
   */
  prepare(next, later) {
    const wanted = new Set(next);
    for (const url of this.#decoded.keys()) if (!wanted.has(url)) this.#decoded.delete(url);
    for (const url of cached.keys()) if (!later.includes(url)) cached.delete(url);
    const ready = next.map((url) => this.#get(url).catch(() => undefined));
    // The rest of the bundle goes into the browser's cache: a bundle that was begun can be finished without a network.
    Promise.all(ready).then(() => later.forEach(cache));
  }
}

/** @param {string} url */
async function load(url) {
  const image = new Image();
  image.draggable = false;
  image.src = url;
  await image.decode();
  return image;
}

/** @type {Map<string, HTMLImageElement>} */
const cached = new Map();

/** @param {string} url */
function cache(url) {
  if (cached.has(url)) return;
  const image = new Image();
  image.fetchPriority = "low";
  image.onerror = () => cached.delete(url); // to be asked for again
  image.src = url;
  cached.set(url, image);
}
