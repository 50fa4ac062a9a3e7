// The import page: the chosen file goes to the server as it is, for a plan and then for real.
import { accepted } from "./toast.js";

const input = document.getElementById("import-file");
const plan = document.getElementById("import-plan");

const send = async (go) => {
  const [file] = input.files;
  if (!file) return;
  const query = new URLSearchParams({ name: file.name, ...(go ? { go: "yes" } : {}) });
  for (const select of plan.querySelectorAll("select")) query.set(select.name, select.value);
  plan.setAttribute("aria-busy", "true");
  for (const button of plan.querySelectorAll("button")) button.disabled = true;
  if (!plan.childElementCount) plan.textContent = plan.dataset.reading;
  try {
    const answer = await fetch(`/import?${query}`, { method: "POST", body: file, headers: { "Content-Type": "application/octet-stream", "HX-Request": "true" } });
    plan.innerHTML = await accepted(answer) ? await answer.text() : "";
  } catch {
    plan.textContent = plan.dataset.failed;
  }
  plan.removeAttribute("aria-busy");
};

input?.addEventListener("change", () => { plan.replaceChildren(); send(false); });
plan?.addEventListener("click", ({ target }) => {
  const button = target.closest("[data-import]");
  if (button) send(button.dataset.import === "go");
});
