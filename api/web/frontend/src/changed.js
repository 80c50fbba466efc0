// A page that stands open says when somebody else has changed what it shows ([data-stands], asked for at data-at on news).
import { one } from "./dom.js";

const REST_MS = 700;
const place = one("[data-stands]");
let timer = 0;

async function look() {
  if (one("form[data-busy]")) return; // it is on its way to a new page
  try {
    // Not through call(): looking on is no use of the session.
    const answer = await fetch(place.dataset.at, { credentials: "same-origin", redirect: "manual" });
    if (answer.ok && (await answer.text()) !== place.dataset.stands && !one("form[data-busy]")) place.hidden = false;
  } catch {
    // The next news asks again.
  }
}

function soon() {
  if (!place.hidden) return;
  clearTimeout(timer);
  timer = setTimeout(look, REST_MS);
}

if (place) {
  document.addEventListener("beiyu:board", soon);
  document.addEventListener("beiyu:stream", ({ detail }) => detail.open && soon());
  addEventListener("online", soon);
  one("button", place).addEventListener("click", () => location.reload());
}
