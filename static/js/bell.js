// The bell asks once a minute, and when the page is looked at again, how many messages are unread. A page that
// asks by itself says so, and does not keep a session alive. When the session has ended it just stops asking.
(() => {
  const EVERY = 60000;
  let last = Date.now();
  let stopped = false;
  const ask = async () => {
    const bell = document.querySelector("[data-bell]");
    if (!bell || stopped || document.hidden) return;
    last = Date.now();
    try {
      const response = await fetch(bell.dataset.bell, {
        headers: { "X-Unattended": "1" },
        credentials: "same-origin",
        redirect: "manual",
      });
      if (response.ok) bell.outerHTML = await response.text();
      else stopped = response.type === "opaqueredirect" || response.status === 403;
    } catch {
      // The network is away; the next minute asks again.
    }
  };
  setInterval(ask, EVERY);
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && Date.now() - last > EVERY) ask();
  });
})();
