// The lead list renews itself. Rows are known by their ids: those that are the same stay, the others are put in anew.
// While somebody points at the list or stands in it, its order holds, and what waits is counted.
import { sayTimes } from "./times.js";

export const rows = document.getElementById("rows");
const table = rows?.closest("table");
const fresh = document.getElementById("fresh");
const said = document.getElementById("said");
const CELLS = ["said", "age", "score", "city", "status", "phase", "window"];
let tag = "", waits = null;

const inUse = () => table.matches(":hover") || fresh.matches(":hover") || rows.contains(document.activeElement);
const same = (a, b) => a.dataset.tag && a.dataset.tag === b.dataset.tag && a.dataset.read === b.dataset.read;
const parsed = (html) => {
  const body = document.createElement("tbody");
  body.innerHTML = html;
  return [...body.children];
};

const apply = (next) => {
  waits = null;
  fresh.hidden = true;
  const focused = document.activeElement?.dataset?.lead;
  rows.replaceChildren(...next.map((row) => {
    const now = document.getElementById(row.id);
    if (now) delete now.dataset.was;
    return now && same(now, row) ? now : row;
  }));
  if (focused) rows.querySelector(`a[data-lead="${focused}"]`)?.focus({ preventScroll: true });
  changed();
};

// What stands on the page is renewed in its place; what would come in or move up is counted.
const hold = (next) => {
  let count = 0;
  for (const row of next) {
    const now = document.getElementById(row.id);
    if (!row.dataset.said) continue;
    if ((now?.dataset.was ?? now?.dataset.said) !== row.dataset.said) count += 1;
    if (!now || same(now, row)) continue;
    now.dataset.was ??= now.dataset.said;
    // Its tag stays: once the list is let go, the row is put in anew with its name and badges.
    for (const name of ["read", "said"]) now.dataset[name] = row.dataset[name];
    for (const name of CELLS) now.querySelector(`td.${name}`).replaceWith(row.querySelector(`td.${name}`));
  }
  waits = true;
  fresh.textContent = said.dataset.new.replace("{n}", count);
  fresh.hidden = count === 0;
  changed();
};

const changed = () => {
  sayTimes(rows);
  document.dispatchEvent(new Event("list:changed"));
};

// Fetch the rows again. With `force`, apply them even while the list is in use.
export const renew = async (force = false) => {
  const answer = await fetch(rows.dataset.from, { headers: { "If-None-Match": force ? "" : tag, "HX-Request": "true", "HX-Current-URL": location.href } });
  if (document.body.dataset.leaving !== undefined) return;
  if (answer.headers.get("HX-Redirect")) { location.href = answer.headers.get("HX-Redirect"); return; }
  if (answer.status !== 200) return;
  const html = await answer.text();
  tag = answer.headers.get("ETag") ?? "";
  if (inUse() && !force) hold(parsed(html)); else apply(parsed(html));
};

export const release = () => { if (waits) renew(true); };

if (rows) {
  fresh.addEventListener("click", release);
  for (const part of [table, fresh]) part.addEventListener("mouseleave", () => { if (!inUse()) release(); });
  rows.addEventListener("focusout", () => setTimeout(() => { if (!inUse()) release(); }));
}
