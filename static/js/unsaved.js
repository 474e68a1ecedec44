// Forms with [data-guard-unsaved] ask before the page is left with changes in them.
(() => {
  const snapshot = (form) => new URLSearchParams(
    [...new FormData(form)].map(([name, value]) => [name, value instanceof File ? value.name : value]),
  ).toString();
  const kept = new Map();
  // Deferred by a tick, so that search-select has put its values in.
  setTimeout(() => {
    for (const form of document.querySelectorAll("form[data-guard-unsaved]")) {
      kept.set(form, form.dataset.guardUnsaved === "changed" ? null : snapshot(form));
    }
  });
  document.addEventListener("submit", (event) => {
    if (!event.defaultPrevented) kept.delete(event.target);
  });
  window.addEventListener("beforeunload", (event) => {
    for (const [form, before] of kept) {
      if (form.isConnected && snapshot(form) !== before) event.preventDefault();
    }
  });
})();
