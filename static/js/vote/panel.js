// What covers the stimuli between bundles: thanks, trouble, consent. It knows elements and no rules.

import { byId } from "./stage.js";
import { text } from "./texts.js";

/**
 * @typedef {{label: string, value: string}} Fact
 * @typedef {{title: string, text?: string, note?: string, body?: string, facts?: Fact[], go?: string, back?: string, keys?: string,
 *   leave?: string, leaveHref?: string, tone?: "calm" | "glad" | "trouble"}} Content
 * @typedef {{onGo?: () => void, onBack?: () => void, onLeave?: () => void}} Deeds
 */

const panel = byId("panel");
const title = byId("panel-title");

/** @param {Content} content @param {Deeds} [deeds] */
export function showPanel(content, deeds = {}) {
  title.textContent = content.title;
  setText("panel-text", content.text);
  setText("panel-note", content.note);
  setText("panel-keys", content.keys);
  showBody(content.body);
  showFacts(content.facts ?? []);
  setButton("panel-go", content.go, deeds.onGo);
  setButton("panel-back", content.back, deeds.onBack);
  const leave = /** @type {HTMLAnchorElement} */ (byId("panel-leave"));
  leave.hidden = content.leave === "";
  leave.textContent = content.leave ?? text("leave");
  leave.href = content.leaveHref ?? document.body.dataset.home ?? "/";
  leave.onclick = (event) => {
    if (!deeds.onLeave) return;
    event.preventDefault();
    deeds.onLeave();
  };
  panel.dataset.tone = content.tone ?? "calm";
  panel.hidden = false;
  byId("asking").inert = true;
  panel.scrollTop = 0;
  (content.go ? byId("panel-go") : title).focus();
}

/** @param {string} id @param {string} [content] */
function setText(id, content) {
  byId(id).textContent = content ?? "";
  byId(id).hidden = !content;
}

/** @param {string} id @param {string | undefined} word @param {(() => void) | undefined} deed */
function setButton(id, word, deed) {
  const button = byId(id);
  button.hidden = !word;
  button.textContent = word ?? "";
  button.onclick = deed ?? null;
}

/** Text of the campaign, which the page holds in a template. @param {string} [id] */
function showBody(id) {
  const body = byId("panel-body");
  const source = id ? document.getElementById(id) : null;
  body.hidden = !(source instanceof HTMLTemplateElement);
  body.replaceChildren(...(source instanceof HTMLTemplateElement ? [source.content.cloneNode(true)] : []));
}

/** @param {Fact[]} facts */
function showFacts(facts) {
  const list = byId("panel-facts");
  list.hidden = facts.length === 0;
  list.replaceChildren(
    ...facts.map(({ label, value }) => {
      const pair = document.createElement("div");
      const [dt, dd] = [document.createElement("dt"), document.createElement("dd")];
      dt.textContent = label;
      dd.textContent = value;
      pair.append(dt, dd);
      return pair;
    }),
  );
}

export function hidePanel() {
  if (panel.hidden) return;
  const hadFocus = panel.contains(document.activeElement);
  panel.hidden = true;
  byId("asking").inert = false;
  if (hadFocus) byId("main").focus({ preventScroll: true });
}

export const panelIsOpen = () => !panel.hidden;

/** Enter goes on, wherever the focus has got to. @param {KeyboardEvent} event */
export function panelKey(event) {
  if (event.key !== "Enter" || event.repeat || event.target instanceof HTMLButtonElement || event.target instanceof HTMLAnchorElement) return;
  const go = byId("panel-go");
  if (!go.hidden) go.click();
}
