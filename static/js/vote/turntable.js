// Several solids that turn together, each in a frame of its own. It draws when something changed and rests otherwise.

import { Quaternion, Vector3 } from "../../vendor/three-0.187.0/three.min.js";
import { onThemeChange } from "../theme.js";
import { FlatPainter } from "./solid_flat.js";
import { LitPainter } from "./solid_lit.js";

/** @typedef {import("./solids.js").Solid} Solid */
/** @typedef {{frame: HTMLElement, canvas: HTMLCanvasElement, solid: Solid}} Plate */

const MOST_PIXEL_RATIO = 2;
const RESET_MS = 220;
// A press that moves less is a tap. A finger is less steady than a mouse.
const STEADY = { mouse: 4, pen: 6, touch: 10 };
// A browser tells of the click that ends a drag right after it; later clicks are meant.
const CLICK_MS = 350;

const X = new Vector3(1, 0, 0);
const Y = new Vector3(0, 1, 0);
// A little turned, so that depth shows: yaw 18°, pitch 8°, as in the drawings of meshes.
const HOME = new Quaternion()
  .setFromAxisAngle(Y, (18 * Math.PI) / 180)
  .multiply(new Quaternion().setFromAxisAngle(X, (8 * Math.PI) / 180));

export class Turntable {
  /** @type {Plate[]} */
  #plates = [];
  #pose = HOME.clone();
  #asked = 0;
  #gliding = 0;
  /** @type {{pointer: number, x: number, y: number, turning: boolean} | null} */
  #press = null;
  #turnedAt = -Infinity;
  #listening = new AbortController();
  #disposed = false;

  /** @param {{reducedMotion: boolean}} options */
  constructor({ reducedMotion }) {
    this.reducedMotion = reducedMotion;
    this.flat = new FlatPainter();
    this.lit = LitPainter.make(() => this.#draw());
    this.watch = new ResizeObserver(() => this.#fit() && this.#draw());
    onThemeChange(() => {
      if (this.#disposed) return;
      this.flat.recolour();
      this.lit?.recolour();
      this.#draw();
    });
  }

  /**
   * Put a drawing into each frame. It is there when this returns, and starts where all solids start.
   * @param {{frame: HTMLElement, solid: Solid, alt: string}[]} entries
   */
  show(entries) {
    this.clear();
    this.#pose.copy(HOME);
    this.#plates = entries.map(({ frame, solid, alt }) => {
      const canvas = drawingIn(frame, alt);
      this.#listen(frame, canvas);
      this.watch.observe(frame);
      return { frame, canvas, solid };
    });
    this.lit?.keep(new Set(entries.map(({ solid }) => solid)));
    this.#fit();
    this.#draw();
  }

  /** Turn all solids by so many radians: what faces the reader goes right, and down. @param {number} dx @param {number} dy */
  turn(dx, dy) {
    this.#stopGliding();
    this.#pose.premultiply(new Quaternion().setFromAxisAngle(Y, dx));
    this.#pose.premultiply(new Quaternion().setFromAxisAngle(X, dy)).normalize();
    this.#drawSoon();
  }

  /** Back to where all solids start. */
  reset() {
    this.#stopGliding();
    if (this.reducedMotion) {
      this.#pose.copy(HOME);
      this.#drawSoon();
      return;
    }
    const from = this.#pose.clone();
    const start = performance.now();
    const glide = (/** @type {number} */ now) => {
      const part = Math.min(Math.max((now - start) / RESET_MS, 0), 1);
      this.#pose.slerpQuaternions(from, HOME, 1 - (1 - part) ** 3);
      this.#draw();
      this.#gliding = part < 1 ? requestAnimationFrame(glide) : 0;
    };
    this.#gliding = requestAnimationFrame(glide);
  }

  /** Take all drawings off. */
  clear() {
    this.#stopGliding();
    this.#listening.abort();
    this.#listening = new AbortController();
    this.#press = null;
    this.watch.disconnect();
    for (const { canvas } of this.#plates) canvas.remove();
    this.#plates = [];
  }

  /** Let go of everything; this turntable shows nothing any more. */
  dispose() {
    this.clear();
    this.#disposed = true;
    this.lit?.dispose();
  }

  #stopGliding() {
    cancelAnimationFrame(this.#gliding);
    this.#gliding = 0;
  }

  /** Give each canvas as many pixels as it covers. Returns whether any changed. */
  #fit() {
    const ratio = Math.min(devicePixelRatio, MOST_PIXEL_RATIO);
    let changed = false;
    for (const { frame, canvas } of this.#plates) {
      const width = Math.round(frame.clientWidth * ratio);
      const height = Math.round(frame.clientHeight * ratio);
      if (canvas.width === width && canvas.height === height) continue;
      [canvas.width, canvas.height] = [width, height];
      changed = true;
    }
    return changed;
  }

  #drawSoon() {
    if (this.#asked) return;
    this.#asked = requestAnimationFrame(() => this.#draw());
  }

  #draw() {
    cancelAnimationFrame(this.#asked);
    this.#asked = 0;
    // While the graphics card is gone, a plainer drawing stands in.
    const painter = this.lit && !this.lit.lost ? this.lit : this.flat;
    for (const { canvas, solid } of this.#plates) {
      if (canvas.width && canvas.height) painter.paint(canvas, solid, this.#pose);
    }
  }

  /**
   * A drag turns, and its end is no click on the button around the frame. The button itself is listened to: some
   * browsers tell only it, and not what is inside it, about presses.
   * @param {HTMLElement} frame @param {HTMLCanvasElement} canvas
   */
  #listen(frame, canvas) {
    const host = /** @type {HTMLElement} */ (frame.closest("button") ?? frame);
    const { signal } = this.#listening;
    const on = (/** @type {string} */ name, /** @type {(event: any) => void} */ act, capture = false) =>
      host.addEventListener(name, act, { signal, capture });
    if (host === frame) canvas.style.cursor = "grab";
    on("pointerdown", (event) => this.#pressed(event, host, canvas));
    on("pointermove", (event) => this.#moved(event));
    on("pointerup", (event) => this.#released(event));
    on("pointercancel", (event) => this.#released(event));
    on("click", (event) => this.#clicked(event), true);
  }

  /** @param {PointerEvent} event @param {HTMLElement} host @param {HTMLCanvasElement} canvas */
  #pressed(event, host, canvas) {
    this.#turnedAt = -Infinity;
    if (this.#press || event.button !== 0 || !isInside(event, canvas)) return;
    this.#press = { pointer: event.pointerId, x: event.clientX, y: event.clientY, turning: false };
    host.setPointerCapture(event.pointerId); // what comes of it is told here, wherever the pointer goes
  }

  /** @param {PointerEvent} event */
  #moved(event) {
    const press = this.#press;
    if (!press || event.pointerId !== press.pointer) return;
    if (!event.buttons) {
      this.#press = null; // it was let go where nobody told us
      return;
    }
    const [dx, dy] = [event.clientX - press.x, event.clientY - press.y];
    if (!press.turning) {
      if (Math.hypot(dx, dy) < (STEADY[event.pointerType] ?? STEADY.mouse)) return;
      press.turning = true;
    }
    [press.x, press.y] = [event.clientX, event.clientY];
    const angle = Math.PI / (this.#plates[0]?.frame.clientWidth || 320); // across a frame is half a turn
    this.turn(dx * angle, dy * angle);
  }

  /** @param {PointerEvent} event */
  #released(event) {
    if (!this.#press || event.pointerId !== this.#press.pointer) return;
    if (this.#press.turning) this.#turnedAt = event.timeStamp;
    this.#press = null;
  }

  /** @param {MouseEvent} event */
  #clicked(event) {
    const byKey = event.detail === 0;
    if (byKey || event.timeStamp - this.#turnedAt > CLICK_MS) return;
    this.#turnedAt = -Infinity;
    event.preventDefault();
    event.stopImmediatePropagation();
  }
}

/** A canvas that fills a frame. @param {HTMLElement} frame @param {string} alt */
function drawingIn(frame, alt) {
  const canvas = document.createElement("canvas");
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", alt);
  Object.assign(canvas.style, {
    display: "block",
    width: "100%",
    height: "100%",
    borderRadius: "inherit",
    touchAction: "none",
    userSelect: "none",
    webkitUserSelect: "none",
  });
  frame.replaceChildren(canvas);
  return canvas;
}

/** @param {PointerEvent} event @param {HTMLElement} element */
function isInside(event, element) {
  const box = element.getBoundingClientRect();
  return event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
}
