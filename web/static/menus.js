// Menus: one is open at a time; a press elsewhere or Escape closes it. A filter keeps the lead that is open beside the list.
const menus = () => document.querySelectorAll("details.menu[open]");
const close = (except) => { for (const one of menus()) if (!one.contains(except)) one.open = false; };

// A press outside closes the menu and does nothing else.
document.addEventListener("click", (event) => {
  const [open] = menus();
  if (!open || open.contains(event.target)) return;
  if (event.target.closest("details.menu > summary")) { close(event.target); return; }
  close();
  event.preventDefault();
  event.stopPropagation();
}, true);
document.addEventListener("mousedown", (event) => {  // and what lies there takes no focus
  const [open] = menus();
  if (open && !open.contains(event.target) && !event.target.closest("details.menu > summary")) event.preventDefault();
}, true);
// Choosing an entry closes the menu.
document.addEventListener("click", ({ target }) => {
  if (target.closest(".sheet button[hx-post], .sheet [data-copy], .sheet a[data-at]")) target.closest("details.menu").open = false;
});
document.addEventListener("htmx:after:request", ({ target, detail: { ctx } }) => {
  if (target.matches?.(".sheet form") && ctx.response?.status === 200) target.closest("details.menu").open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const [open] = menus();
  if (!open) return;
  open.open = false;
  open.querySelector("summary").focus();
  event.stopImmediatePropagation();
}, true);
document.addEventListener("toggle", ({ target }) => {
  if (!target.matches?.("details.menu, details[data-loads]") || !target.open) return;
  const loads = target.querySelector("[hx-trigger=opened]");
  if (loads) htmx.trigger(loads, "opened");
  target.querySelector(".sheet")?.scrollTo(0, 0);
}, true);

const withLead = (href) => {
  const url = new URL(href, location.href), lead = new URL(location.href).searchParams.get("lead");
  if (lead) url.searchParams.set("lead", lead);
  return url.href;
};
document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[data-keeps]");
  if (link) link.href = withLead(link.href);
  const narrow = event.target.closest?.("[data-narrow]");
  if (!narrow) return;
  const url = new URL(withLead(location.href));
  url.searchParams.set(narrow.dataset.narrow, narrow.dataset.value);
  url.searchParams.delete("after");
  location.href = url.href;
});

// Arrow keys move through the search results.
const search = document.getElementById("search"), found = document.getElementById("found");
if (found) {
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") { event.preventDefault(); search.focus(); search.select(); }
  });
  search.form.addEventListener("keydown", (event) => {
    if (event.isComposing || !["ArrowDown", "ArrowUp"].includes(event.key)) return;
    const links = [search, ...found.querySelectorAll("a")];
    const next = links[links.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1)];
    if (next) { event.preventDefault(); next.focus(); }
  });
  search.addEventListener("input", () => { if (!search.value.trim()) found.replaceChildren(); });
}

// A form that loads a new page shows at once that it was sent.
document.addEventListener("submit", ({ target, defaultPrevented }) => {
  if (defaultPrevented || target.matches("[hx-post], [hx-get], [method=dialog]")) return;
  for (const button of target.querySelectorAll("button")) setTimeout(() => { button.disabled = true; });
  setTimeout(() => { for (const button of target.querySelectorAll("button")) button.disabled = false; }, 5000);
});
