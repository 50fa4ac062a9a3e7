// The lead beside the list: opening, closing, its address, and where its chat stands.
import "./drafts.js";

const panel = document.getElementById("panel");
const said = document.getElementById("said");
const toEnd = () => { const chat = document.getElementById("chat"); if (chat) chat.scrollTop = chat.scrollHeight; };
const named = () => new URL(location.href).searchParams.get("lead");
// Back returns to the list if the lead was opened from there.
const address = (id, at) => {
  const url = new URL(location.href);
  const opens = id && !named();
  for (const [name, value] of Object.entries({ lead: id, at })) {
    if (value) url.searchParams.set(name, value); else url.searchParams.delete(name);
  }
  if (opens) history.pushState({ opened: true }, "", url);
  else history.replaceState(history.state, "", url);
};
// Also one that loads or could not be loaded.
const shown = () => document.getElementById("lead")?.dataset.id ?? asked;
const mark = () => {
  const id = shown();
  panel.parentElement.classList.toggle("open", Boolean(id));
  for (const link of document.querySelectorAll("#rows a[data-lead]")) {
    link.closest("tr").classList.toggle("opened", link.dataset.lead === id);
  }
};
const clear = () => {
  const id = shown();
  asked = null;
  panel.replaceChildren();
  mark();
  document.querySelector(`#rows a[data-lead="${id}"]`)?.focus();
};
export const close = () => {
  clear();
  if (named() && history.state?.opened) history.back(); else address(null);
};
// Show the name at once and load the rest. With `at`, the chat opens at that message.
export const open = (id, at, stays = false) => {
  keepsFocus = stays;
  asked = id;
  if (document.getElementById("lead")?.dataset.id !== id) skeleton(id);
  address(id, at);
  const path = `/leads/${id}${at ? `?at=${encodeURIComponent(at)}` : ""}`;
  return htmx.ajax("GET", path, { target: "#panel", swap: "innerHTML" }).finally(() => {
    const waits = panel.querySelector(".skeleton [data-loads]");
    if (waits && asked === id) waits.textContent = said.dataset.unreached;
  });
};
const skeleton = (id) => {
  const name = document.querySelector(`#rows a[data-lead="${id}"]`)?.textContent;
  panel.replaceChildren(document.getElementById("skeleton").content.cloneNode(true));
  if (name) panel.querySelector(".skeleton strong").textContent = name;
  panel.setAttribute("aria-busy", "true");
  mark();
};
let asked = null, keepsFocus = false;
const flash = (id) => {
  const bubble = document.getElementById(`m-${id}`);
  if (!bubble) return false;
  const chat = document.getElementById("chat");
  chat.scrollTop = bubble.offsetTop - chat.clientHeight / 2 + bubble.clientHeight / 2;
  if (chat.getBoundingClientRect().top < 0 || chat.getBoundingClientRect().bottom > innerHeight) chat.scrollIntoView({ block: "center" });
  const accent = { outline: "3px solid var(--accent)" };
  bubble.animate([accent, { ...accent, offset: .7 }, { outline: "3px solid transparent" }], 3000);
  return true;
};

if (panel) {
  let atEnd = true;
  panel.addEventListener("click", ({ target }) => { if (target.closest("[data-close]")) close(); });
  panel.addEventListener("keydown", (event) => {
    if (event.isComposing) return;  // Enter ends the composition of a word
    if (event.key === "Enter" && event.target.matches("textarea") && (event.ctrlKey || event.metaKey || event.target.closest(".field"))) {
      event.preventDefault();
      event.target.form.requestSubmit();
    }
    // The keys that the message then names, such as z for Undo, must not be typed into the field.
    if (event.key === "Enter" && event.target.matches(".field input, .field textarea")) setTimeout(() => event.target.blur());
  });
  document.addEventListener("htmx:before:swap", () => {
    const chat = document.getElementById("chat");
    atEnd = !chat || chat.scrollHeight - chat.scrollTop - chat.clientHeight < 30;
  });
  document.addEventListener("htmx:after:swap", ({ detail: { ctx } }) => {
    if (ctx.target === panel || ctx.target?.id === "panel") {
      const lead = document.getElementById("lead");
      panel.removeAttribute("aria-busy");
      panel.scrollTop = 0;
      if (!lead) { asked = null; address(null); }
      else { address(lead.dataset.id, lead.dataset.around); if (!keepsFocus) lead.querySelector("h2").focus({ preventScroll: true }); }
      atEnd = true;
      mark();
      if (lead?.dataset.around && flash(lead.dataset.around)) { atEnd = false; return; }
    }
    mark();
    if (atEnd) toEnd();
  });
  // Stay at the end of the chat when pictures load or the header grows.
  panel.addEventListener("scroll", ({ target }) => {
    if (target.id === "chat") atEnd = target.scrollHeight - target.scrollTop - target.clientHeight < 30;
  }, true);
  panel.addEventListener("load", ({ target }) => { if (atEnd && target.closest?.("#chat")) toEnd(); }, true);
  document.addEventListener("htmx:before:swap", (event) => {
    // Ignore the answer for a lead that is no longer wanted.
    const { ctx } = event.detail;
    if (ctx.target?.id === "panel" && ctx.request.method === "GET" && !(asked && ctx.request.action.includes(asked))) event.preventDefault();
  });
  document.addEventListener("list:changed", mark);
  panel.addEventListener("click", ({ target }) => {  // pressing the name edits it
    const name = target.closest(".lead-head h2") && document.getElementById("field-name");
    if (!name) return;
    name.closest("details")?.setAttribute("open", "");
    name.focus();
    name.select();
  });
  // Scroll a part to below the sticky header.
  panel.addEventListener("click", (event) => {
    const way = event.target.closest(".ways a");
    if (!way) return;
    event.preventDefault();
    const part = document.querySelector(way.getAttribute("href")), head = panel.querySelector(".lead-head");
    const by = part.getBoundingClientRect().top - head.getBoundingClientRect().bottom - 8;
    const scrolls = panel.scrollHeight > panel.clientHeight && getComputedStyle(panel).overflowY === "auto" ? panel : window;
    scrolls.scrollBy({ top: by, behavior: "instant" });
  });
  document.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    const shows = event.target.closest?.("#lead a[data-at]");
    if (shows) {
      event.preventDefault();
      shows.closest("details.menu")?.removeAttribute("open");
      if (!flash(shows.dataset.at)) open(document.getElementById("lead").dataset.id, shows.dataset.at);
    }
    const link = event.target.closest?.("a[data-lead]");
    if (!link) return;
    event.preventDefault();
    open(link.dataset.lead, link.dataset.at);
  });
  addEventListener("popstate", () => {
    const menu = document.querySelector("details.menu[open]");
    if (menu && !named() && shown()) {  // Back closes the menu, and the lead stays
      menu.open = false;
      address(shown());
    } else if (!named()) clear();
    else if (named() !== document.getElementById("lead")?.dataset.id) open(named(), new URL(location.href).searchParams.get("at"));
  });
  addEventListener("online", () => { if (asked && panel.querySelector(".skeleton")) open(asked); });
  // The chat takes the height that the header leaves.
  const heads = new ResizeObserver(([{ target }]) => {
    const stays = atEnd;
    panel.style.setProperty("--head", `${target.offsetHeight}px`);
    if (stays) toEnd();
  });
  const watch = () => { heads.disconnect(); const head = panel.querySelector(".lead-head"); if (head) heads.observe(head); };
  document.addEventListener("htmx:after:swap", watch);
  watch();
  mark();
  const around = document.getElementById("lead")?.dataset.around;
  if (around && flash(around)) atEnd = false; else toEnd();
}
