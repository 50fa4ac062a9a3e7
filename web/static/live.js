// Refreshes the live parts of a page (data-live) when the server reports a change: the list by its own code, the others
// by htmx. If the connection is lost, the page says so and reconnects.
import { renew, rows } from "./list.js";
import { tells } from "./notify.js";

const lost = document.getElementById("lost");
// Under constant change a page sends two requests a second, a phone one. The first change after a quiet second is fetched
// at once.
const coarse = matchMedia("(pointer: coarse)").matches;
const PACE_MS = navigator.connection?.saveData ? 3000 : coarse ? 1000 : 500;
const HEAL_MS = 10000, SILENCE_MS = 40000, AGAIN_MS = 2000, STEADY_MS = 3000, HIDDEN_MS = 5000;
const busy = new WeakSet(), waiting = new WeakSet(), askedAt = new WeakMap(), usedAt = new WeakMap();
let heardAt = Date.now(), line = null;

// Parts with buttons (data-steady) are not refreshed while somebody moves over them, touches them or types in them.
for (const type of ["pointermove", "pointerdown", "touchmove", "dragover", "keydown"]) {
  document.addEventListener(type, ({ target }) => {
    const part = target.closest?.("[data-steady]");
    if (part) usedAt.set(part, Date.now());
  }, { passive: true });
}

// One request for each part at a time; changes that come meanwhile lead to one more request.
const refresh = (part) => {
  if (busy.has(part)) { waiting.add(part); return; }
  const parts = document.querySelectorAll("[data-live]:not([data-every])").length || 1;
  const every = document.hidden ? HIDDEN_MS : Math.max(PACE_MS * (part.dataset.every ? 1 : parts), Number(part.dataset.every || 0));
  const rest = Math.max((askedAt.get(part) ?? 0) + every, (usedAt.get(part) ?? 0) + STEADY_MS) - Date.now();
  if (rest > 0) {
    if (!waiting.has(part)) { waiting.add(part); setTimeout(() => { waiting.delete(part); refresh(part); }, rest); }
    return;
  }
  busy.add(part);
  askedAt.set(part, Date.now());
  if (part === rows) renew(document.hidden).catch(() => {}).finally(() => done(part));
  else htmx.trigger(part, "refresh");
};
const done = (part) => {
  busy.delete(part);
  if (waiting.delete(part) && part.isConnected) refresh(part);
};
// After a write of our own, refresh without waiting.
const refreshNow = (part) => {
  askedAt.delete(part);
  usedAt.delete(part);
  refresh(part);
};
// A hidden page sends no requests. With notifications on, it fetches its list every few seconds.
const refreshAll = () => {
  if (!document.hidden) document.querySelectorAll("[data-live]").forEach(refresh);
  else if (rows && tells()) refresh(rows);
};

// Keep what is being typed in a live part over its refreshes; panel.js does this for the lead.
document.addEventListener("input", ({ target }) => {
  if (target.matches("[data-live] :is(textarea, input)") && !target.closest("#panel")) target.dataset.dirty = "";
});
// An answer that was requested before a write ended may be older than the write: request it again.
const isWrite = (ctx) => ctx.request.method !== "GET";
const writesAt = new WeakMap();  // a request: how many writes had begun and ended when it left
let writes = 0;

document.addEventListener("htmx:config:request", ({ target, detail: { ctx } }) => {
  if (target.dataset?.tag) ctx.request.headers["If-None-Match"] = target.dataset.tag;
});
document.addEventListener("htmx:before:request", ({ detail: { ctx } }) => {
  if (isWrite(ctx)) writes += 1; else writesAt.set(ctx, writes);
});
document.addEventListener("htmx:after:request", ({ target, detail: { ctx } }) => {
  if (!target.matches?.("[data-live]") || isWrite(ctx)) return;
  const tag = ctx.response.headers.get("ETag");
  if (writesAt.get(ctx) === writes) { if (tag) target.dataset.tag = tag; } else waiting.add(target);
});
document.addEventListener("htmx:before:swap", (event) => {
  const { ctx } = event.detail;
  if (event.target.matches?.("[data-live]") && !isWrite(ctx) && writesAt.get(ctx) !== writes) event.preventDefault();
});
document.addEventListener("htmx:finally:request", ({ target, detail: { ctx } }) => {
  if (isWrite(ctx)) wrote();
  done(target);
});
const wrote = () => {
  writes += 1;
  document.querySelectorAll("[data-steady]").forEach(refreshNow);
};
// Send a write by fetch.
export const write = async (send) => {
  writes += 1;
  try { return await send(); } finally { wrote(); }
};

// -- the connection

const heard = () => { heardAt = Date.now(); if (lost) lost.hidden = navigator.onLine; };
const open = () => {
  line?.close();
  heardAt = Date.now();
  line = new EventSource("/live");
  line.addEventListener("open", heard);
  line.addEventListener("changed", () => { heard(); refreshAll(); });
  line.addEventListener("still", heard);
  line.addEventListener("away", () => { heardAt = Date.now(); lost.hidden = false; });
  line.addEventListener("error", () => {
    lost.hidden = false;
    if (line.readyState === EventSource.CLOSED) setTimeout(open, AGAIN_MS);
  });
};

if (document.querySelector("[data-live]")) {
  open();
  setInterval(() => { if (Date.now() - heardAt > SILENCE_MS) { lost.hidden = false; open(); } }, HEAL_MS / 2);
  setInterval(refreshAll, HEAL_MS);
  window.addEventListener("offline", () => { lost.hidden = false; });
  window.addEventListener("online", open);
  document.addEventListener("visibilitychange", refreshAll);
  window.addEventListener("pagehide", () => line?.close());
  window.addEventListener("pageshow", (event) => { if (event.persisted) open(); });
}
