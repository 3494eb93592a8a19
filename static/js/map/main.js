// The map of an embedding: loads coordinates and what is known of the points, then ties scene, legend and table.

import { palette, onThemeChange } from "../theme.js";
import { buildLegend } from "./legend.js";
import { Scene } from "./scene.js";
import { fillTable } from "./table.js";

/**
 * @typedef {{label: string, categories: string[], category: number[], split: number[], keys: string[], pictures: string[]}} About
 */

const root = document.getElementById("map");
const hint = document.getElementById("map-hint");
const peek = root.querySelector(".peek");

/** @param {string} url */
async function load(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`The server answered ${response.status}.`);
  return response;
}

/** @param {About} about @param {number} point @param {number} x @param {number} y */
function showPeek(about, point, x, y) {
  const [image, caption] = peek.children;
  if (image.getAttribute("src") !== about.pictures[point]) image.setAttribute("src", about.pictures[point]);
  const name = about.categories[about.category[point]];
  caption.replaceChildren(about.keys[point], ...(name ? [document.createElement("br"), name] : []));
  peek.hidden = false;
  const stage = root.querySelector(".stage");
  const right = x + 14 + peek.offsetWidth > stage.clientWidth;
  peek.style.left = `${Math.max(4, right ? x - 14 - peek.offsetWidth : x + 14)}px`;
  peek.style.top = `${Math.max(4, Math.min(y + 14, stage.clientHeight - peek.offsetHeight - 4))}px`;
}

async function main() {
  const [points, about] = await Promise.all([
    load(root.dataset.points).then((response) => response.arrayBuffer()).then((bytes) => new Float32Array(bytes)),
    load(root.dataset.about).then((response) => /** @type {Promise<About>} */ (response.json())),
  ]);
  fillTable(document.querySelector(".map-text tbody"), points, about);
  const hidden = new Set();
  const legend = () =>
    buildLegend(root.querySelector(".legend"), about, palette(), hidden, () => scene.setHidden(hidden));
  const scene = new Scene(root.querySelector(".stage"), points, about.category, palette(), {
    onPoint: (point, x, y) => showPeek(about, point, x, y),
    onNothing: () => {
      peek.hidden = true;
    },
  });
  legend();
  onThemeChange(() => {
    scene.setPalette(palette());
    legend();
  });
  const count = about.keys.length;
  hint.textContent = `${count.toLocaleString("en")} ${count === 1 ? "stimulus" : "stimuli"}`;
}

main().catch((error) => {
  hint.textContent = `The map could not be drawn. ${error.message}`;
});
