// What a keeper's store is told to pick and load, and what comes to it: heard at once with a sound; orders are in sight
// until somebody has begun.
import { all, one } from "./dom.js";
import { muted, setMuted, sound } from "./scan/tones.js";
import { language } from "./text.js";
import { toast } from "./toast.js";

const REST_MS = 300;
const AFTER_LOAD_MS = 1200;
const AGAIN_MS = 60000; // without a stream
const mark = one("[data-tasks]");
const line = one("[data-tasks-line]");
let timer = 0;

async function read() {
  clearTimeout(timer);
  try {
    // Not through call(): looking on is no use of the session.
    const answer = await fetch("/tasks/part", { credentials: "same-origin", redirect: "manual" });
    if (!answer.ok) return; // logged out
    const count = Number(answer.headers.get("x-count"));
    const shown = one("[data-tasks-count]");
    shown.textContent = count > 99 ? "99+" : String(count);
    shown.hidden = count === 0;
    mark.classList.toggle("is-urgent", count > 0);
    const text = await answer.text();
    if (line && line.dataset.text !== text && !line.contains(document.activeElement)) {
      line.dataset.text = text;
      line.replaceChildren(...new DOMParser().parseFromString(text, "text/html").body.children);
    }
  } catch {
    // The next news reads again.
  }
  timer = setTimeout(read, AGAIN_MS);
}

function soon() {
  clearTimeout(timer);
  timer = setTimeout(read, REST_MS);
}

// A list that somebody works from ([data-tasks-list]) comes anew by itself, unless he is about to press something in it.
async function list() {
  const place = one("[data-tasks-list] #part");
  if (!place || place.contains(document.activeElement)) return;
  try {
    const answer = await fetch(location.href, { credentials: "same-origin", redirect: "manual" });
    if (!answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("#part");
    if (fresh && fresh.innerHTML !== place.innerHTML) place.replaceWith(fresh);
  } catch {
    // The next task reads again.
  }
}

const showMute = () => {
  for (const button of all("[data-mute]")) {
    button.setAttribute("aria-pressed", String(!muted()));
    one("[data-mute-on]", button).hidden = muted();
    one("[data-mute-off]", button).hidden = !muted();
  }
};

// Where a password or second factor is due first, nothing else may be asked for.
if (mark && !["/password", "/second-factor"].includes(location.pathname)) {
  document.addEventListener("beiyu:task", ({ detail }) => {
    toast(detail[language]);
    if (detail.here) sound("ask");
    soon();
    list();
  });
  document.addEventListener("beiyu:board", soon);
  document.addEventListener("beiyu:stream", ({ detail }) => detail.open && soon());
  document.addEventListener("click", (event) => {
    if (!event.target.closest?.("[data-mute]")) return;
    setMuted(!muted());
    showMute();
    sound("ask");
  });
  showMute();
  if (line) read();
  else addEventListener("load", () => setTimeout(read, AFTER_LOAD_MS)); // the page itself comes first
}
