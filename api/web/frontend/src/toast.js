// A word at the foot of the page that goes by itself: what has been done. It lies over the page; nothing moves.
import { one } from "./dom.js";

const STAYS_MS = 5000;
let leaving = 0;

export function toast(text) {
  const place = one("#toast");
  if (!place) return;
  place.textContent = text;
  place.hidden = false;
  clearTimeout(leaving);
  leaving = setTimeout(() => (place.hidden = true), STAYS_MS);
}
