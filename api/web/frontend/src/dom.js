// h("p", { class: "x", onclick: f }, "text", node, null): an element. Text is always text, never markup.
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "value") element.value = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  for (const child of children.flat()) {
    if (child !== null && child !== undefined && child !== false) element.append(child);
  }
  return element;
}

export const one = (selector, root = document) => root.querySelector(selector);
export const all = (selector, root = document) => Array.from(root.querySelectorAll(selector));

const NOT_AT_ONCE_MS = 400;

// A button that has just come sleeps for a moment: the second half of a double press may fall where it comes to stand.
export function asleep(button) {
  button.disabled = true;
  setTimeout(() => (button.disabled = false), NOT_AT_ONCE_MS);
  return button;
}
