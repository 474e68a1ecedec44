// A file input with [data-file-drop] becomes a field that files can be dropped on.
(() => {
  const size = (bytes) =>
    bytes < 1048576 ? `${Math.max(1, Math.round(bytes / 1024))} KB` : `${(bytes / 1048576).toFixed(1)} MB`;
  const start = (input) => {
    if (input.closest(".drop")) return;
    const zone = document.createElement("div");
    zone.className = "drop";
    const text = document.createElement("p");
    text.className = "drop-text";
    text.setAttribute("aria-live", "polite");
    input.before(zone);
    zone.append(text, input);
    const show = () => {
      const files = [...input.files];
      text.textContent = files.length
        ? files.map((file) => `${file.name}（${size(file.size)}）`).join("，")
        : "把文件拖到这里，或点下面的按钮选择";
      zone.classList.toggle("drop-filled", files.length > 0);
    };
    input.addEventListener("change", show);
    zone.addEventListener("dragover", (event) => {
      event.preventDefault();
      zone.classList.add("drop-over");
    });
    zone.addEventListener("dragleave", () => zone.classList.remove("drop-over"));
    zone.addEventListener("drop", (event) => {
      event.preventDefault();
      zone.classList.remove("drop-over");
      if (!event.dataTransfer.files.length) return;
      input.files = event.dataTransfer.files;
      input.dispatchEvent(new Event("change", { bubbles: true }));
    });
    show();
  };
  const scan = (root) => root.querySelectorAll('input[type="file"][data-file-drop]').forEach(start);
  scan(document);
  document.addEventListener("htmx:afterSettle", (event) => scan(event.target));
})();
