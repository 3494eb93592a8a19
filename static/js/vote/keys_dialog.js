// The dialog in which keys are changed, and the places of the page that name them.

import { whenClosed } from "./dialogs.js";
import { isModifier, shortcut, sign } from "./keys.js";
import { byId } from "./stage.js";
import { text } from "./texts.js";

/** Name the keys in force wherever the page names keys. @param {import("./keys.js").Keys} keys */
export function nameKeys(keys) {
  for (const kbd of document.querySelectorAll("[data-key-of]")) {
    kbd.textContent = sign(keys.of(kbd.getAttribute("data-key-of") ?? ""));
  }
  for (const button of document.querySelectorAll("button[data-action]")) {
    const key = keys.of(button.getAttribute("data-action") ?? "");
    if (key) button.setAttribute("aria-keyshortcuts", shortcut(key));
  }
}

/** @param {import("./keys.js").Keys} keys */
export function keysDialog(keys) {
  const dialog = /** @type {HTMLDialogElement} */ (byId("keys"));
  const said = byId("keys-said");
  /** @type {HTMLButtonElement | null} */
  let listening = null;

  /** @param {HTMLButtonElement | null} button */
  function listen(button) {
    listening?.classList.remove("listening");
    listening = button;
    button?.classList.add("listening");
  }

  /** @param {string} action */
  const nameOf = (action) => dialog.querySelector(`[data-change="${action}"]`)?.getAttribute("data-name") ?? action;

  /** @param {HTMLButtonElement} button @param {string} key */
  function change(button, key) {
    const action = button.dataset.change ?? "";
    const holder = keys.holder(action, key);
    const outcome = keys.change(action, key);
    const values = { key: sign(key), name: nameOf(outcome === "taken" && holder ? holder : action) };
    said.textContent = text(`keys.${outcome}`, values);
    said.dataset.kind = outcome === "set" ? "good" : "bad";
    listen(null);
    nameKeys(keys);
  }

  dialog.addEventListener("click", ({ target }) => {
    const button = target instanceof Element ? target.closest("button") : null;
    if (button?.dataset.change) {
      listen(button);
      said.textContent = text("keys.press", { name: button.dataset.name ?? "" });
      said.dataset.kind = "";
    } else if (button?.id === "keys-reset") {
      listen(null);
      keys.reset();
      nameKeys(keys);
      said.textContent = text("keys.reset");
      said.dataset.kind = "good";
    }
  });

  dialog.addEventListener("keydown", (event) => {
    if (!listening || isModifier(event.key)) return;
    event.preventDefault();
    if (event.key === "Escape" || event.key === "Tab") {
      said.textContent = "";
      listen(null);
    } else change(listening, event.key);
  });
  // Escape ends listening first; only then does it close the dialog.
  dialog.addEventListener("cancel", (event) => {
    if (listening) event.preventDefault();
  });
  whenClosed(dialog, () => {
    listen(null);
    said.textContent = "";
  });
  return dialog;
}
