// Alerts: the bell with its count, what is new said as it comes (one stream per browser, whichever tab holds it), and
// choosing all rows of a list at once (data-check-all="name"). The stream also says when a board may look different:
// every tab hears "beiyu:board" with the bookmark, "beiyu:task" when its store is told to pick something, and
// "beiyu:stream" when the stream opens or breaks.
import { all, one } from "./dom.js";
import { sound } from "./scan/tones.js";
import { language } from "./text.js";
import { toast } from "./toast.js";

const LEADER = "beiyu.stream.leader"; // {id, at}: the tab that holds the stream, and when it last said so
const LAST = "beiyu.stream.last"; // the bookmark of the last event that this browser has heard
const BEAT_MS = 2000;
const SILENT_MS = 6000;
const AFTER_LOAD_MS = 1200;
const SAID_MS = 1500; // several at once are one word
const TONES = { 1: "note", 2: "ask", 3: "refused" }; // by severity
const NEW = new Set(["opened", "raised", "escalated", "woken"]);

document.addEventListener("change", (event) => {
  const whole = event.target.closest?.("[data-check-all]");
  if (!whole) return;
  all(`input[name="${whole.dataset.checkAll}"]`, whole.form).forEach((box) => (box.checked = whole.checked));
});

// "Why an alert?": the last places and items that this person looked at are offered again, the very last as the choice.
const LATELY = `beiyu.why.${one("meta[name=whose-page]")?.content || ""}`;
const MOST_LATELY = 5;
const seen = one("[data-why-seen]");
const lately = one("[data-why-lately]");
if (seen || lately) {
  const kept = JSON.parse(localStorage.getItem(LATELY) || "[]");
  if (seen) {
    const now = { place: seen.dataset.whySeen, item: seen.dataset.item, text: seen.textContent.split(" · ").slice(0, 2).join(" · ").trim() };
    const others = kept.filter((old) => old.place !== now.place || old.item !== now.item);
    localStorage.setItem(LATELY, JSON.stringify([now, ...others].slice(0, MOST_LATELY)));
  } else if (kept.length) {
    lately.hidden = false;
    for (const { place, item, text } of kept) {
      const link = document.createElement("a");
      link.href = `/alerts/why?${new URLSearchParams({ place, item })}`;
      link.textContent = text;
      const line = document.createElement("li");
      line.append(link);
      one("ul", lately).append(line);
    }
    const choice = one("[name=place]");
    if (choice && !choice.value) choice.value = kept[0].place;
  }
}

const bell = one("[data-bell]");
const shown = one("[data-bell-count]");
const me = Math.random().toString(36).slice(2);
const told = "BroadcastChannel" in window ? new BroadcastChannel("beiyu.alerts") : null;
let source = null;
let over = false; // the session has ended: ask no more
let heard = [];
let timer = 0;

async function count() {
  if (!bell) return; // a screen on a wall: it only hears that its board has changed
  try {
    // Not through call(): looking at the bell is no use of the session.
    const answer = await fetch("/api/v1/alerts/waiting", { credentials: "same-origin" });
    if (!answer.ok) return;
    const { waiting, urgent } = await answer.json();
    shown.textContent = waiting > 99 ? "99+" : String(waiting);
    shown.hidden = waiting === 0;
    bell.classList.toggle("is-urgent", urgent > 0);
  } catch {
    // The next event counts again.
  }
}

function say() {
  const loud = heard.filter((one_) => one_.mine && NEW.has(one_.verb));
  heard = [];
  count();
  if (!loud.length) return;
  const grave = loud.reduce((a, b) => (b.severity > a.severity ? b : a));
  // The text says how grave it is; the colour says it again.
  toast(grave[language] + (loud.length > 1 ? ` (+${loud.length - 1})` : ""), TONES[grave.severity] || "note");
  if (holds() && shown.dataset.sound !== "no") sound(grave.severity > 2 ? "refused" : "ask");
}

function hear(data) {
  heard.push(data);
  // The list on screen is not fetched anew by itself: that would count as use of the session.
  const news = one("[data-alert-news]");
  if (news) news.hidden = false;
  clearTimeout(timer);
  timer = setTimeout(say, SAID_MS);
}

const spread = (name, detail) => document.dispatchEvent(new CustomEvent(`beiyu:${name}`, { detail }));

const leader = () => JSON.parse(localStorage.getItem(LEADER) || "null");
const holds = () => leader()?.id === me;

function follow() {
  const last = localStorage.getItem(LAST);
  source = new EventSource(`/api/v1/alerts/stream${last ? `?after=${encodeURIComponent(last)}` : ""}`);
  const pass = (name, detail) => {
    spread(name, { ...detail, here: true }); // the tab that holds the stream makes the sounds
    told?.postMessage({ name, detail });
  };
  const keep = (event) => event.lastEventId && localStorage.setItem(LAST, event.lastEventId);
  source.addEventListener("alert", (event) => {
    keep(event);
    const data = JSON.parse(event.data);
    hear(data);
    told?.postMessage({ name: "alert", detail: data });
  });
  for (const kind of ["board", "task"]) {
    source.addEventListener(kind, (event) => {
      keep(event);
      pass(kind, JSON.parse(event.data));
    });
  }
  for (const kind of ["hello", "again"]) {
    source.addEventListener(kind, (event) => {
      keep(event);
      count();
      pass("stream", { open: true });
      if (kind === "again") pass("board", { upto: event.lastEventId });
    });
  }
  source.addEventListener("bye", () => {
    over = true;
    leave();
  });
  source.addEventListener("error", () => {
    pass("stream", { open: false });
    if (source?.readyState === EventSource.CLOSED) leave(); // refused: logged out, or no right
  });
}

function leave() {
  source?.close();
  source = null;
}

function beat() {
  const now = Date.now();
  const held = leader();
  if (!held || held.id === me || now - held.at > SILENT_MS || held.at > now) {
    localStorage.setItem(LEADER, JSON.stringify({ id: me, at: now }));
    if (!source) follow();
  } else if (source) leave();
}

function begin() {
  count();
  told?.addEventListener("message", ({ data: { name, detail } }) => (name === "alert" ? hear(detail) : spread(name, detail)));
  beat();
  setInterval(() => over || beat(), BEAT_MS);
  addEventListener("pagehide", () => {
    if (holds()) localStorage.removeItem(LEADER);
    leave();
  });
  addEventListener("pageshow", (event) => event.persisted && beat());
}

// The page itself comes first. Where a password or second factor is due first, nothing else may be asked for.
if ((bell || one("body.on-wall")) && "EventSource" in window && !["/password", "/second-factor"].includes(location.pathname)) {
  addEventListener("load", () => setTimeout(begin, AFTER_LOAD_MS));
}
