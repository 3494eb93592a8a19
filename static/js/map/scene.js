// Points in three dimensions. It draws when something changed and rests otherwise, so an open page costs nothing.

import {
  BufferAttribute, BufferGeometry, Color, LineBasicMaterial, LineSegments, OrbitControls, PerspectiveCamera, Points,
  Scene as Space, ShaderMaterial, Vector3, WebGLRenderer,
} from "../../vendor/three-0.187.0/three.min.js";
import { colour } from "../theme.js";

const POINT_PIXELS = 9;
const PICK_PIXELS = 12;
const KEY_TURN = 0.12;
const KEY_ZOOM = 1.15;

const VERTEX = `
attribute vec3 tint; attribute float shape; attribute float shown; uniform float size; uniform float depth;
varying vec3 vTint; varying float vShape;
void main() {
  vTint = tint; vShape = shape;
  vec4 seen = modelViewMatrix * vec4(position, 1.0);
  gl_Position = shown > 0.5 ? projectionMatrix * seen : vec4(2.0, 2.0, 2.0, 1.0);
  gl_PointSize = size * clamp(depth / -seen.z, 0.6, 1.8);
}`;

const FRAGMENT = `
uniform vec3 rim; varying vec3 vTint; varying float vShape;
void main() {
  vec2 p = 2.0 * gl_PointCoord - 1.0;
  float d = vShape < 0.5 ? length(p) : vShape < 1.5 ? max(abs(p.x), abs(p.y)) * 1.1 : max(abs(p.x) * 0.9 + p.y * -0.45 + 0.1, p.y) + 0.1;
  if (d > 1.0) discard;
  gl_FragColor = vec4(d > 0.72 ? mix(vTint, rim, 0.55) : vTint, 1.0);
  #include <colorspace_fragment>
}`;

export class Scene {
  #drawn = false;
  #hover = -1;

  /**
   * @param {HTMLElement} stage
   * @param {Float32Array} points (N, 3), row by row
   * @param {number[]} category of each point
   * @param {string[]} palette
   * @param {{onPoint: (point: number, x: number, y: number) => void, onNothing: () => void}} tell
   */
  constructor(stage, points, category, palette, tell) {
    this.stage = stage;
    this.category = category;
    this.tell = tell;
    this.shown = new Float32Array(category.length).fill(1);
    this.points = centred(points);
    this.radius = radius(this.points);
    this.renderer = new WebGLRenderer({ antialias: true, alpha: true, powerPreference: "low-power" });
    this.renderer.setPixelRatio(Math.min(devicePixelRatio, 2));
    stage.append(this.renderer.domElement);
    this.space = new Space();
    this.camera = new PerspectiveCamera(40, 1, this.radius / 100, this.radius * 20);
    this.home = new Vector3(0.9, 0.55, 1.4).normalize().multiplyScalar(this.radius * 3.1);
    this.fit = 1; // how much farther a stage that is narrower than high has to be looked at from
    this.camera.position.copy(this.home);
    this.controls = new OrbitControls(this.camera, this.renderer.domElement);
    this.controls.enablePan = false;
    this.controls.minDistance = this.radius * 0.4;
    this.controls.maxDistance = this.radius * 12;
    this.controls.addEventListener("change", () => this.draw());
    this.#build();
    this.setPalette(palette);
    this.#listen();
    new ResizeObserver(() => this.#resize()).observe(stage);
    this.#resize();
  }

  #build() {
    const count = this.category.length;
    this.geometry = new BufferGeometry();
    this.geometry.setAttribute("position", new BufferAttribute(this.points, 3));
    this.geometry.setAttribute("tint", new BufferAttribute(new Float32Array(3 * count), 3));
    this.geometry.setAttribute("shape", new BufferAttribute(new Float32Array(count), 1));
    this.geometry.setAttribute("shown", new BufferAttribute(this.shown, 1));
    this.material = new ShaderMaterial({
      vertexShader: VERTEX,
      fragmentShader: FRAGMENT,
      uniforms: { size: { value: 1 }, depth: { value: this.home.length() }, rim: { value: new Color() } },
    });
    this.space.add(new Points(this.geometry, this.material));
    const reach = this.radius;
    const axes = new Float32Array([-reach, 0, 0, reach, 0, 0, 0, -reach, 0, 0, reach, 0, 0, 0, -reach, 0, 0, reach]);
    const lines = new BufferGeometry();
    lines.setAttribute("position", new BufferAttribute(axes, 3));
    this.axes = new LineBasicMaterial();
    this.space.add(new LineSegments(lines, this.axes));
  }

  /** @param {string[]} palette */
  setPalette(palette) {
    const colours = palette.map((one) => new Color(one));
    const tint = this.geometry.getAttribute("tint");
    const shape = this.geometry.getAttribute("shape");
    this.category.forEach((category, point) => {
      const { r, g, b } = colours[category % colours.length];
      tint.setXYZ(point, r, g, b);
      shape.setX(point, Math.floor(category / colours.length) % 3);
    });
    tint.needsUpdate = shape.needsUpdate = true;
    this.material.uniforms.rim.value.set(colour("surface"));
    this.axes.color.set(colour("line"));
    this.draw();
  }

  /** @param {Set<number>} hidden categories */
  setHidden(hidden) {
    this.category.forEach((category, point) => {
      this.shown[point] = hidden.has(category) ? 0 : 1;
    });
    this.geometry.getAttribute("shown").needsUpdate = true;
    this.draw();
  }

  #listen() {
    this.stage.addEventListener("keydown", (event) => this.#key(event));
    this.stage.addEventListener("pointermove", (event) => this.#point(event));
    this.stage.addEventListener("pointerleave", () => this.#leave());
    this.renderer.domElement.addEventListener("webglcontextrestored", () => this.draw());
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const turns = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const zooms = { "+": 1 / KEY_ZOOM, "=": 1 / KEY_ZOOM, "-": KEY_ZOOM };
    if (event.key in turns) this.#turn(...turns[event.key]);
    else if (event.key in zooms) this.camera.position.multiplyScalar(zooms[event.key]);
    else if (event.key === "0") this.camera.position.copy(this.home);
    else return;
    event.preventDefault();
    this.controls.update();
    this.draw();
  }

  /** @param {number} sideways @param {number} upwards */
  #turn(sideways, upwards) {
    const place = this.camera.position;
    const length = place.length();
    const height = Math.min(Math.max(Math.acos(place.y / length) + upwards * KEY_TURN, 0.05), Math.PI - 0.05);
    const around = Math.atan2(place.x, place.z) + sideways * KEY_TURN;
    place.setFromSphericalCoords(length, height, around);
  }

  /** @param {PointerEvent} event */
  #point(event) {
    if (event.buttons) return this.#leave();
    const box = this.stage.getBoundingClientRect();
    const x = event.clientX - box.left;
    const y = event.clientY - box.top;
    const point = this.#nearest(x, y, box);
    if (point < 0) return this.#leave();
    this.#hover = point;
    this.tell.onPoint(point, x, y);
  }

  #leave() {
    if (this.#hover < 0) return;
    this.#hover = -1;
    this.tell.onNothing();
  }

  /** The point under the pointer, the frontmost of several. @param {number} x @param {number} y @param {DOMRect} box */
  #nearest(x, y, box) {
    const seen = new Vector3();
    let found = -1;
    let front = Infinity;
    for (let point = 0; point < this.category.length; point += 1) {
      if (!this.shown[point]) continue;
      seen.fromArray(this.points, 3 * point).project(this.camera);
      const dx = ((seen.x + 1) / 2) * box.width - x;
      const dy = ((1 - seen.y) / 2) * box.height - y;
      if (dx * dx + dy * dy > PICK_PIXELS * PICK_PIXELS || seen.z >= front) continue;
      [found, front] = [point, seen.z];
    }
    return found;
  }

  #resize() {
    const { clientWidth: width, clientHeight: height } = this.stage;
    if (!width || !height) return;
    this.renderer.setSize(width, height);
    this.camera.aspect = width / height;
    this.camera.updateProjectionMatrix();
    const fit = 1 / Math.min(1, this.camera.aspect);
    this.camera.position.multiplyScalar(fit / this.fit);
    this.home.multiplyScalar(fit / this.fit);
    this.fit = fit;
    this.material.uniforms.depth.value = this.home.length();
    this.material.uniforms.size.value = (POINT_PIXELS * this.renderer.getPixelRatio()) / Math.sqrt(fit);
    this.draw();
  }

  draw() {
    if (this.#drawn) return;
    this.#drawn = true;
    requestAnimationFrame(() => {
      this.#drawn = false;
      this.renderer.render(this.space, this.camera);
    });
  }
}

/** @param {Float32Array} points */
function centred(points) {
  const count = points.length / 3;
  const mean = [0, 0, 0];
  points.forEach((value, place) => {
    mean[place % 3] += value / count;
  });
  return points.map((value, place) => value - mean[place % 3]);
}

/** The distance that 98 of 100 points stay within: one far outlier must not shrink all others to a dot. @param {Float32Array} points */
function radius(points) {
  const distances = [];
  for (let place = 0; place < points.length; place += 3) {
    distances.push(Math.hypot(points[place], points[place + 1], points[place + 2]));
  }
  distances.sort((a, b) => a - b);
  return distances[Math.floor(distances.length * 0.98)] || 1;
}
