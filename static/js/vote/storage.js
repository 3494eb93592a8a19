// What the browser keeps between visits, where it keeps anything.

/** Where the browser forbids storage, touching it throws. @param {"localStorage" | "sessionStorage"} kind @returns {Storage | null} */
export function usable(kind) {
  try {
    const storage = window[kind];
    storage.setItem("semblance.probe", "1");
    storage.removeItem("semblance.probe");
    return storage;
  } catch {
    return null;
  }
}

/** A store that is full or forbidden must not stop anybody. @param {Storage | null} storage @param {string} key @param {string} value */
export function keep(storage, key, value) {
  try {
    storage?.setItem(key, value);
  } catch {
    // What was to be kept is still in memory; it is only forgotten with the page.
  }
}

/** JSON from a store; what is not JSON is as good as nothing. @param {Storage | null} storage @param {string} key @returns {unknown} */
export function read(storage, key) {
  try {
    return JSON.parse(storage?.getItem(key) ?? "null");
  } catch {
    return null;
  }
}
