// Many leads at once: those that are chosen, and what is done to them.
import { renew, rows } from "./list.js";
import { tell } from "./toast.js";

const bar = document.getElementById("picked");
const said = document.getElementById("said");
const chosen = () => [...rows.querySelectorAll(".pick input:checked")];
let last = null;

const show = () => {
  const now = chosen();
  bar.hidden = now.length === 0;
  rows.closest("table").classList.toggle("picking", now.length > 0);
  bar.querySelector("[data-picked]").textContent = said.dataset.picked.replace("{n}", now.length);
  for (const row of rows.querySelectorAll("tr.picked")) row.classList.remove("picked");
  for (const one of now) one.closest("tr").classList.add("picked");
};
const none = () => { for (const one of chosen()) one.checked = false; show(); };
const act = async (action, value) => {
  const ids = chosen().map((one) => one.value).join(",");
  bar.setAttribute("aria-busy", "true");
  try {
    const body = new URLSearchParams({ ids, act: action, value });
    const answer = await fetch("/leads/many", { method: "POST", body });
    const { text } = await answer.json();
    if (answer.ok) none();
    if (text) tell(text);
    renew(true);
  } catch {
    tell(said.dataset.failed);
  }
  bar.removeAttribute("aria-busy");
};

export const pick = (row) => {
  const box = row?.querySelector(".pick input");
  if (!box || !bar) return;
  box.checked = !box.checked;
  show();
};

if (rows && bar) {
  rows.addEventListener("click", (event) => {
    const box = event.target.closest(".pick input");
    if (!box) return;
    const all = [...rows.querySelectorAll(".pick input")];
    // With Shift all between the last one and this one.
    if (event.shiftKey && last && all.includes(last)) {
      const [from, to] = [all.indexOf(last), all.indexOf(box)].sort((a, b) => a - b);
      for (const one of all.slice(from, to)) one.checked = box.checked;
    }
    last = box;
    show();
  });
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
  url.searchParams.set("ids", chosen().map((one) => one.value).join(","));
  location.href = url.href;
};
