// The board: reads itself anew when there is news, keeps focus and place, and says plainly when it cannot.
// What a stream says is never taken for the state: it names the bookmark that a reading must have reached.
import { all, one } from "./dom.js";
import { t } from "./text.js";

const POLL_MS = 10000; // with a stream: what time alone changes, and whether the line still stands
const POLL_ALONE_MS = 3000; // without one
const PATIENCE_MS = 8000;
const REST_MS = 30; // several news at once are one reading

const place = one("[data-board]");
const state = one("#board-state");
const wall = one("body.on-wall");

// --- which bookmark is later ------------------------------------------------------------------------

const parts = (mark) => mark.split(".").map(BigInt);
function later(a, b) {
  const [[x, s], [y, u]] = [parts(a), parts(b)];
  return x > y || (x === y && s > u);
}

// --- from the old board to the new one: what is alike stays the same element -------------------------

function morph(old, fresh) {
  if (old.nodeType !== fresh.nodeType || old.nodeName !== fresh.nodeName) return old.replaceWith(fresh);
  if (old.nodeType !== Node.ELEMENT_NODE) {
    if (old.data !== fresh.data) old.data = fresh.data;
    return;
  }
  for (const { name, value } of Array.from(fresh.attributes)) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  for (const { name } of Array.from(old.attributes)) {
    if (!fresh.hasAttribute(name) && name !== "tabindex" && !name.startsWith("data-own")) old.removeAttribute(name);
  }
  if (old.hasAttribute("data-cards")) return cards(old, fresh);
  const [was, now] = [Array.from(old.childNodes), Array.from(fresh.childNodes)];
  now.forEach((node, n) => (was[n] ? morph(was[n], node) : old.append(node)));
  was.slice(now.length).forEach((node) => node.remove());
}

function cards(old, fresh) {
  const known = new Map(all("[data-card]", old).map((card) => [card.dataset.card, card]));
  let at = old.firstElementChild;
  for (const card of all("[data-card]", fresh)) {
    const mine = known.get(card.dataset.card);
    known.delete(card.dataset.card);
    if (!mine) {
      card.dataset.ownFresh = "";
      old.insertBefore(card, at);
      setTimeout(() => delete card.dataset.ownFresh, 6000);
      continue;
    }
    if (mine === at) at = at.nextElementSibling;
    else old.insertBefore(mine, at);
    morph(mine, card);
  }
  for (const gone of known.values()) {
    if (gone === at) at = at.nextElementSibling;
    gone.remove();
  }
}

const scroller = (element) => {
  const list = element.closest("[data-cards]");
  return list && list.scrollHeight > list.clientHeight + 1 ? list : document.scrollingElement;
};

// The cards that the eye rests on stay where they are: the focused one, and the first that is seen of each column.
function resting() {
  const found = new Map();
  const keep = (card) => card && found.set(scroller(card), [card, card.getBoundingClientRect().top]);
  for (const list of all("[data-cards]", place)) {
    if (list.scrollTop < 4) continue;
    const { top } = list.getBoundingClientRect();
    keep(all("[data-card]", list).find((card) => card.getBoundingClientRect().bottom > top + 1));
  }
  keep(document.activeElement?.closest?.("[data-card]"));
  return found;
}

function show(text) {
  const fresh = new DOMParser().parseFromString(text, "text/html").querySelector(".board-columns");
  const kept = resting();
  const focused = document.activeElement?.closest?.("[data-card]");
  const column = focused?.closest("[data-cards]")?.dataset.cards;
  const turn = focused ? Array.from(focused.parentElement.children).indexOf(focused) : -1;
  morph(one(".board-columns", place), fresh);
  for (const [box, [card, top]] of kept) if (card.isConnected) box.scrollTop += card.getBoundingClientRect().top - top;
  if (focused) {
    // Its card went on to another column, or is done: the focus goes along, else stays in its column.
    const again = one(`[data-card="${focused.dataset.card}"] a`, place) || near(column, turn);
    if (again && document.activeElement !== again) again.focus({ preventScroll: true });
  }
  walkable();
  figures();
}

const near = (column, turn) => {
  const links = all(`[data-cards="${column}"] .board-card`, place);
  return links[Math.min(turn, links.length - 1)];
};

function figures() {
  for (const figure of all("[data-figure]", place)) {
    const strip = one(`[data-strip-figure="${figure.dataset.figure}"]`);
    if (strip && strip.textContent !== figure.textContent) strip.textContent = figure.textContent;
  }
}

// --- reading -----------------------------------------------------------------------------------------

let upto = place?.dataset.upto;
let digest = place?.dataset.digest;
let wanted = upto; // a reading must have come as far as this
let reading = false;
let timer = 0;
let streaming = false;
let heardAt = new Date(); // when the server last answered
let cut = false;
let over = false;

const clock = (at) => at.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: "Asia/Shanghai" });
const exact = (at) => at.toLocaleTimeString("en-GB", { timeZone: "Asia/Shanghai" });

function say() {
  const [kind, text] = over
    ? ["cut", wall ? t("Ended by the administrator: shows nothing new since {at}", { at: clock(heardAt) }) : t("Logged out since {at}: log in again", { at: clock(heardAt) })]
    : cut
      ? ["cut", t("No connection since {at}: what you see is as of then", { at: clock(heardAt) })]
      : streaming
        ? ["live", t("Updates by itself, as of {at}", { at: exact(heardAt) })]
        : ["polling", t("Asks every few seconds, as of {at}", { at: exact(heardAt) })];
  // Only a change of kind is told to a screen reader, not every second.
  state.setAttribute("aria-live", state.dataset.state === kind ? "off" : "polite");
  state.dataset.state = kind;
  one("[data-state-text]", state).textContent = text;
}

async function read() {
  if (reading || over) return;
  reading = true;
  clearTimeout(timer);
  const stop = new AbortController();
  const patience = setTimeout(() => stop.abort(), PATIENCE_MS);
  try {
    const asked = new URLSearchParams({ have: digest });
    if (place.dataset.incident) asked.set("incident", place.dataset.incident);
    // Not through call(): looking on is no use of the session.
    const answer = await fetch(`/board/part?${asked}`, { credentials: "same-origin", redirect: "manual", signal: stop.signal });
    if (answer.ok) {
      if (answer.status === 200) show(await answer.text());
      upto = answer.headers.get("x-upto");
      digest = answer.headers.get("x-digest");
      place.dataset.upto = upto;
      place.dataset.digest = digest;
      heardAt = new Date();
      cut = false;
    } else if (answer.type === "opaqueredirect" || [401, 403].includes(answer.status)) over = true;
    else cut = true;
  } catch {
    cut = true;
  } finally {
    clearTimeout(patience);
    reading = false;
  }
  say();
  if (over) return;
  const behind = !cut && later(wanted, upto);
  timer = setTimeout(read, behind ? 0 : streaming && !cut ? POLL_MS : POLL_ALONE_MS);
}

function soon(mark) {
  if (mark && later(mark, wanted)) wanted = mark;
  if (reading || over) return; // it looks again when it is back
  clearTimeout(timer);
  timer = setTimeout(read, REST_MS);
}

// --- keys --------------------------------------------------------------------------------------------

const shown = (element) => element.offsetParent !== null;

// One card of the board is reached by Tab, the others by arrows.
function walkable(link) {
  const links = all(".board-card", place);
  const here = link || links.find((other) => other === document.activeElement) || links.find((other) => other.tabIndex === 0 && shown(other)) || links.find(shown);
  for (const other of links) other.tabIndex = other === here ? 0 : -1;
}

function go(link) {
  if (!link) return;
  walkable(link);
  link.focus();
  link.scrollIntoView({ block: "nearest", inline: "nearest" });
}

function choose(column) {
  if (!column) return;
  for (const other of all("[data-column]", place)) other.toggleAttribute("data-own-chosen", other === column);
  for (const strip of all("[data-strip]")) strip.setAttribute("aria-current", String(strip.dataset.strip === column.dataset.column));
}

// The letters that the page shows lead to its views and to the filter.
function lead(event) {
  const shortcut = /^[a-z]$/i.test(event.key) && one(`[data-key="${event.key.toLowerCase()}"]`);
  if (!shortcut) return false;
  event.preventDefault();
  if (shortcut.tagName === "A") shortcut.click();
  else shortcut.focus();
  return true;
}

function walk(event) {
  const link = event.target.closest?.(".board-card");
  const columns = all("[data-column]", place);
  if (/^[1-5]$/.test(event.key)) {
    const column = columns[Number(event.key) - 1];
    choose(column);
    event.preventDefault();
    go(one(".board-card", column) || one(".board-parts a", column));
    return;
  }
  if (lead(event)) return;
  const [dx, dy] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key] || [0, 0];
  if (!dx && !dy) return;
  if (!link) {
    if (event.target === document.body) {
      event.preventDefault();
      go(one('.board-card[tabindex="0"]', place));
    }
    return;
  }
  event.preventDefault();
  const column = link.closest("[data-column]");
  const links = all(".board-card", column);
  const turn = links.indexOf(link);
  if (dy) return go(links[turn + dy]);
  for (let n = columns.indexOf(column) + dx; columns[n]; n += dx) {
    const others = all(".board-card", columns[n]);
    if (!others.length) continue;
    choose(columns[n]);
    return go(others[Math.min(turn, others.length - 1)]);
  }
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (event.target.closest?.("input, textarea, select, [contenteditable], dialog")) return;
  if (place) walk(event);
  else lead(event);
});
for (const field of all("[data-sends]")) field.addEventListener("change", () => field.form.requestSubmit());

if (place) {
  figures();
  choose(one("[data-column]", place));
  walkable();
  place.addEventListener("focusin", (event) => event.target.matches(".board-card") && walkable(event.target));
  for (const strip of all("[data-strip]")) {
    strip.addEventListener("click", (event) => {
      event.preventDefault();
      choose(one(`[data-column="${strip.dataset.strip}"]`, place));
    });
  }
  document.addEventListener("beiyu:board", (event) => soon(event.detail.upto));
  document.addEventListener("beiyu:stream", (event) => {
    streaming = event.detail.open;
    soon();
  });
  addEventListener("online", () => soon());
  addEventListener("offline", () => soon());
  document.addEventListener("visibilitychange", () => document.hidden || soon());
  addEventListener("pageshow", (event) => event.persisted && soon());
  timer = setTimeout(read, POLL_ALONE_MS);
}
