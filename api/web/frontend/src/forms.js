// A form with data-api="METHOD /api/v1/…" is sent as JSON. Its attempt id is made before the first try and stays until
// an answer has come: pressing twice, or again after a dead network, has one effect.
//   data-next: where to go then; {name} is taken from the answer. Without it the page is loaded anew.
//   data-done: a word that the next page says ("Saved.").
//   data-wants on a button: fields that this one of several buttons cannot go without.
//   data-version: the version read, sent as If-Match. data-told="#id": the answer is shown there (told.js), not left.
//   a select with data-fills puts the data of its chosen option into the fields of those names.
//   {name} in the address is taken from the field of that name.
//   inputs: name="a.b" nests, name="lines[].x" inside [data-rows] > [data-row] makes rows;
//   data-type="int|decimal|money|base|lines|numbers|within|minute"; data-skip is not sent; empty means not said (data-null: means nothing).
import { call, NoAnswer, Problem } from "./api.js";
import { all, asleep, h, one } from "./dom.js";
import { newId } from "./ids.js";
import { readWhole, wholeOf } from "./files.js";
import { photosOf, ready } from "./photo.js";
import { signed } from "./sign.js";
import { saying, t } from "./text.js";
import { told } from "./told.js";

const SHOW_PROGRESS_AFTER_MS = 400;
const attempts = new WeakMap();

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || !form.dataset.api) return;
  event.preventDefault();
  submit(form, event.submitter);
});
document.addEventListener("change", (event) => {
  const link = event.target.name === "layout" && one("[data-calibration]");
  if (link) link.href = `/api/v1/labels/calibration?layout=${encodeURIComponent(event.target.value)}`;
});
document.addEventListener("change", (event) => {
  const line = event.target.closest?.("[data-line]");
  if (!line) return;
  const factor = line.selectedOptions[0]?.dataset.factor;
  if (factor) all('[data-type="base"]', line.form).forEach((field) => (field.dataset.factor = factor));
});
// A chosen vehicle of the register fills in what is known of it.
document.addEventListener("change", (event) => {
  const chooser = event.target.closest?.("[data-fills]");
  const facts = chooser?.selectedOptions[0]?.dataset || {};
  for (const [name, value] of Object.entries(facts)) {
    const field = chooser.form.elements[name];
    if (field) field.value = value;
  }
});
// Other contents are another attempt.
document.addEventListener("input", (event) => {
  const form = event.target.closest?.("form[data-api]");
  if (form) attempts.delete(form);
});

async function submit(form, button) {
  if (form.dataset.busy) return;
  form.dataset.busy = "yes"; // from here on: a second press while a signature or a photo is on its way would send it twice
  let prepared = false;
  try {
    prepared = await prepare(form, button);
  } finally {
    delete form.dataset.busy;
  }
  if (prepared) await send(form, button);
}

async function prepare(form, button) {
  if (!valid(form)) return false;
  if (button?.dataset.confirm && !(await confirmed(button.dataset.confirm))) return false;
  await signed(form);
  if (!(await ready(form))) return false;
  await readWhole(form);
  return true;
}

async function send(form, button) {
  let [method, url] = (button?.dataset.api || form.dataset.api).split(" ");
  const line = one("[data-line]", form);
  if (form.dataset.lineForm && line) url = form.dataset.lineForm.replace("{line}", encodeURIComponent(line.value));
  url = url.replace(/\{(\w+)\}/g, (whole, name) => encodeURIComponent(form.elements[name]?.value ?? whole));
  const body = contents(form, button);
  if (form.dataset.needs && !(body[form.dataset.needs] || []).length) {
    tell(form, t("Choose something first."), []);
    return;
  }
  const wanting = (button?.dataset.wants || "").split(" ").find((name) => name && !(name in body));
  if (wanting) {
    tell(form, `${called(wanting, form)}: ${t("this must be filled in")}`, []);
    return;
  }
  const sent = JSON.stringify([method, url, body]);
  let attempt = attempts.get(form);
  if (!attempt || attempt.sent !== sent) {
    attempt = { id: newId(), sent };
    attempts.set(form, attempt);
  }
  const done = busy(form);
  try {
    const answer = await call(method, url, body, "noAttempt" in form.dataset ? null : attempt.id, form.dataset.version);
    attempts.delete(form);
    if (answer instanceof Blob && button?.dataset.preview) show(answer, one(button.dataset.preview));
    else if (answer instanceof Blob) save(answer, button?.dataset.file || form.dataset.file || "beiyu");
    else if (form.dataset.told) {
      done();
      told(form, body, answer || {});
    } else {
      if (form.dataset.done) sessionStorage.setItem("beiyu.said", form.dataset.done);
      go(form.dataset.next, answer || {});
    }
    if (answer instanceof Blob) done();
  } catch (error) {
    done();
    if (error instanceof Problem) {
      attempts.delete(form); // a refusal is final for its id
      const second = one("[data-second-step]", form);
      if (second && error.code === "session.code-needed") {
        second.hidden = false;
        one("input", second).disabled = false;
        one("input", second).focus();
      }
      tell(form, saying(error.code, error.detail, error.facts), more(error, form));
    } else if (error instanceof NoAnswer) {
      tell(form, t("No answer from the server. Press again: it can only happen once."), []);
    } else throw error;
  }
}

export function valid(form) {
  for (const field of all("[data-same-as]", form)) {
    const same = field.value === form.elements[field.dataset.sameAs].value;
    field.setCustomValidity(same ? "" : t("The two do not match"));
  }
  if (form.checkValidity()) return true;
  const wrong = one(":invalid:not(fieldset)", form);
  tell(form, `${labelOf(wrong)}: ${flaw(wrong)}`, []);
  wrong.focus();
  return false;
}

// What is wrong with a field, in the page's language: the browser's own words are in the browser's.
function flaw(field) {
  const { valueMissing, patternMismatch, rangeUnderflow, rangeOverflow, stepMismatch, badInput } = field.validity;
  if (valueMissing) return t("this must be filled in");
  if (patternMismatch && field.title) return field.title;
  if (rangeUnderflow) return t("at least {low}", { low: field.min });
  if (rangeOverflow) return t("at most {high}", { high: field.max });
  if (stepMismatch || badInput) return t("this is not a figure that fits here");
  return field.validationMessage;
}

const labelOf = (field) =>
  (field.getAttribute("aria-label") || field.closest("label")?.firstChild?.textContent || field.name).trim();

function busy(form) {
  form.dataset.busy = "yes";
  const buttons = all("button", form).filter((button) => !button.disabled);
  const focused = document.activeElement;
  buttons.forEach((button) => (button.disabled = true));
  const line = one("#progress");
  const timer = setTimeout(() => line && (line.hidden = false), SHOW_PROGRESS_AFTER_MS);
  return () => {
    delete form.dataset.busy;
    clearTimeout(timer);
    if (line) line.hidden = true;
    buttons.forEach((button) => (button.disabled = false));
    // A button that sleeps loses the focus: whoever works by keyboard presses again where he was.
    if (document.activeElement === document.body && form.contains(focused)) focused.focus({ preventScroll: true });
  };
}

// --- from fields to JSON --------------------------------------------------------------------------------

export function contents(form, button) {
  const body = {};
  for (const field of form.elements) {
    if (field.closest("[data-row]")) continue;
    read(field, body, button);
  }
  for (const rows of all("[data-rows]", form)) {
    const list = all("[data-row]", rows).map((row) => {
      const found = {};
      all("input, select, textarea", row).forEach((field) => read(field, found, button));
      return found;
    }).filter((found) => Object.keys(found).length > 0 && (!rows.dataset.only || rows.dataset.only in found));
    if (list.length > 0 || "always" in rows.dataset) put(body, rows.dataset.rows, list);
  }
  if (button?.name) put(body, button.name, button.value);
  for (const name of (button?.dataset.without || "").split(" ")) delete body[name];
  for (const [name, value] of Object.entries(button?.dataset.body ? JSON.parse(button.dataset.body) : {})) body[name] = value;
  return body;
}

function read(field, into, button) {
  if (!field.name || field.disabled || "skip" in field.dataset || field instanceof HTMLButtonElement) return;
  if (field === button) return;
  if (field.type === "file") {
    for (const [name, value] of "whole" in field.dataset ? wholeOf(field) : photosOf(field)) put(into, name, value);
    return;
  }
  if (field.type === "radio" && !field.checked) return;
  if (field.type === "checkbox") {
    if (field.dataset.type === "list") {
      if (field.checked) (into[field.name] ??= []).push(field.value);
      return;
    }
    put(into, field.name, field.checked);
    return;
  }
  const text = field.type === "password" ? field.value : field.value.trim();
  if (text === "" && "null" in field.dataset) {
    put(into, field.name, null);
    return;
  }
  if (text === "" && !("empty" in field.dataset)) return;
  put(into, field.name, converted(text, field));
}

// What is no figure goes as it is: the server says so. JSON would make nothing of it, and that is an answer too.
const figure = (text, made) => (Number.isFinite(Number(text)) ? made(Number(text)) : text);

// What was shown with six decimals comes back a hair beside the whole number it was; a third of a pump is none, and
// goes as it is, to be refused.
function whole(count, factor) {
  const exact = count * factor;
  const near = Math.round(exact);
  return Math.abs(exact - near) <= factor * 1e-6 ? near : exact;
}

function converted(text, field) {
  switch (field.dataset.type || (field.type === "number" ? "int" : "")) {
    case "int":
    case "decimal":
      return figure(text, Number);
    case "money":
      return figure(text, (count) => Math.round(count * 100));
    case "base":
      return figure(text, (count) => whole(count, Number(field.dataset.factor || 1)));
    case "within": // hours from now, as an instant
      return new Date(Date.now() + Number(text) * 3600_000).toISOString();
    case "minute": // a time of the day, as minutes
      return text.split(":").reduce((whole, part) => whole * 60 + Number(part), 0);
    case "numbers":
      return text.split(/[\s,，;；、]+/).filter(Boolean).map(Number);
    case "lines":
      return text.split(/[\n,，;；]+/).map((line) => line.trim()).filter(Boolean);
    default:
      return text;
  }
}

function put(into, name, value) {
  const steps = name.split(".");
  const last = steps.pop();
  let place = into;
  for (const step of steps) place = place[step] ??= {};
  place[last] = Array.isArray(value) && Array.isArray(place[last]) ? [...place[last], ...value] : value;
}

// --- what comes of it -----------------------------------------------------------------------------------

function go(next, answer) {
  if (!next) {
    location.reload();
    return;
  }
  const wanted = new URL(next.replace(/\{(\w+)\}/g, (whole, name) => encodeURIComponent(answer[name] ?? "")), location);
  const here = wanted.pathname === location.pathname && wanted.search === location.search;
  location.assign(wanted);
  if (here) location.reload(); // a new fragment alone would show the old page
}

function save(blob, name) {
  const address = URL.createObjectURL(blob);
  const link = h("a", { href: address, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 60000);
}

function show(blob, place) {
  const picture = h("img", { class: "preview", alt: t("Preview"), src: URL.createObjectURL(blob) });
  picture.addEventListener("load", () => URL.revokeObjectURL(picture.src));
  place.replaceChildren(picture);
  place.scrollIntoView({ block: "nearest" });
}

// A field by the words that stand beside it; what the form does not show, by its name.
function called(name, form) {
  const [, rows, number, inRow] = /^(\w+)\.(\d+)\.(.+)$/.exec(name) || [];
  const row = rows && one(`[data-rows="${rows}"] > [data-row]`, form);
  if (row) {
    const field = all("[name]", row).find((one_) => one_.name === inRow);
    return `${t("Line")} ${Number(number) + 1}: ${field?.closest("label") ? labelOf(field) : inRow}`;
  }
  const found = form.elements[name];
  const field = found instanceof RadioNodeList ? found[0] : found;
  return field?.closest?.("label") ? labelOf(field) : name;
}

const SOUGHT = ["item", "lot", "place", "site", "region", "serial"];

export function more({ facts, status }, form) {
  const found = status === 404 ? SOUGHT.map((name) => facts[name]).filter((value) => typeof value === "string") : [];
  for (const place of all("[data-error-for]", form)) place.hidden = true;
  all("[aria-invalid]", form).forEach((field) => field.removeAttribute("aria-invalid"));
  for (const field of facts.fields || []) {
    const place = all("[data-error-for]", form).find((one_) => one_.dataset.errorFor === field.field);
    if (place) {
      place.textContent = field.message;
      place.hidden = false;
      form.elements[field.field]?.setAttribute?.("aria-invalid", "true");
    } else found.push([called(field.field, form), field.message].filter(Boolean).join(": "));
  }
  for (const block of facts.blocked_by || []) {
    found.push(typeof block === "string" ? block : [block.at?.slice(0, 16).replace("T", " "), block.reason, block.login].filter(Boolean).join(" · "));
  }
  for (const one_ of [facts.lines, facts.goods].filter(Array.isArray).flat().filter((one_) => one_?.goods || one_?.lot)) {
    const where = [one_.goods || one_.item, one_.lot, one_.site, (one_.sites || []).join(", ")].filter(Boolean).join(" · ");
    const count = "asked" in one_
      ? t("asked {asked}, there {free}", { asked: one_.asked, free: one_.free ?? one_.held ?? 0 })
      : t("{free} free", { free: one_.free });
    found.push(`${t("Line")} ${one_.line}: ${where}: ${count}${one_.why === "protected" ? ` (${t("protected")})` : ""}`);
  }
  for (const bad of facts.faults || []) {
    found.push(`${bad.cell}${bad.text ? ` “${bad.text}”` : ""}: ${saying(bad.code, bad.detail)}`);
  }
  for (const reason of facts.broken || facts.rules || []) found.push(String(reason));
  return found;
}

function tell(form, text, small) {
  const place = one(".form-problem", form) || one("#notice");
  place.hidden = false;
  place.className = place.className.replace(/ ?is-done/, "");
  place.replaceChildren(h("strong", {}, text), ...small.map((line) => h("div", {}, line)));
  place.scrollIntoView({ block: "nearest" });
}

export function confirmed(text) {
  return new Promise((resolve) => {
    const dialog = h("dialog", { class: "dialog" },
      h("form", { method: "dialog" },
        h("p", { class: "dialog-text" }, text),
        h("div", { class: "ask-buttons" },
          asleep(h("button", { class: "btn btn-primary btn-lg", value: "yes" }, t("Yes"))),
          h("button", { class: "btn btn-lg", value: "no", autofocus: true }, t("No")))));
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

// --- rows that can be added and taken away ----------------------------------------------------------------

document.addEventListener("click", (event) => {
  const add = event.target.closest?.("[data-add-row]");
  if (add) {
    const rows = one(add.dataset.addRow);
    const first = rows.firstElementChild; // a <template> where there may be no row at all
    const fresh = (first instanceof HTMLTemplateElement ? first.content.firstElementChild : first).cloneNode(true);
    all("input, select, textarea", fresh).forEach((field) => {
      // A choice begins where the page has it begin: a new line is no more urgent than the first was.
      if (!("kept" in field.dataset)) field.value = field.tagName === "SELECT" ? (one("option[selected]", field) || field.options[0])?.value ?? "" : "";
    });
    rows.append(fresh);
    all("[data-class]", fresh).forEach((choice) => choice.dispatchEvent(new Event("change", { bubbles: true })));
    one("input:not([type=hidden]), select", fresh)?.focus();
  }
  const drop = event.target.closest?.("[data-drop-row]");
  if (drop) {
    const row = drop.closest("[data-row]");
    if (row.parentElement.childElementCount > 1) row.remove(); // a template counts too
  }
});
