// The lead beside the list: what is typed is never lost, whatever the list, the server or the browser does.
const panel = document.getElementById("panel");
const said = document.getElementById("said");
const TYPED = "typed:";
const KEPT = `${TYPED}${document.body.dataset.user}:`;  // drafts belong to their user
const FIELDS = "input[name=value]:not([type=hidden]), textarea";

const sentBy = new WeakMap();  // a request: its fields as they were sent
const answers = new WeakMap();  // a form: the status of its last answer
// Each field's error text, by keyOf: shown again after every refresh until the field is saved or back to its value.
const conflicts = new Map();

const keyOf = (field) => `${KEPT}${field.closest("#lead").dataset.id}:${field.id}`;
const wasOf = (field) => field.form?.querySelector("input[name=was]");

const keep = (field) => {
  const was = wasOf(field);
  if (field.value === field.defaultValue) return forget(field);
  field.dataset.dirty = "";
  if (was) was.dataset.dirty = "";  // what stood there when the typing began: the server compares it
  sessionStorage.setItem(keyOf(field), JSON.stringify([field.value, was?.value ?? null]));
};
const forget = (field) => {
  delete field.dataset.dirty;
  conflicts.delete(keyOf(field));
  const was = wasOf(field);
  if (was) delete was.dataset.dirty;
  sessionStorage.removeItem(keyOf(field));
};
const restore = () => {
  for (const field of panel.querySelectorAll(FIELDS)) {
    const kept = sessionStorage.getItem(keyOf(field));
    if (field.dataset.dirty !== undefined) {
      // After a conflict, keep the value shown now as `was`: the next save is compared with it, whatever comes later.
      if (wasOf(field) && wasOf(field).dataset.dirty === undefined) keep(field);
      continue;
    }
    if (kept === null) continue;
    const [value, was] = JSON.parse(kept);
    field.value = value;
    field.closest("details")?.setAttribute("open", "");
    if (was !== null) wasOf(field).value = was;
    keep(field);
  }
};
const toEnd = () => { const chat = document.getElementById("chat"); if (chat) chat.scrollTop = chat.scrollHeight; };
const named = () => new URL(location.href).searchParams.get("lead");
// Where a lead was opened from the list, Back leads to the list as it was.
const address = (id, at) => {
  const url = new URL(location.href);
  const opens = id && !named();
  for (const [name, value] of Object.entries({ lead: id, at })) {
    if (value) url.searchParams.set(name, value); else url.searchParams.delete(name);
  }
  if (opens) history.pushState({ opened: true }, "", url);
  else history.replaceState(history.state, "", url);
};
const mark = () => {
  const id = document.getElementById("lead")?.dataset.id;
  panel.parentElement.classList.toggle("open", Boolean(id));
  for (const link of document.querySelectorAll("#rows a[data-lead]")) {
    link.closest("tr").classList.toggle("opened", link.dataset.lead === id);
  }
};
const clear = () => {
  const id = document.getElementById("lead")?.dataset.id;
  asked = null;
  panel.replaceChildren();
  mark();
  document.querySelector(`#rows a[data-lead="${id}"]`)?.focus();
};
export const close = () => {
  clear();
  if (named() && history.state?.opened) history.back(); else address(null);
};
// The name at once, the rest when it is there. With `at`, the chat is opened at that message.
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
  panel.parentElement.classList.add("open");
  for (const link of document.querySelectorAll("#rows a[data-lead]")) link.closest("tr").classList.toggle("opened", link.dataset.lead === id);
};
let asked = null, keepsFocus = false;
const flash = (id) => {
  const bubble = document.getElementById(`m-${id}`);
  if (!bubble) return false;
  const chat = document.getElementById("chat");
  chat.scrollTop = bubble.offsetTop - chat.clientHeight / 2 + bubble.clientHeight / 2;
  if (chat.getBoundingClientRect().top < 0 || chat.getBoundingClientRect().bottom > innerHeight) chat.scrollIntoView({ block: "center" });
  const accent = getComputedStyle(document.documentElement).getPropertyValue("--accent");
  bubble.animate([{ outline: `3px solid ${accent}` }, { outline: `3px solid ${accent}`, offset: .7 }, { outline: "3px solid transparent" }], 3000);
  return true;
};

// Drafts of somebody who used this tab before are nobody's business.
for (const key of Object.keys(sessionStorage)) if (key.startsWith(TYPED) && !key.startsWith(KEPT)) sessionStorage.removeItem(key);

// Who signs out on purpose leaves nothing behind.
document.addEventListener("submit", ({ target }) => {
  if (!target.matches("[data-leave]")) return;
  document.body.dataset.leaving = "";  // no look at the list tells them that their session has ended
  document.addEventListener("htmx:before:request", (event) => event.preventDefault());
  for (const key of Object.keys(sessionStorage)) if (key.startsWith(TYPED)) sessionStorage.removeItem(key);
});

if (panel) {
  let atEnd = true, held = [];
  panel.addEventListener("input", ({ target }) => { if (target.matches(FIELDS)) keep(target); });
  panel.addEventListener("click", ({ target }) => { if (target.closest("[data-close]")) close(); });
  panel.addEventListener("keydown", (event) => {
    if (event.isComposing) return;  // Enter ends the composition of a word
    if (event.key === "Enter" && event.target.matches("textarea") && (event.ctrlKey || event.metaKey || event.target.closest(".field"))) {
      event.preventDefault();
      event.target.form.requestSubmit();
    }
  });
  document.addEventListener("htmx:config:request", ({ target, detail: { ctx } }) => {
    const form = target.closest?.("form");
    if (!form || !panel.contains(form)) return;
    sentBy.set(ctx, Object.fromEntries([...form.querySelectorAll(FIELDS)].map((field) => [field.id, field.value])));
    answers.delete(form);
  });
  document.addEventListener("htmx:before:request", ({ target, detail: { ctx } }) => {
    // This request waited for an earlier save of the same field. That save was ours: compare with its result.
    const form = target.closest?.("form.field");
    if (answers.get(form) === 200) ctx.request.body.set("was", form.querySelector("input[name=was]").value);
  });
  document.addEventListener("htmx:before:swap", ({ target, detail: { ctx } }) => {
    held = [document.activeElement, document.activeElement?.value];
    const chat = document.getElementById("chat");
    atEnd = !chat || chat.scrollHeight - chat.scrollTop - chat.clientHeight < 30;
    // What was saved stands in the answer; what was refused stays as it was typed.
    const form = target.closest?.("form");
    if (!form || !panel.contains(form)) return;
    answers.set(form, ctx.response.status);
    const sent = sentBy.get(ctx) ?? {};
    if (ctx.response.status === 200 && ctx.request.method !== "GET" && !form.matches(".field")) {  // what was sent is emptied
      for (const field of form.querySelectorAll("input:not([type=hidden])")) field.value = field.defaultValue;
    }
    for (const field of form.querySelectorAll(FIELDS)) {
      // What was typed since stays typed.
      if (ctx.response.status === 200 && field.value === sent[field.id]) { forget(field); if (!form.matches(".field")) field.value = ""; }
      // After a save (200) or a conflict (409), the next save is compared with the value now on the server.
      if ([200, 409].includes(ctx.response.status)) { const was = wasOf(field); if (was) delete was.dataset.dirty; }
    }
  });
  document.addEventListener("htmx:after:swap", ({ target, detail: { ctx } }) => {
    restore();
    for (const field of panel.querySelectorAll(`.field ${FIELDS.replace(", ", ", .field ")}`)) {
      const told = field.form.parentElement.querySelector("[data-conflict]");
      if (told) conflicts.set(keyOf(field), told.textContent);
      else if (conflicts.has(keyOf(field)) && field.dataset.dirty !== undefined) {
        const again = document.createElement("p");
        again.className = "wrong";
        again.dataset.conflict = "";
        again.textContent = conflicts.get(keyOf(field));
        field.form.after(again);
      }
    }
    // What nobody has touched says what the server says, also where the cursor stands in it.
    for (const field of panel.querySelectorAll("#lead :is(input[name=value], textarea):not([data-dirty])")) {
      if (field.value !== field.defaultValue) field.value = field.defaultValue;
    }
    // Somebody else changed it under the cursor: what is typed now takes its place, and does not mix with it.
    const [field, value] = held;
    if (field === document.activeElement && field.matches(FIELDS) && field.dataset.dirty === undefined && field.value !== value) field.select();
    if (ctx.target === panel || ctx.target?.id === "panel") {
      const lead = document.getElementById("lead");
      panel.removeAttribute("aria-busy");
      panel.scrollTop = 0;
      if (!lead) address(null);
      else { address(lead.dataset.id, lead.dataset.around); if (!keepsFocus) lead.querySelector("h2").focus({ preventScroll: true }); }
      atEnd = true;
      mark();
      if (lead?.dataset.around && flash(lead.dataset.around)) { atEnd = false; return; }
    }
    mark();
    if (atEnd) toEnd();
  });
  // Pictures that arrive and a header that grows leave the chat at its end.
  panel.addEventListener("scroll", ({ target }) => {
    if (target.id === "chat") atEnd = target.scrollHeight - target.scrollTop - target.clientHeight < 30;
  }, true);
  panel.addEventListener("load", ({ target }) => { if (atEnd && target.closest?.("#chat")) toEnd(); }, true);
  document.addEventListener("htmx:before:swap", (event) => {
    // Who goes on to the next lead quickly is not shown the one before.
    const { ctx } = event.detail;
    if (ctx.target?.id === "panel" && ctx.request.method === "GET" && !(asked && ctx.request.action.includes(asked))) event.preventDefault();
  });
  document.addEventListener("list:changed", mark);
  panel.addEventListener("click", ({ target }) => {  // who presses the name wants to correct it
    const name = target.closest(".lead-head h2") && document.getElementById("field-name");
    if (!name) return;
    name.closest("details")?.setAttribute("open", "");
    name.focus();
    name.select();
  });
  // The header stays: a part begins below it.
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
    if (!named()) clear();
    else if (named() !== document.getElementById("lead")?.dataset.id) open(named());
  });
  // The chat fills what the header leaves.
  const heads = new ResizeObserver(([{ target }]) => {
    const stays = atEnd;
    panel.style.setProperty("--head", `${target.offsetHeight}px`);
    if (stays) toEnd();
  });
  const watch = () => { heads.disconnect(); const head = panel.querySelector(".lead-head"); if (head) heads.observe(head); };
  document.addEventListener("htmx:after:swap", watch);
  watch();
  restore();
  mark();
  const around = document.getElementById("lead")?.dataset.around;
  if (around && flash(around)) atEnd = false; else toEnd();
}
