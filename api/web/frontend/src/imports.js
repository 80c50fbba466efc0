// Imports: a file goes up as base64 in JSON; answers and columns are gathered by their keys; an apply is watched.
import { call, NoAnswer, Problem } from "./api.js";
import { all, h, one } from "./dom.js";
import { base64 } from "./files.js";
import { newId } from "./ids.js";
import { saying, t } from "./text.js";

const WATCH_EVERY_MS = 700;

document.addEventListener("submit", (event) => {
  const form = event.target;
  const work =
    (form.matches?.("[data-import-upload]") && upload) ||
    (form.matches?.("[data-import-answers]") && answer) ||
    (form.matches?.("[data-import-mapping]") && map);
  if (!work) return;
  event.preventDefault();
  if (form.dataset.busy) return;
  form.dataset.busy = "yes";
  const line = one("#progress");
  if (line) line.hidden = false;
  all("button", form).forEach((button) => (button.disabled = true));
  work(form)
    .catch((error) => tell(form, error))
    .finally(() => {
      delete form.dataset.busy;
      if (line) line.hidden = true;
      all("button", form).forEach((button) => (button.disabled = false));
    });
});

async function upload(form) {
  const field = form.elements.file;
  const file = field.files[0];
  if (!file) return say(form, t("Choose a file first."));
  if (file.size > Number(field.dataset.most) * 1048576) return say(form, t("The file is too large. Split it."));
  const kind = form.elements.kind.value;
  const body = { kind, name: file.name.slice(0, 200), content: await base64(file), sender: form.elements.sender.value };
  const site = form.elements.site?.value;
  if (kind === "stock" && site) body.site = site;
  const done = await call("POST", "/api/v1/imports", body, newId());
  location.assign(`/imports/${done.id}`);
}

// --- answers --------------------------------------------------------------------------------------------------

async function answer(form) {
  const answers = {};
  for (const question of all("[data-question]", form)) {
    const value = chosen(question);
    if (value) answers[question.dataset.question] = value;
  }
  if (!Object.keys(answers).length) return say(form, t("Choose something first."));
  await call("POST", form.dataset.importAnswers, { answers }, newId());
  location.reload();
}

const PREFIX = { item: "item:", number: "number:", factor: "factor:", day: "day:", site: "site:", place: "bin:", key: "key:" };

function chosen(question) {
  const choice = one("[data-choice]", question);
  if (choice.value) return choice.value;
  const typed = one("[data-typed]", question);
  if (!typed || typed.hidden || !typed.value.trim()) return "";
  return PREFIX[typed.dataset.typed] + typed.value.trim();
}

document.addEventListener("change", (event) => {
  const choice = event.target.closest?.("[data-choice]");
  if (choice) {
    const typed = one("[data-typed]", choice.closest("[data-question]"));
    if (typed) {
      typed.hidden = !choice.selectedOptions[0]?.dataset.free;
      if (!typed.hidden) typed.focus();
    }
  }
  if (event.target.name === "kind" && event.target.form?.matches("[data-import-upload]")) forKind(event.target.form);
});

function forKind(form) {
  const kind = form.elements.kind.value;
  all("[data-for-kind]", form).forEach((part) => (part.hidden = part.dataset.forKind !== kind));
}
all("[data-import-upload]").forEach(forKind);

document.addEventListener("click", async (event) => {
  const propose = event.target.closest?.("[data-import-propose]");
  if (propose) {
    const least = Number(propose.dataset.importPropose);
    for (const choice of all("#questions [data-question] [data-choice]")) {
      const best = [...choice.options].reduce((a, b) => (Number(b.dataset.score || 0) > Number(a?.dataset.score || 0) ? b : a), null);
      if (!choice.value && best && Number(best.dataset.score) >= least) choice.value = best.value;
    }
  }
  const again = event.target.closest?.("[data-import-again]");
  if (again) {
    again.disabled = true;
    await call("POST", again.dataset.importAgain, { answers: { [again.dataset.key]: "" } }, newId());
    location.reload();
  }
});

// --- columns --------------------------------------------------------------------------------------------------

async function map(form) {
  const sheets = {};
  for (const sheet of all("[data-sheet]", form)) {
    const columns = {};
    all("[data-column]", sheet).forEach((field) => {
      if (field.value !== "item:") columns[field.dataset.column] = field.value;
    });
    const [first, last] = all("[data-head]", sheet).map((field) => Number(field.value));
    sheets[sheet.dataset.sheet] = { use: one("[data-use]", sheet).checked, columns };
    if (first) sheets[sheet.dataset.sheet].header = [first, last || first];
  }
  await call("POST", form.dataset.importMapping, { sheets }, newId());
  location.assign(form.dataset.next);
}

// --- progress -------------------------------------------------------------------------------------------------

const watched = one("[data-import-progress]");
if (watched && watched.dataset.running === "yes") watch();

async function watch() {
  const bar = one("progress", watched);
  const figures = one("strong", watched);
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, WATCH_EVERY_MS));
    const now = await fetch(watched.dataset.importProgress, { headers: { Accept: "application/json" } })
      .then((found) => (found.ok ? found.json() : null))
      .catch(() => null);
    if (!now) continue;
    bar.max = now.all || 1;
    bar.value = now.done;
    figures.textContent = `${now.done} / ${now.all}`;
    if (now.state !== "applying") return location.reload();
    if (!now.running) {
      one("[data-stopped]", watched).hidden = false;
      return null;
    }
  }
}

// --- what went wrong --------------------------------------------------------------------------------------------

function tell(form, error) {
  if (error instanceof Problem) say(form, saying(error.code, error.detail));
  else if (error instanceof NoAnswer) say(form, t("No answer from the server. Press again: it can only happen once."));
  else say(form, error.message);
}

function say(form, text) {
  const place = one(".form-problem", form);
  place.hidden = false;
  place.replaceChildren(h("strong", {}, text));
  place.scrollIntoView({ block: "nearest" });
}
