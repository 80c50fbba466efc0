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
