// Fragments with [data-polling] ask again by themselves: a lost connection is said in place, once,
// and a page that is no longer there is loaded anew.
(() => {
  const polling = (event) => event.target instanceof Element && event.target.closest("[data-polling]");
  const missed = (event) => {
    const fragment = polling(event);
    if (!fragment) return;
    event.stopImmediatePropagation();
    const status = event.detail.xhr ? event.detail.xhr.status : 0;
    if (status >= 400 && status < 500) window.location.reload();
    else fragment.querySelector("[data-polling-note]").hidden = false;
  };
  for (const name of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
    document.addEventListener(name, missed, true);
  }
})();
