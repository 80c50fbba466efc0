// The paper in force: a delivery note that is received, or a pick list that is walked. N of M per line and in all,
// differences with their reasons, and the end: all of it from the keyboard.
import { call } from "../api.js";
import { h, one } from "../dom.js";
import { photosOf, ready } from "../photo.js";
import { goodsWord, t, unitWord } from "../text.js";
import { field, openDialog, unknown } from "./dialogs.js";
import { conditionWord, placeWord, quantity } from "./words.js";

const factorOf = (row) => row.unit_factor || 1;
const whole = (row, base) => `${quantity(base, factorOf(row))} ${unitWord(row.unit)}`.trim();
export const restOf = (row) => row.expected - row.received - (row.refused || 0);
const inAll = (rows, value) => rows.reduce((sum, row) => sum + Math.floor(value(row) / factorOf(row)), 0);

// --- shown ----------------------------------------------------------------------------------------------

function counter(word, done, rows, got, wanted) {
  return [
    h("div", { class: "counter", id: "counter", "data-done": done, "data-all": rows },
      h("small", {}, word), h("strong", {}, t("{done} of {all}", { done, all: rows }))),
    h("div", { class: "counter", id: "counter-all" },
      h("small", {}, t("Units in all")), h("strong", {}, t("{done} of {all}", { done: got, all: wanted }))),
  ];
}

function head(name, title, sub, counters, buttons) {
  return h("div", { class: "document-head" },
    h("div", {}, h("small", {}, name), h("strong", {}, title), sub ? h("small", { class: "document-sub" }, sub) : null),
    ...counters, h("div", { class: "document-buttons" }, buttons));
}

const act = (text, key, run, primary) => h("button", {
  type: "button", class: `btn ${primary ? "btn-primary" : ""}`, "aria-keyshortcuts": key, onclick: run,
}, text, h("kbd", {}, key.replace("Control+", "Ctrl ").replace("Shift+", "⇧")));

export function deliveryView(delivery, acts) {
  const rows = delivery.lines || [];
  const arrived = rows.filter((row) => restOf(row) <= 0).length;
  return [
    head(t("Delivery"), delivery.number || "", delivery.supplier,
      counter(t("Lines complete"), arrived, rows.length, inAll(rows, (row) => row.received + (row.refused || 0)), inAll(rows, (row) => row.expected)),
      [act(t("Difference"), "F6", acts.difference), act(t("Wrong goods"), "F10", acts.stray), act(t("Put aside"), "Shift+F6", acts.aside),
        h("a", { class: "btn", href: `/deliveries/${delivery.id}` }, t("Open")),
        act(t("Finish"), "Control+Enter", acts.finish, true)]),
    h("ul", { class: "document-lines" }, rows.map((row) => {
      const got = row.received + (row.refused || 0);
      const rest = row.expected - got;
      return h("li", { class: rest < 0 ? "is-over" : rest === 0 ? "is-complete" : got > 0 ? "is-part" : "", "data-line": row.line },
        h("span", {}, goodsWord(row.item)),
        h("progress", { max: String(row.expected), value: String(Math.min(got, row.expected)) }),
        h("strong", {}, t("{done} of {all}", { done: quantity(row.received, factorOf(row)), all: whole(row, row.expected) })),
        row.damaged ? h("small", {}, t("of it damaged: {count}", { count: whole(row, row.damaged) })) : null,
        row.refused ? h("small", {}, t("refused {count}", { count: quantity(row.refused, factorOf(row)) })) : null,
        rest < 0 ? h("small", {}, t("over by {count}", { count: quantity(-rest, factorOf(row)) })) : null);
    })),
  ];
}

export const nextOf = (pick) => pick.lines.find((line) => !line.missing && line.rest > 0) || null;

// Where to go next, above the scan field: it stands in the same place all the way.
export function pickNext(pick) {
  const next = nextOf(pick);
  if (!next) return h("p", { class: "pick-next is-done", id: "pick-next" }, h("strong", {}, t("Everything is picked. Finish the list.")));
  return h("p", { class: "pick-next", id: "pick-next" },
    h("strong", { class: "pick-bin" }, placeWord(next.place)),
    h("span", {}, h("small", {}, t("Next")), h("b", {}, `${goodsWord(next.item_name)} ${whole(next, next.rest)}`),
      h("small", {}, [next.lot, next.expires_on ? t("use by {date}", { date: next.expires_on }) : null].filter(Boolean).join(" · "))));
}

export function pickView(pick, acts) {
  const rows = pick.lines;
  const next = nextOf(pick);
  return [
    head(t("Pick list"), pick.number, pick.name,
      counter(t("Lines picked"), pick.done, rows.length, inAll(rows, (row) => row.picked), inAll(rows, (row) => row.quantity)),
      [act(t("Not there"), "F6", acts.difference), act(t("Put aside"), "Shift+F6", acts.aside),
        h("a", { class: "btn", href: `/picks/${pick.id}` }, t("Open")),
        act(t("Finish"), "Control+Enter", acts.finish, true)]),
    h("ol", { class: "document-lines pick-lines" }, rows.map((row) =>
      h("li", {
        class: row.missing ? "is-over" : row.rest === 0 ? "is-complete" : row === next ? "is-part is-next" : "", "data-line": row.line,
      },
        h("span", {}, h("b", {}, placeWord(row.place) || t("none here")), " ", goodsWord(row.item_name), row.lot ? h("small", {}, row.lot) : null),
        h("progress", { max: String(row.quantity), value: String(Math.min(row.picked, row.quantity)) }),
        h("strong", {}, t("{done} of {all}", { done: quantity(row.picked, factorOf(row)), all: whole(row, row.quantity) })),
        row.short ? h("small", {}, t("short {count}: {note}", { count: whole(row, row.short), note: row.short_note })) : null))),
  ];
}

// --- differences ----------------------------------------------------------------------------------------

const numberField = (name, value, max) => h("input", {
  name, type: "number", min: "0.001", step: "any", max, inputmode: "decimal", required: true, value,
  class: "form-control form-control-lg",
});
const baseOf = (form, row) => Math.round(Number(form.elements.quantity.value) * factorOf(row));

function lineChoice(rows, chosen, text) {
  return h("select", { name: "line", class: "form-select form-select-lg" }, rows.map((row) =>
    h("option", { value: String(row.line), selected: row === chosen }, text(row))));
}

const photoField = () => field(t("Photo as evidence"), h("input", {
  type: "file", name: "photos", "data-photo": true, accept: "image/*", capture: "environment", class: "form-control",
}));

// `again(row, patch)`: book goods of a line that are kept though damaged; `done()`: the counter anew.
export function deliveryDifference(delivery, { keepDamaged, done, line }) {
  const rows = delivery.lines;
  const chosen = rows.find((row) => row.line === line) || rows.find((row) => restOf(row) > 0) || rows[0];
  let doubted = "";
  const kinds = [
    ["damaged", t("Damaged: turned away")],
    ["kept", t("Damaged: taken in as {condition}", { condition: conditionWord("damaged") })],
    ["wrong", t("Wrong goods: turned away")],
    ["over", t("More than ordered: turned away")],
  ];
  openDialog({
    name: "difference",
    title: t("Difference on {number}", { number: delivery.number }),
    fields: [
      field(t("Line"), lineChoice(rows, chosen, (row) => `${row.line} · ${goodsWord(row.item)} · ${t("{done} of {all}", { done: quantity(row.received, factorOf(row)), all: whole(row, row.expected) })}`)),
      field(t("What is it?"), h("select", { name: "kind", class: "form-select form-select-lg" }, kinds.map(([value, text]) => h("option", { value }, text)))),
      field(t("Quantity"), numberField("quantity", "1")),
      field(t("Note"), h("input", { name: "note", maxlength: "200", class: "form-control form-control-lg", placeholder: t("What is wrong with it, what came instead") })),
      photoField(),
    ],
    word: t("Note it"),
    send: async (form, post) => {
      const row = rows.find((one_) => String(one_.line) === form.elements.line.value);
      const kind = form.elements.kind.value;
      const note = form.elements.note.value.trim();
      if (!(await ready(form))) return false;
      const [, files] = photosOf(form.elements.photos)[0] || [];
      // What was turned away cannot be taken back: a slip of the finger is asked about once.
      const likely = kind === "over" ? row.expected : Math.max(restOf(row), 0);
      const told = `${row.line} ${kind} ${baseOf(form, row)}`;
      if (kind !== "kept" && baseOf(form, row) > likely && told !== doubted) {
        doubted = told;
        return t("That is more than {count}. If it is so, press again.", { count: whole(row, likely) });
      }
      if (kind === "kept") keepDamaged(row, Number(form.elements.quantity.value), note);
      else {
        await post(`/api/v1/deliveries/${delivery.id}/lines/${row.line}/refuse`, { quantity: baseOf(form, row), reason: kind, note });
      }
      if (files) {
        await post("/api/v1/files/attach", { files, subject: { kind: "delivery", id: delivery.id } });
      }
      if (kind !== "kept") done({ row, kind, note, base: baseOf(form, row) });
      return true;
    },
  });
}

// Goods that came with the lorry and stand in no line: they go back, in the words of who saw them.
export function deliveryStray(delivery, { what, done }) {
  openDialog({
    name: "stray",
    title: t("Wrong goods on {number}", { number: delivery.number }),
    fields: [
      field(t("What came instead"), h("input", { name: "what", required: true, maxlength: "120", value: what || "", class: "form-control form-control-lg" })),
      field(t("Quantity"), h("input", { name: "quantity", type: "number", min: "1", step: "1", inputmode: "numeric", required: true, value: "1", class: "form-control form-control-lg" })),
      field(t("Note"), h("input", { name: "note", maxlength: "200", class: "form-control form-control-lg" })),
      photoField(),
    ],
    word: t("Turn away"),
    send: async (form, post) => {
      const body = { what: form.elements.what.value.trim(), quantity: Number(form.elements.quantity.value), note: form.elements.note.value.trim() };
      if (!(await ready(form))) return false;
      const [, files] = photosOf(form.elements.photos)[0] || [];
      await post(`/api/v1/deliveries/${delivery.id}/strays`, body);
      if (files) await post("/api/v1/files/attach", { files, subject: { kind: "delivery", id: delivery.id } });
      done(body);
      return true;
    },
  });
}

export function pickShort(pick, { done }) {
  const rows = pick.lines.filter((row) => !row.missing && row.rest > 0);
  if (rows.length === 0) return;
  openDialog({
    name: "short",
    title: t("Not there"),
    fields: [
      field(t("Line"), lineChoice(rows, rows[0], (row) => `${row.line} · ${placeWord(row.place)} · ${goodsWord(row.item_name)} · ${whole(row, row.rest)}`)),
      field(t("How much is missing?"), numberField("quantity", quantity(rows[0].rest, factorOf(rows[0])))),
      field(t("Why?"), h("input", { name: "note", required: true, maxlength: "200", list: "short-reasons", class: "form-control form-control-lg" })),
      h("datalist", { id: "short-reasons" }, [t("Not in the bin"), t("Fewer in the pack"), t("Damaged"), t("Cannot be reached")].map((value) => h("option", { value }))),
    ],
    word: t("Note it"),
    send: async (form, post) => {
      const row = rows.find((one_) => String(one_.line) === form.elements.line.value);
      const note = form.elements.note.value.trim();
      await post(`/api/v1/picks/${pick.id}/lines/${row.line}/short`, { quantity: baseOf(form, row), note });
      done({ row, note, base: baseOf(form, row) });
    },
  });
}

// --- the end --------------------------------------------------------------------------------------------

function differencesOf(delivery) {
  const found = [];
  for (const row of delivery.lines) {
    const rest = restOf(row);
    if (rest > 0) found.push([goodsWord(row.item), t("short"), whole(row, rest)]);
    if (row.received > row.expected) found.push([goodsWord(row.item), t("over"), whole(row, row.received - row.expected)]);
    if (row.damaged) found.push([goodsWord(row.item), t("damaged"), whole(row, row.damaged)]);
    if (row.refused) found.push([goodsWord(row.item), t("turned away"), whole(row, row.refused)]);
  }
  for (const one_ of delivery.strays || []) found.push([one_.what, t("wrong goods, turned away"), String(one_.quantity)]);
  return found;
}

export function finishDelivery(delivery, { done }) {
  const found = differencesOf(delivery);
  openDialog({
    name: "finish",
    title: t("Finish {number}?", { number: delivery.number }),
    fields: [
      found.length
        ? h("ul", { class: "difference-list" }, found.map(([item, what, count]) => h("li", {}, h("strong", {}, item), ` ${what} ${count}`)))
        : h("p", {}, t("Everything came as ordered.")),
      h("p", { class: "text-secondary" }, found.length
        ? t("A case opens for these differences; you see to it until you hand it over.")
        : t("Nothing can be received against it afterwards.")),
    ],
    word: t("Finish"),
    send: async (form, post) => {
      const closed = await post(`/api/v1/deliveries/${delivery.id}/close`, {});
      const opened = closed.case ? await call("GET", `/api/v1/cases/${closed.case}`).catch(() => null) : null;
      done(closed, opened);
    },
  });
}

export function finishPick(pick, { done }) {
  const open = pick.lines.filter((line) => line.rest > 0);
  const left = t("not picked");
  openDialog({
    name: "finish",
    title: t("Finish {number}?", { number: pick.number }),
    fields: [
      open.length
        ? h("ul", { class: "difference-list" }, open.map((row) => h("li", {}, h("strong", {}, goodsWord(row.item_name)), ` ${left} ${whole(row, row.rest)}`)))
        : h("p", {}, t("Everything is picked.")),
    ],
    word: t("Finish"),
    send: async (form, post) => done(await post(`/api/v1/picks/${pick.id}/close`, {})),
  });
}

export async function choosePick(site, { take }) {
  const listed = await call("GET", `/api/v1/picks?status=open&site=${encodeURIComponent(site)}`).catch(unknown);
  const dialog = openDialog({
    name: "picks",
    title: t("Pick lists of this store"),
    wide: true,
    fields: [
      listed.items.length
        ? h("ul", { class: "choice-list" }, listed.items.map((pick) => h("li", {},
            h("button", { type: "button", class: "btn btn-lg choice-button", onclick: () => {
              one('dialog[data-dialog="picks"]').close();
              take(pick);
            } }, h("strong", {}, `${pick.number} · ${pick.name}`),
              h("small", {}, `${t("{done} of {all}", { done: pick.done, all: pick.lines.length })} · ${pick.created_by}`)))))
        : h("p", {}, listed.unknown || t("No pick list is open here.")),
      h("p", {}, h("a", { class: "btn btn-lg", href: `/picks/new?site=${encodeURIComponent(site)}` }, t("New pick list"))),
    ],
  });
  one(".choice-button, a", dialog)?.focus();
}
