// Draws solids without a graphics card: from back to front on a plain canvas. Plainer and slower, and always there.

import { Vector3 } from "../../vendor/three-0.187.0/three.min.js";
import { DISTANCE, FIELD_OF_VIEW, faceNormal, pointRadius, tint } from "./solid_lit.js";

/** @typedef {import("./solids.js").Solid} Solid */

// What a processor draws while somebody drags; a larger mesh is drawn by its points.
const MOST_TRIANGLES = 20_000;
const MOST_POINTS = 20_000;
const KEY = new Vector3(-0.45, 0.62, 0.66).normalize();
const FILL = new Vector3(0.85, 0.05, 0.5).normalize();

export class FlatPainter {
  constructor() {
    this.recolour();
  }

  /** Read the page's colours again. */
  recolour() {
    this.tone = tint("solid");
    this.dot = tint("solid-point");
    this.haze = tint("plate");
  }

  /** @param {HTMLCanvasElement} canvas @param {Solid} solid @param {import("../../vendor/three-0.187.0/three.min.js").Quaternion} pose */
  paint(canvas, solid, pose) {
    const paper = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    paper.clearRect(0, 0, canvas.width, canvas.height);
    const turned = turn(solid.positions, pose);
    const seen = project(turned, canvas);
    if (solid.triangles && solid.triangles.length <= 3 * MOST_TRIANGLES) this.#mesh(paper, solid.triangles, turned, seen);
    else this.#cloud(paper, turned, seen);
  }

  /** @param {CanvasRenderingContext2D} paper @param {Uint32Array} triangles @param {Float32Array} turned @param {Float32Array} seen */
  #mesh(paper, triangles, turned, seen) {
    const height = (/** @type {number} */ face) =>
      turned[3 * triangles[3 * face] + 2] + turned[3 * triangles[3 * face + 1] + 2] + turned[3 * triangles[3 * face + 2] + 2];
    for (const face of backToFront(triangles.length / 3, height)) {
      const [a, b, c] = triangles.subarray(3 * face, 3 * face + 3);
      const normal = faceNormal(turned, 3 * a, 3 * b, 3 * c);
      if (!normal) continue;
      const n = new Vector3(...normal).multiplyScalar(normal[2] < 0 ? -1 : 1);
      const light = 0.3 + 0.08 * n.y + 0.7 * Math.max(0, n.dot(KEY)) + 0.15 * Math.max(0, n.dot(FILL));
      const fill = `#${this.tone.clone().multiplyScalar(Math.min(light, 1.1)).getHexString()}`;
      paper.beginPath();
      for (const corner of [a, b, c]) paper.lineTo(seen[3 * corner], seen[3 * corner + 1]);
      paper.closePath();
      paper.fillStyle = paper.strokeStyle = fill; // the line closes the seam to the neighbours
      paper.fill();
      paper.stroke();
    }
  }

  /** @param {CanvasRenderingContext2D} paper @param {Float32Array} turned @param {Float32Array} seen */
  #cloud(paper, turned, seen) {
    const count = turned.length / 3;
    const radius = pointRadius(count);
    const step = Math.ceil(count / MOST_POINTS);
    for (const place of backToFront(Math.ceil(count / step), (one) => turned[3 * one * step + 2])) {
      const at = 3 * place * step;
      const near = Math.min(Math.max((turned[at + 2] + 1) / 2, 0), 1);
      paper.fillStyle = `#${this.haze.clone().lerp(this.dot, 0.42 + 0.58 * near).getHexString()}`;
      paper.beginPath();
      paper.arc(seen[at], seen[at + 1], radius * seen[at + 2], 0, 2 * Math.PI);
      paper.fill();
    }
  }
}

/** @param {Float32Array} positions @param {import("../../vendor/three-0.187.0/three.min.js").Quaternion} pose */
function turn(positions, pose) {
  const [x, y, z] = [new Vector3(1, 0, 0), new Vector3(0, 1, 0), new Vector3(0, 0, 1)].map((axis) => axis.applyQuaternion(pose));
  const turned = new Float32Array(positions.length);
  for (let at = 0; at < positions.length; at += 3) {
    const [a, b, c] = positions.subarray(at, at + 3);
    turned[at] = a * x.x + b * y.x + c * z.x;
    turned[at + 1] = a * x.y + b * y.y + c * z.y;
    turned[at + 2] = a * x.z + b * y.z + c * z.z;
  }
  return turned;
}

/** Where each point is on the canvas, and how many pixels a unit is there. @param {Float32Array} turned @param {HTMLCanvasElement} canvas */
function project(turned, { width, height }) {
  const focal = height / 2 / Math.tan((FIELD_OF_VIEW * Math.PI) / 360);
  const distance = DISTANCE * Math.max(1, height / width);
  const seen = new Float32Array(turned.length);
  for (let at = 0; at < turned.length; at += 3) {
    const perUnit = focal / (distance - turned[at + 2]);
    seen[at] = width / 2 + turned[at] * perUnit;
    seen[at + 1] = height / 2 - turned[at + 1] * perUnit;
    seen[at + 2] = perUnit;
  }
  return seen;
}

/** Numbers from 0, the smallest height first. @param {number} count @param {(one: number) => number} height */
function backToFront(count, height) {
  const heights = Float32Array.from({ length: count }, (_, one) => height(one));
  return Uint32Array.from({ length: count }, (_, one) => one).sort((a, b) => heights[a] - heights[b]);
}
