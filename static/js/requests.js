// What happens when a fragment cannot be had: say so, and go to sign-in when the session has ended.
(() => {
  const say = (text) => {
    const region = document.getElementById("toasts");
    const template = document.getElementById("toast-template");
    if (!region || !template) return;
    const toast = template.content.firstElementChild.cloneNode(true);
    toast.querySelector("[data-toast-text]").textContent = text;
    region.append(toast);
  };
  document.addEventListener("htmx:beforeSwap", (event) => {
    const signIn = document.body.dataset.signInUrl;
    const landed = event.detail.xhr.responseURL;
    if (!signIn || !landed || new URL(landed).pathname !== signIn) return;
    event.detail.shouldSwap = false;
    window.location.reload();
  });
  document.addEventListener("htmx:responseError", (event) => {
    const code = event.detail.xhr.status;
    if (code === 403) say("没有权限进行这项操作。");
    else if (code === 404) say("内容不存在，可能已被删除。");
    else if (code === 503) say("系统暂时不可用，请稍后再试。");
    else say("操作没有完成，请稍后再试。");
  });
  document.addEventListener("htmx:sendError", () => say("连接不上服务器，请检查网络后再试。"));
  document.addEventListener("htmx:timeout", () => say("服务器没有及时回应，请稍后再试。"));
})();
