// The keeper's list of rotation, worked off by scanning: a lot or a machine is scanned, its line asks from which bin and
// how much, and the goods leave. Without a scanner the button of a row does the same.
import { all, h, one } from "./dom.js";
import { t } from "./text.js";
import { field, openDialog } from "./scan/dialogs.js";
import { sound } from "./scan/tones.js";
import { scanInto, teller } from "./scan/worklist.js";

const tell = teller(one("#rotation-said"));

function scanned({ lot, serial, item }) {
  const row = all("[data-rotation]:not([data-waits])").find((one_) => one_.dataset.lot === lot);
  if (!row) {
    tell(t("Nothing in this list is about {what}.", { what: `${item} ${serial || lot}` }), "refused");
    return;
  }
  sound("ask");
  take(row, serial);
}

function take(row, serial) {
  const { rotation, item, lot, word, option, unit, tracking } = row.dataset;
  const factor = Number(row.dataset.factor);
  const rest = Number(row.dataset.rest);
  const places = JSON.parse(row.dataset.places);
  if (places.length === 0) {
    tell(t("Nothing of {what} stands in a bin here.", { what: `${item} ${lot}` }), "refused");
    return;
  }
  const whole = option === "extend";
  const size = (quantity) => `${(quantity / factor).toLocaleString(undefined, { maximumFractionDigits: 6 })} ${unit}`;
  const fields = [
    h("p", {}, h("strong", {}, word), ` · ${lot} · `, t("left: {count}", { count: size(rest) })),
    field(t("From bin"), h("select", { name: "place", class: "form-select form-select-lg" },
      places.map(([, key, code, there]) => h("option", { value: key }, `${code} · ${size(there)}`)))),
  ];
  if (whole) fields.push(h("p", { class: "text-secondary" }, t("All that stands in the bin becomes a lot with the new date. Print its label then.")));
  else if (tracking === "serial") {
    fields.push(field(t("Numbers of the machines, one a line"), h("textarea", { name: "serials", rows: "4", required: true, class: "form-control" }, serial || "")));
  } else {
    const asked = t("Quantity to take");
    fields.push(field(`${asked} (${unit})`, h("input", {
      name: "quantity", type: "number", min: "0", step: "any", required: true, inputmode: "decimal", class: "form-control form-control-lg",
      value: String(Math.min(rest, places[0][3]) / factor),
    })));
  }
  openDialog({
    name: "rotation",
    title: `${item}`,
    fields,
    word: t("Carry out"),
    send: async (form, post) => {
      const serials = (form.elements.serials?.value || "").split(/[\s,，;；]+/).filter(Boolean);
      const place = form.elements.place.value;
      const there = places.find(([, key]) => key === place)[3];
      let quantity = there;
      if (serials.length) quantity = serials.length;
      else if (!whole) quantity = Math.round(Number(form.elements.quantity.value) * factor);
      const body = { place, quantity, ...(serials.length ? { serials } : {}) };
      const done = await post(`/api/v1/rotation/lines/${rotation}/carry-out`, body);
      gone(row, done, size);
      return true;
    },
  });
}

function gone(row, done, size) {
  if (done.status === "carried") {
    row.classList.add("is-done");
    row.removeAttribute("data-rotation");
    one("[data-rotation-take]", row)?.replaceWith(h("span", { class: "tag tag-good" }, t("carried out")));
  } else row.dataset.rest = String(done.rest);
  tell(t("Carried out: {what}. {left} left.", { what: `${row.dataset.item} ${size(done.quantity)}`, left: size(done.rest) }), "done");
}

document.addEventListener("click", (event) => {
  const row = event.target.closest?.("[data-rotation-take]")?.closest("tr");
  if (row) take(row, "");
});
scanInto(one("#scan-input"), tell, scanned);
document.body.dataset.ready = "yes";
