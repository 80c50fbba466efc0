// An audit export of a lower house is held against the anchors it sent.
import { call, NoAnswer, Problem } from "./api.js";
import { all, h, one } from "./dom.js";
import { base64 } from "./files.js";
import { saying, t } from "./text.js";

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches?.("[data-compare]")) return;
  event.preventDefault();
  const file = form.elements.file.files[0];
  if (!file) return say(form, "damaged", t("Choose a file first."));
  if (file.size > Number(form.dataset.most) * 1048576) return say(form, "damaged", form.dataset.tooLarge);
  all("button", form).forEach((button) => (button.disabled = true));
  try {
    const done = await call("POST", form.dataset.compare, { content: await base64(file) }, null);
    const figures = h("dl", { class: "facts" }, ...["rows", "position", "certain"].map((name) =>
      h("div", {}, h("dt", {}, form.dataset[name]), h("dd", {}, String(done[name])))));
    const found = h("ul", { class: "plain-list", lang: "en" }, ...done.findings.map((line) => h("li", {}, line)));
    say(form, done.holds ? "good" : "damaged", done.holds ? form.dataset.holds : form.dataset.fails, figures, found);
  } catch (error) {
    if (error instanceof Problem) say(form, "damaged", saying(error.code, error.detail));
    else if (error instanceof NoAnswer) say(form, "damaged", t("No answer from the server. Press again: it can only happen once."));
    else throw error;
  } finally {
    all("button", form).forEach((button) => (button.disabled = false));
  }
});

function say(form, tone, text, ...more) {
  const place = one("#compared");
  place.replaceChildren(h("p", { class: `alert-line tag-${tone}`, role: "status" }, text), ...more);
  place.hidden = false;
  place.focus();
}
