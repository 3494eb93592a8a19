// The stimuli alone, as large as the window: for as long as a key is held, or until it is pressed again. Under a pointer
// the pictures are magnified further, all three at the same spot, so that the same detail is compared.

const HELD_MS = 350;

export class Zoom {
  #since = 0;

  /** @param {HTMLElement} area @param {HTMLElement} button */
  constructor(area, button) {
    this.area = area;
    this.button = button;
    area.addEventListener("pointermove", (event) => this.#look(event));
    area.addEventListener("pointerleave", () => area.classList.remove("loupe"));
  }

  get on() {
    return "zoom" in document.body.dataset;
  }

  /** @param {boolean} on */
  #set(on) {
    if (on) document.body.dataset.zoom = "";
    else delete document.body.dataset.zoom;
    this.area.classList.remove("loupe");
    this.button.setAttribute("aria-pressed", String(on));
  }

  toggle() {
    this.#set(!this.on);
  }

  leave() {
    this.#set(false);
  }

  /** The key goes down. */
  press() {
    this.#since = performance.now();
    this.toggle();
  }

  /** The key comes up: one that was held lets go of the zoom too. */
  release() {
    if (this.on && performance.now() - this.#since > HELD_MS) this.leave();
  }

  /** @param {PointerEvent} event */
  #look(event) {
    const frame = event.target instanceof Element ? event.target.closest(".frame") : null;
    const looks = this.on && event.pointerType === "mouse" && frame !== null;
    this.area.classList.toggle("loupe", looks);
    if (!looks) return;
    const box = frame.getBoundingClientRect();
    this.area.style.setProperty("--spot-x", `${(100 * (event.clientX - box.left)) / box.width}%`);
    this.area.style.setProperty("--spot-y", `${(100 * (event.clientY - box.top)) / box.height}%`);
  }
}
