// A chosen file as base64, for a JSON body.
import { t } from "./text.js";

export function base64(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.addEventListener("load", () => resolve(String(reader.result).split(",")[1] || ""));
    reader.addEventListener("error", () => reject(new Error(t("The file cannot be read."))));
    reader.readAsDataURL(file);
  });
}

const read = new WeakMap(); // field → { name, content }

// <input type="file" data-whole>: the form sends the file itself, as `name` and `content` (base64).
export async function readWhole(form) {
  for (const field of form.querySelectorAll("input[type=file][data-whole]")) {
    const [file] = field.files;
    read.delete(field);
    if (file) read.set(field, { name: file.name.slice(0, 200), content: await base64(file) });
  }
}

export const wholeOf = (field) => Object.entries(read.get(field) || {});
