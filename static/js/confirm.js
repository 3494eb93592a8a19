// Asks before a step that cannot be taken back: any button with data-confirm.

document.addEventListener("click", (event) => {
  const button = event.target instanceof Element ? event.target.closest("[data-confirm]") : null;
  if (button instanceof HTMLElement && !window.confirm(button.dataset.confirm)) event.preventDefault();
});
