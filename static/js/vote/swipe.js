// A finger that draws to one side chooses that side. What it drags follows a little, so that it is seen what will happen.

const THRESHOLD = 56; // px to the side
const FOLLOW = 0.35;
const SLOPE = 1.2; // more to the side than up or down
const TAP = 10; // a finger that moved less than this has tapped

/**
 * @param {HTMLElement} area
 * @param {{enabled: () => boolean, onSwipe: (side: "left" | "right") => void}} of
 */
export function watchSwipes(area, { enabled, onSwipe }) {
  /** @type {{id: number, x: number, y: number} | null} */
  let finger = null;
  let moved = 0;
  let fingers = 0;

  /** @param {number} dx */
  function follow(dx) {
    area.style.setProperty("--swipe", `${Math.round(dx * FOLLOW)}px`);
    area.dataset.swipe = Math.abs(dx) < TAP ? "" : dx < 0 ? "left" : "right";
    area.dataset.swipeSure = String(Math.abs(dx) >= THRESHOLD);
  }

  function letGo() {
    finger = null;
    area.style.removeProperty("--swipe");
    delete area.dataset.swipe;
    delete area.dataset.swipeSure;
  }

  area.addEventListener("pointerdown", (event) => {
    moved = 0;
    if (event.pointerType === "mouse") return;
    fingers += 1;
    if (fingers > 1 || !enabled()) letGo();
    else finger = { id: event.pointerId, x: event.clientX, y: event.clientY };
  });
  area.addEventListener("pointermove", (event) => {
    if (event.pointerId !== finger?.id) return;
    const [dx, dy] = [event.clientX - finger.x, event.clientY - finger.y];
    moved = Math.max(moved, Math.hypot(dx, dy));
    follow(Math.abs(dx) > SLOPE * Math.abs(dy) ? dx : 0);
  });
  for (const end of /** @type {const} */ (["pointerup", "pointercancel"])) {
    window.addEventListener(end, (event) => {
      if (event.pointerType !== "mouse") fingers = Math.max(0, fingers - 1);
      if (event.pointerId !== finger?.id) return;
      const [dx, dy] = [event.clientX - finger.x, event.clientY - finger.y];
      letGo();
      const far = Math.abs(dx) >= THRESHOLD && Math.abs(dx) > SLOPE * Math.abs(dy);
      if (end === "pointerup" && far && enabled()) onSwipe(dx < 0 ? "left" : "right");
    });
  }
  // The end of a swipe is not a tap as well.
  area.addEventListener(
    "click",
    (event) => {
      if (moved <= TAP) return;
      moved = 0;
      event.preventDefault();
      event.stopPropagation();
    },
    { capture: true },
  );
}

/** Whether the page is magnified by two fingers; one finger then moves it about. */
export const magnified = () => (window.visualViewport?.scale ?? 1) > 1.05;

/** While the page is magnified, fingers are the browser's. @param {HTMLElement} area */
export function watchMagnification(area) {
  window.visualViewport?.addEventListener("resize", () => area.classList.toggle("magnified", magnified()));
}
