// Draws solids with the graphics card: one renderer for all frames, copied into each frame's own canvas.

import {
  BufferAttribute, BufferGeometry, Color, DoubleSide, Mesh, PerspectiveCamera, Points, Scene, ShaderMaterial, WebGLRenderer,
} from "../../vendor/three-0.187.0/three.min.js";
import { colour } from "../theme.js";

/** @typedef {import("./solids.js").Solid} Solid */

export const FIELD_OF_VIEW = 20; // degrees
// From here the solid's sphere fills the frame but for a narrow margin.
export const DISTANCE = 1.03 / Math.sin((FIELD_OF_VIEW * Math.PI) / 360);
// Below this mean agreement of neighbouring faces, edges are meant to be seen, as those of a cube.
const ROUND = 0.9;
const SAMPLED_FACES = 2000;

const LIGHT = `
vec3 lit(vec3 n, vec3 toEye, vec3 tone, float gloss) {
  vec3 key = normalize(vec3(-0.45, 0.62, 0.66));
  vec3 fill = normalize(vec3(0.85, 0.05, 0.5));
  float sky = 0.5 + 0.5 * n.y;
  float fromKey = max(0.0, (dot(n, key) + 0.12) / 1.12);
  float fromFill = max(0.0, dot(n, fill));
  float edge = pow(1.0 - max(0.0, dot(n, toEye)), 3.5);
  float shine = pow(max(0.0, dot(n, normalize(key + toEye))), 28.0);
  vec3 light = mix(vec3(0.13, 0.115, 0.11), vec3(0.27, 0.28, 0.30), sky);
  light += 0.86 * fromKey * vec3(1.0, 0.975, 0.94) + 0.17 * fromFill * vec3(0.92, 0.96, 1.0);
  return tone * light + vec3(0.10) * edge + gloss * shine * vec3(1.0, 0.98, 0.95);
}`;

const MESH_VERTEX = `
varying vec3 vNormal; varying vec3 vSeen;
void main() {
  vec4 seen = modelViewMatrix * vec4(position, 1.0);
  vSeen = seen.xyz; vNormal = normalMatrix * normal;
  gl_Position = projectionMatrix * seen;
}`;

const MESH_FRAGMENT = `
uniform vec3 tone; uniform float faceted; varying vec3 vNormal; varying vec3 vSeen;
${LIGHT}
void main() {
  vec3 n = faceted > 0.5 ? normalize(cross(dFdx(vSeen), dFdy(vSeen))) : normalize(gl_FrontFacing ? vNormal : -vNormal);
  gl_FragColor = vec4(lit(n, normalize(-vSeen), tone, 0.06), 1.0);
  #include <colorspace_fragment>
}`;

const POINT_VERTEX = `
uniform float size; uniform float middle; varying float vNear;
void main() {
  vec4 seen = modelViewMatrix * vec4(position, 1.0);
  vNear = clamp((seen.z + middle + 1.0) / 2.0, 0.0, 1.0);
  gl_Position = projectionMatrix * seen;
  gl_PointSize = size * middle / -seen.z;
}`;

const POINT_FRAGMENT = `
uniform vec3 tone; uniform vec3 haze; varying float vNear;
${LIGHT}
void main() {
  vec2 p = 2.0 * gl_PointCoord - 1.0;
  float d = dot(p, p);
  if (d > 1.0) discard;
  vec3 ball = lit(vec3(p.x, -p.y, sqrt(1.0 - d)), vec3(0.0, 0.0, 1.0), tone, 0.05);
  gl_FragColor = vec4(mix(haze, ball, 0.42 + 0.58 * vNear), 1.0);
  #include <colorspace_fragment>
}`;

/** A colour of the page, whichever way the style sheet writes it. @param {string} name of a custom property */
export function tint(name) {
  const paper = /** @type {CanvasRenderingContext2D} */ (document.createElement("canvas").getContext("2d"));
  paper.fillStyle = colour(name);
  return new Color(/** @type {string} */ (paper.fillStyle)); // read back it is #rrggbb, which three.js understands
}

/** How large a point of many is drawn, in units of the solid. @param {number} count */
export const pointRadius = (count) => Math.min(Math.max(0.62 / Math.sqrt(count), 0.012), 0.042);

export class LitPainter {
  /** @type {Map<Solid, Mesh | Points>} */
  #made = new Map();
  lost = false;

  /** A painter, or null where the browser has no WebGL. @param {() => void} redraw after the context came or went */
  static make(redraw) {
    const canvas = document.createElement("canvas");
    const context = canvas.getContext("webgl2", { alpha: true, antialias: true, powerPreference: "low-power" });
    return context && new LitPainter(canvas, context, redraw);
  }

  /** @param {HTMLCanvasElement} canvas @param {WebGL2RenderingContext} context @param {() => void} redraw */
  constructor(canvas, context, redraw) {
    this.renderer = new WebGLRenderer({ canvas, context });
    this.renderer.setClearAlpha(0);
    this.space = new Scene();
    this.camera = new PerspectiveCamera(FIELD_OF_VIEW, 1, 1, 50);
    this.tone = { value: new Color() };
    this.dot = { value: new Color() };
    this.haze = { value: new Color() };
    this.size = { value: 1 };
    this.middle = { value: DISTANCE };
    this.recolour();
    const told = (/** @type {boolean} */ lost) => () => {
      this.lost = lost;
      redraw();
    };
    canvas.addEventListener("webglcontextlost", told(true));
    canvas.addEventListener("webglcontextrestored", told(false));
  }

  /** Read the page's colours again. */
  recolour() {
    this.tone.value.copy(tint("solid"));
    this.dot.value.copy(tint("solid-point"));
    this.haze.value.copy(tint("plate"));
  }

  /** Forget every solid but these. @param {Set<Solid>} solids */
  keep(solids) {
    for (const [solid, made] of this.#made) {
      if (solids.has(solid)) continue;
      made.geometry.dispose();
      made.material.dispose();
      this.#made.delete(solid);
    }
  }

  /** @param {HTMLCanvasElement} canvas @param {Solid} solid @param {import("../../vendor/three-0.187.0/three.min.js").Quaternion} pose */
  paint(canvas, solid, pose) {
    // The card smooths the edges of triangles; those of points are smooth if drawn finer than a plain screen shows.
    const fine = !solid.triangles && devicePixelRatio < 1.5 ? 2 : 1;
    const [width, height] = [canvas.width * fine, canvas.height * fine];
    const own = this.renderer.domElement;
    if (own.width !== width || own.height !== height) this.renderer.setSize(width, height, false);
    const narrow = Math.max(1, height / width);
    this.camera.aspect = width / height;
    this.camera.position.z = this.middle.value = DISTANCE * narrow;
    this.camera.updateProjectionMatrix();
    const thing = this.#of(solid);
    thing.quaternion.copy(pose);
    const perUnit = height / 2 / Math.tan((FIELD_OF_VIEW * Math.PI) / 360) / this.middle.value;
    this.size.value = 2 * pointRadius(solid.positions.length / 3) * perUnit;
    this.space.clear();
    this.space.add(thing);
    this.renderer.render(this.space, this.camera);
    const paper = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    paper.clearRect(0, 0, canvas.width, canvas.height);
    paper.imageSmoothingQuality = "high";
    paper.drawImage(own, 0, 0, canvas.width, canvas.height);
  }

  /** @param {Solid} solid */
  #of(solid) {
    let made = this.#made.get(solid);
    if (!made) {
      made = solid.triangles ? this.#mesh(solid) : this.#cloud(solid);
      this.#made.set(solid, made);
    }
    return made;
  }

  /** @param {Solid} solid */
  #mesh(solid) {
    const geometry = new BufferGeometry();
    geometry.setAttribute("position", new BufferAttribute(solid.positions, 3));
    geometry.setIndex(new BufferAttribute(/** @type {Uint32Array} */ (solid.triangles), 1));
    geometry.computeVertexNormals();
    const faceted = roundness(solid, geometry.getAttribute("normal").array) < ROUND ? 1 : 0;
    const material = new ShaderMaterial({
      vertexShader: MESH_VERTEX,
      fragmentShader: MESH_FRAGMENT,
      side: DoubleSide,
      uniforms: { tone: this.tone, faceted: { value: faceted } },
    });
    return new Mesh(geometry, material);
  }

  /** @param {Solid} solid */
  #cloud(solid) {
    const geometry = new BufferGeometry();
    geometry.setAttribute("position", new BufferAttribute(solid.positions, 3));
    const material = new ShaderMaterial({
      vertexShader: POINT_VERTEX,
      fragmentShader: POINT_FRAGMENT,
      uniforms: { tone: this.dot, haze: this.haze, size: this.size, middle: this.middle },
    });
    return new Points(geometry, material);
  }

  dispose() {
    this.keep(new Set());
    this.renderer.dispose();
    this.renderer.forceContextLoss();
  }
}

/**
 * How far the normals of corners agree with those of their faces, 1 where all faces are smooth neighbours.
 * @param {Solid} solid @param {ArrayLike<number>} normals
 */
function roundness({ positions, triangles }, normals) {
  const faces = triangles.length / 3;
  const step = Math.max(1, Math.floor(faces / SAMPLED_FACES));
  let [sum, count] = [0, 0];
  for (let face = 0; face < faces; face += step) {
    const [a, b, c] = triangles.subarray(3 * face, 3 * face + 3);
    const flat = faceNormal(positions, 3 * a, 3 * b, 3 * c);
    if (!flat) continue;
    for (const corner of [a, b, c]) {
      for (let axis = 0; axis < 3; axis += 1) sum += normals[3 * corner + axis] * flat[axis];
      count += 1;
    }
  }
  return count ? sum / count : 1;
}

/** Normal of a triangle, or null where it has no area. @param {Float32Array} at @param {number} a @param {number} b @param {number} c */
export function faceNormal(at, a, b, c) {
  const [ux, uy, uz] = [at[b] - at[a], at[b + 1] - at[a + 1], at[b + 2] - at[a + 2]];
  const [vx, vy, vz] = [at[c] - at[a], at[c + 1] - at[a + 1], at[c + 2] - at[a + 2]];
  const [x, y, z] = [uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx];
  const length = Math.hypot(x, y, z);
  return length ? [x / length, y / length, z / length] : null;
}
