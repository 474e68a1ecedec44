// Rows with [data-bulk-row] check boxes: the bar of the same form appears and counts them.
(() => {
  const refresh = (form) => {
    const rows = [...form.querySelectorAll("[data-bulk-row]")];
    const ticked = rows.filter((row) => row.checked);
    const all = form.querySelector("[data-bulk-all]");
    const bar = form.querySelector("[data-bulk-bar]");
    if (all) {
      all.checked = rows.length > 0 && ticked.length === rows.length;
      all.indeterminate = ticked.length > 0 && ticked.length < rows.length;
    }
    if (!bar) return;
    bar.hidden = ticked.length === 0;
    bar.querySelector("[data-bulk-count]").textContent = String(ticked.length);
  };
  const tick = (form, value) => {
    for (const row of form.querySelectorAll("[data-bulk-row]")) row.checked = value;
    refresh(form);
  };
  document.addEventListener("change", (event) => {
    const form = event.target.closest("form");
    if (!form) return;
    if (event.target.matches("[data-bulk-all]")) tick(form, event.target.checked);
    else if (event.target.matches("[data-bulk-row]")) refresh(form);
  });
  document.addEventListener("click", (event) => {
    const clear = event.target.closest("[data-bulk-clear]");
    if (clear) tick(clear.closest("form"), false);
  });
  const start = () => {
    for (const bar of document.querySelectorAll("[data-bulk-bar]")) {
      const form = bar.closest("form");
      if (form) refresh(form);
    }
  };
  window.addEventListener("pageshow", start);
  document.addEventListener("htmx:afterSettle", start);
})();
