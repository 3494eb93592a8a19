// Shapes that turn: fetched and read ahead, so that showing one takes a frame and not a download.

export { Turntable } from "./turntable.js";

/**
 * Points around the origin, the farthest of them 1 away, and what lies between them; null for a cloud of points.
 * @typedef {{positions: Float32Array, triangles: Uint32Array | null}} Solid
 */

const MAGIC = 0x31424d53; // "SMB1", little-endian
const HEAD = 12;

export class Solids {
  /** @type {Map<string, Promise<Solid>>} */
  #known = new Map();

  /** Fetch what comes next and forget what is not listed. @param {string[]} urls */
  prepare(urls) {
    const wanted = new Set(urls);
    for (const url of this.#known.keys()) if (!wanted.has(url)) this.#known.delete(url);
    for (const url of wanted) this.of(url).catch(() => undefined); // whoever shows it asks again, and is told
  }

  /** The shape at an address; rejects where it cannot be fetched or is malformed. @param {string} url @returns {Promise<Solid>} */
  of(url) {
    const known = this.#known.get(url);
    if (known) return known;
    const loading = load(url);
    this.#known.set(url, loading);
    // A failed download must not be remembered: the next try is to fetch again.
    loading.catch(() => {
      if (this.#known.get(url) === loading) this.#known.delete(url);
    });
    return loading;
  }
}

/** @param {string} url @returns {Promise<Solid>} */
async function load(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`The server answered ${response.status}.`);
  return parse(await response.arrayBuffer());
}

/**
 * Read the compact form that docs/importing.md describes. Typed arrays have the machine's byte order, which is
 * little-endian wherever a browser runs.
 * @param {ArrayBuffer} bytes
 * @returns {Solid}
 */
export function parse(bytes) {
  const head = new DataView(bytes);
  if (bytes.byteLength < HEAD || head.getUint32(0, true) !== MAGIC) throw new Error("This is no shape.");
  const points = head.getUint32(4, true);
  const faces = head.getUint32(8, true);
  if (!points || bytes.byteLength !== HEAD + 12 * (points + faces)) throw new Error("The shape is damaged.");
  const positions = new Float32Array(bytes, HEAD, 3 * points);
  if (!positions.every(Number.isFinite)) throw new Error("The shape has a point at no place.");
  const triangles = faces ? new Uint32Array(bytes, HEAD + 12 * points, 3 * faces) : null;
  if (triangles?.some((corner) => corner >= points)) throw new Error("The shape has a triangle without a corner.");
  normalise(positions);
  return { positions, triangles };
}

/** Move the middle of its box to the origin and the farthest point to 1. @param {Float32Array} positions */
function normalise(positions) {
  const low = [Infinity, Infinity, Infinity];
  const high = [-Infinity, -Infinity, -Infinity];
  positions.forEach((value, place) => {
    low[place % 3] = Math.min(low[place % 3], value);
    high[place % 3] = Math.max(high[place % 3], value);
  });
  const middle = low.map((value, axis) => (value + high[axis]) / 2);
  let radius = 0;
  for (let place = 0; place < positions.length; place += 3) {
    radius = Math.max(
      radius,
      Math.hypot(positions[place] - middle[0], positions[place + 1] - middle[1], positions[place + 2] - middle[2]),
    );
  }
  radius ||= 1; // one point, or several in one place
  positions.forEach((value, place) => {
    positions[place] = (value - middle[place % 3]) / radius;
  });
}
