// Colours for what is drawn on a canvas, read from the same custom properties that the style sheets use.

/** @param {string} name of a custom property, without its dashes */
export const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

/** @param {() => void} redraw when the system changes between light and dark */
export function onThemeChange(redraw) {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
}

/**
 * Colours that people with any common colour vision can tell apart (after Okabe and Ito), in an order in which the
 * first ones differ most. Beyond eight, the shape of the mark tells categories of one colour apart.
 */
const LIGHT = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#b8860b", "#56b4e9", "#5b5b5b", "#7b3294"];
const DARK = ["#4aa8e0", "#f08a3c", "#34c79a", "#e29ac2", "#f0d34a", "#8fd3ff", "#b5b5b5", "#b98ad0"];

export const palette = () => (matchMedia("(prefers-color-scheme: dark)").matches ? DARK : LIGHT);
