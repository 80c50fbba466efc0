// What an answer means, in words: the title and lines of the banner and of the list.
import { h } from "../dom.js";
import { goodsWord, saying, t, unitWord } from "../text.js";

// Base units in display units, exactly: quantity(12500, 1000) is "12.5".
export function quantity(base, factor = 1) {
  if (base === null) return "•••"; // not told: whoever looks is counting it
  const whole = Math.floor(base / factor);
  const rest = base - whole * factor;
  if (rest === 0) return String(whole);
  const digits = String(factor).length - 1;
  if (factor === 10 ** digits) return `${whole}.${String(rest).padStart(digits, "0").replace(/0+$/, "")}`;
  return `${whole}+${rest}/${factor}`;
}

export const verbWord = (verb) =>
  ({
    receive: t("Received"),
    "put-away": t("Put away"),
    move: t("Moved"),
    issue: t("Issued"),
    return: t("Returned"),
    inspect: t("Inspected"),
    reverse: t("Undone"),
    correct: t("Corrected"),
    dispose: t("Disposed of"),
  })[verb] || t("Done");

export const conditionWord = (condition) =>
  ({ good: t("good"), awaiting: t("awaiting inspection"), frozen: t("frozen"), damaged: t("damaged") })[condition] ||
  condition;

export const outcomeWord = (outcome) =>
  ({
    waiting: t("not sent yet"),
    done: t("done"),
    repeat: t("already done"),
    refused: t("refused"),
    ask: t("question"),
    unreadable: t("not readable"),
    undone: t("undone"),
    set: t("in force"),
  })[outcome] || outcome;

// A code as people read it: our own without what only scanners need, others with separators made visible.
export const shownCode = (raw) =>
  raw.trim().replace(/^\](C1|d2|Q3)/, "").replace(/^91(?=[A-Z])/, "").replace(/[\x00-\x1f]/g, "·");

export const amount = (line) => `${quantity(line.quantity, line.unit_factor || 1)} ${unitWord(line.unit)}`.trim();

// A place as people read it; outside places have words of their own.
const OUTSIDE = () => ({
  supplier: t("supplier"),
  donor: t("donor"),
  consumed: t("used"),
  disposed: t("disposed of"),
  adjustment: t("adjustment"),
  conversion: t("conversion"),
  STAGE: t("receiving area"),
});

export const placeWord = (place) => OUTSIDE()[place] || place || "";

// The title, the large line and the small lines of one answered scan.
export function describe(answer) {
  const { result } = answer;
  const facts = result.facts || {};
  if (result.outcome === "done" || (result.outcome === "repeat" && result.was === "done")) return ofDone(answer, facts);
  const title =
    result.outcome === "ask" ? t("One question") : result.outcome === "unreadable" ? t("Not readable") : t("Refused");
  const small = [];
  if (result.outcome === "unreadable") small.push(t("Read: {text}", { text: shownCode(answer.raw) }));
  if (result.outcome === "unreadable" && /^L?\d{8}$/i.test((answer.raw || "").trim())) {
    small.push(t("If this is a lot's number: type it with its last sign, as on the label and on the lot's card (L25000001X)."));
  }
  const unit = unitWord(facts.unit);
  const factor = facts.unit_factor || 1;
  const figures = [
    ["asked", t("asked for")],
    ["free", t("free")],
    ["on_hand", t("on hand")],
    ["reserved", t("reserved")],
  ].filter(([name]) => typeof facts[name] === "number");
  if (figures.length) {
    small.push(figures.map(([name, word]) => `${word} ${quantity(facts[name], factor)} ${unit}`.trim()).join(" · "));
  }
  for (const other of (facts.where_else || []).slice(0, 3)) {
    small.push(t("There is some in {place}: {what}", {
      place: placeWord(other.place),
      what: [`${quantity(other.free ?? other.on_hand ?? 0, other.unit_factor)} ${unitWord(other.unit)}`.trim(), other.lot, until(other)]
        .filter(Boolean).join(" · "),
    }));
  }
  return { title, main: saying(result.code, result.detail), small };
}

function ofDone(answer, facts) {
  const again = answer.result.outcome === "repeat";
  const code = answer.result.code;
  if (facts.bin && !facts.lines) {
    const contents = facts.contents || [];
    const small = contents.slice(0, 4).map((row) => [goodsWord(row.item), amount({ ...row, quantity: row.on_hand }), until(row)].filter(Boolean).join(" · "));
    if (contents.length === 0) small.push(t("The bin is empty"));
    if (contents.length > 4) small.push(t("and {count} more", { count: contents.length - 4 }));
    return { title: t("Bin in force"), main: placeWord(facts.bin.code) || facts.bin.key, small };
  }
  if (code === "scan.site-set") return { title: t("Store in force"), main: facts.site?.name || "", small: [facts.site?.code] };
  if (code === "scan.document-set" && facts.document?.kind === "shipment") {
    return { title: t("A box of a shipment"), main: facts.document.box, small: [facts.document.number], link: `/shipments/${facts.document.id}#box-${facts.document.box}` };
  }
  if (code === "scan.document-set" && facts.document) {
    return {
      title: facts.document.kind === "delivery" ? t("Delivery in force") : t("Found"), main: facts.document.number || "",
      small: [facts.document.lines ? t("{count} lines", { count: facts.document.lines.length }) : ""],
      link: facts.document.kind === "delivery" ? `/deliveries/${facts.document.id}` : null,
    };
  }
  if (code === "scan.found") return ofFound(facts);
  const lines = facts.lines || [];
  const first = lines[0];
  if (!first) return { title: again ? t("Already done") : t("Done"), main: saying(code, answer.result.detail), small: [] };
  const main = lines.length === 1 ? `${goodsWord(first.item)} ${amount(first)}` : t("{count} lines", { count: lines.length });
  const small = lines.slice(0, 4).map((line) => {
    const route = [placeWord(line.from?.place), placeWord(line.to?.place)].filter(Boolean).join(" → ");
    return [lines.length > 1 ? `${goodsWord(line.item)} ${amount(line)}` : null, line.lot, route, until(line)]
      .filter(Boolean)
      .join(" · ");
  });
  const kept = typeof first.to?.on_hand === "number" ? first.to : first.from;
  if (lines.length === 1 && typeof kept?.on_hand === "number") {
    small.push(t("Now in {place}: {count}", {
      place: placeWord(kept.place),
      count: `${quantity(kept.on_hand, first.unit_factor || 1)} ${unitWord(first.unit)}`.trim(),
    }));
  }
  return { title: again ? t("Already done, not counted twice") : verbWord(facts.verb), main, small };
}

function ofFound(facts) {
  const standing = facts.standing || [];
  const total = standing.some((row) => row.on_hand === null) ? null : standing.reduce((sum, row) => sum + row.on_hand, 0);
  const small = [];
  if (facts.kind === "pallet") {
    return {
      title: t("Pallet"), main: facts.pallet, small: [t("{count} lines", { count: (facts.contents || []).length })],
      link: `/pallets/${encodeURIComponent(facts.pallet)}`,
    };
  }
  if (facts.kind === "serial") small.push([facts.serial, facts.maker_serial].filter(Boolean).join(" · "));
  if (facts.lot) small.push([facts.lot, until(facts)].filter(Boolean).join(" · "));
  if (facts.kind !== "serial") {
    small.push(standing.length
      ? t("In all {count}", { count: amount({ ...facts, quantity: total }) })
      : t("None of it in this store"));
  }
  for (const row of standing.slice(0, 5)) {
    small.push([placeWord(row.place), amount({ ...row, quantity: row.on_hand }), facts.kind === "item" ? row.lot : null,
      facts.kind === "item" ? until(row) : null, row.condition === "good" ? null : conditionWord(row.condition)]
      .filter(Boolean).join(" · "));
  }
  if (facts.counting) small.push(t("You are counting {bins}: what the books have there is not shown", { bins: facts.counting.join(", ") }));
  if (standing.length > 5) small.push(t("and {count} more", { count: standing.length - 5 }));
  return { title: t("Found"), main: goodsWord(facts.item), small, link: linkOf(facts) };
}

const until = (thing) => (thing.expires_on ? t("use by {date}", { date: thing.expires_on }) : null);

function linkOf(facts) {
  if (facts.kind === "lot") return `/lots/${encodeURIComponent(facts.lot)}`;
  if (facts.kind === "serial") return `/serials/${encodeURIComponent(facts.serial)}`;
  if (facts.kind === "item") return `/items/${encodeURIComponent(facts.item_key)}`;
  return null;
}

export const lines = (texts) => texts.filter(Boolean).map((text) => h("div", {}, text));
