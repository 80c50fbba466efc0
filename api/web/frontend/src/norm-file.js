// Norms from a file: form[data-norm-file="#where"] has the file judged, shows what each row would do, and then applies
// what was shown. data-columns, data-eaches and data-bases: their words.
import { call, NoAnswer, Problem } from "./api.js";
import { all, h, one } from "./dom.js";
import { base64 } from "./files.js";
import { newId } from "./ids.js";
import { language, saying, t } from "./text.js";

const MOST_SHOWN = 300;
const ORDER = ["fault", "change", "new"];
const TONES = { fault: "damaged", change: "awaiting", new: "good", same: "quiet" };
const line = (tone, text) => h("p", { class: `alert-line tag-${tone}` }, text);
const WORDS = () => ({ fault: t("cannot be used"), change: t("changes"), new: t("new"), same: t("the same already") });

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches?.("[data-norm-file]")) return;
  event.preventDefault();
  alone(form, () => check(form));
});
document.addEventListener("change", (event) => {
  const form = event.target.closest?.("[data-norm-file]");
  if (form) one(form.dataset.normFile).replaceChildren(); // another file: what was shown is of the one before
});

async function check(form) {
  const field = form.elements.file;
  const file = field.files[0];
  if (!file) return say(form, t("Choose a file first."));
  if (file.size > Number(field.dataset.most) * 1048576) return say(form, t("The file is too large. Split it."));
  const body = { name: file.name.slice(0, 200), content: await base64(file) };
  const answer = await call("POST", "/api/v1/norms/import/check", body, null);
  draw(form, body, answer);
}

function draw(form, body, answer) {
  const place = one(form.dataset.normFile);
  const { counts } = answer;
  const usable = answer.rows.filter((row) => row.verdict === "new" || row.verdict === "change");
  const parts = [figures(counts)];
  if (answer.aside.length) parts.push(line("awaiting", t("These columns are left aside: {columns}", { columns: answer.aside.join(", ") })));
  if (usable.length) {
    const agreed = usable.map(({ row, norm, version }) => ({ row, norm, version }));
    const attempt = newId();
    const button = h("button", { class: "btn btn-primary btn-lg", type: "button", "data-norm-apply": "" }, t("Set {count} norms", { count: usable.length }));
    button.addEventListener("click", () => alone(form, async () => {
      const done = await call("POST", "/api/v1/norms/import", { ...body, agreed }, attempt);
      place.replaceChildren(
        line("good", t("Done: {set} set, {changed} changed.", { set: done.counts.new, changed: done.counts.change })),
        h("p", {}, h("a", { class: "btn btn-primary", href: "/norms" }, t("To the list of norms"))));
      place.scrollIntoView({ block: "nearest" });
    }));
    const { preview } = answer;
    parts.push(h("p", {}, t("From {day} on, {count} places will have other figures.", { day: preview.day, count: preview.places })));
    if (preview.unknown) parts.push(line("awaiting", t("For {count} of them the basis is not known: no figure, not zero.", { count: preview.unknown })));
    parts.push(h("p", { class: "import-acts" }, button, counts.fault ? h("span", { class: "text-secondary" }, t("{count} rows are left out.", { count: counts.fault })) : ""));
  } else if (counts.fault) parts.push(line("damaged", t("No row can be used as it stands. Put the file right and check it again.")));
  else parts.push(line("good", t("Everything in the file is set already: nothing changes.")));
  const rows = answer.rows.filter((row) => row.verdict !== "same").sort((a, b) => ORDER.indexOf(a.verdict) - ORDER.indexOf(b.verdict) || a.row - b.row);
  if (rows.length) parts.push(table(form, rows.slice(0, MOST_SHOWN)));
  if (rows.length > MOST_SHOWN) parts.push(h("p", {}, t("And {count} more.", { count: rows.length - MOST_SHOWN })));
  place.replaceChildren(...parts);
  place.scrollIntoView({ block: "nearest" });
}

function figures(counts) {
  const words = WORDS();
  return h("div", { class: "big-figures" }, ...["new", "change", "same", "fault"].map((verdict) =>
    h("div", { class: "big-figure", "data-verdict": verdict }, h("small", {}, words[verdict]), h("strong", {}, String(counts[verdict])))));
}

function table(form, rows) {
  const words = WORDS();
  const columns = JSON.parse(form.dataset.columns);
  const eaches = JSON.parse(form.dataset.eaches);
  const bases = JSON.parse(form.dataset.bases);
  const named = (zh, en) => (language === "en" && en) || zh;
  const shown = (column, value) => (value === null ? "–" : column === "basis" ? bases[value] : value);
  const said = (row) => [
    ...row.faults.map((bad) => h("span", { class: "reason is-reject" },
      [bad.cell, columns[bad.column]].filter(Boolean).join(" "), bad.text ? `: “${bad.text}” ` : " ", h("strong", {}, saying(bad.code, bad.detail)))),
    ...(row.verdict === "fault" ? [] : row.changes.map((change) => h("span", { class: "cell-said" },
      h("small", {}, columns[change.column], " "), row.verdict === "new" ? h("strong", {}, shown(change.column, change.after))
        : [`${shown(change.column, change.before)} → `, h("strong", {}, shown(change.column, change.after))]))),
    ...(row.unverified ? [h("span", { class: "tag tag-unverified" }, t("no source: unverified"))] : []),
  ];
  const cell = (name, key) => h("span", {}, name || key, name ? h("small", {}, key) : "");
  return h("div", { class: "table-place" }, h("table", { class: "list norm-rows" },
    h("thead", {}, h("tr", {}, ...[t("Row"), t("Verdict"), columns.place_name, columns.goods_name, t("What it would say")].map((text) => h("th", { scope: "col" }, text)))),
    h("tbody", {}, ...rows.map((row) => h("tr", { "data-verdict": row.verdict },
      h("td", {}, h("span", {}, t("Row {row}", { row: row.row }))),
      h("td", { "data-label": t("Verdict") }, h("span", { class: `tag tag-${TONES[row.verdict]}` }, words[row.verdict])),
      h("td", { "data-label": columns.place_name }, cell(named(row.place_name, row.place_name_en), row.each ? eaches[row.each] : row.place)),
      h("td", { "data-label": columns.goods_name }, cell(named(row.goods_name, row.goods_name_en), row.goods)),
      h("td", { "data-label": t("What it would say") }, h("span", {}, ...said(row).flat())))))));
}

// --- one thing at a time, and what went wrong -------------------------------------------------------------------

async function alone(form, work) {
  if (form.dataset.busy) return;
  form.dataset.busy = "yes";
  one(".form-problem", form).hidden = true;
  const buttons = [...all("button", form), ...all("[data-norm-apply]")];
  buttons.forEach((button) => (button.disabled = true));
  try {
    await work();
  } catch (error) {
    if (error instanceof Problem) {
      const { row, heading } = error.facts;
      const at = row ? t("Row {row}", { row }) + ": " : heading ? `${heading}: ` : "";
      if (error.status === 409) one(form.dataset.normFile).replaceChildren(); // a refusal is final: check again
      say(form, (language === "zh" && error.detail ? "" : at) + saying(error.code, error.detail));
    } else if (error instanceof NoAnswer) say(form, t("No answer from the server. Press again: it can only happen once."));
    else if (error.constructor === Error) say(form, error.message); // the file cannot be read
    else throw error;
  } finally {
    delete form.dataset.busy;
    buttons.forEach((button) => (button.disabled = false));
  }
}

function say(form, text) {
  const place = one(".form-problem", form);
  place.hidden = false;
  place.replaceChildren(h("strong", {}, text));
  place.scrollIntoView({ block: "center" });
}
