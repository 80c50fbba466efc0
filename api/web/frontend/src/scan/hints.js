// Where to put goods: what the server proposes, with its reasons in words.
import { call } from "../api.js";
import { t } from "../text.js";

const reasonWord = (reason) => ({
  "same-lot": t("the same lot is there"),
  "same-item": t("the same item is there"),
  class: t("zone for such goods"),
  empty: t("empty"),
  fits: t("it fits"),
  "size-unknown": t("size unknown"),
  near: t("near the receiving area"),
})[reason] || reason;

export const whyWords = (hint) => hint.reasons.map(reasonWord).join(" · ");

// The best bins for a lot at a site; empty where nothing is known. Never in the way: what fails is no hint.
export async function hintsFor({ site, lot, item, quantity }) {
  const asked = new URLSearchParams({ site, quantity: String(quantity || 1) });
  if (lot) asked.set("lot", lot);
  else if (item) asked.set("item", item);
  else return [];
  try {
    return (await call("GET", `/api/v1/desk/put-away-hints?${asked}`)).items;
  } catch {
    return [];
  }
}

const litres = (ml) => (ml >= 1000000 ? `${(ml / 1000000).toFixed(1)} m³` : `${Math.round(ml / 1000)} L`);
const kilos = (g) => `${Math.round(g / 1000)} kg`;

export const passedWords = (passed) => passed.map((cap) => {
  const shown = cap.what === "volume" ? litres : kilos;
  const word = cap.what === "volume" ? t("Room") : t("Load");
  return t("{what}: {used} used, {adds} more, {cap} at most", { what: word, used: shown(cap.used), adds: shown(cap.adds), cap: shown(cap.cap) });
});
