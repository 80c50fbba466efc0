// What is told once: a secret, a first password, recovery codes. The answer's fields (and what was sent) are put into
// the place that the form names; it stays until its reader leaves it.
//   data-told="#id" on the form; inside the place: data-field="secret" (text), img data-field="picture",
//   ul data-field="recovery_codes". data-keep on the form leaves the form there.
//   input data-one-time: gets a first password by itself; a button data-again makes another.
import { all, h, one } from "./dom.js";

const KINDS = ["ABCDEFGHJKLMNPQRSTUVWXYZ", "abcdefghijkmnpqrstuvwxyz", "23456789", "+-=%#"];
const LENGTH = 12;

export function told(form, sent, answer) {
  const place = one(form.dataset.told);
  const found = { ...sent, ...answer };
  for (const field of all("[data-field]", place)) {
    const value = field.dataset.field.split(".").reduce((from, name) => from?.[name], found) ?? "";
    if (field.tagName === "IMG") field.src = value;
    else if (field.tagName === "UL") field.replaceChildren(...[].concat(value).map((line) => h("li", {}, line)));
    else field.textContent = value;
  }
  place.hidden = false;
  if (!("keep" in form.dataset)) form.hidden = true;
  (one("[data-first]", place) || place).focus();
  place.scrollIntoView({ block: "nearest" });
}

const below = (most) => {
  const limit = 256 - (256 % most);
  for (;;) {
    const [byte] = crypto.getRandomValues(new Uint8Array(1));
    if (byte < limit) return byte % most;
  }
};
const pick = (letters) => letters[below(letters.length)];

function oneTimePassword() {
  const found = KINDS.map(pick);
  while (found.length < LENGTH) found.push(pick(KINDS[0] + KINDS[1] + KINDS[2]));
  for (let last = found.length - 1; last > 0; last -= 1) {
    const other = below(last + 1);
    [found[last], found[other]] = [found[other], found[last]];
  }
  return found.join("");
}

all("[data-one-time]").forEach((field) => {
  field.value = oneTimePassword();
});
document.addEventListener("click", (event) => {
  const again = event.target.closest?.("[data-again]");
  if (again) all("[data-one-time]", again.form || document).forEach((field) => (field.value = oneTimePassword()));
});
