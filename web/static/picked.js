// Many leads at once: those that are chosen, and what is done to them.
import { renew, rows } from "./list.js";
import { tell } from "./toast.js";

const bar = document.getElementById("picked");
const said = document.getElementById("said");
const coarse = matchMedia("(hover: none)").matches;
const chosen = new Set();  // ids: they stay chosen when their rows leave the page
let last = null, selecting = false;

const boxes = () => [...rows.querySelectorAll(".pick input")];
const show = () => {
  bar.hidden = chosen.size === 0;
  rows.closest("table").classList.toggle("picking", selecting || chosen.size > 0);
  bar.querySelector("[data-picked]").textContent = said.dataset.picked.replace("{n}", chosen.size);
  for (const box of boxes()) {
    box.checked = chosen.has(box.value);
    box.closest("tr").classList.toggle("picked", box.checked);
  }
};
const set = (box, on) => { if (on) chosen.add(box.value); else chosen.delete(box.value); };
const none = () => { chosen.clear(); selecting = false; show(); };
const post = async (body) => {
  const answer = await fetch("/leads/many", { method: "POST", body: new URLSearchParams(body) });
  return { ok: answer.ok, ...await answer.json() };
};
const act = async (action, value) => {
  bar.setAttribute("aria-busy", "true");
  try {
    const { ok, text, undo } = await post({ ids: [...chosen].join(","), act: action, value });
    if (ok) none();
    tell(text, undo && (() => takeBack(undo)));
    renew(true);
  } catch {
    tell(said.dataset.failed);
  }
  bar.removeAttribute("aria-busy");
};

// Each part of `undo` sets those leads back that had one and the same value.
const takeBack = async (undo) => {
  const texts = new Set();
  try {
    for (const part of undo) texts.add((await post(part)).text);
    tell([...texts].join(" "));
  } catch {
    tell(said.dataset.failed);
  }
  renew(true);
};

export const pick = (row) => {
  const box = row?.querySelector(".pick input");
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
    // A thumb selects by the face, and by the whole row once it selects.
    const pressed = coarse && event.target.closest(selecting || chosen.size ? "tr[data-said]" : ".face");
    if (pressed) {
      event.preventDefault();
      event.stopPropagation();
      return pick(pressed.closest("tr"));
    }
    const box = event.target.closest(".pick input");
    if (!box) return;
    const all = boxes();
    // With Shift all between the last one and this one.
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
    else if (button.hasAttribute("data-export")) exportChosen();
    else if (button.dataset.act === "tag") act("tag", bar.querySelector("[data-tag-many]").value);
    else if (button.dataset.act) act(button.dataset.act, button.dataset.value);
    button.closest("details")?.removeAttribute("open");
  });
  document.addEventListener("list:changed", show);
}

// The rows that were chosen, out of the same file that the whole list gives.
const exportChosen = () => {
  const url = new URL("/leads.csv", location.href);
  url.searchParams.set("ids", [...chosen].join(","));
  location.href = url.href;
};
