// The lead list renews itself. Rows are known by their ids: those that are the same stay, the others are put in anew.
// While somebody may be about to press one, its order holds, and what waits is counted.
import { sayTimes } from "./times.js";

export const rows = document.getElementById("rows");
const table = rows?.closest("table");
const fresh = document.getElementById("fresh");
const said = document.getElementById("said");
const pane = document.getElementById("content");
const TOUCH_MS = 3000, SHINE_MS = 250;
// A thumb has no hover: nothing tells that it is about to press.
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
// Of a row that the page has, the server sends the place alone.
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

// Rows that rose are seen to have come. Nothing slides: under constant change rows would slide over each other.
const shine = (places) => {
  [...rows.children].forEach((row, place) => {
    const before = places.get(row.id);
    if (row.dataset.said && (before === undefined || before > place)) row.animate([{ opacity: .35 }, { opacity: 1 }], SHINE_MS);
  });
};

// The cells of a row that stays in its place, so that a press on its name goes on. The name's cell is put in anew only where
// it says something else.
const fill = (now, row) => {
  const was = now.dataset.was ?? now.dataset.said, cells = [...row.cells];
  [...now.cells].forEach((cell, place) => {
    const stays = cell.matches(".pick") || (cell.matches(".who") && cell.innerHTML === cells[place].innerHTML);
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

// What stands on the page is renewed in its place; what would come in or move up is counted.
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
  // Who has left this list (handled, answered) is still shown, and is seen to have left.
  const here = new Set(next.map((row) => row.id));
  for (const row of rows.children) sayLeft(row, Boolean(row.dataset.said) && !here.has(row.id));
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
