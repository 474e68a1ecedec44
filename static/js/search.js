// The search box of the header: "/" goes to it, arrows walk the suggestions, Enter follows one.
(() => {
  const input = document.querySelector("[data-search]");
  const list = document.getElementById("search-suggestions");
  if (!input || !list) return;
  const options = () => [...list.querySelectorAll('[role="option"]:not([aria-disabled])')];
  const chosen = () => list.querySelector('[aria-selected="true"]');

  const show = (open) => {
    const filled = open && list.children.length > 0;
    list.hidden = !filled;
    input.setAttribute("aria-expanded", String(filled));
    if (!filled) select(null);
  };
  const select = (option) => {
    chosen()?.setAttribute("aria-selected", "false");
    if (option) {
      option.setAttribute("aria-selected", "true");
      option.scrollIntoView({ block: "nearest" });
      input.setAttribute("aria-activedescendant", option.id);
    } else {
      input.removeAttribute("aria-activedescendant");
    }
  };
  const step = (by) => {
    const all = options();
    if (!all.length) return;
    const at = all.indexOf(chosen());
    select(at < 0 ? all[by > 0 ? 0 : all.length - 1] : all[at + by] || null);
  };

  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select, [contenteditable]");
    if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    input.focus();
    input.select();
  });
  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      show(true);
      step(event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "Enter" && chosen()) {
      event.preventDefault();
      chosen().querySelector("a").click();
    } else if (event.key === "Escape") {
      if (list.hidden) input.blur();
      show(false);
    }
  });
  input.addEventListener("input", () => {
    if (!input.value.trim()) {
      list.replaceChildren();
      show(false);
    }
  });
  input.addEventListener("focus", () => show(true));
  list.addEventListener("htmx:afterSwap", () => {
    if (!input.value.trim()) list.replaceChildren();
    show(document.activeElement === input);
  });
  document.addEventListener("click", (event) => {
    if (!event.target.closest(".search")) show(false);
  });
  document.addEventListener("focusin", (event) => {
    if (!event.target.closest(".search")) show(false);
  });
})();
