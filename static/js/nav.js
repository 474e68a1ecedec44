// The side navigation: the present page's entry is in sight; on a phone one button opens and closes it.
(() => {
  const button = document.querySelector("[data-nav-toggle]");
  const side = document.getElementById("side");
  if (!button || !side) return;
  const here = side.querySelector("[aria-current]");
  const list = side.querySelector(".side-inner");
  if (here) list.scrollTop = here.offsetTop - list.clientHeight * 0.8; // the page itself stays where it is
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
