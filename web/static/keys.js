// Keyboard shortcuts. In text fields, keys are letters.
import { release } from "./list.js";
import { close, open } from "./panel.js";
import { select } from "./selection.js";
import { undo } from "./toast.js";

const rows = document.getElementById("rows");
const panel = document.getElementById("panel");
const help = document.getElementById("help");
const search = document.getElementById("search");
const PLACES = { i: "/", l: "/", u: "/?view=unread", w: "/?view=waiting", m: "/?view=mine", s: "/?view=snoozed", b: "/board", t: "/tasks", k: "/knowledge", c: "/customers" };
const SINGLE = document.getElementById("said").dataset.keys !== "off";
let going = false;

const links = () => [...rows.querySelectorAll("a[data-lead]")];
const current = () => {
  const all = links(), focused = all.indexOf(document.activeElement);
  return focused >= 0 ? focused : all.findIndex((link) => link.closest("tr").matches(".opened"));
};
const step = (by) => {
  const all = links(), link = all[Math.max(0, Math.min(current() + by, all.length - 1))];
  if (!link) return;
  link.focus({ preventScroll: true });
  link.closest("tr").scrollIntoView({ block: "nearest" });
  open(link.dataset.lead, link.dataset.at, true);
};
const unread = async () => {
  const id = document.getElementById("lead")?.dataset.id ?? document.activeElement?.dataset?.lead;
  if (!id) return;
  if (document.getElementById("lead")) close();  // an open lead would be marked as read at once
  await fetch(`/leads/${id}/unread`, { method: "POST" });
};
const edit = (selector) => {
  const field = panel.querySelector(selector);
  field?.focus();
  field?.select?.();
};
const press = (selector) => panel.querySelector(selector)?.click();
// Mark as handled and open the next lead.
const handled = () => {
  const button = panel.querySelector("[data-handled]");
  if (!button) return;
  const all = links(), at = current();
  button.click();
  const next = all[at + 1] ?? all[at - 1];
  if (next) { next.focus({ preventScroll: true }); open(next.dataset.lead, next.dataset.at, true); }
};
const menu = (id) => {
  const one = document.getElementById(id);
  if (!one) return;
  one.open = true;
  one.querySelector(".sheet button, .sheet a")?.focus();
};
const KEYS = {
  j: () => step(1),
  k: () => step(-1),
  e: handled,
  s: () => menu("snooze-of"),
  w: () => press("[data-way=whatsapp]"),
  o: () => document.getElementById("owner-of")?.focus(),
  f: () => edit(".field [name=value]"),
  n: () => edit("#note"),
  r: () => edit("#reply"),
  u: unread,
  x: () => select(links()[current()]?.closest("tr")),
  z: undo,
  a: () => press("[data-accept]"),
  ".": release,
  "?": () => help.showModal(),
  Escape: () => { if (document.getElementById("lead")) close(); },
};

document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey || help?.open) return;
  if (event.target.matches("input:not([type=checkbox]), textarea, select")) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  if (event.key !== "Escape" && !SINGLE) return;
  if (going && PLACES[event.key]) location.href = PLACES[event.key];
  else if (event.key === "/" && search) search.focus();
  else if (event.key === "g") { going = true; return; }
  else if (!rows) { going = false; return; }
  else {
    const status = panel.querySelectorAll(".statuses button:enabled")[Number(event.key) - 1];
    if (status) status.click();
    else if (KEYS[event.key]) KEYS[event.key]();
    else { going = false; return; }
  }
  going = false;
  event.preventDefault();
});
document.addEventListener("click", ({ target }) => { if (target.closest?.("[data-help]")) help.showModal(); });
