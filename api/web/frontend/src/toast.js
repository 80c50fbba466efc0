// A word at the foot of the page that goes by itself: what has been done. It lies over the page; nothing moves.
import { one } from "./dom.js";

const STAYS_MS = 5000;
let leaving = 0;

export function toast(text, tone = "done") {
  const place = one("#toast");
  if (!place) return;
  place.textContent = text;
  place.dataset.tone = tone;
  place.hidden = false;
  place.hidePopover?.();
  place.showPopover?.(); // above an open dialog too
  clearTimeout(leaving);
  leaving = setTimeout(() => {
    place.hidePopover?.();
    place.hidden = true;
  }, STAYS_MS);
}
