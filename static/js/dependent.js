// A select with data-shows="name" shows the elements of its form whose data-shown-for is its value.
(() => {
  const refresh = (select) => {
    for (const part of select.form.querySelectorAll("[data-shown-for]")) part.hidden = part.dataset.shownFor !== select.value;
  };
  const scan = (root) => root.querySelectorAll("select[data-shows]").forEach(refresh);
  document.addEventListener("change", (event) => {
    if (event.target.matches("select[data-shows]")) refresh(event.target);
  });
  window.addEventListener("pageshow", () => scan(document));
  document.addEventListener("htmx:afterSettle", (event) => scan(event.target));
})();
