// The list keeps itself fresh. While somebody points at it or stands in it, its order holds and says what waits.
"use strict";
const rows = document.getElementById("rows");
const fresh = document.getElementById("fresh");
const lost = document.getElementById("lost");
const panel = document.getElementById("panel");
const HEAL_MS = 10000;
let held = 0;

const refresh = () => { held = 0; fresh.hidden = true; htmx.trigger(rows, "refresh"); };
const inUse = () => rows.matches(":hover") || rows.contains(document.activeElement);
const changed = () => {
  if (!inUse()) return refresh();
  held += 1;
  fresh.textContent = `${held} new`;
  fresh.hidden = false;
};

if (rows) {
  const line = new EventSource("/live");
  line.addEventListener("changed", changed);
  line.onopen = () => { lost.hidden = true; };
  line.onerror = () => { lost.hidden = false; };
  fresh.addEventListener("click", refresh);
  rows.addEventListener("mouseleave", () => { if (held) refresh(); });
  setInterval(() => { if (!inUse()) refresh(); }, HEAL_MS);
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)) return;
    const links = [...rows.querySelectorAll("tr > td:first-child > a")];
    const at = links.indexOf(document.activeElement);
    const status = panel.querySelectorAll(".statuses button")[Number(event.key) - 1];
    if (event.key === "j") links[Math.min(at + 1, links.length - 1)]?.focus();
    else if (event.key === "k") links[Math.max(at - 1, 0)]?.focus();
    else if (event.key === "e") panel.querySelector("dd input[name=value]")?.focus();
    else if (event.key === "n") panel.querySelector("textarea")?.focus();
    else if (event.key === ".") refresh();
    else if (status) status.click();
    else return;
    event.preventDefault();
  });
}
