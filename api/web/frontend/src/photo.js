// Photos in forms. <input type="file" data-photo name="photos" accept="image/*,application/pdf" capture="environment">
// shrinks what is chosen (a phone's 12 megapixels become some hundred kilobytes, without place and device), shows it, and
// uploads it at once; the form then sends the ids of the uploads as the list `photos`, and its action attaches them.
//   data-note: what all of them show, for example a signature.
//   data-photo="content": nothing is uploaded; the form itself sends `content` (base64) and `name`: for POST /api/v1/files.
// The server does all of it again: it trusts no browser.
import { call, NoAnswer, Problem } from "./api.js";
import { all, h, one } from "./dom.js";
import { newId } from "./ids.js";
import { saying, t } from "./text.js";

const LONGEST_SIDE = 2048;
const MOST_BYTES = 5 * 1024 * 1024;
const QUALITY = 0.82;
const waiting = new WeakMap(); // input → promise
const taken = new WeakMap(); // input → [{ name, content, id }]

document.addEventListener("change", (event) => {
  const field = event.target;
  if (!(field instanceof HTMLInputElement) || field.type !== "file" || !("photo" in field.dataset)) return;
  waiting.set(field, take(field));
});

// Whether the photos of a form are ready to be sent; waits for those still under way.
export async function ready(form) {
  const fields = all("input[data-photo]", form);
  await Promise.all(fields.map((field) => waiting.get(field)));
  return fields.every((field) => field.validationMessage === "");
}

// What a field contributes to the body of its form: [name, value] pairs.
export function photosOf(field) {
  const photos = taken.get(field) || [];
  if (photos.length === 0) return [];
  if (field.dataset.photo !== "content") return [[field.name, photos.map((photo) => photo.id)]];
  return [["content", photos[0].content], ["name", photos[0].name]];
}

async function take(field) {
  const place = preview(field);
  place.replaceChildren(h("span", { class: "photo-wait" }, t("Preparing the photo…")));
  field.setCustomValidity("");
  const photos = [];
  const shown = [];
  try {
    for (const file of field.files) {
      const blob = await shrunk(file);
      if (blob.size > MOST_BYTES) throw new Error(t("The file is larger than 5 MB."));
      const photo = { name: file.name || "photo", content: await base64(blob), id: null };
      if (field.dataset.photo !== "content") {
        photo.id = (await call("POST", "/api/v1/files", { content: photo.content, name: photo.name, ...noted(field) }, newId())).id;
      }
      photos.push(photo);
      shown.push(picture(blob, photo.name));
    }
    taken.set(field, photos);
    place.replaceChildren(...shown);
  } catch (error) {
    taken.set(field, []);
    const said = error instanceof Problem ? saying(error.code, error.detail)
      : error instanceof NoAnswer ? t("No answer from the server. Choose the photo again.") : error.message;
    field.setCustomValidity(said);
    place.replaceChildren(h("span", { class: "photo-wrong", role: "alert" }, said));
  }
  field.form?.dispatchEvent(new Event("input", { bubbles: true })); // other contents are another attempt
}

const noted = (field) => (field.dataset.note ? { note: field.dataset.note } : {});

function preview(field) {
  const holder = field.closest("label") || field;
  let place = holder.nextElementSibling;
  if (!place?.classList.contains("photo-preview")) {
    place = h("div", { class: "photo-preview", "aria-live": "polite" });
    holder.after(place);
  }
  return place;
}

function picture(blob, name) {
  if (!blob.type.startsWith("image/")) return h("span", { class: "photo-file" }, name);
  const image = h("img", { alt: name, src: URL.createObjectURL(blob) });
  image.addEventListener("load", () => URL.revokeObjectURL(image.src));
  return image;
}

// A photo drawn anew and smaller; a PDF as it is.
async function shrunk(file) {
  if (!file.type.startsWith("image/")) return file;
  let bitmap;
  try {
    bitmap = await createImageBitmap(file, { imageOrientation: "from-image" });
  } catch {
    throw new Error(t("This picture cannot be opened here. Take it as JPEG, PNG or WebP."));
  }
  const scale = Math.min(1, LONGEST_SIDE / Math.max(bitmap.width, bitmap.height));
  const canvas = h("canvas", { width: String(Math.round(bitmap.width * scale)), height: String(Math.round(bitmap.height * scale)) });
  const pen = canvas.getContext("2d");
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", QUALITY));
  return blob || file;
}

async function base64(blob) {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  let text = "";
  for (let at = 0; at < bytes.length; at += 32768) text += String.fromCharCode(...bytes.subarray(at, at + 32768));
  return btoa(text);
}

// --- the gallery: one photo large, without leaving the page ---------------------------------------------------

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[data-large]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const dialog = h("dialog", { class: "dialog photo-large" },
    h("form", { method: "dialog" },
      h("img", { src: link.href, alt: link.dataset.large }),
      h("p", { class: "dialog-text" }, link.dataset.large),
      h("div", { class: "ask-buttons" },
        h("a", { class: "btn", href: link.href, download: "" }, t("Download")),
        h("button", { class: "btn btn-primary", value: "close", autofocus: true }, t("Close")))));
  dialog.addEventListener("close", () => {
    dialog.remove();
    one(`a[href="${link.getAttribute("href")}"]`)?.focus();
  });
  document.body.append(dialog);
  dialog.showModal();
});
