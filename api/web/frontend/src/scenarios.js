// Lines of a scenario: a new one is a copy of the template beside them, since each kept line has its own unit.
import { one } from "./dom.js";

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-add-use]");
  if (!button) return;
  const row = one("#use-row").content.firstElementChild.cloneNode(true);
  one(button.dataset.addUse).append(row);
  one("input", row).focus();
});
