// A screen on a wall: hands its token, which the link carries behind "#", over once and goes on to the board.
import { one } from "./dom.js";

const AGAIN_MS = 5000;
const place = one("#wall");

async function enter(secret) {
  try {
    const answer = await fetch("/wall/enter", { headers: { authorization: `Bearer ${secret}` }, credentials: "same-origin", redirect: "manual" });
    if (answer.status === 204) location.replace("/board");
    else place.textContent = place.dataset.no;
  } catch {
    place.textContent = place.dataset.cut;
    setTimeout(enter, AGAIN_MS, secret);
  }
}

if (place) {
  const secret = location.hash.slice(1);
  history.replaceState(null, "", location.pathname); // it does not stand on the wall, nor in the history
  if (secret) enter(secret);
  else place.textContent = place.dataset.none;
}
