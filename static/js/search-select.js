// Lists with [data-search-select] are searched by typing (tom-select). With [data-options-url] the options
// are fetched while typing: GET url?q=… answers {"results": [{"value", "text", "detail"}]}.
(() => {
  if (typeof TomSelect === "undefined") return;
  const note = (text) => () => {
    const element = document.createElement("div");
    element.className = "no-results";
    element.textContent = text;
    return element;
  };
  const option = (data, escape) => {
    const detail = data.detail && data.detail !== data.text ? data.detail : "";
    const second = detail ? `<div class="option-detail">${escape(detail)}</div>` : "";
    return `<div>${escape(data.text)}${second}</div>`;
  };
  const fetched = (address) => {
    let latest = 0;
    let failed = false;
    return {
      preload: "focus",
      loadThrottle: 250,
      // The server has chosen and ordered them; what is chosen already is kept out of the way while typing.
      score(query) {
        return (item) => (query && this.items.includes(item.value) ? 0 : 1);
      },
      shouldLoad: () => true,
      render: {
        option,
        loading: note("正在查找…"),
        no_results: () => note(failed ? "连接不上服务器，请稍后再试" : "没有找到")(),
      },
      load(query, done) {
        const asked = ++latest;
        const answer = (results) => {
          const open = this.isOpen;
          done(results);
          if (!open) this.close(false); // one was chosen meanwhile: an answer that comes late opens nothing
        };
        const url = new URL(address, window.location.href);
        url.searchParams.set("q", query);
        fetch(url, { headers: { Accept: "application/json" }, credentials: "same-origin" })
          .then((response) => {
            if (!response.ok || response.redirected) throw new Error(String(response.status));
            return response.json();
          })
          .then((found) => {
            if (asked !== latest) return answer();
            failed = false;
            this.clearOptions(); // all but the chosen one
            return answer(found.results);
          })
          .catch(() => {
            failed = true;
            this.clearOptions();
            answer();
          });
      },
      onBlur() {
        this.wrapper.classList.remove("preloaded"); // the next opening starts from the beginning
      },
    };
  };
  const listed = { render: { no_results: note("没有找到") } };
  const start = (select) => {
    if (select.tomselect) return;
    const address = select.dataset.optionsUrl;
    const control = new TomSelect(select, {
      maxOptions: 200,
      plugins: select.multiple ? ["remove_button"] : [],
      hidePlaceholder: true,
      ...(address ? fetched(address) : listed),
    });
    for (const name of ["aria-describedby", "aria-invalid"]) {
      const value = select.getAttribute(name);
      if (value) control.control_input.setAttribute(name, value);
    }
    for (const button of control.wrapper.querySelectorAll(".remove")) button.setAttribute("aria-label", "移除");
  };
  const scan = (root) => root.querySelectorAll("select[data-search-select]").forEach(start);
  scan(document);
  document.addEventListener("htmx:afterSettle", (event) => scan(event.target));
})();
