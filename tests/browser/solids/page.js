// What the voting page does with solids, and counters for the tests.

import { parse, Solids, Turntable } from "/static/js/vote/solids.js";

const drawn = { count: 0 };
for (const name of ["drawImage", "clearRect"]) {
  const real = CanvasRenderingContext2D.prototype[name];
  CanvasRenderingContext2D.prototype[name] = function (...rest) {
    if (name === "clearRect") drawn.count += 1;
    return real.apply(this, rest);
  };
}

const clicks = [];
const frames = ["#reference", "#left .frame", "#right .frame"].map((one) => document.querySelector(one));
for (const button of document.querySelectorAll("button")) button.addEventListener("click", () => clicks.push(button.id));

const solids = new Solids();
const table = new Turntable({ reducedMotion: matchMedia("(prefers-reduced-motion: reduce)").matches });

/** Show the shapes at these addresses; what is in the canvases right then. @param {string[]} urls */
async function show(urls) {
  const loaded = await Promise.all(urls.map((url) => solids.of(url)));
  table.show(loaded.map((solid, at) => ({ frame: frames[at], solid, alt: `Shape ${at + 1}` })));
  return look();
}

/** Of each canvas: a sum over its pixels, and how many of them are covered. */
function look() {
  return [...document.querySelectorAll("canvas")].map((canvas) => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    let [sum, covered, red, blue] = [0, 0, 0, 0];
    for (let at = 0; at < data.length; at += 4) {
      if (!data[at + 3]) continue;
      covered += 1;
      red += data[at];
      blue += data[at + 2];
      sum = (sum * 31 + data[at] + 7 * data[at + 1] + 13 * data[at + 2] + at) % 1_000_000_007;
    }
    return { sum, covered: covered / (canvas.width * canvas.height), red: red / covered, blue: blue / covered };
  });
}

Object.assign(window, { solids, table, clicks, drawn, show, look, parse });
