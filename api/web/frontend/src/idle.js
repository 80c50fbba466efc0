// Says that there is no session any more when something was not done for want of one: what has been typed stays, and is
// sent after logging in again in another window.
// Says two minutes beforehand that the session ends for want of use, ten minutes beforehand that it ends by its age
// however busy, and afterwards that it has ended.
// The server counts requests; all tabs of a browser share one session, so they share the time of the last one. Whoever
// types or points at that moment is there: the session is kept without asking.
import { call } from "./api.js";
import { h, one } from "./dom.js";
import { t } from "./text.js";

const WARN_MS = 120_000;
const LOOK_MS = 5_000;
const LAST_MS = 600_000;
const KEY = "beiyu.used";
const age = one('meta[name="session-seconds"]')?.content;
const end = age ? Date.now() + Number(age) * 1000 : Infinity;
const limit = Number(one('meta[name="idle-seconds"]')?.content || 0) * 1000;
let touched = 0;
let keeping = false;
let place = null;
let shown = "";
let warned = false;
let out = false;

const used = () => {
  out = false;
  localStorage.setItem(KEY, String(Date.now()));
};
const last = () => Number(localStorage.getItem(KEY)) || Date.now();

async function keep() {
  if (keeping) return;
  keeping = true;
  try {
    await call("GET", "/api/v1/me");
  } catch {
    // Without an answer it is looked again soon; a session that has ended is told by the time.
  } finally {
    keeping = false;
    look();
  }
}

function say(kind, ...parts) {
  if (shown === kind) return;
  shown = kind;
  place?.remove();
  place = kind ? h("div", { class: "idle-notice no-print", role: "alert" }, ...parts) : null;
  if (place) (one("dialog[open]") || document.body).append(place); // what lies under a dialog cannot be pressed
}

const clock = (at) => new Date(at).toLocaleTimeString("zh-CN", { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

const back = () => `/login?next=${encodeURIComponent(location.pathname + location.search)}`;

function over(text) {
  say("ended", h("span", {}, text), h("a", { class: "btn btn-primary", href: back() }, t("Log in again")));
}

function look() {
  if (out) {
    return say("out", h("span", {}, t("You are logged out. What stands here stays: log in again in another window, then press once more.")),
      h("a", { class: "btn btn-primary", href: back(), target: "_blank", rel: "opener" }, t("Log in again")));
  }
  const left = last() + limit - Date.now();
  if (Date.now() >= end) return over(t("You have been logged out: a session has its longest time, however busy it is."));
  if (left <= 0) return over(t("You have been logged out: the page was not used for too long."));
  if (end - Date.now() < LAST_MS && !warned && left > WARN_MS) {
    return say("last", h("span", {}, t("This session ends at {time}. Finish what you are writing and log in again.", { time: clock(end) })),
      h("button", { class: "btn", type: "button", onclick: () => { warned = true; say(""); } }, t("Understood")));
  }
  if (left > WARN_MS) return say("");
  if (Date.now() - touched < WARN_MS) return keep();
  return say("soon", h("span", {}, t("Without use you will be logged out at {time}.", { time: clock(Date.now() + left) })),
    h("button", { class: "btn btn-primary", type: "button", onclick: keep }, t("Stay logged in")));
}

if (limit > 0) {
  used();
  document.addEventListener("beiyu:used", () => {
    const was = out;
    used();
    if (was) look();
  });
  document.addEventListener("beiyu:logged-out", () => {
    if (one("#trouble") && !one("dialog[open]")) return; // the scan desk keeps its scans and says so itself
    out = true;
    look();
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.successful && !event.detail.pathInfo?.requestPath.endsWith("/progress")) used();
  });
  for (const kind of ["keydown", "pointerdown"]) {
    document.addEventListener(kind, () => (touched = Date.now()), { passive: true, capture: true });
  }
  setInterval(look, LOOK_MS);
  document.addEventListener("visibilitychange", () => document.hidden || (out ? keep() : look()));
}
