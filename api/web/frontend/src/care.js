// The care list, done by scanning: a lot or a machine is scanned, what was due is noted with its result; goods that failed
// are offered to be frozen. Without a scanner the button of a row does the same.
import { call } from "./api.js";
import { all, h, one } from "./dom.js";
import { photosOf, ready } from "./photo.js";
import { t } from "./text.js";
import { field, openDialog } from "./scan/dialogs.js";
import { sound } from "./scan/tones.js";
import { scanInto, teller } from "./scan/worklist.js";

const page = JSON.parse(one("#care-data").textContent);
const tell = teller(one("#care-said"));
let done = 0;

function scanned({ lot, serial, item }) {
  const rows = all("[data-care]").filter((row) => row.dataset.lot === lot && (!row.dataset.serial || row.dataset.serial === serial));
  if (rows.length === 0) {
    tell(t("Nothing is due for {what} in this list.", { what: `${item} ${serial || lot}` }), "refused");
    return;
  }
  sound("ask");
  note(rows);
}

function note(rows) {
  const [first] = rows;
  openDialog({
    name: "care",
    title: `${first.dataset.item} ${first.dataset.serial || first.dataset.lot}`,
    fields: [
      field(t("What was done"), h("select", { name: "row", class: "form-select form-select-lg" },
        rows.map((row, index) => h("option", { value: String(index) }, [row.dataset.word, row.dataset.site].join(" · "))))),
      h("div", { class: "ask-choices", role: "radiogroup" }, [["yes", t("In order")], ["no", t("Not in order")]].map(([value, text], index) =>
        h("label", { class: "ask-choice" },
          h("input", { type: "radio", name: "passed", value, checked: index === 0 }), h("span", {}, h("strong", {}, text))))),
      field(t("Remark"), h("input", { name: "result", maxlength: "500", class: "form-control form-control-lg" })),
      field(t("Done on"), h("input", { name: "done_on", type: "date", required: true, max: page.today, value: page.today, class: "form-control form-control-lg" })),
      field(t("Photo"), h("input", { type: "file", name: "photos", "data-photo": true, accept: "image/*", capture: "environment", class: "form-control" })),
    ],
    word: t("Note it"),
    send: async (form, post) => {
      if (!(await ready(form))) return false;
      const row = rows[Number(form.elements.row.value)];
      const { lot, serial, site, kind } = row.dataset;
      const passed = form.elements.passed.value === "yes";
      await post("/api/v1/care", {
        lot, site, kind, passed, done_on: form.elements.done_on.value, result: form.elements.result.value.trim(), ...(serial ? { serial } : {}),
      });
      const [, files] = photosOf(form.elements.photos)[0] || [];
      if (files) {
        await post("/api/v1/files/attach", { files, subject: serial ? { kind: "serial", id: serial } : { kind: "lot", id: lot } });
      }
      settled(row, passed, form.elements.result.value.trim());
      return true;
    },
  });
}

function settled(row, passed, remark) {
  done += 1;
  row.classList.add("is-done");
  row.removeAttribute("data-care");
  one("[data-care-done]", row)?.replaceWith(h("span", { class: `tag tag-${passed ? "good" : "damaged"}` }, passed ? t("in order") : t("not in order")));
  tell(t("Noted: {what}. {done} done, {left} left in this list.", {
    what: `${row.dataset.item} · ${row.dataset.word}`, done, left: all("[data-care]").length,
  }), "done");
  if (!passed) setTimeout(() => freeze(row, remark));
}

async function freeze(row, remark) {
  const { lot, serial, site, item } = row.dataset;
  const asked = new URLSearchParams({ lot, site, condition: "good" });
  const listed = await call("GET", `/api/v1/stock/balances?${asked}`).catch(() => ({ items: [] }));
  const where = serial ? (await call("GET", `/api/v1/serials/${encodeURIComponent(serial)}`).catch(() => ({}))).place : null;
  const standing = listed.items.filter((one_) => !serial || [one_.place_key, one_.place].includes(where));
  const lines = standing.map((one_) => ({
    lot, bin: one_.place_key, quantity: serial ? 1 : one_.on_hand, condition: "good", to_condition: "frozen", ...(serial ? { serials: [serial] } : {}),
  }));
  if (lines.length === 0) return;
  openDialog({
    name: "freeze",
    title: t("Freeze these goods?"),
    danger: true,
    fields: [
      h("p", {}, h("strong", {}, `${item} ${serial || lot}`), " ", standing.map((one_) => one_.place).join(", ")),
      h("p", { class: "text-secondary" }, t("Frozen goods cannot be issued until they have been inspected.")),
      field(t("Why?"), h("input", { name: "note", required: true, maxlength: "200", value: remark, class: "form-control form-control-lg" })),
    ],
    word: t("Freeze"),
    send: async (form, post) => {
      await post("/api/v1/stock/inspect", { lines, note: form.elements.note.value.trim() });
      tell(t("Frozen: {what}", { what: `${item} ${serial || lot}` }), "done");
    },
  });
}

document.addEventListener("click", (event) => {
  const row = event.target.closest?.("[data-care-done]")?.closest("tr");
  if (row) note([row]);
});
scanInto(one("#scan-input"), tell, scanned);
document.body.dataset.ready = "yes";
