// Selecting leads, and acting on all that are selected.
import { renew, rows } from "./list.js";
import { accepted, tell } from "./toast.js";

const bar = document.getElementById("selected");
const said = document.getElementById("said");
const coarse = matchMedia("(hover: none)").matches;
const selected = new Set();  // ids: they stay selected when their rows leave the page
let last = null, selecting = false;

const boxes = () => [...rows.querySelectorAll(".select input")];
const show = () => {
  bar.hidden = selected.size === 0;
  rows.closest("table").classList.toggle("selecting", selecting || selected.size > 0);
  bar.querySelector("[data-selected]").textContent = said.dataset.selected.replace("{n}", selected.size);
  for (const box of boxes()) {
    box.checked = selected.has(box.value);
    box.closest("tr").classList.toggle("selected", box.checked);
  }
};
const set = (box, on) => { if (on) selected.add(box.value); else selected.delete(box.value); };
const none = () => { selected.clear(); selecting = false; show(); };
const post = async (body) => {
  const answer = await fetch("/leads/many", { method: "POST", headers: { "HX-Request": "true" }, body: new URLSearchParams(body) });
  if (answer.headers.get("Content-Type") !== "application/json") throw await accepted(answer);
  return { ok: answer.ok, ...await answer.json() };
};
const act = async (action, value) => {
  bar.setAttribute("aria-busy", "true");
  try {
    const { ok, text, undo } = await post({ ids: [...selected].join(","), act: action, value });
    if (ok) none();
    tell(text, undo && (() => takeBack(undo)));
    renew(true);
  } catch (error) {
    if (error !== false) tell(said.dataset.failed);
  }
  bar.removeAttribute("aria-busy");
};

// Each part of `undo` restores one earlier value.
const takeBack = async (undo) => {
  const texts = new Set();
  try {
    for (const part of undo) texts.add((await post(part)).text);
    tell([...texts].join(" "));
  } catch (error) {
    if (error !== false) tell(said.dataset.failed);
  }
  renew(true);
};

export const select = (row) => {
  const box = row?.querySelector(".select input");
  if (!box || !bar) return;
  set(box, !box.checked);
  show();
};

if (rows && bar) {
  document.querySelector("[data-select]")?.addEventListener("click", ({ target }) => {
    target.closest("details")?.removeAttribute("open");
    selecting = true;
    show();
  });
  rows.addEventListener("click", (event) => {
    // On touch screens a tap on the picture selects; once something is selected, a tap on a row does.
    const pressed = coarse && event.target.closest(selecting || selected.size ? "tr[data-said]" : ".face");
    if (pressed) {
      event.preventDefault();
      event.stopPropagation();
      return select(pressed.closest("tr"));
    }
    const box = event.target.closest(".select input");
    if (!box) return;
    const all = boxes();
    // Shift selects all rows between.
    const from = event.shiftKey ? all.findIndex((one) => one.value === last) : -1;
    if (from >= 0) {
      const to = all.indexOf(box);
      for (const one of all.slice(Math.min(from, to), Math.max(from, to) + 1)) set(one, box.checked);
    }
    set(box, box.checked);
    last = box.value;
    show();
  }, true);
  bar.addEventListener("submit", (event) => event.preventDefault());
  bar.addEventListener("click", ({ target }) => {
    const button = target.closest("button");
    if (!button) return;
    if (button.hasAttribute("data-none")) none();
    else if (button.hasAttribute("data-export")) exportSelected();
    else if (button.dataset.act === "tag") act("tag", bar.querySelector("[data-tag-many]").value);
    else if (button.dataset.act) act(button.dataset.act, button.dataset.value);
    button.closest("details")?.removeAttribute("open");
  });
  document.addEventListener("list:changed", show);
}

// The CSV file of the selected leads.
const exportSelected = () => {
  const url = new URL("/leads.csv", location.href);
  url.searchParams.set("ids", [...selected].join(","));
  location.href = url.href;
};
