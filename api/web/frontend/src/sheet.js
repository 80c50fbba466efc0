// Paper sheets typed back: a line's code, its figure, and when the bin was counted. A wedge scanner types the codes.
import { call, NoAnswer, Problem } from "./api.js";
import { h, one } from "./dom.js";
import { newId } from "./ids.js";
import { sound } from "./scan/tones.js";
import { Wedge } from "./scan/wedge.js";
import { placeWord, quantity } from "./scan/words.js";
import { saying, t, unitWord } from "./text.js";

let line = null; // the line whose code was read
let last = null; // the line entered last: its bin can be said to be done
let attempt = null;
const code = one("#line-code");
const figure = one("#line-figure");

async function read(text) {
  line = null;
  one("#figure-form").hidden = true;
  try {
    line = await call("GET", `/api/v1/counts/sheet-lines/${encodeURIComponent(text.trim().toUpperCase())}`);
  } catch (error) {
    told(error);
    return;
  }
  attempt = null;
  code.value = text.trim().toUpperCase();
  one("#line-said").textContent = [placeWord(line.bin), line.item || t("goods that the sheet does not list"), line.lot].filter(Boolean).join(" · ");
  one("#line-unit").textContent = unitWord(line.unit);
  one("#words-place").hidden = Boolean(line.lot);
  one("#line-words").value = "";
  figure.value = "";
  one("#line-correct").hidden = !line.entered_by;
  one("#figure-form").hidden = false;
  say("set", t("Line {line}", { line: line.line }), one("#line-said").textContent, [line.entered_by ? t("{name} has entered it already", { name: line.entered_by }) : ""]);
  (line.lot ? figure : one("#line-words")).focus();
  offerDone(line);
}

async function enter(correct) {
  const count = Number(figure.value.replace(",", "."));
  if (!line || figure.value.trim() === "" || !Number.isFinite(count) || count < 0) {
    say("refused", t("Not entered"), t("Type a quantity: figures only."));
    figure.focus();
    return;
  }
  const body = { quantity: Math.round(count * line.unit_factor), words: line.lot ? "" : one("#line-words").value.trim(), correct };
  attempt ??= newId();
  try {
    const done = await call("POST", `/api/v1/counts/sheet-lines/${encodeURIComponent(code.value)}`, body, attempt);
    attempt = null;
    last = { ...line, left: done.left };
    one("#typed-lines").prepend(h("li", {}, h("span", {}, line.item || body.words, h("small", {}, [placeWord(line.bin), line.lot, code.value].filter(Boolean).join(" · "))), h("strong", {}, `${quantity(body.quantity, line.unit_factor)} ${unitWord(line.unit)}`), h("span", {})));
    say("done", t("Entered"), `${line.item || body.words} ${quantity(body.quantity, line.unit_factor)} ${unitWord(line.unit)}`, [done.left ? t("{count} lines of this bin are left", { count: done.left }) : t("All lines of {bin} are entered", { bin: placeWord(line.bin) })]);
    sound("done");
    one("#figure-form").hidden = true;
    offerDone(last);
    line = null;
    code.value = "";
    code.focus();
  } catch (error) {
    if (error instanceof Problem) attempt = null;
    told(error);
    if (error.code === "count.entered-already") one("#line-correct").hidden = false;
  }
}

function offerDone(of) {
  last = of;
  one("#bin-done").hidden = false;
  one("#bin-done-title").textContent = t("Bin {bin}", { bin: placeWord(of.bin) });
  if (!one("#done-at").value) {
    const now = new Date(Date.now() - new Date().getTimezoneOffset() * 60000);
    one("#done-at").value = now.toISOString().slice(0, 16);
  }
}

async function finish(empty) {
  if (!last) return;
  const at = new Date(one("#done-at").value);
  const late = Math.min(at.getTime(), Date.now());
  try {
    if (empty) await call("POST", `/api/v1/counts/${last.count}/bins/${encodeURIComponent(last.bin_key)}/begin`, null, newId());
    const done = await call("POST", `/api/v1/counts/${last.count}/bins/${encodeURIComponent(last.bin_key)}/finish`, { empty, at: new Date(late).toISOString() }, newId());
    sound("done");
    say("done", t("{bin} is done", { bin: placeWord(last.bin) }), ["review", "posted"].includes(done.status) ? t("All bins are counted") : t("{done} of {all} bins are counted", { done: done.done, all: done.bins }), [], done.status === "review" ? `/counts/${last.count}` : null);
    one("#bin-done").hidden = true;
    code.focus();
  } catch (error) {
    told(error);
  }
}

function told(error) {
  sound("refused");
  if (error instanceof NoAnswer) say("refused", t("Not done yet"), t("No answer from the server. Press again: it can only happen once."));
  else if (error instanceof Problem) say("refused", t("Refused"), saying(error.code, error.detail), [error.facts.by || ""]);
  else throw error;
}

function say(outcome, title, main, small = [], link = null) {
  const banner = one("#banner");
  banner.className = `banner banner-${outcome}`;
  banner.dataset.outcome = outcome;
  banner.replaceChildren(h("div", { class: "banner-text" }, h("div", { class: "banner-title" }, title), h("div", { class: "banner-main" }, main),
    h("div", { class: "banner-small" }, small.filter((text) => text && !main.includes(text)).join(" · "))),
    ...(link ? [h("div", { class: "banner-actions" }, h("a", { class: "btn btn-primary btn-lg", href: link }, t("To the result")))] : []));
}

new Wedge({ input: code, onScan: read });
one("#line-form").addEventListener("submit", (event) => event.preventDefault());
one("#figure-form").addEventListener("submit", (event) => {
  event.preventDefault();
  enter(false);
});
one("#line-correct").addEventListener("click", () => enter(true));
one("#done-form").addEventListener("submit", (event) => {
  event.preventDefault();
  finish(false);
});
one("#done-empty").addEventListener("click", () => finish(true));
code.focus();
document.body.dataset.ready = "yes";
