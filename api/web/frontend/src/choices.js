// Fields with data-item offer the catalogue's items while one types; a name that was chosen is sent as its key, and the
// quantity beside it is counted in that item's unit.
import { call } from "./api.js";
import { all, h, one } from "./dom.js";

const known = new Map(); // "name · key" → item
let turn = 0;

document.addEventListener("input", async (event) => {
  const field = event.target;
  if (!(field instanceof HTMLInputElement) || !("item" in field.dataset)) return;
  settle(field);
  const text = field.value.trim();
  if (known.has(text) || text.length < 1) return;
  const mine = ++turn;
  let items;
  try {
    items = await call("GET", `/items/choices?q=${encodeURIComponent(text)}`);
  } catch {
    return; // offers are a help, not a need
  }
  if (mine !== turn) return;
  for (const item of items) {
    known.set(`${item.name} · ${item.key}`, item);
    known.set(item.key, item);
  }
  const meant = items.filter((item) => item.name === text);
  if (meant.length === 1) known.set(text, meant[0]); // typed in full, and nothing else has that name
  one(`#${field.getAttribute("list")}`)?.replaceChildren(
    ...items.map((item) => h("option", { value: `${item.name} · ${item.key}` }, item.spec)));
  settle(field);
  if (document.activeElement !== field) take(field); // who types fast has left before the answer came
});

document.addEventListener("change", (event) => {
  const field = event.target;
  if (field instanceof HTMLInputElement && "item" in field.dataset) take(field);
});

function take(field) {
  settle(field);
  const item = known.get(field.value.trim());
  if (item) field.value = item.key;
}

// A line names an item or a class ([data-class]); a class is counted in whole units of a name of its own.
document.addEventListener("change", (event) => {
  const choice = event.target;
  if (!(choice instanceof HTMLSelectElement) || !("class" in choice.dataset)) return;
  const row = choice.closest("[data-row]");
  const [item, unit] = [one('[name="item"]', row), one('[name="unit"]', row)];
  item.disabled = choice.value !== "";
  if (item.disabled) item.value = "";
  unit.disabled = choice.value === "";
  unit.closest("label").hidden = unit.disabled;
  if (item.disabled) all('[data-type="base"]', row).forEach((quantity) => (quantity.dataset.factor = 1));
});

function settle(field) {
  const item = known.get(field.value.trim());
  const row = field.closest("[data-row]") || field.form;
  if (item && row) all('[data-type="base"]:not([data-own])', row).forEach((quantity) => (quantity.dataset.factor = item.factor));
}
