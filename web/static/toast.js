// Messages about what a click did, with Undo, and about writes that failed.
const toast = document.getElementById("toast");
const said = document.getElementById("said");
const SHOWN_MS = 8000, WRONG_MS = 6000;
let ending = 0, takesBack = null;

const offer = (act) => {
  takesBack = act;
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = matchMedia("(pointer: coarse)").matches ? said.dataset.undo : `${said.dataset.undo} (z)`;
  button.addEventListener("click", undo);
  toast.append(button);
};
const show = (text, milliseconds) => {
  clearTimeout(ending);
  takesBack = null;
  toast.replaceChildren(document.createTextNode(text));
  ending = setTimeout(() => { toast.replaceChildren(); takesBack = null; }, milliseconds);
};

// With `takeBack`, Undo calls it.
export const tell = (text, takeBack) => {
  show(`${text} `, takeBack ? SHOWN_MS : WRONG_MS);
  if (takeBack) offer(takeBack);
};
// Show the message of a fetch answer, as htmx does for its own requests.
export const toldBy = (answer) => {
  const said = answer.headers.get("HX-Trigger");
  if (said) document.dispatchEvent(new CustomEvent("toast", { detail: JSON.parse(said).toast }));
};

const refuse = (why) => show(said.dataset.refused.replace("{why}", why.slice(0, 200)), WRONG_MS);
// Return whether the server did what a fetch asked for. If not, say why, or go to the login.
export const accepted = async (answer) => {
  const login = answer.headers.get("HX-Redirect");
  if (login) location.href = login;
  else if (!answer.ok) refuse(await answer.text());
  return answer.ok && !login;
};

export const undo = () => {
  const act = takesBack;
  takesBack = null;
  if (act) { toast.replaceChildren(); act(); }
};

const send = ({ url, undo: values }) => {
  // If that lead is still open, refresh it in place, so that the cursor stays.
  const open = document.getElementById("lead")?.dataset.id;
  const place = url.split("/").includes(open) ? { target: "#lead", swap: "outerMorph" }
    : document.getElementById("panel") ? { target: "#panel", swap: "innerHTML" } : { target: "#toast", swap: "none" };
  // htmx would name the page as the target.
  htmx.ajax("POST", url, { values, ...place, headers: { "HX-Target": place.target } });
};

document.addEventListener("toast", ({ detail }) => {
  show(`${detail.text} `, SHOWN_MS);
  if (detail.undo) offer(() => send(detail));
});
document.addEventListener("htmx:error", ({ target, detail: { ctx } }) => {
  if (ctx.request.method !== "GET" && !target.matches?.("[data-live]")) show(said.dataset.failed, WRONG_MS);
});
document.addEventListener("htmx:before:swap", (event) => {
  const { status } = event.detail.ctx.response ?? {};
  if (status < 400 || status === 409 || status === 422) return;
  event.preventDefault();  // an error page must not replace what is shown
  if (event.target.matches("[data-live]")) return;
  refuse(event.detail.ctx.text);
});
toast.addEventListener("click", ({ target }) => { if (target === toast) toast.replaceChildren(); });
