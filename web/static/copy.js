// Copies a number or an answer, and opens the chat in which it is pasted. Nothing is sent from here; in a step it approves.
import { tell } from "./toast.js";

const said = document.getElementById("said");
const copy = async (text, words) => {
  try {
    await navigator.clipboard.writeText(text);
  } catch {  // without a secure connection browsers copy only what is selected
    const field = document.createElement("textarea");
    field.value = text;
    document.body.append(field);
    field.select();
    document.execCommand("copy");
    field.remove();
  }
  tell(words);
};

document.addEventListener("click", (event) => {
  const plain = event.target.closest?.("[data-copy]");
  if (plain) { copy(plain.dataset.copy, said.dataset.copiedAlone); return; }
  const button = event.target.closest?.("[data-copy-and-open]");
  if (!button) return;
  const text = button.form.querySelector("textarea").value.trim();
  const url = new URL(button.dataset.url);
  if (button.dataset.copyAndOpen === "whatsapp" && text) url.searchParams.set("text", text);
  if (text) copy(text, said.dataset.copied);
  open(url.href, "_blank", "noopener,noreferrer");
  if (!button.form.hasAttribute("hx-post")) {  // a text of the user's own: delete its draft
    event.preventDefault();
    button.form.querySelector("textarea").value = "";
    button.form.querySelector("textarea").dispatchEvent(new Event("input", { bubbles: true }));
  }
});
