// The map in words: where each category lies, for those who cannot see it.

/**
 * @param {HTMLElement} body
 * @param {Float32Array} points (N, 3), row by row
 * @param {import("./main.js").About} about
 */
export function fillTable(body, points, about) {
  body.replaceChildren(...about.categories.map((name, category) => row(name, members(about, category), points)));
}

/** @param {import("./main.js").About} about @param {number} category */
function members(about, category) {
  return about.category.flatMap((one, point) => (one === category ? [point] : []));
}

/** @param {string} name @param {number[]} members @param {Float32Array} points */
function row(name, members, points) {
  const mean = [0, 1, 2].map((axis) => members.reduce((sum, point) => sum + points[3 * point + axis], 0) / members.length);
  const distances = members.map((point) => Math.hypot(...mean.map((value, axis) => points[3 * point + axis] - value)));
  const spread = distances.reduce((sum, distance) => sum + distance, 0) / members.length;
  const line = document.createElement("tr");
  const head = document.createElement("th");
  head.scope = "row";
  head.textContent = name || "no label";
  line.append(head, cell(String(members.length)), ...[...mean, spread].map((value) => cell(value.toFixed(2))));
  return line;
}

/** @param {string} text */
function cell(text) {
  const one = document.createElement("td");
  one.className = "right";
  one.textContent = text;
  return one;
}
