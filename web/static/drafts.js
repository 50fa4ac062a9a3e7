// What is typed into a lead survives refreshes, reloads, lost connections and edits by others.
const panel = document.getElementById("panel");
const TYPED = "typed:";
const KEPT = `${TYPED}${document.body.dataset.user}:`;  // drafts are kept for each user
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

// Delete the drafts of other users of this tab.
if (document.body.dataset.user) {
  for (const key of Object.keys(sessionStorage)) if (key.startsWith(TYPED) && !key.startsWith(KEPT)) sessionStorage.removeItem(key);
}

// Signing out deletes drafts.
document.addEventListener("submit", ({ target }) => {
  if (!target.matches("[data-leave]")) return;
  document.body.dataset.leaving = "";  // a refresh must not report that the session has ended
  document.addEventListener("htmx:before:request", (event) => event.preventDefault());
  for (const key of Object.keys(sessionStorage)) if (key.startsWith(TYPED)) sessionStorage.removeItem(key);
});

if (panel) {
  let held = [];
  panel.addEventListener("input", ({ target }) => { if (target.matches(FIELDS)) keep(target); });
  document.addEventListener("htmx:config:request", ({ target, detail: { ctx } }) => {
    const form = target.closest?.("form");
    if (!form || !panel.contains(form)) return;
    sentBy.set(ctx, Object.fromEntries([...form.querySelectorAll(FIELDS)].map((field) => [field.id, field.value])));
    answers.delete(form);
  });
  document.addEventListener("htmx:before:request", ({ target, detail: { ctx } }) => {
    // This request waited for an earlier save of the same field. That save was our own: compare with its result.
    const form = target.closest?.("form.field");
    if (answers.get(form) === 200) ctx.request.body.set("was", form.querySelector("input[name=was]").value);
  });
  document.addEventListener("htmx:before:swap", ({ target, detail: { ctx } }) => {
    held = [document.activeElement, document.activeElement?.value];
    // Saved text is in the answer; refused text stays as it was typed.
    const form = target.closest?.("form");
    if (!form || !panel.contains(form)) return;
    answers.set(form, ctx.response.status);
    const sent = sentBy.get(ctx) ?? {};
    if (ctx.response.status === 200 && ctx.request.method !== "GET" && !form.matches(".field")) {  // clear what was sent
      for (const field of form.querySelectorAll("input:not([type=hidden])")) field.value = field.defaultValue;
    }
    for (const field of form.querySelectorAll(FIELDS)) {
      // Keep what was typed since.
      if (ctx.response.status === 200 && field.value === sent[field.id]) { forget(field); if (!form.matches(".field")) field.value = ""; }
      // After a save (200) or a conflict (409), the next save is compared with the value now on the server.
      if ([200, 409].includes(ctx.response.status)) { const was = wasOf(field); if (was) delete was.dataset.dirty; }
    }
  });
  document.addEventListener("htmx:after:swap", () => {
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
    // Fields without a draft show the value of the server.
    for (const field of panel.querySelectorAll("#lead :is(input[name=value], textarea):not([data-dirty])")) {
      if (field.value !== field.defaultValue) field.value = field.defaultValue;
    }
    // Another user changed the focused field: select it, so that typing replaces the value and does not mix with it.
    const [field, value] = held;
    if (field === document.activeElement && field.matches(FIELDS) && field.dataset.dirty === undefined && field.value !== value) field.select();
  });
  restore();
}
