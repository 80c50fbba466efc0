// The scan desk: one field that never loses the scanner, what is in force, what came of the last scan, what was before.
import { call, NoAnswer, Problem } from "../api.js";
import { all, h, one } from "../dom.js";
import { newId } from "../ids.js";
import { goodsWord, knowGoods, saying, t } from "../text.js";
import { askForm } from "./asks.js";
import { asideDialog, take as takeAside } from "./asides.js";
import { Context } from "./context.js";
import { dialogOpen } from "./dialogs.js";
import { hintsFor, passedWords, whyWords } from "./hints.js";
import { helpSheet, keyboard } from "./keys.js";
import { isMiss, Misses } from "./misses.js";
import {
  choosePick, deliveryDifference, deliveryStray, deliveryView, finishDelivery, finishPick, pickNext, pickShort, pickView,
} from "./papers.js";
import { Queue } from "./queue.js";
import { toast } from "../toast.js";
import { muted, setMuted, sound } from "./tones.js";
import { amount, describe, lines, outcomeWord, placeWord, quantity, shownCode, verbWord } from "./words.js";
import { Wedge } from "./wedge.js";

const SHOWN = 30;
const CONTEXT_CODES = ["scan.bin-set", "scan.document-set", "scan.site-set", "scan.found"];
// Own lot, serial, pallet, item and pack codes change nothing for the scans after them; a bin or a document may.
const PLAIN_CODE = /^(\](C1|d2|Q3))?(91)?[LNPMK][0-9A-HJ-NP-Z]{2,17}$/;

const page = JSON.parse(one("#desk-data").textContent);
knowGoods(page.goods);
const context = new Context(page.person, page.sites.map((site) => site.code));
const input = one("#scan-input");
const banner = one("#banner");
const askPlace = one("#ask");
let answers = []; // newest first: { id, raw, mode, body, at, result, undone }
let asks = [];
const proposed = {}; // lot → the bin that was proposed for it

const queue = new Queue({
  person: page.person,
  complete: (entry) => bodyOf(entry),
  mayChange: (entry) => entry.mode === "move" || !PLAIN_CODE.test(entry.raw.trim()),
  onAnswer: answered,
  onState: showState,
});

// --- scans out ------------------------------------------------------------------------------------------

function scanned(raw) {
  const text = raw.slice(0, 500);
  if (dialogOpen()) {
    sound("refused");
    toast(t("Not taken: answer the question first, then scan {code} again.", { code: shownCode(text) }), "refused");
    return;
  }
  if (answerByNumber(text.trim())) return;
  if (context.mode === "undo") {
    undoByCode(text);
    return;
  }
  send({ raw: text, mode: context.mode, ...asSet() });
}

// "2" and Enter choose the second answer of an open question: no code is that short.
function answerByNumber(text) {
  if (!/^[1-9]$/.test(text) || asks.length === 0) return false;
  const choice = all(".ask-choice input, .ask-choices > button", askPlace)[Number(text) - 1];
  if (!choice) return false;
  if (choice instanceof HTMLInputElement) {
    choice.checked = true;
    choice.form.requestSubmit();
  } else choice.click();
  return true;
}

function send(draft) {
  banner.classList.add("is-waiting");
  queue.add(draft);
}

// What the keeper has set on the page, taken at the moment of the scan.
function asSet() {
  const count = Number(one("#quantity").value);
  const set = {
    site: context.site,
    quantity: Number.isInteger(count) && count > 0 ? count : null,
    pack: one("#pack").value || null,
    condition: one("#condition").value,
    document: paperInForce(),
  };
  if (!one("#keep-quantity").checked) {
    one("#quantity").value = "";
    one("#pack").value = "";
  }
  return set;
}

function paperInForce() {
  if (context.mode === "receive" && context.document) return { kind: "delivery", id: context.document.id };
  if (context.mode === "issue" && context.pick) return { kind: "pick", id: context.pick.id };
  return null;
}

function bodyOf(entry) {
  if (entry.fixed) return entry.fixed;
  const body = { raw: entry.raw, mode: entry.mode };
  if (entry.site) body.site = entry.site;
  if (entry.quantity) body.quantity = entry.quantity;
  if (entry.pack) body.pack = entry.pack;
  if (entry.condition && entry.condition !== "good") body.condition = entry.condition;
  if (entry.document) body.document = entry.document;
  if (entry.facts) body.facts = entry.facts;
  const bin = context.bins[entry.mode];
  if (bin && entry.mode !== "look-up") body.bin = bin.key;
  const lot = entry.mode === "put-away" && Object.keys(proposed).find((number) => entry.raw.includes(number));
  if (lot) body.answers = { hint: proposed[lot] };
  return body;
}

// The same scan again, with what was missing.
function again(answer, patch) {
  const { id: _id, at: _at, ...body } = answer.body;
  const fixed = { ...body, ...patch };
  if (patch.facts && body.facts) fixed.facts = { ...body.facts, ...patch.facts };
  if (patch.answers && body.answers) fixed.answers = { ...body.answers, ...patch.answers };
  for (const [name, value] of Object.entries(fixed)) if (value === null || value === undefined) delete fixed[name];
  send({ raw: fixed.raw, mode: fixed.mode, site: fixed.site, fixed });
}

// --- answers in -----------------------------------------------------------------------------------------

function answered(answer, result) {
  banner.classList.remove("is-waiting");
  const facts = result.facts || {};
  const isContext = result.outcome === "done" && CONTEXT_CODES.includes(result.code);
  answers.unshift(answer);
  answers = answers.slice(0, 60);
  if (result.code === "scan.bin-set" && facts.bin) {
    if (context.pending && context.pending.mode === answer.mode) {
      const { answer: asked } = context.pending;
      context.pending = null;
      dropAsk(asked, false);
      again(asked, { [targetOf(asked)]: facts.bin.key });
    } else {
      context.setBin(facts.bin, answer.mode);
    }
  } else if (result.code === "scan.document-set" && facts.document?.kind === "delivery") {
    context.setDocument(facts.document);
    refreshDocument();
  } else if (result.code === "scan.document-set" && facts.document?.kind === "pick") {
    usePick(facts.document);
  } else if (result.code === "scan.site-set" && page.sites.some((site) => site.code === facts.site?.code)) {
    context.setSite(facts.site.code);
  } else if (result.outcome === "ask") {
    ask(answer);
  } else if (wasDone(answer) && answer.body?.document) {
    refreshPaper();
  }
  if (wasDone(answer) && facts.verb === "receive") propose(answer);
  sound(isContext && result.code !== "scan.found" ? "set" : result.outcome);
  showBanner(answer);
  showContext();
  showAsk();
  showList();
}

// What the scanned bin of an open question is: where the goods go, or where they come from.
const targetOf = (asked) => (asked.mode === "move" && (asked.result.code === "scan.ask-room" || asked.result.facts?.which === "to_bin") ? "to_bin" : "bin");

function ask(answer) {
  const facts = answer.result.facts || {};
  if (["scan.ask-bin", "scan.ask-room"].includes(answer.result.code)) {
    context.pending = { answer, mode: answer.mode, lot: goodsWord(facts.item) || shownCode(answer.raw) };
  }
  asks.push(answer);
}

async function refreshDocument() {
  if (!context.document) return;
  try {
    context.setDocument(await call("GET", `/deliveries/${context.document.id}/counter`));
    showContext();
  } catch {
    // the counter stays as it was; the next scan tries again
  }
}

function refreshPaper() {
  if (context.mode === "issue" && context.pick) refreshPick();
  else refreshDocument();
}

async function refreshPick() {
  if (!context.pick) return;
  try {
    context.setPick(await call("GET", `/api/v1/picks/${context.pick.id}`));
    showContext();
  } catch {
    // the list stays as it was; the next scan tries again
  }
}

function usePick(pick) {
  if (one('[data-mode="issue"]')) context.setMode("issue");
  context.setPick(pick.lines ? pick : { lines: [], done: 0, ...pick });
  showContext();
  refreshPick();
  input.focus();
}

// Where to put what has just been received: shown with the receipt, remembered for putting it away.
async function propose(answer) {
  const [line] = answer.result.facts.lines || [];
  if (!line || !one('[data-mode="put-away"]')) return;
  const [best] = await hintsFor({ site: answer.body.site, lot: line.lot, quantity: line.quantity });
  if (!best) return;
  proposed[line.lot] = best.code;
  answer.hint = best;
  queue.updateAnswer(answer);
  if (answers[0] === answer && asks.length === 0 && !answer.undone) showBanner(answer);
}

// --- papers, put aside, misses -------------------------------------------------------------------------------

function difference() {
  if (context.mode === "issue" && context.pick) {
    pickShort(context.pick, { done: ({ row, note, base }) => {
      showPlain("done", t("Noted as not there"), `${goodsWord(row.item_name)} ${amount({ ...row, quantity: base })}`, [note]);
      sound("done");
      refreshPick();
    } });
  } else if (context.mode === "receive" && context.document) {
    const last = answers.find((answer) => wasDone(answer) && answer.body?.document);
    deliveryDifference(context.document, {
      line: last?.result.facts?.lines?.[0]?.document_line,
      keepDamaged: (row, count, note) => send({
        raw: row.item_key, mode: "receive", ...asSet(), condition: "damaged", quantity: count, reason: note,
      }),
      done: ({ row, kind, note, base }) => {
        showPlain("done", t("Turned away"), `${goodsWord(row.item)} ${amount({ ...row, quantity: base })}`, [differenceWord(kind), note]);
        sound("done");
        refreshDocument();
      },
    });
  } else showPlain("refused", t("No paper in force"), t("Scan a delivery note or choose a pick list first."));
}

function stray(seen) {
  const what = typeof seen === "string" ? seen : "";
  if (context.mode !== "receive" || !context.document) {
    showPlain("refused", t("No paper in force"), t("Scan a delivery note first."));
    return;
  }
  deliveryStray(context.document, { what, done: (body) => {
    showPlain("done", t("Turned away"), `${body.what} × ${body.quantity}`, [t("wrong goods"), body.note]);
    sound("done");
    refreshDocument();
  } });
}

const differenceWord = (kind) => ({ damaged: t("damaged"), wrong: t("wrong goods"), over: t("more than ordered") })[kind] || "";

function finish() {
  if (context.mode === "issue" && context.pick) {
    finishPick(context.pick, { done: (closed) => {
      context.setPick(null);
      showContext();
      showPlain("done", t("Pick list finished"), closed.number);
      sound("done");
    } });
  } else if (context.mode === "receive" && context.document) {
    finishDelivery(context.document, { done: (closed, opened) => {
      context.setDocument(null);
      showContext();
      paintBanner("done", t("Delivery finished"), closed.number, lines(opened
        ? [t("{count} differences: a case is open", { count: closed.differences }),
          t("Seen to by {name}, to end by {day}", { name: opened.owner_name_zh || opened.owner_login || "", day: opened.due_on })]
        : [t("Everything came as ordered.")]),
      opened ? [h("a", { class: "btn btn-lg", href: `/cases#${opened.id}` }, t("The case"))] : []);
      banner.dataset.case = opened ? opened.id : "";
      sound("done");
    } });
  } else showPlain("refused", t("No paper in force"), t("Scan a delivery note or choose a pick list first."));
}

function stateNow() {
  const paper = paperInForce();
  const missed = answers.filter(isMiss).slice(0, 30);
  if (!paper && asks.length === 0 && missed.length === 0 && !context.bin) return null;
  const kind = paper?.kind === "pick" ? "pick" : context.mode === "look-up" || context.mode === "undo" ? "move" : context.mode;
  const name = context.mode === "receive" && context.document ? context.document.number
    : paper ? context.pick.number : `${one(`[data-mode="${context.mode}"] span`)?.textContent || ""} ${new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hourCycle: "h23" })}`;
  return {
    kind, name: name.trim(),
    content: { mode: context.mode, bins: context.bins, document: context.document?.id || null, pick: context.pick?.id || null, asks, missed },
  };
}

function clearDesk() {
  context.setDocument(null);
  context.setPick(null);
  context.bins = {};
  context.pending = null;
  context.keep();
  asks = [];
  for (const answer of answers.filter(isMiss)) settleMiss(answer, { how: "aside" });
  showAsk();
  showContext();
  showList();
}

function settleMiss(answer, settled) {
  answer.settled = settled;
  queue.updateAnswer(answer);
}

async function takenUp(entry) {
  const { content } = entry;
  context.setSite(entry.site);
  if (content.mode && one(`[data-mode="${content.mode}"]`)) context.setMode(content.mode);
  context.bins = content.bins || {};
  context.setDocument(content.document ? { id: content.document, lines: [] } : null);
  context.setPick(content.pick ? { id: content.pick, lines: [], done: 0, number: "" } : null);
  await Promise.all([refreshDocument(), refreshPick()]);
  answers = [...(content.missed || []).filter((miss) => !answers.some((known) => known.id === miss.id)), ...answers];
  (content.asks || []).forEach(ask);
  showContext();
  showAsk();
  showList();
  showPlain("set", t("Taken up"), entry.name);
  sound("set");
  input.focus();
}

const openAsides = () => asideDialog(context.site, {
  state: stateNow,
  kept: (name) => {
    clearDesk();
    showPlain("set", t("Put aside"), name);
    sound("set");
  },
  taken: takenUp,
});

const misses = new Misses({
  retry: (answer) => {
    again(answer, {});
    input.focus();
  },
  lookUp: (answer) => {
    send({ raw: answer.raw, mode: "look-up", site: context.site });
    input.focus();
  },
  settled: (answer) => {
    queue.updateAnswer(answer);
    showList();
  },
  focusBack: () => input.focus(),
});

// --- undo -----------------------------------------------------------------------------------------------

const wasDone = ({ result }) => result.outcome === "done" || (result.outcome === "repeat" && result.was === "done");
const canUndo = (answer) => wasDone(answer) && answer.result.facts?.undo && !answer.undone;

function undoByCode(text) {
  const trimmed = text.trim();
  const found = answers.find((answer) => canUndo(answer) &&
    (answer.raw.trim() === trimmed || (answer.result.facts.lines || []).some((line) => trimmed.includes(line.lot))));
  if (!found) {
    showPlain("refused", t("Nothing to undo"), t("None of your last scans was of this code."));
    sound("refused");
    return;
  }
  askUndo(found);
}

function askUndo(answer) {
  const latest = answers.find(canUndo);
  if (latest === answer && context.mode !== "undo") {
    undo(answer);
    return;
  }
  const said = describe(answer);
  one("#undo-what").replaceChildren(h("strong", {}, `${said.title}: ${said.main}`), ...lines(said.small));
  const dialog = one("#undo-dialog");
  dialog.returnValue = "";
  dialog.onclose = () => {
    if (dialog.returnValue === "yes") undo(answer);
    input.focus();
  };
  dialog.showModal();
}

async function undo(answer) {
  if (answer.undoing || answer.undone) return;
  answer.undoing = answer.undoAttempt ??= newId();
  showList();
  try {
    const receipt = await call("POST", "/api/v1/stock/reverse", {
      attempt: answer.result.facts.undo, reason: t("Undone at the scan desk"),
    }, answer.undoAttempt);
    answer.undone = true;
    sound("done");
    const said = describe({ ...answer, result: { outcome: "done", code: "stock.reversed", facts: receipt } });
    showPlain("done", t("Undone"), said.main, said.small);
    if (answer.body?.document) refreshPaper();
  } catch (error) {
    sound("refused");
    if (error instanceof NoAnswer) {
      showPlain("refused", t("Not undone yet"), t("No answer from the server. Press undo again: it can only happen once."));
    } else if (error instanceof Problem) {
      answer.undoAttempt = null; // a refusal is final for its id
      const blocked = (error.facts.blocked_by || []).slice(0, 5).map((block) => blockWord(block, answer.result.facts.lines?.[0]));
      showPlain("refused", t("Cannot be undone"), saying(error.code, error.detail), blocked);
    } else throw error;
  } finally {
    answer.undoing = null;
    queue.updateAnswer(answer);
    showList();
  }
}

function blockWord(block, line = {}) {
  if (block.why === "reversed") return t("It was undone before.");
  if (block.why === "is-reversal") return t("It is an undoing itself. Book anew instead.");
  if (block.why === "counted") return t("The bin has been counted since.");
  if (block.why === "taken-back") return t("Late scans have been set off against this count. Count again instead.");
  if (block.why === "returned") return t("The goods have come back from use already.");
  if (block.why === "reserved") return t("The goods are promised to somebody.");
  if (block.why === "outside") return t("It passed through no bin.");
  return [block.at ? new Date(block.at).toLocaleString([], { dateStyle: "short", timeStyle: "short", hourCycle: "h23" }) : "",
    verbWord(block.reason), typeof block.quantity === "number" ? amount({ ...line, quantity: block.quantity }) : "", block.login]
    .filter(Boolean).join(" · ");
}

// --- what is shown --------------------------------------------------------------------------------------

const ICONS = { done: "✓", repeat: "=", refused: "✕", ask: "?", unreadable: "∅", waiting: "…", undone: "↶", set: "◎" };

function kindOf(answer) {
  if (answer.undone) return "undone";
  const { outcome, code } = answer.result;
  return outcome === "done" && CONTEXT_CODES.includes(code) ? "set" : outcome;
}

function showBanner(answer) {
  const said = describe(answer);
  const kind = kindOf(answer);
  const actions = [];
  if (canUndo(answer)) actions.push(h("button", { type: "button", class: "btn btn-lg banner-undo", onclick: () => askUndo(answer) }, "↶ ", t("Undo")));
  const labels = labelsOf([answer]);
  if (labels) actions.push(h("a", { class: "btn btn-lg", href: labels }, t("Label")));
  if (said.link) actions.push(h("a", { class: "btn btn-lg", href: said.link }, t("Open")));
  const facts = answer.result.facts || {};
  const warnings = (facts.warnings || []).map((code) => (typeof code === "string" ? saying(code, "") : code.detail || code.code));
  const remarks = (facts.remarks || []).map((remark) => [remarkWord(remark), ...(remark.passed ? passedWords(remark.passed) : [])].join(" "));
  if (answer.result.code === "delivery.wrong-item") {
    actions.push(h("button", { type: "button", class: "btn btn-lg", onclick: () => settleAgain(answer, { answers: { unplanned: true } }) }, t("Take it in all the same")));
    actions.push(h("button", { type: "button", class: "btn btn-lg", onclick: () => stray(shownCode(answer.raw)) }, t("Turn it away")));
  }
  const hint = answer.hint && !answer.undone
    ? [h("div", { class: "banner-hint" }, h("strong", {}, t("Put it into {bin}", { bin: placeWord(answer.hint.code) })), " ", whyWords(answer.hint))] : [];
  paintBanner(kind, said.title, said.main,
    [...lines(said.small), ...hint, ...[...warnings, ...remarks].map((text) => h("div", { class: "banner-warning" }, text))], actions, answer.result.code);
}

const remarkWord = (remark) => ({
  "scan.bin-overfull": t("{bin} holds more than it should.", remark),
  "scan.other-class": t("The zone of {bin} is meant for other goods.", remark),
  "scan.not-the-hint": t("Proposed was {hint}; noted.", remark),
})[remark.code] || remark.code;

function settleAgain(answer, patch) {
  settleMiss(answer, { how: "retry" });
  again(answer, patch);
  showList();
  input.focus();
}

// Where the labels of what these scans received are printed; null if they received nothing.
function labelsOf(some) {
  const lots = new Set(some.filter((answer) => wasDone(answer) && !answer.undone && answer.result.facts?.verb === "receive")
    .flatMap((answer) => (answer.result.facts.lines || []).map((line) => line.lot)));
  return lots.size ? `/labels?kind=lot&${[...lots].slice(0, 50).map((lot) => `id=${encodeURIComponent(lot)}`).join("&")}` : null;
}

function showPlain(kind, title, main, small = []) {
  paintBanner(kind, title, main, lines(small), []);
}

function paintBanner(kind, title, main, small, actions, code = "") {
  banner.className = `banner banner-${kind}`;
  banner.dataset.outcome = kind;
  banner.dataset.code = code;
  banner.replaceChildren(
    h("div", { class: "banner-icon", "aria-hidden": "true" }, ICONS[kind] || "·"),
    h("div", { class: "banner-text" },
      h("div", { class: "banner-title" }, title),
      h("div", { class: "banner-main" }, main),
      h("div", { class: "banner-small" }, small)),
    h("div", { class: "banner-actions" }, actions),
  );
  if (asks.length === 0) banner.scrollIntoView({ block: "nearest" });
}

function showAsk() {
  const asked = asks[0];
  document.body.classList.toggle("has-ask", Boolean(asked));
  if (!asked) {
    askPlace.replaceChildren();
    askPlace.hidden = true;
    return;
  }
  if (askPlace.dataset.id === asked.id && !askPlace.hidden) return;
  askPlace.dataset.id = asked.id;
  askPlace.hidden = false;
  askPlace.replaceChildren(askForm(asked, {
    send: (patch) => {
      dropAsk(asked, true);
      again(asked, patch);
    },
    drop: () => dropAsk(asked, true),
    proposed: (lot, code) => (proposed[lot] = code),
  }));
  const first = one("input:not([type=radio]), select, textarea", askPlace) || one("input, button", askPlace);
  // A bin is scanned, so the scanner keeps the field; everything else is typed or tapped.
  if (!["scan.ask-bin", "scan.ask-room"].includes(asked.result.code) && first) {
    first.focus();
    first.select?.();
  }
  askPlace.scrollIntoView({ block: "nearest" });
}

function dropAsk(asked, forget) {
  asks = asks.filter((one) => one !== asked);
  if (forget && context.pending?.answer === asked) context.pending = null;
  showAsk();
  showContext();
  input.focus();
}

function chip(label, text, clear) {
  return h("span", { class: "chip" }, h("small", {}, label), h("strong", {}, text),
    clear ? h("button", { type: "button", class: "chip-clear", "aria-label": t("Clear {what}", { what: label }), onclick: clear }, "✕") : null);
}

function showContext() {
  all("[data-mode]").forEach((button) => button.setAttribute("aria-pressed", String(button.dataset.mode === context.mode)));
  one("#site").value = context.site || "";
  document.body.dataset.deskMode = context.mode;
  one("#mode-hint").textContent = HINTS[context.mode]();
  const chips = [];
  if (context.bin) {
    const label = context.mode === "issue" || context.mode === "move" ? t("From bin") : t("Into bin");
    chips.push(chip(label, placeWord(context.bin.code) || context.bin.key, () => {
      context.setBin(null);
      showContext();
      input.focus();
    }));
  }
  if (context.pending && context.pending.mode === context.mode) {
    chips.push(chip(t("Waiting for its bin"), String(context.pending.lot), () => dropAsk(context.pending.answer, true)));
  }
  one("#chips").replaceChildren(...chips);
  showDocument();
  one("#undo-hint").hidden = context.mode !== "undo";
  one("#facts-place").hidden = context.mode !== "receive";
}

const HINTS = {
  receive: () => t("Scan the bin or leave it out, then the goods. A delivery note first makes the counter run."),
  "put-away": () => t("Scan the bin, then every lot that goes into it."),
  move: () => t("Scan the bin it leaves, then the lot, then the bin it goes to."),
  issue: () => t("Scan the bin it leaves or leave it out, then the goods. What expires first goes first."),
  "look-up": () => t("Scan anything: nothing is booked."),
  undo: () => t("Scan the goods again, or press undo in the list."),
};

function showDocument() {
  const place = one("#document");
  const acts = { difference, stray, finish, aside: openAsides };
  if (context.mode === "receive" && context.document) place.replaceChildren(...deliveryView(context.document, acts));
  else if (context.mode === "issue" && context.pick) place.replaceChildren(...pickView(context.pick, acts));
  else place.replaceChildren();
  place.hidden = place.childElementCount === 0;
  const walking = context.mode === "issue" && context.pick?.lines.length;
  one("#next-place").replaceChildren(...(walking ? [pickNext(context.pick)] : []));
  document.body.classList.toggle("has-paper", !place.hidden);
}

function showList() {
  const waiting = queue.waiting.map((entry) => ({ raw: entry.raw, at: entry.at, kind: "waiting" })).reverse();
  one("#scan-list").replaceChildren(
    ...waiting.slice(0, SHOWN).map((entry) =>
      h("li", { class: "scan-row scan-waiting", "data-kind": "waiting" },
        h("span", { class: "scan-icon", "aria-hidden": "true" }, ICONS.waiting),
        h("span", { class: "scan-text" }, h("strong", {}, shownCode(entry.raw)), h("small", {}, outcomeWord("waiting"))))),
    ...answers.slice(0, SHOWN).map(row));
  const labels = labelsOf(answers);
  one("#list-labels").hidden = !labels;
  if (labels) one("#list-labels").href = labels;
  one("#scan-empty").hidden = waiting.length + answers.length > 0;
  misses.show(answers);
}

function row(answer) {
  const kind = kindOf(answer);
  const said = describe(answer);
  const time = new Date(answer.at);
  return h("li", { class: `scan-row scan-${kind}`, "data-kind": kind, "data-id": answer.id },
    h("span", { class: "scan-icon", "aria-hidden": "true" }, ICONS[kind]),
    h("span", { class: "scan-text" },
      h("strong", {}, said.main),
      h("small", {}, [said.title, time.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }),
        kind === "undone" ? outcomeWord("undone") : null, said.small[0]].filter(Boolean).join(" · "))),
    canUndo(answer)
      ? h("button", { type: "button", class: "btn scan-undo", disabled: Boolean(answer.undoing), onclick: () => askUndo(answer) }, t("Undo"))
      : null);
}

function showState({ waiting, others, trouble }) {
  const place = one("#unsent");
  place.dataset.count = String(waiting);
  place.className = waiting === 0 ? "unsent" : trouble ? "unsent unsent-trouble" : "unsent unsent-some";
  one("#unsent-count").textContent = String(waiting);
  const note = one("#trouble");
  note.hidden = !trouble && others === 0 && queue.durable;
  const texts = [];
  if (trouble === "no-answer") texts.push(t("No connection. Go on scanning: {count} scans are kept here and sent by themselves.", { count: waiting }));
  if (trouble === "server") texts.push(t("The server is busy. {count} scans are kept here and sent by themselves.", { count: waiting }));
  if (trouble === "log-in") texts.push(t("You are logged out. {count} scans are kept here and sent after you log in.", { count: waiting }));
  if (others > 0) texts.push(t("{count} scans of another person wait in this browser until they log in.", { count: others }));
  if (!queue.durable) texts.push(t("This browser keeps nothing: do not close the page while scans are unsent."));
  note.replaceChildren(...texts.map((text) => h("div", {}, text)),
    trouble === "log-in" ? h("a", { class: "btn btn-primary", href: "/login?next=/scan" }, t("Log in")) : "",
    trouble && trouble !== "log-in" ? h("button", { type: "button", class: "btn", onclick: () => queue.retryNow() }, t("Try now")) : "");
  showList();
}

// --- the keeper's hands ---------------------------------------------------------------------------------

function setMode(mode) {
  context.setMode(mode);
  asks = asks.filter((asked) => asked.mode === mode);
  showAsk();
  showContext();
  input.focus();
}

// Packs to count in, once an item is named.
async function offerPacks(key) {
  const select = one("#by-hand").elements.unit;
  const [single] = select.options;
  select.replaceChildren(single);
  if (!/^[A-Z0-9-]{2,24}$/i.test(key)) return;
  try {
    const packs = await call("GET", `/items/${encodeURIComponent(key.toUpperCase())}/packs`);
    select.append(...packs.map((pack) => h("option", { value: pack.key }, pack.name)));
  } catch {
    // not an item: a lot or a number; it is counted in single pieces
  }
}

function typedByHand(event) {
  event.preventDefault();
  const form = event.target;
  const code = form.elements.code.value.trim();
  const count = Number(form.elements.count.value);
  if (!code && !form.elements.bin.value.trim()) {
    form.elements.code.focus();
    return;
  }
  const draft = { raw: code || form.elements.bin.value.trim(), mode: context.mode, ...asSet() };
  if (count > 0) draft.quantity = count;
  if (form.elements.unit.value) draft.pack = form.elements.unit.value;
  const bin = form.elements.bin.value.trim();
  const facts = {};
  if (context.mode === "receive") {
    for (const name of ["maker_batch", "produced_on", "expires_on"]) {
      const value = form.elements[name].value.trim();
      if (value) facts[name] = value;
    }
  }
  if (Object.keys(facts).length) draft.facts = facts;
  if (bin && code) {
    const body = bodyOf(draft);
    draft.fixed = { ...body, [context.mode === "move" ? "to_bin" : "bin"]: bin };
  }
  if (context.mode === "undo") undoByCode(draft.raw);
  else send(draft);
  form.elements.code.value = "";
  form.elements.count.value = "";
  form.elements.code.focus();
}

function wire() {
  new Wedge({ input, onScan: scanned });
  all("[data-mode]").forEach((button) => button.addEventListener("click", () => setMode(button.dataset.mode)));
  keyboard({
    setMode,
    acts: {
      difference,
      stray,
      finish,
      aside: openAsides,
      picks: () => choosePick(context.site, { take: usePick }),
      misses: () => misses.toggle(),
      "undo-last": () => {
        const last = answers.find(canUndo);
        if (last) askUndo(last);
        else showPlain("refused", t("Nothing to undo"), "");
      },
      quantity: () => one("#quantity").select(),
      condition: () => one("#condition").focus(),
      site: () => one("#site").focus(),
      help: helpSheet,
    },
    escape: () => {
      if (asks[0]) dropAsk(asks[0], true);
      input.focus();
    },
  });
  one("#open-help").addEventListener("click", helpSheet);
  one("#open-asides").addEventListener("click", openAsides);
  one("#open-picks")?.addEventListener("click", () => choosePick(context.site, { take: usePick }));
  one("#site").addEventListener("change", (event) => {
    context.setSite(event.target.value);
    showContext();
    input.focus();
  });
  const mute = one("#mute");
  const showMute = () => {
    mute.setAttribute("aria-pressed", String(muted()));
    mute.title = muted() ? t("Sound is off") : t("Sound is on");
  };
  mute.addEventListener("click", () => {
    setMuted(!muted());
    showMute();
    sound("done");
    input.focus();
  });
  showMute();
  all("[data-step]").forEach((button) => button.addEventListener("click", () => {
    const field = one("#quantity");
    field.value = String(Math.max(1, (Number(field.value) || 1) + Number(button.dataset.step)));
    input.focus();
  }));
  one("#by-hand").addEventListener("submit", typedByHand);
  one("#by-hand").elements.code.addEventListener("change", (event) => offerPacks(event.target.value.trim()));
  one("#send").addEventListener("click", () => {
    const text = input.value;
    input.value = "";
    if (text.trim()) scanned(text);
    input.focus();
  });
  one("#keyboard").addEventListener("click", () => {
    input.inputMode = input.inputMode === "none" ? "text" : "none";
    input.blur();
    input.focus();
  });
  // The scan field gets the focus back, unless a form field, a menu or a dialog has it.
  document.addEventListener("focusout", () => setTimeout(() => {
    const holder = document.activeElement;
    if (!holder || holder === document.body) input.focus();
  }, 50));
  document.addEventListener("visibilitychange", refocus);
  for (const event of ["focus", "afterprint", "pageshow"]) window.addEventListener(event, refocus);
  // A tapped button has done its work; the next thing is a scan.
  one(".desk").addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button || event.detail === 0 || button.closest("#ask, #misses, .by-hand, dialog")) return;
    setTimeout(() => document.activeElement === button && !dialogOpen() && input.focus());
  });
}

function refocus() {
  const holder = document.activeElement;
  if (!document.hidden && !dialogOpen() && (!holder || holder === document.body)) input.focus();
}

async function start() {
  // On a phone with a scanner the screen keyboard stays away until it is asked for.
  if (window.matchMedia("(pointer: coarse)").matches) input.inputMode = "none";
  wire();
  const asked = new URLSearchParams(location.search);
  if (asked.get("mode")) context.setMode(asked.get("mode"));
  if (page.document) {
    context.setSite(page.document.site);
    context.setDocument(page.document);
    context.setMode("receive");
  }
  if (page.pick) {
    context.setSite(page.pick.site);
    context.setMode("issue");
    context.setPick({ lines: [], done: 0, ...page.pick });
  }
  showContext();
  await queue.open();
  answers = (await queue.answers()).reverse();
  const [last] = answers; // a question that stood open when the page was left
  if (last?.result.outcome === "ask" && last.mode === context.mode && queue.waiting.length === 0) ask(last);
  showContext();
  showAsk();
  showList();
  input.focus();
  await Promise.all([refreshPick(), page.aside ? takeAside(page.aside, takenUp).catch(asideGone) : null]);
  document.body.dataset.ready = "yes";
}

function asideGone(error) {
  if (!(error instanceof Problem)) throw error;
  showPlain("refused", t("Not taken up"), saying(error.code, error.detail));
}

start();
