// Lists with [data-search-select] are searched by typing (tom-select).
(() => {
  if (typeof TomSelect === "undefined") return;
  const start = (select) => {
    if (select.tomselect) return;
    const control = new TomSelect(select, {
      maxOptions: 200,
      plugins: select.multiple ? ["remove_button"] : [],
      hidePlaceholder: true,
      render: {
        no_results: () => {
          const none = document.createElement("div");
          none.className = "no-results";
          none.textContent = "没有找到";
          return none;
        },
      },
    });
    for (const name of ["aria-describedby", "aria-invalid"]) {
      const value = select.getAttribute(name);
      if (value) control.control_input.setAttribute(name, value);
    }
    for (const button of control.wrapper.querySelectorAll(".remove")) button.setAttribute("aria-label", "移除");
  };
  const scan = (root) => root.querySelectorAll("select[data-search-select]").forEach(start);
  scan(document);
  document.addEventListener("htmx:afterSettle", (event) => scan(event.target));
})();
