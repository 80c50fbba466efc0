// Put aside and go on later: how the page stands, by name, on the server; taken up here or on another device.
import { call, NoAnswer, Problem } from "../api.js";
import { h, one } from "../dom.js";
import { newId } from "../ids.js";
import { saying, t } from "../text.js";
import { field, openDialog, unknown } from "./dialogs.js";

const when = (text) => new Date(text).toLocaleString([], { month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

// `state()`: { kind, name, content } or null when there is nothing to put aside; `kept()`; `taken(entry)`.
export async function asideDialog(site, { state, kept, taken }) {
  const now = state();
  const listed = await call("GET", `/api/v1/desk/asides?site=${encodeURIComponent(site)}`).catch(unknown);
  const dialog = openDialog({
    name: "asides",
    title: t("Put aside and go on later"),
    wide: true,
    fields: [
      now ? field(t("Put what is open aside as"), h("input", {
        name: "name", required: true, maxlength: "100", value: now.name, class: "form-control form-control-lg",
      }), t("What has been scanned is in the books already. Only how the page stands is kept.")) : null,
      h("h3", {}, t("Waiting in this store")),
      listed.items.length
        ? h("ul", { class: "choice-list" }, listed.items.map((one_) => h("li", {},
            h("button", { type: "button", class: "btn btn-lg choice-button", "data-aside": one_.id, onclick: () => told(take(one_.id, taken)) },
              h("strong", {}, one_.name), h("small", {}, [one_.mine ? t("put aside by me") : one_.person_name, when(one_.kept_at)].join(" · "))),
            h("button", { type: "button", class: "btn", onclick: (event) => told(drop(one_.id, event.target)) }, t("Drop")))))
        : h("p", { class: "text-secondary" }, listed.unknown || t("Nothing was put aside here.")),
    ],
    word: t("Put aside"),
    send: now ? async (form, post) => {
      const name = form.elements.name.value.trim();
      await post("/api/v1/desk/asides", { site, kind: now.kind, name, content: now.content });
      kept(name);
    } : null,
  });
  if (!now) one(".choice-button", dialog)?.focus();
}

export async function take(id, taken) {
  const entry = await call("POST", `/api/v1/desk/asides/${id}/take-up`, {}, newId());
  one('dialog[data-dialog="asides"]')?.close();
  taken(entry);
}

async function drop(id, button) {
  await call("DELETE", `/api/v1/desk/asides/${id}`, null, newId());
  button.closest("li").remove();
}

// A colleague may have been quicker.
function told(work) {
  return work.catch((error) => {
    if (!(error instanceof Problem || error instanceof NoAnswer)) throw error;
    const said = one('dialog[data-dialog="asides"] .form-problem');
    said.textContent = error instanceof Problem ? saying(error.code, error.detail) : error.message;
    said.hidden = false;
  });
}
