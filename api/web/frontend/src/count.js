// Counting bin by bin: scan the bin, scan what lies in it, say how much, next bin. Blind: nothing here knows the books.
// Scans go through the same queue as at the desk: kept in the browser until they are answered.
import { call, NoAnswer, Problem } from "./api.js";
import { all, asleep, h, one } from "./dom.js";
import { confirmed } from "./forms.js";
import { newId } from "./ids.js";
import { Queue } from "./scan/queue.js";
import { sound } from "./scan/tones.js";
import { Wedge } from "./scan/wedge.js";
import { conditionWord, placeWord, quantity, shownCode } from "./scan/words.js";
import { saying, t, unitWord } from "./text.js";

let state = JSON.parse(one("#desk-data").textContent);
let here = null; // key of the bin in force
let busy = false;
const input = one("#scan-input");
const bins = () => state.bins;
const binOf = (key) => bins().find((bin) => bin.key === key) || null;
const mineNow = () => bins().find((bin) => bin.status === "counting" && bin.mine) || null;
const nextBin = () => bins().find((bin) => bin.status === "waiting" && !bin.done_by_me) || null;
const linesHere = () => state.lines.filter((line) => line.bin === here);

const queue = new Queue({
  person: state.person,
  complete: (entry) => ({ raw: entry.raw, mode: "count", site: state.site, condition: entry.condition, ...(entry.bin ? { bin: entry.bin } : {}), ...(entry.fixed || {}) }),
  mayChange: () => true,
  onAnswer: answered,
  onState: showQueue,
});

// --- scans ----------------------------------------------------------------------------------------------

function scanned(text) {
  if (one("dialog[open]")) return;
  const bin = binInCode(text);
  if (bin) {
    if (here && bin.key !== here && mineNow()) {
      say("refused", t("One bin after the other"), t("Finish {bin} first, or leave it.", { bin: placeWord(binOf(here).code) }));
      return;
    }
    here = bin.key;
    show();
  }
  send({ raw: text, bin: bin ? null : here });
}

// A bin's label says its key, so that a bin can be begun while the network is away.
function binInCode(text) {
  const bare = text.trim().toUpperCase().replace(/^\](C1|D2|Q3)/, "").replace(/^91(?=B)/, "");
  return bins().find((bin) => bare === bin.code.toUpperCase() || (bare.startsWith(`B${bin.key}`) && bare.length === bin.key.length + 2)) || null;
}

function send(draft) {
  one("#banner").classList.add("is-waiting");
  queue.add({ mode: "count", condition: one("#condition").value, ...draft });
}

function answered(answer, result) {
  const facts = result.facts || {};
  one("#banner").classList.remove("is-waiting");
  const done = result.outcome === "done" || (result.outcome === "repeat" && result.was === "done");
  if (done && result.code === "scan.count-begun") {
    here = facts.bin.key;
    const bin = binOf(here);
    if (bin) Object.assign(bin, { status: "counting", mine: true, round: facts.count.round });
    say("set", t("Counting"), placeWord(facts.bin.code));
    sound("set");
  } else if (done && result.code === "scan.counted") {
    put({ ...facts.line, bin: facts.bin.key, known: true });
    say("done", t("Entered"), `${facts.line.item} ${quantity(facts.line.quantity, facts.line.unit_factor)} ${unitWord(facts.line.unit)}`, [facts.line.lot]);
    sound("done");
    one("#condition").value = "good";
  } else {
    const word = { ask: t("One question"), unreadable: t("Not readable") }[result.outcome] || t("Refused");
    say(result.outcome, word, saying(result.code, result.detail), result.outcome === "unreadable" ? [shownCode(answer.raw)] : [facts.by || ""]);
    sound(result.outcome);
    if (result.outcome === "ask") ask(answer, result);
    else if (result.code === "count.bin-counted" || result.code === "count.bin-taken" || result.code === "count.same-counter") {
      here = mineNow()?.key || null;
      reload();
    }
  }
  show();
}

// --- questions ------------------------------------------------------------------------------------------

async function ask(answer, result) {
  const facts = result.facts || {};
  const again = { raw: answer.raw, bin: answer.bin, condition: answer.condition };
  const said = answer.fixed || {};
  if (result.code === "scan.ask-quantity") {
    const figure = await pad({ title: facts.item, small: [facts.lot, facts.expires_on].filter(Boolean).join(" · "), unit: unitWord(facts.unit), factor: facts.unit_factor });
    if (figure && figure.base > 0) send({ ...again, fixed: { ...said, base_quantity: figure.base } });
    else if (figure) say("none", t("Not entered"), t("What is not there need not be entered."));
  } else if (result.code === "scan.ask-again") {
    const chosen = await choose(t("{item} was entered already: {count}", { item: facts.item, count: `${quantity(facts.quantity ?? 0, facts.unit_factor)} ${unitWord(facts.unit)}` }), [
      ["add", t("Another pile: add it")],
      ["replace", t("Correct it to this")],
    ]);
    if (chosen) send({ ...again, fixed: { ...said, answers: { ...(said.answers || {}), repeated: chosen } } });
  } else if (result.code === "scan.ask-lot") {
    const chosen = await choose(facts.item, facts.candidates.map((lot) => [lot.lot, [lot.lot, lot.batch, lot.expires_on].filter(Boolean).join(" · ")]));
    if (chosen) send({ ...again, fixed: { ...said, answers: { ...(said.answers || {}), lot: chosen } } });
  } else if (result.code === "scan.ask-unknown") {
    unknown(facts.text || shownCode(answer.raw));
  }
}

function choose(title, options) {
  const dialog = one("#choose");
  one("#choose-title").textContent = title;
  one("#choose-list").replaceChildren(
    ...options.map(([value, text], number) => h("button", { class: number ? "btn btn-lg" : "btn btn-primary btn-lg", value }, text)),
    h("button", { class: "btn btn-lg", value: "" }, t("Do not enter")));
  return opened(dialog).then(() => dialog.returnValue || null);
}

function opened(dialog) {
  dialog.returnValue = "";
  const beneath = all(".count-buttons button"); // a double press on the dialog's button would go through to them
  beneath.forEach((button) => (button.disabled = true));
  dialog.showModal();
  return new Promise((resolve) => dialog.addEventListener("close", () => {
    beneath.forEach(asleep);
    input.focus();
    resolve();
  }, { once: true }));
}

// The pad: keys for a thumb, the digits of a keyboard, Enter. Gives { base, words, item } or nothing.
async function pad({ title, small = "", unit = "", factor = 1, words = null, goods = false }) {
  const dialog = one("#pad");
  const field = one("#pad-figure");
  one("#pad-title").textContent = title;
  one("#pad-small").textContent = small;
  one("#pad-unit").textContent = unit;
  one("#pad-words").hidden = words === null;
  one("#pad-new").hidden = !goods;
  one("#pad-text").value = words || "";
  field.value = "";
  const closed = opened(dialog);
  (goods ? one("#new-item") : words === "" ? one("#pad-text") : field).focus();
  await closed;
  const figure = Number(field.value.replace(",", "."));
  if (dialog.returnValue !== "ok") return null;
  if (field.value.trim() === "" || !Number.isFinite(figure) || figure < 0) {
    say("refused", t("Not entered"), t("Type a quantity: figures only."));
    return null;
  }
  return { base: Math.round(figure * factor), words: one("#pad-text").value.trim(), shown: figure };
}

one("#pad").addEventListener("click", (event) => {
  const key = event.target.closest("[data-key]")?.dataset.key;
  if (!key) return;
  const field = one("#pad-figure");
  field.value = key === "back" ? field.value.slice(0, -1) : field.value + key;
});
one("#pad").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.target.tagName === "INPUT") {
    event.preventDefault();
    one("#pad").close("ok");
  }
});

// --- the server's verbs of a bin ------------------------------------------------------------------------

// What was sent and not answered keeps its id: pressed again, it has one effect.
const unanswered = new Map();

async function act(verb, body) {
  if (!here || busy) return null;
  if (queue.waiting.length) {
    say("refused", t("Not sent yet"), t("Scans are still on their way. Try again when they have been answered."));
    return null;
  }
  busy = true;
  const url = `/api/v1/counts/${state.id}/bins/${encodeURIComponent(here)}/${verb}`;
  const sent = JSON.stringify([url, body]);
  unanswered.set(sent, unanswered.get(sent) || newId());
  try {
    const answer = await call("POST", url, body, unanswered.get(sent));
    unanswered.delete(sent);
    return answer;
  } catch (error) {
    if (!(error instanceof NoAnswer)) unanswered.delete(sent);
    sound("refused");
    if (error instanceof NoAnswer) say("refused", t("Not done yet"), t("No answer from the server. Press again when the network is back."));
    else if (error instanceof Problem) say("refused", t("Refused"), saying(error.code, error.detail), [error.facts.by || ""]);
    else throw error;
    return null;
  } finally {
    busy = false;
  }
}

async function finish(empty) {
  const code = placeWord(binOf(here)?.code);
  const done = await act("finish", { empty });
  if (!done) return;
  sound("done");
  await reload();
  here = mineNow()?.key || null;
  const next = nextBin();
  if (["review", "posted"].includes(done.status)) {
    say("done", t("All bins are counted"), t("The result can be looked at and posted now."), [], `/counts/${state.id}`);
  } else if (next) say("done", t("{bin} is done", { bin: code }), t("Next bin: {bin}", { bin: next.code }), [next.zone]);
  else say("done", t("{bin} is done", { bin: code }), t("Nothing is left for you: other people count the rest."));
  show();
}

async function unknown(words = "") {
  const figure = await pad({ title: t("Unknown goods"), small: t("They are written down and never booked."), words });
  if (!figure) return;
  if (!figure.words) {
    say("refused", t("Not entered"), t("Say what it is."));
    return;
  }
  const done = await act("enter", { quantity: figure.base, words: figure.words, condition: one("#condition").value });
  if (!done) return;
  put({ line: done.line, bin: here, lot: "", item: figure.words, unit: "", unit_factor: 1, condition: "good", quantity: figure.base, known: false });
  say("done", t("Written down"), `${figure.words} ${figure.base}`);
  sound("done");
  show();
}

async function newGoods() {
  all("#new-item, #new-batch, #new-expires").forEach((field) => (field.value = ""));
  delete one("#pad-figure").dataset.factor;
  const figure = await pad({ title: t("Goods without a label"), goods: true });
  if (!figure) return;
  const item = one("#new-item").value.trim();
  const fresh = { item };
  if (one("#new-batch").value.trim()) fresh.maker_batch = one("#new-batch").value.trim();
  if (one("#new-expires").value) fresh.expires_on = one("#new-expires").value;
  const factor = Number(one("#pad-figure").dataset.factor || 1);
  const done = await act("enter", { quantity: Math.round(figure.shown * factor), new: fresh, condition: one("#condition").value });
  if (!done) return;
  await reload();
  say("done", t("Entered"), `${item} ${figure.shown}`);
  sound("done");
  show();
}

async function takeOut(line) {
  if (!(await confirmed(t("Take {item} out again?", { item: line.item })))) return;
  if (await act("take-out", { line: line.line })) {
    state.lines = state.lines.filter((other) => other !== line);
    say("none", t("Taken out"), line.item);
    show();
  }
}

async function leave() {
  if (!(await confirmed(t("What you entered in this bin is dropped. Leave it?")))) return;
  if (await act("leave")) {
    here = null;
    await reload();
    say("none", t("Left"), t("Another may count this bin."));
    show();
  }
}

async function reload() {
  try {
    state = await call("GET", `/counts/${state.id}/state`);
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
  }
  show();
}

function put(line) {
  state.lines = state.lines.filter((other) => other.bin !== line.bin || !line.lot || other.lot !== line.lot || other.condition !== line.condition);
  state.lines.push(line);
}

// --- what is shown --------------------------------------------------------------------------------------

function say(outcome, title, main, small = [], link = null) {
  const banner = one("#banner");
  banner.className = `banner banner-${outcome}`;
  banner.dataset.outcome = outcome;
  banner.replaceChildren(h("div", { class: "banner-text" },
    h("div", { class: "banner-title" }, title),
    h("div", { class: "banner-main" }, main),
    h("div", { class: "banner-small" }, small.filter((text) => text && !main.includes(text)).join(" · "))),
    ...(link ? [h("div", { class: "banner-actions" }, h("a", { class: "btn btn-primary btn-lg", href: link }, t("To the result")))] : []));
}

function show() {
  const bin = binOf(here);
  const next = nextBin();
  const counting = bin && bin.status === "counting" && bin.mine;
  one("#bin-word").textContent = counting ? t("Counting") : next ? t("Next bin") : t("Done");
  one("#bin-code").textContent = placeWord(counting ? bin.code : next?.code);
  one("#bin-zone").textContent = (counting ? bin : next)?.zone || "";
  one("#bin-hint").textContent = counting
    ? t("Scan what lies here, one lot after the other.") + (bin.round > 1 ? ` ${t("This bin is counted again.")}` : "")
    : next ? t("Go there and scan its label.") : t("Nothing is left for you.");
  const done = bins().filter((one_) => one_.status === "counted").length;
  one("#progress-count").textContent = `${done} / ${bins().length}`;
  const lines = counting ? linesHere() : [];
  one("#count-lines").replaceChildren(...lines.map((line) => h("li", {},
    h("span", {}, line.item, h("small", {}, [line.lot, line.known ? "" : t("not known here"), line.condition === "good" ? "" : conditionWord(line.condition)].filter(Boolean).join(" · "))),
    h("strong", {}, `${quantity(line.quantity, line.unit_factor)} ${unitWord(line.unit)}`),
    h("button", { type: "button", class: "btn", "aria-label": t("Take {item} out again?", { item: line.item }), onclick: () => takeOut(line) }, "✕"))));
  one("#count-empty").hidden = lines.length > 0;
  offer("#finish", counting && lines.length > 0);
  offer("#empty", counting && lines.length === 0);
  offer("#unknown, #new-goods, #leave", counting);
  offer("#begin", !counting && next);
  one("#bin-list").replaceChildren(...bins().map((each) => h("li", { class: [each.status === "counted" ? "is-counted" : "", each.key === here ? "is-here" : ""].join(" ") },
    h("strong", {}, placeWord(each.code)), h("span", {}, each.status === "counted" ? t("has been counted") : each.status === "counting" ? each.by || t("being counted") : each.done_by_me ? t("for another person") : t("waiting")))));
}

// These stand in each other's place: "Bin is empty" where "Begin" was pressed.
function offer(buttons, wanted) {
  for (const button of all(buttons)) {
    if (wanted && button.hidden) asleep(button);
    button.hidden = !wanted;
  }
}

function showQueue({ waiting, trouble }) {
  one("#unsent").dataset.count = String(waiting);
  one("#unsent").className = `unsent ${trouble ? "unsent-trouble" : waiting ? "unsent-some" : ""}`;
  one("#unsent-count").textContent = String(waiting);
  const place = one("#trouble");
  place.hidden = !trouble;
  if (trouble) {
    place.replaceChildren(h("span", {}, trouble === "log-in" ? t("Log in again: what you entered is kept.") : t("No answer from the server. What you entered is kept here and sent again.")),
      h("button", { type: "button", class: "btn", onclick: () => queue.retryNow() }, t("Try again")));
  }
}

// --- begin ----------------------------------------------------------------------------------------------

new Wedge({ input, onScan: scanned });
one("#send").addEventListener("click", () => {
  const text = input.value;
  input.value = "";
  if (text.trim()) scanned(text);
  input.focus();
});
one("#finish").addEventListener("click", () => finish(false));
one("#empty").addEventListener("click", () => finish(true));
one("#unknown").addEventListener("click", () => unknown());
one("#new-goods")?.addEventListener("click", newGoods);
one("#leave").addEventListener("click", leave);
one("#begin").addEventListener("click", async () => {
  const next = nextBin();
  if (!next || busy) return;
  here = next.key;
  if (await act("begin")) {
    Object.assign(next, { status: "counting", mine: true });
    say("set", t("Counting"), placeWord(next.code));
  } else here = mineNow()?.key || null;
  show();
  input.focus();
});
here = mineNow()?.key || null;
show();
queue.open().then(() => (document.body.dataset.ready = "yes"));
if (matchMedia("(pointer: fine)").matches) input.focus();
