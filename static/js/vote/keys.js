// Which key does what. A person may change it; the browser remembers.

import { keep, read } from "./storage.js";

// "0" turns shapes back, and the others already mean something to browsers, dialogs or screen readers.
const RESERVED = new Set(["Enter", "Escape", "Tab", " ", "?", "0", "Dead", "Unidentified", "Process"]);
const MODIFIERS = new Set(["Shift", "Control", "Alt", "AltGraph", "Meta", "CapsLock", "Fn"]);
const SIGNS = /** @type {Record<string, string>} */ ({
  ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓", Backspace: "⌫", Delete: "⌦",
});
const SPOKEN = /^[a-z]$/;

/** @typedef {"set" | "taken" | "reserved"} Outcome */

/** @param {string} action @returns {string} */
function usual(action) {
  const fixed = /** @type {Record<string, string>} */ ({
    left: "ArrowLeft", right: "ArrowRight", "cant-tell": "ArrowDown", undo: "Backspace", zoom: "z",
  });
  return fixed[action] ?? String(Number(action) + 1);
}

export class Keys {
  /** @type {Map<string, string>} */
  #keys = new Map();

  /** @param {string[]} actions that there are on this page @param {string} name of the person @param {Storage | null} storage */
  constructor(actions, name, storage) {
    this.actions = actions;
    this.storage = storage;
    this.name = `semblance.keys.${name}`;
    const kept = /** @type {any} */ (read(storage, this.name)) ?? {};
    for (const action of actions) this.#keys.set(action, usual(action));
    for (const action of actions) if (typeof kept[action] === "string") this.#set(action, kept[action]);
  }

  /** @param {string} key as a browser names it */
  actionOf(key) {
    const name = normal(key);
    return this.actions.find((action) => this.#keys.get(action) === name) ?? null;
  }

  /** @param {string} action */
  of(action) {
    return this.#keys.get(action) ?? "";
  }

  /** Another action that has this key. @param {string} action @param {string} key */
  holder(action, key) {
    const other = this.actionOf(key);
    return other === action ? null : other;
  }

  /** @param {string} action @param {string} key @returns {Outcome} */
  #set(action, key) {
    if (RESERVED.has(key)) return "reserved";
    if (this.holder(action, key)) return "taken";
    this.#keys.set(action, normal(key));
    return "set";
  }

  /** Give an action another key, unless that has a meaning already. @param {string} action @param {string} key @returns {Outcome} */
  change(action, key) {
    const outcome = this.#set(action, key);
    if (outcome === "set") keep(this.storage, this.name, JSON.stringify(Object.fromEntries(this.#keys)));
    return outcome;
  }

  /** As they were in the beginning. */
  reset() {
    for (const action of this.actions) this.#keys.set(action, usual(action));
    this.storage?.removeItem(this.name);
  }
}

/** @param {string} key */
const normal = (key) => (key.length === 1 ? key.toLowerCase() : key);

/** @param {string} key */
export const isModifier = (key) => MODIFIERS.has(key);

/** As it stands on a key. @param {string} key */
export const sign = (key) => SIGNS[key] ?? (key.length === 1 ? key.toUpperCase() : key);

/** As aria-keyshortcuts has it. @param {string} key */
export const shortcut = (key) => (SPOKEN.test(key) ? key.toUpperCase() : key);
