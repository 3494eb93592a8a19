// Dialogs, and the moment at which they close.

/**
 * Call back whenever a dialog has closed. Its own "close" event is a task that waits for its turn, on a busy machine
 * until after the next answer; this comes before anything else happens.
 * @param {HTMLDialogElement} dialog @param {() => void} act
 */
export function whenClosed(dialog, act) {
  const watch = new MutationObserver(() => {
    if (!dialog.open) act();
  });
  watch.observe(dialog, { attributes: true, attributeFilter: ["open"] });
}
