// A question that the server asks about a scan, as a small form. The answer is a new scan with what was missing.
import { call } from "../api.js";
import { h } from "../dom.js";
import { goodsWord, saying, t, unitWord } from "../text.js";
import { hintsFor, passedWords, whyWords } from "./hints.js";
import { placeWord, quantity, shownCode } from "./words.js";

// `answer`: the asked scan; `send(patch)`: the new scan's differences; `drop()`: forget the question.
export function askForm(answer, { send, drop, proposed }) {
  const { result } = answer;
  const facts = result.facts || {};
  const build = FORMS[result.code] || ofReason;
  const form = h("form", { class: "ask-form", "data-ask": result.code, autocomplete: "off" });
  const { fields, patch, complaint } = build(facts, answer, send, proposed);
  const said = h("p", { class: "form-problem", role: "alert", hidden: true });
  form.append(
    h("h2", {}, TITLES[result.code]?.() || t("One question")),
    h("p", { class: "ask-said" }, saying(result.code, result.detail)),
    h("p", { class: "text-secondary" }, [subject(facts), t("Read: {text}", { text: shownCode(answer.raw) })].filter(Boolean).join(" · ")),
    ...fields,
    said,
    h("div", { class: "ask-buttons" },
      patch ? h("button", { type: "submit", class: "btn btn-primary btn-lg" }, t("Go on")) : null,
      h("button", { type: "button", class: "btn btn-lg", onclick: drop }, t("Leave it"))),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!form.reportValidity() || !patch) return;
    const data = new FormData(form);
    said.textContent = complaint?.(data) || "";
    said.hidden = said.textContent === "";
    if (!said.hidden) return;
    form.querySelectorAll("button").forEach((button) => (button.disabled = true));
    send(patch(data));
  });
  return form;
}

const TITLES = {
  "scan.ask-quantity": () => t("How many?"),
  "scan.ask-bin": () => t("Which bin?"),
  "scan.ask-item": () => t("Which item is this?"),
  "scan.ask-lot": () => t("Which lot is it?"),
  "scan.ask-opened-pack": () => t("Opened pack?"),
  "scan.ask-fefo": () => t("Another lot expires first"),
  "scan.ask-expiry": () => t("Which date is on the pack?"),
  "scan.ask-serials": () => t("Which numbers?"),
  "scan.ask-split": () => t("Two codes in one"),
  "scan.ask-room": () => t("It does not fit"),
};

const FORMS = {
  "scan.ask-quantity": ofQuantity,
  "scan.ask-bin": ofBin,
  "scan.ask-item": ofItem,
  "scan.ask-lot": ofLot,
  "scan.ask-opened-pack": ofOpenedPack,
  "scan.ask-fefo": ofFefo,
  "scan.ask-expiry": ofExpiry,
  "scan.ask-serials": ofSerials,
  "scan.ask-split": ofSplit,
  "scan.ask-room": ofRoom,
};

const subject = (facts) => goodsWord(facts.item || facts.chosen?.item);

function field(label, input, hint) {
  return h("label", { class: "form-label ask-field" }, label, input, hint ? h("small", { class: "form-hint" }, hint) : null);
}

function ofQuantity(facts) {
  const whole = typeof facts.on_hand === "number" ? Math.floor(facts.on_hand / (facts.unit_factor || 1)) : null;
  const wanted = typeof facts.wanted === "number" ? Math.floor(facts.wanted / (facts.unit_factor || 1)) : whole;
  return {
    fields: [field(t("Quantity"), h("input", {
      name: "quantity", type: "number", min: "1", step: "1", inputmode: "numeric", required: true,
      class: "form-control form-control-lg", value: wanted || "",
    }), whole === null ? unitWord(facts.unit) : t("There are {count} here", { count: `${quantity(facts.on_hand, facts.unit_factor)} ${unitWord(facts.unit)}`.trim() }))],
    patch: (data) => ({ quantity: Number(data.get("quantity")) }),
  };
}

function ofBin(facts, answer, _send, proposed) {
  if (answer.mode === "put-away") return ofPutAway(facts, answer, proposed);
  const target = facts.which === "to_bin" ? "to_bin" : "bin";
  const places = facts.candidates || [];
  return {
    fields: [
      places.length ? choice("bin", places.map((place) => ({
        value: place.place, text: placeWord(place.place),
        more: [`${quantity(place.on_hand, place.unit_factor)} ${unitWord(place.unit)}`.trim(), until(place)].filter(Boolean).join(" · "),
      })), false) : null,
      field(t("Scan the bin, or type its code"), h("input", {
        name: "typed", class: "form-control form-control-lg", required: places.length === 0, autocapitalize: "characters",
      })),
    ].filter(Boolean),
    patch: (data) => ({ [target]: (data.get("typed") || data.get("bin") || "").trim().toUpperCase() }),
  };
}

// Into which bin? The proposals come a moment later, each with its reasons; any other bin may be scanned or typed.
function ofPutAway(facts, answer, proposed) {
  const place = h("div", {});
  const typed = h("input", { name: "typed", class: "form-control form-control-lg", required: true, autocapitalize: "characters" });
  const lot = facts.lot;
  const count = answer.body?.quantity ? answer.body.quantity * (facts.unit_factor || 1) : facts.on_hand;
  hintsFor({ site: answer.body?.site, lot, item: facts.item_key, quantity: count }).then((hints) => {
    if (hints.length === 0) return;
    if (lot) proposed(lot, hints[0].code);
    place.replaceChildren(choice("bin", hints.map((hint) => ({ value: hint.place, text: hint.code, more: whyWords(hint) }))));
    typed.required = false;
    place.dataset.hint = hints[0].code;
  });
  return {
    fields: [place, field(t("Scan the bin, or type its code"), typed)],
    patch: (data) => ({
      bin: (data.get("typed") || data.get("bin") || "").trim().toUpperCase(),
      answers: place.dataset.hint ? { hint: place.dataset.hint } : undefined,
    }),
  };
}

function ofRoom(facts) {
  return {
    fields: [
      h("ul", { class: "ask-first" }, passedWords(facts.passed || []).map((text) => h("li", {}, text))),
      h("p", { class: "form-hint" }, t("Scan another bin, or go on: it is noted.")),
    ],
    patch: () => ({ answers: { room: true } }),
  };
}

const until = (thing) => (thing.expires_on ? t("use by {date}", { date: thing.expires_on }) : "");

function choice(name, options, required = true) {
  return h("div", { class: "ask-choices", role: "radiogroup" }, options.map((option, index) =>
    h("label", { class: "ask-choice" },
      h("input", { type: "radio", name, value: option.value, required, checked: required && index === 0 }),
      h("kbd", { "aria-hidden": "true" }, String(index + 1)),
      h("span", {}, h("strong", {}, option.text), option.more ? h("small", {}, option.more) : null))));
}

function ofLot(facts) {
  const lots = new Map();
  for (const row of facts.candidates || []) {
    const known = lots.get(row.lot) || { ...row, on_hand: 0, places: [] };
    known.on_hand = row.on_hand === null || known.on_hand === null ? null : known.on_hand + (row.on_hand || 0);
    known.places.push(row.place);
    lots.set(row.lot, known);
  }
  return {
    fields: [choice("lot", [...lots.values()].map((lot) => ({
      value: lot.lot,
      text: lot.lot,
      more: [until(lot), `${quantity(lot.on_hand, lot.unit_factor)} ${unitWord(lot.unit)}`.trim(), lot.places.join(", ")]
        .filter(Boolean).join(" · "),
    })))],
    patch: lots.size ? (data) => ({ answers: { lot: data.get("lot") } }) : null,
  };
}

function ofFefo(facts) {
  const first = facts.first || {};
  const reasons = [t("The first one cannot be reached"), t("Ordered by name"), t("Drill or training"), t("Pack is damaged")];
  return {
    fields: [
      h("p", { class: "ask-first" }, [t("First out: {lot}", { lot: first.lot || "" }), until(first), placeWord(first.place),
        typeof first.on_hand === "number" ? `${quantity(first.on_hand, first.unit_factor)} ${unitWord(first.unit)}`.trim() : ""]
        .filter(Boolean).join(" · ")),
      field(t("Why this one all the same?"), h("input", {
        name: "reason", list: "ask-reasons", required: true, minlength: "2", maxlength: "200",
        class: "form-control form-control-lg",
      })),
      h("datalist", { id: "ask-reasons" }, reasons.map((reason) => h("option", { value: reason }))),
    ],
    patch: (data) => ({ reason: data.get("reason") }),
  };
}

// A code nobody knows yet: which item is it? The answer holds for this scan; the planner adds the code for good.
function ofItem(facts) {
  const reading = facts.reading || {};
  const says = [
    ["GTIN", reading.gtin], [t("Maker's batch"), reading.batch],
    [t("Produced on"), reading.produced_on], [t("Expires on"), reading.expires_on],
  ].filter(([, value]) => value);
  const found = h("div", {});
  const search = h("input", {
    type: "search", class: "form-control form-control-lg", placeholder: t("Name, pinyin initials or code"),
  });
  let turn = 0;
  search.addEventListener("input", async () => {
    const mine = ++turn;
    const items = await call("GET", `/items/choices?q=${encodeURIComponent(search.value)}`).catch(() => []);
    if (mine !== turn) return;
    found.replaceChildren(items.length
      ? choice("item", items.map((item) => ({ value: item.key, text: item.name, more: [item.key, item.spec].filter(Boolean).join(" · ") })))
      : h("p", { class: "form-hint" }, t("Nothing of that name.")));
  });
  return {
    fields: [
      says.length ? h("ul", { class: "ask-first" }, says.map(([name, value]) => h("li", {}, `${name}: ${value}`))) : null,
      field(t("Look it up in the catalogue"), search),
      found,
      h("p", { class: "form-hint" }, t("This holds for this scan. Whoever keeps the catalogue finds the code in a list and gives it to its item.")),
    ].filter(Boolean),
    patch: (data) => ({ answers: { item: data.get("item") } }),
  };
}

function ofOpenedPack(facts) {
  const factor = facts.unit_factor || 1;
  return {
    fields: [field(t("How much is left in it?"), h("input", {
      name: "rest", type: "number", min: String(1 / factor), step: String(1 / factor), inputmode: "decimal", required: true,
      value: facts.free ? quantity(facts.free, factor) : "", class: "form-control form-control-lg",
    }), unitWord(facts.unit))],
    patch: (data) => ({
      base_quantity: Math.round(Number(data.get("rest")) * factor), quantity: null, pack: null, answers: { opened: true },
    }),
  };
}

function ofExpiry(facts) {
  return {
    fields: [
      h("div", { class: "form-row" },
        field(t("Expires on"), h("input", { name: "expires_on", type: "date", class: "form-control form-control-lg" })),
        field(t("Produced on"), h("input", { name: "produced_on", type: "date", class: "form-control form-control-lg" }))),
      field(t("Maker's batch"), h("input", { name: "maker_batch", class: "form-control", maxlength: "60", value: facts.maker_batch || "" })),
      h("label", { class: "ask-check" },
        h("input", { class: "form-check-input", type: "checkbox", name: "no_expiry" }),
        h("span", { class: "form-check-label" }, t("There is no date on it"))),
    ],
    patch: (data) => ({
      facts: Object.fromEntries(["expires_on", "produced_on", "maker_batch"].map((n) => [n, data.get(n)]).filter(([, v]) => v)),
      answers: data.get("no_expiry") || !data.get("expires_on") ? { no_expiry: true } : {},
    }),
    complaint: (data) => (data.get("expires_on") || data.get("no_expiry") ? "" : t("Give the date, or say that there is none.")),
  };
}

function ofSerials(facts, answer) {
  if (answer.mode !== "receive") {
    return { fields: [h("p", {}, t("Scan the number of each piece instead."))], patch: null };
  }
  return {
    fields: [
      field(t("Maker's numbers, one in each line"), h("textarea", { name: "serials", rows: "4", class: "form-control" })),
      h("label", { class: "ask-check" },
        h("input", { class: "form-check-input", type: "checkbox", name: "own_numbers" }),
        h("span", { class: "form-check-label" }, t("They have none: give them our numbers"))),
    ],
    patch: (data) => {
      const serials = data.get("serials").split(/[\n,，;；]+/).map((s) => s.trim()).filter(Boolean);
      return serials.length ? { facts: { serials }, quantity: null } : { answers: { own_numbers: true } };
    },
    complaint: (data) => (data.get("serials").trim() || data.get("own_numbers") ? "" : t("Give the numbers, or say that there are none.")),
  };
}

function ofSplit(facts, answer, send) {
  return {
    fields: [h("div", { class: "ask-choices" }, (facts.parts || []).map((part) =>
      h("button", { type: "button", class: "btn btn-lg", onclick: () => send({ raw: part }) }, part)))],
    patch: null,
  };
}

function ofReason() {
  return {
    fields: [field(t("Reason"), h("input", { name: "reason", required: true, maxlength: "200", class: "form-control form-control-lg" }))],
    patch: (data) => ({ reason: data.get("reason") }),
  };
}
