// The side navigation on a phone: one button opens and closes it.
(() => {
  const button = document.querySelector("[data-nav-toggle]");
  const side = document.getElementById("side");
  if (!button || !side) return;
  const set = (open) => {
    document.body.classList.toggle("nav-open", open);
    button.setAttribute("aria-expanded", String(open));
    if (open) side.querySelector("a")?.focus();
  };
  button.addEventListener("click", () => set(!document.body.classList.contains("nav-open")));
  document.querySelector("[data-nav-close]")?.addEventListener("click", () => set(false));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !document.body.classList.contains("nav-open")) return;
    set(false);
    button.focus();
  });
})();
