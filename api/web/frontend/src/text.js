// Words in the page's language. The page carries those that scripts need; the key is the English text.
let words = {};
let codes = {};
let units = {};
const holder = document.getElementById("words");
if (holder) ({ words = {}, codes = {}, units = {} } = JSON.parse(holder.textContent));

export const language = document.documentElement.lang.startsWith("en") ? "en" : "zh";

// t("{count} left", { count: 3 })
export function t(text, values = {}) {
  return (words[text] || text).replace(/\{(\w+)\}/g, (whole, name) => (name in values ? values[name] : whole));
}

// A unit in the page's language; facts carry the Chinese one.
export const unitWord = (unit) => units[unit] || unit || "";

// Goods in the page's language, where the page has told their names; facts carry the Chinese one.
let goods = {};
export const knowGoods = (names) => (goods = names || {});
export const goodsWord = (name) => goods[name] || name || "";

// What a problem or outcome code means. The program's own `detail` is Chinese: it is shown on Chinese pages only.
// Its English may name facts, as t() does.
export function saying(code, detail, facts = {}) {
  if (language === "zh" && detail) return detail;
  return codes[code] ? t(codes[code], facts) : t("Not done ({code})", { code });
}
