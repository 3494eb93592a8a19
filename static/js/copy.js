// Copies the field that a button names: <button data-copy="#field" data-copied="Copied">. Without the right to the
// clipboard (a page over plain HTTP) the field is selected, so that the person's own shortcut copies it.

document.addEventListener("click", async (event) => {
  const button = event.target instanceof Element ? event.target.closest("[data-copy]") : null;
  if (!(button instanceof HTMLElement)) return;
  const field = document.querySelector(button.dataset.copy ?? "");
  if (!(field instanceof HTMLInputElement)) return;
  field.select();
  if (!navigator.clipboard) return;
  await navigator.clipboard.writeText(field.value);
  const before = button.textContent;
  button.textContent = button.dataset.copied ?? before;
  setTimeout(() => (button.textContent = before), 2000);
});
