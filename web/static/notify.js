// The title counts who waits. If the user wants it, a notification reports a hot lead that writes while the page is hidden.
const rows = document.getElementById("rows");
const KEY = "told-of-hot";
export const tells = () => localStorage.getItem(KEY) === "on" && "Notification" in window && Notification.permission === "granted";
const seen = new Set();

const title = () => {
  const count = document.querySelector("[data-view=waiting] small")?.textContent;
  const plain = document.title.replace(/^\(\d+\+?\) /, "");
  document.title = count && count !== "0" ? `(${count}) ${plain}` : plain;
};

if (rows) {
  for (const row of rows.children) seen.add(row.dataset.said);
  document.addEventListener("list:changed", () => {
    for (const row of rows.querySelectorAll("tr.waits[data-read=unread]")) {
      if (seen.has(row.dataset.said) || !row.querySelector(".heat.hot")) continue;
      if (document.hidden && tells()) {
        const told = new Notification(row.querySelector("a[data-lead]").textContent, { body: row.querySelector(".said").textContent.trim(), tag: row.id });
        told.onclick = () => { focus(); row.querySelector("a[data-lead]")?.click(); };
      }
      seen.add(row.dataset.said);
    }
  });
  document.addEventListener("htmx:after:swap", title);
  title();
  const box = document.getElementById("tell-of-hot");
  if (box) {
    box.checked = tells();
    box.addEventListener("change", async () => {
      localStorage.setItem(KEY, box.checked ? "on" : "off");
      if (box.checked && "Notification" in window) box.checked = await Notification.requestPermission() === "granted";
    });
  }
}
