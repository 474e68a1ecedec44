// Quick entry: a line is taken away, a chosen photo is named, and a form is not sent twice by two taps.
(() => {
  document.addEventListener("click", (event) => {
    const remove = event.target.closest("[data-remove-line]");
    if (remove) remove.closest("[data-line]").remove();
  });
  document.addEventListener("change", (event) => {
    if (!event.target.matches("[data-photos]")) return;
    const text = event.target.closest("[data-photo-pick]")?.querySelector("[data-photo-text]");
    const count = event.target.files.length;
    if (text) text.textContent = count ? `已选 ${count} 张照片（自动去除位置信息）` : "拍照（自动去除位置信息）";
  });
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || !form.matches("form[data-once]")) return;
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "1";
  });
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-once]")) delete form.dataset.sent;
  });
})();
