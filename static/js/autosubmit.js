// Forms with [data-autosubmit] send themselves when a choice changes; empty fields stay out of the URL.
(() => {
  document.addEventListener("change", (event) => {
    const form = event.target.closest("form[data-autosubmit]");
    if (!form || event.target.closest("[data-no-autosubmit]")) return;
    if (event.target.matches('input[type="text"], input[type="search"], input:not([type])')) return;
    form.requestSubmit();
  });
  document.addEventListener("formdata", (event) => {
    if (!event.target.matches('form[data-autosubmit][method="get"]')) return;
    for (const [name, value] of [...event.formData.entries()]) {
      if (value === "") event.formData.delete(name);
    }
  });
})();
