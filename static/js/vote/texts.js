// What a person reads. All of it comes from the page, in the person's language.

/** @type {Record<string, string>} */
const texts = JSON.parse(document.getElementById("texts")?.textContent ?? "{}");
const language = document.documentElement.lang || "en";
const plural = new Intl.PluralRules(language);
const digits = new Intl.NumberFormat(language);

/** @typedef {Record<string, string | number>} Values */

/** A text with its {places} filled. @param {string} name @param {Values} [values] */
export function text(name, values = {}) {
  const found = texts[name];
  if (found === undefined) throw new Error(`The page has no text called ${name}.`);
  return found.replace(/\{(\w+)\}/g, (place, key) => (key in values ? shown(values[key]) : place));
}

/** A text that depends on how many. @param {string} name @param {number} n @param {Values} [values] */
export function counted(name, n, values = {}) {
  const form = `${name}.${plural.select(n)}`;
  return text(form in texts ? form : `${name}.other`, { n, ...values });
}

/** @param {string | number} value */
const shown = (value) => (typeof value === "number" ? digits.format(value) : value);
