// Live parts (data-live) fetch themselves again when the server says that something may have changed.
// While somebody points at the list or stands in it, its order holds, and what waits is counted.
const lost = document.getElementById("lost");
const rows = document.getElementById("rows");
const fresh = document.getElementById("fresh");
const said = document.getElementById("said");
const HEAL_MS = 10000, SILENCE_MS = 40000, AGAIN_MS = 2000;
const busy = new WeakSet(), waiting = new WeakSet(), askedAt = new WeakMap();
let heardAt = Date.now(), line = null, held = null;

const refresh = (part) => {
  if (busy.has(part)) { waiting.add(part); return; }
  const rest = Number(part.dataset.every || 0) - (Date.now() - (askedAt.get(part) || 0));
  if (rest > 0) {
    if (!waiting.has(part)) { waiting.add(part); setTimeout(() => { waiting.delete(part); refresh(part); }, rest); }
    return;
  }
  busy.add(part);
  askedAt.set(part, Date.now());
  htmx.trigger(part, "refresh");
};
export const refreshAll = () => {
  if (!document.hidden) document.querySelectorAll("[data-live]").forEach(refresh);
};

document.addEventListener("htmx:config:request", ({ target, detail: { ctx } }) => {
  if (target.dataset?.tag) ctx.request.headers["If-None-Match"] = target.dataset.tag;
});
document.addEventListener("htmx:after:request", ({ target, detail: { ctx } }) => {
  const tag = ctx.response.headers.get("ETag");
  if (target.matches?.("[data-live]") && tag) target.dataset.tag = tag;
});
document.addEventListener("htmx:finally:request", ({ target }) => {
  busy.delete(target);
  if (waiting.delete(target) && target.isConnected) refresh(target);
});

// -- the list under the pointer

const table = rows?.closest("table");
const inUse = () => table.matches(":hover") || fresh.matches(":hover") || rows.contains(document.activeElement);
const identify = (list) => new Map([...list.querySelectorAll("tr[data-said]")].map((row) => [row.id, row]));

// What is on the page already is renewed in its place; what would come in or move up is counted.
const hold = (html) => {
  const next = document.createElement("tbody");
  next.innerHTML = html;
  const shown = identify(rows);
  let count = 0;
  for (const [id, row] of identify(next)) {
    const now = shown.get(id);
    if (!now || (now.dataset.heldSaid ?? now.dataset.said) !== row.dataset.said) count += 1;
    if (!now) continue;
    const before = now.dataset.heldSaid ?? now.dataset.said;
    for (const name of ["said", "age", "score", "city", "status", "phase", "window"]) {
      const [old, cell] = [now.querySelector(`td.${name}`), row.querySelector(`td.${name}`)];
      if (old && cell && old.innerHTML !== cell.innerHTML) old.replaceWith(cell);
    }
    now.className = row.className;
    now.dataset.heldSaid = before;
  }
  held = html;
  fresh.textContent = said.dataset.new.replace("{n}", count);
  fresh.hidden = count === 0;
};

export const release = () => {
  if (held === null) return;
  const focused = document.activeElement?.dataset?.lead;
  fresh.hidden = true;
  held = null;
  delete rows.dataset.tag;
  for (const row of rows.querySelectorAll("tr")) delete row.dataset.heldSaid;
  force = true;
  refresh(rows);
  if (focused) rows.dataset.focus = focused;
};
let force = false;

if (rows) {
  document.addEventListener("htmx:before:swap", (event) => {
    if (event.target !== rows || force || !inUse()) { if (event.target === rows) force = false; return; }
    event.preventDefault();
    hold(event.detail.ctx.text);
  });
  document.addEventListener("htmx:after:swap", ({ target }) => {
    if (target !== rows) return;
    held = null;
    fresh.hidden = true;
    for (const row of rows.querySelectorAll("tr[data-held-said]")) delete row.dataset.heldSaid;
    if (rows.dataset.focus) {
      rows.querySelector(`a[data-lead="${rows.dataset.focus}"]`)?.focus({ preventScroll: true });
      delete rows.dataset.focus;
    }
  });
  fresh.addEventListener("click", release);
  for (const part of [table, fresh]) part.addEventListener("mouseleave", () => { if (!inUse()) release(); });
  rows.addEventListener("focusout", () => setTimeout(() => { if (!inUse()) release(); }));
}

// -- the line to the server

const heard = () => { heardAt = Date.now(); if (lost) lost.hidden = true; };
const open = () => {
  line?.close();
  heardAt = Date.now();
  line = new EventSource("/live");
  line.addEventListener("open", () => { heard(); refreshAll(); });
  line.addEventListener("changed", () => { heard(); refreshAll(); });
  line.addEventListener("still", heard);
  line.addEventListener("error", () => {
    lost.hidden = false;
    if (line.readyState === EventSource.CLOSED) setTimeout(open, AGAIN_MS);
  });
};

if (document.querySelector("[data-live]") || document.getElementById("panel")) {
  open();
  setInterval(() => { if (Date.now() - heardAt > SILENCE_MS) { lost.hidden = false; open(); } }, HEAL_MS / 2);
  setInterval(refreshAll, HEAL_MS);
  document.addEventListener("visibilitychange", refreshAll);
  window.addEventListener("pagehide", () => line?.close());
  window.addEventListener("pageshow", (event) => { if (event.persisted) open(); });
}
