// Moves a lead when its card is dropped on a column, its menu is used, or Alt with an arrow key is pressed.
import { write } from "./live.js";
import { accepted, tell, toldBy } from "./toast.js";

const board = document.getElementById("board");
let moving = null;
let before = Promise.resolve();  // moves are sent one after the other: each names the status that the one before set

const move = async (card, status) => {
  if (status === card.dataset.status) return;
  const was = card.dataset.status;
  const body = new URLSearchParams({ status, was });
  const column = board.querySelector(`.column[data-status="${status}"]`);
  const from = card.parentElement, next = card.nextSibling;
  const takeBack = () => { card.dataset.status = was; from.insertBefore(card, next); };
  card.dataset.status = status;
  column.querySelector("header").after(card);
  const headers = { "HX-Request": "true", "HX-Target": "board" };
  const send = () => write(() => fetch(`/leads/${card.dataset.lead}/status`, { method: "POST", body, headers }));
  before = before.then(send, send);
  try {
    const answer = await before;
    if (!await accepted(answer)) takeBack();
    toldBy(answer);
  } catch {
    takeBack();
    tell(document.getElementById("said").dataset.failed);
  }
};

if (board) {
  board.addEventListener("dragstart", (event) => {
    moving = event.target.closest(".deal");
    moving?.classList.add("moving");
    event.dataTransfer.effectAllowed = "move";
  });
  board.addEventListener("dragend", () => {
    moving?.classList.remove("moving");
    for (const one of board.querySelectorAll(".over")) one.classList.remove("over");
    moving = null;
  });
  board.addEventListener("dragover", (event) => {
    const column = event.target.closest(".column");
    if (!column || !moving) return;
    event.preventDefault();
    for (const one of board.querySelectorAll(".over")) if (one !== column) one.classList.remove("over");
    column.classList.add("over");
  });
  board.addEventListener("drop", (event) => {
    const column = event.target.closest(".column");
    if (!column || !moving) return;
    event.preventDefault();
    move(moving, column.dataset.status);
  });
  board.addEventListener("change", ({ target }) => {
    if (target.matches("[data-move]")) move(target.closest(".deal"), target.value);
  });
  board.addEventListener("keydown", (event) => {
    const card = event.target.closest?.(".deal");
    if (!card || !event.altKey || !["ArrowLeft", "ArrowRight"].includes(event.key)) return;
    event.preventDefault();
    const order = [...board.querySelectorAll(".column")].map((one) => one.dataset.status);
    const to = order[order.indexOf(card.dataset.status) + (event.key === "ArrowRight" ? 1 : -1)];
    if (to) move(card, to).then(() => document.querySelector(`#${card.id} a`)?.focus());
  });
}
