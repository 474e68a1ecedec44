// A button with [data-fullscreen] shows the page's content alone, for a meeting room; Escape ends it.
(() => {
  for (const button of document.querySelectorAll("[data-fullscreen]")) {
    button.hidden = !document.fullscreenEnabled;
    button.addEventListener("click", () => {
      if (document.fullscreenElement) document.exitFullscreen();
      else document.getElementById("content").requestFullscreen();
    });
  }
})();
