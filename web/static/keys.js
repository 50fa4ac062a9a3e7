// The whole desk by keyboard. Where something is typed, keys are letters.
import { release } from "./list.js";
import { close } from "./panel.js";
import { undo } from "./toast.js";

const rows = document.getElementById("rows");
const panel = document.getElementById("panel");
const help = document.getElementById("help");
const PLACES = { l: "/", u: "/?view=unread", w: "/?view=waiting", o: "/?view=oldest" };
let going = false;

const step = (by) => {
  const links = [...rows.querySelectorAll("a[data-lead]")];
  const opened = links.findIndex((link) => link.closest("tr").matches(".opened"));
  const at = links.indexOf(document.activeElement) >= 0 ? links.indexOf(document.activeElement) : opened;
  links[Math.max(0, Math.min(at + by, links.length - 1))]?.focus();
};
const unread = async () => {
  const id = document.getElementById("lead")?.dataset.id ?? document.activeElement?.dataset?.lead;
  if (!id) return;
  if (document.getElementById("lead")) close();  // an open lead is read again at once
  await fetch(`/leads/${id}/unread`, { method: "POST" });
};
const edit = (selector) => {
  const field = panel.querySelector(selector);
  field?.focus();
  field?.select?.();
};
const KEYS = {
  j: () => step(1),
  k: () => step(-1),
  e: () => edit(".field [name=value]"),
  n: () => edit("#note"),
  u: unread,
  z: undo,
  a: () => panel.querySelector("[data-accept]")?.click(),
  ".": release,
  "/": () => document.getElementById("search").focus(),
  "?": () => help.showModal(),
  Escape: () => { if (document.getElementById("lead")) close(); },
};

if (rows) {
  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey || help.open) return;
    if (event.target.matches("input, textarea, select")) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    const status = panel.querySelectorAll(".statuses button:enabled")[Number(event.key) - 1];
    if (going && PLACES[event.key]) location.href = PLACES[event.key];
    else if (status) status.click();
    else if (KEYS[event.key]) KEYS[event.key]();
    else { going = event.key === "g"; return; }
    going = false;
    event.preventDefault();
  });
}
