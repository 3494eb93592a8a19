// Pictures, fetched and decoded before they are needed, so that showing one takes a frame and not a download.

/** @typedef {import("./api.js").Picture} Picture */
/** @typedef {import("./api.js").Question} Question */

const AHEAD = 10;

export class Pictures {
  /** @type {Map<string, Promise<HTMLImageElement>>} */
  #decoded = new Map();

  /** @param {Picture} picture @returns {Promise<HTMLImageElement>} */
  #get(picture) {
    const known = this.#decoded.get(picture.url);
    if (known) return known;
    const loading = this.#load(picture.url);
    this.#decoded.set(picture.url, loading);
    // A failed download must not be remembered: the next try is to fetch again.
    loading.catch(() => this.#decoded.delete(picture.url));
    return loading;
  }

  /** @param {string} url */
  async #load(url) {
    const image = new Image();
    image.draggable = false;
    image.src = url;
    await image.decode();
    return image;
  }

  /** The three pictures of a question, ready to be shown. @param {Question} question */
  async of(question) {
    const [reference, left, right] = await Promise.all(
      [question.reference, question.left, question.right].map((picture) => this.#get(picture)),
    );
    // One stimulus can be in several questions, and an element only in one place; a copy of a decoded image is decoded.
    return { reference: copy(reference, question.reference), left: copy(left, question.left), right: copy(right, question.right) };
  }

  /** Fetch what comes next and forget what is over. @param {Question[]} coming */
  prepare(coming) {
    const wanted = coming.slice(0, AHEAD).flatMap((one) => [one.reference, one.left, one.right]);
    const urls = new Set(wanted.map((picture) => picture.url));
    for (const url of this.#decoded.keys()) if (!urls.has(url)) this.#decoded.delete(url);
    for (const picture of wanted) this.#get(picture).catch(() => undefined);
  }
}

/** @param {HTMLImageElement} image @param {Picture} picture */
function copy(image, picture) {
  const shown = /** @type {HTMLImageElement} */ (image.cloneNode());
  shown.alt = picture.alt;
  return shown;
}
