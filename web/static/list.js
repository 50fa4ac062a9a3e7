// Refreshes the lead list. Unchanged rows stay, the others are replaced. While the list is in use, rows keep their places
// and a button counts what is new.
import { sayTimes } from "./times.js";

export const rows = document.getElementById("rows");
const table = rows?.closest("table");
const fresh = document.getElementById("fresh");
const said = document.getElementById("said");
const pane = document.getElementById("content");
const TOUCH_MS = 3000, SHINE_MS = 600;
// Touch devices report no hover: the list counts as in use at all times.
const coarse = matchMedia("(pointer: coarse)").matches;
const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
let tag = "", waits = null, touchedAt = -TOUCH_MS;

const inUse = () => coarse || scrollY > 0 || pane.scrollTop > 0 || performance.now() - touchedAt < TOUCH_MS || table.matches(":hover")
  || fresh.matches(":hover") || rows.contains(document.activeElement);
const parsed = (html) => {
  const body = document.createElement("tbody");
  body.innerHTML = html;
  return [...body.children];
};
// For a row that the page has already, the server sends only its place.
const isSame = (row) => row.dataset.same !== undefined;

const apply = (next) => {
  waits = null;
  fresh.hidden = true;
  const focused = document.activeElement?.dataset?.lead;
  const places = new Map([...rows.children].map((row, place) => [row.id, place]));
  rows.replaceChildren(...next.flatMap((row) => {
    const now = document.getElementById(row.id);
    if (now) { delete now.dataset.was; sayLeft(now, false); }
    if (!isSame(row)) return row;
    return now ?? [];
  }));
  if (focused) rows.querySelector(`a[data-lead="${focused}"]`)?.focus({ preventScroll: true });
  changed();
  if (!still) shine(places);
};

// Highlight the rows that moved up, and keep their words readable: under constant change many are lit at once.
const shine = (places) => {
  const lit = getComputedStyle(document.documentElement).getPropertyValue("--ours");
  [...rows.children].forEach((row, place) => {
    const before = places.get(row.id);
    if (row.dataset.said && (before === undefined || before > place)) row.animate([{ backgroundColor: lit }, { backgroundColor: "transparent" }], SHINE_MS);
  });
};

// Replace the cells of a row and keep the row, so that a press that has begun still counts. The cell with the name is
// replaced only if it changed.
const fill = (now, row) => {
  const was = now.dataset.was ?? now.dataset.said, cells = [...row.cells];
  [...now.cells].forEach((cell, place) => {
    const stays = cell.matches(".select") || (cell.matches(".who") && cell.innerHTML === cells[place].innerHTML);
    if (!stays) cell.replaceWith(cells[place]);
  });
  Object.assign(now.dataset, row.dataset);
  now.dataset.was = was;
  now.classList.toggle("waits", row.classList.contains("waits"));
};

const sayLeft = (row, left) => {
  row.classList.toggle("left", left);
  row.querySelector(".gone")?.remove();
  if (!left) return;
  const gone = document.createElement("small");
  gone.className = "gone";
  gone.textContent = said.dataset.left;
  row.querySelector("td.age").append(gone);
};

// Update the rows in their places, and count those that would come in or move up.
const hold = (next) => {
  const places = [...rows.children].map((row) => row.id), focused = document.activeElement?.dataset?.lead;
  let count = 0;
  for (const row of next) {
    const now = document.getElementById(row.id);
    if (now && !isSame(row) && row.dataset.said) fill(now, row);
    const last = isSame(row) ? now?.dataset.said : row.dataset.said;
    if (last && (!now || (now.dataset.was ?? last) !== last)) count += 1;
  }
  if (focused) rows.querySelector(`a[data-lead="${focused}"]`)?.focus({ preventScroll: true });
  // Leads that no longer match are shown faded. Where the list goes on below, one that is missing may have moved there.
  const here = new Set(next.map((row) => row.id)), goesOn = here.has("more");
  for (const row of rows.children) sayLeft(row, Boolean(row.dataset.said) && !goesOn && !here.has(row.id));
  waits = count > 0 || next.some((row, place) => row.id !== places[place]);
  fresh.textContent = count ? said.dataset.new.replace("{n}", count) : said.dataset.moved;
  fresh.hidden = !waits;
  changed();
};

const changed = () => {
  sayTimes(rows);
  document.dispatchEvent(new Event("list:changed"));
};

// Fetch the rows again. With `force`, apply them even while the list is in use.
export const renew = async (force = false) => {
  const have = [...rows.children].map((row) => row.dataset.tag).filter(Boolean).join(",");
  const headers = { "If-None-Match": force ? "" : tag, "HX-Request": "true", "HX-Current-URL": location.href, Known: have };
  const answer = await fetch(rows.dataset.from, { headers });
  if (document.body.dataset.leaving !== undefined) return;
  if (answer.headers.get("HX-Redirect")) { location.href = answer.headers.get("HX-Redirect"); return; }
  if (answer.status !== 200) return;
  const html = await answer.text();
  tag = answer.headers.get("ETag") ?? "";
  if (inUse() && !force) hold(parsed(html)); else apply(parsed(html));
};

export const release = () => { if (waits) { scrollTo({ top: 0 }); pane.scrollTo({ top: 0 }); renew(true); } };

if (rows) {
  fresh.addEventListener("click", release);
  for (const part of [table, fresh]) part.addEventListener("mouseleave", () => { if (!inUse()) release(); });
  rows.addEventListener("focusout", () => setTimeout(() => { if (!inUse()) release(); }));
  document.addEventListener("touchstart", () => { touchedAt = performance.now(); }, { passive: true });
  document.addEventListener("scroll", () => { if (!inUse()) release(); }, { passive: true, capture: true });
}
