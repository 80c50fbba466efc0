// A norm before it is set: what it would change, place by place. The button [data-norm-preview="#where"] asks with
// what the form holds now; data-instead-of on the form names the norm that is being edited.
import { call, NoAnswer, Problem } from "./api.js";
import { h, one } from "./dom.js";
import { contents, more, valid } from "./forms.js";
import { saying, t } from "./text.js";

const FIELDS = ["minimum", "reorder", "target", "maximum"];
const shown = (value, factor) => (value === null ? "–" : (value / factor).toLocaleString(undefined, { maximumFractionDigits: 6 }));

document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("[data-norm-preview]");
  if (!button) return;
  const { form } = button;
  const place = one(button.dataset.normPreview);
  if (!valid(form)) return;
  const body = contents(form);
  if (form.dataset.insteadOf) body.instead_of = form.dataset.insteadOf;
  button.disabled = true;
  try {
    place.replaceChildren(...drawn(await call("POST", "/api/v1/norms/preview", body, null), button.dataset));
  } catch (error) {
    if (error instanceof Problem) place.replaceChildren(h("p", { class: "alert-line tag-damaged", role: "alert" }, h("strong", {}, saying(error.code, error.detail)), ...more(error, form).map((line) => h("div", {}, line))));
    else if (error instanceof NoAnswer) place.replaceChildren(h("p", { class: "alert-line tag-awaiting", role: "alert" }, t("No answer from the server. Press again: it can only happen once.")));
    else throw error;
  } finally {
    button.disabled = false;
  }
  place.scrollIntoView({ block: "nearest" });
});

function drawn(answer, { words }) {
  const names = JSON.parse(words);
  const head = [h("h2", {}, t("What it changes ({day})", { day: answer.day }))];
  if (answer.unknown) head.push(h("p", { class: "alert-line tag-awaiting" }, t("For {count} of them the basis is not known: no figure, not zero.", { count: answer.unknown })));
  if (!answer.differences.length) return [...head, h("p", {}, t("No figure changes."))];
  const rows = answer.differences.map((one_) => h("tr", {},
    h("td", {}, h("span", {}, one_.place_name, h("small", {}, one_.place))),
    h("td", { "data-label": t("Goods") }, h("span", {}, one_.goods_name, h("small", {}, one_.goods))),
    ...FIELDS.map((field) => {
      const [before, after] = [one_.before[field], one_.after[field]].map((value) => shown(value, one_.unit_factor));
      return h("td", { class: "num", "data-label": names[field] }, before === after ? after : h("span", {}, `${before} → `, h("strong", {}, after)));
    })));
  const table = h("div", { class: "table-place" }, h("table", { class: "list" },
    h("thead", {}, h("tr", {}, h("th", {}, t("Region or store")), h("th", {}, t("Goods")), ...FIELDS.map((field) => h("th", { class: "num" }, names[field])))),
    h("tbody", {}, ...rows)));
  const more = answer.more ? [h("p", {}, t("And {count} more.", { count: answer.more }))] : [];
  return [...head, h("p", {}, t("{count} places", { count: answer.places })), table, ...more];
}
