// Menus are <details>: Escape and a click elsewhere close them, arrows walk their entries.
(() => {
  const opened = () => [...document.querySelectorAll("details[data-menu][open]")];
  document.addEventListener("click", (event) => {
    for (const menu of opened()) if (!menu.contains(event.target)) menu.open = false;
  });
  document.addEventListener("keydown", (event) => {
    const menu = event.target.closest("details[data-menu]");
    if (!menu) return;
    if (event.key === "Escape" && menu.open) {
      menu.open = false;
      menu.querySelector("summary").focus();
      return;
    }
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    event.preventDefault();
    menu.open = true;
    const entries = [...menu.querySelectorAll(".menu-panel a, .menu-panel button")];
    if (!entries.length) return;
    const at = entries.indexOf(document.activeElement);
    const next = event.key === "ArrowDown" ? at + 1 : at - 1 + (at < 0 ? entries.length + 1 : 0);
    entries[(next + entries.length) % entries.length].focus();
  });
})();
