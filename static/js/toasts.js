// Messages in the corner: good news leaves by itself, everything else waits to be closed.
(() => {
  const region = document.getElementById("toasts");
  if (!region) return;
  const start = (toast) => {
    const lasting = toast.matches(".notice-danger, .notice-warning");
    if (!lasting) setTimeout(() => toast.remove(), 8000);
  };
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-toast-close]")) event.target.closest("[data-toast]").remove();
  });
  region.querySelectorAll("[data-toast]").forEach(start);
  new MutationObserver((records) => {
    for (const record of records) {
      for (const node of record.addedNodes) if (node.matches?.("[data-toast]")) start(node);
    }
  }).observe(region, { childList: true });
})();
