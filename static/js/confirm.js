// Dialogs: [data-dialog="id"] opens one, [data-dialog-close] closes it, and forms or buttons with
// data-confirm="question" (or hx-confirm) ask in the page's own dialog before anything is sent.
(() => {
  const ask = document.getElementById("confirm");
  let pending = null;
  const question = (text, then) => {
    ask.querySelector("[data-confirm-text]").textContent = text;
    pending = then;
    ask.showModal();
  };
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-dialog]");
    if (opener) document.getElementById(opener.dataset.dialog)?.showModal();
    const closer = event.target.closest("[data-dialog-close]");
    if (closer) closer.closest("dialog").close();
  });
  if (!ask) return;
  ask.querySelector("[data-confirm-yes]").addEventListener("click", () => {
    const then = pending;
    ask.close();
    if (then) then();
  });
  ask.addEventListener("close", () => {
    pending = null;
  });
  document.addEventListener("submit", (event) => {
    const form = event.target;
    const text = event.submitter?.dataset.confirm || form.dataset.confirm;
    if (!text || form.dataset.confirmed) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const submitter = event.submitter;
    question(text, () => {
      form.dataset.confirmed = "1";
      form.requestSubmit(submitter);
      delete form.dataset.confirmed;
    });
  }, true);
  document.addEventListener("htmx:confirm", (event) => {
    if (!event.detail.question) return;
    event.preventDefault();
    question(event.detail.question, () => event.detail.issueRequest(true));
  });
})();
