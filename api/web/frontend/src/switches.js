// A checkbox with data-switches turns the fields of its row on and off: what is off is not sent.
import { all } from "./dom.js";

document.addEventListener("change", (event) => {
  const row = event.target.matches?.("[data-switches]") && event.target.closest("[data-row]");
  if (!row) return;
  for (const field of all("[name]", row)) field.disabled = !event.target.checked;
});
