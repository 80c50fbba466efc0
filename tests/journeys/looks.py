"""What is looked at on every page, as scripts that run in it: contrast, names, headings, targets, shifts, paints."""

from typing import Any

from playwright.async_api import Page

CONTRAST = """() => {
  const dot = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const seen = new Map();
  const parse = (colour) => {
    if (seen.has(colour)) return seen.get(colour);
    dot.clearRect(0, 0, 1, 1);
    dot.fillStyle = colour;
    dot.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = dot.getImageData(0, 0, 1, 1).data;
    seen.set(colour, [r, g, b, a / 255]);
    return seen.get(colour);
  };
  const over = (top, under) => {
    const a = top[3] === undefined ? 1 : top[3];
    return [0, 1, 2].map((n) => top[n] * a + under[n] * (1 - a)).concat(1);
  };
  const light = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((v) => (v / 255 <= 0.03928 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const ground = (element) => {
    const layers = [];
    for (let e = element; e; e = e.parentElement) layers.push(parse(getComputedStyle(e).backgroundColor));
    return layers.reverse().reduce((under, top) => (top[3] === 0 ? under : over(top, under)), [255, 255, 255, 1]);
  };
  const poor = [];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!own || element.closest("[hidden], .is-waiting, datalist, script, :disabled, .visually-hidden")) continue;
    const style = getComputedStyle(element);
    if (!element.offsetParent || style.visibility === "hidden") continue;
    const under = ground(element);
    const [a, b] = [light(over(parse(style.color), under)), light(under)];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    const what = element.textContent.trim().slice(0, 30);
    if (ratio < (large ? 3 : 4.5)) poor.push(`contrast ${ratio.toFixed(2)}: ${what}`);
  }
  return poor;
}"""

# WCAG 2.2 A and AA as far as a script can tell: 1.3.1, 2.4.1, 2.4.2, 2.4.6, 2.5.8, 3.1.1, 4.1.2.
ACCESS = """() => {
  const wrong = [];
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const seen = (e) => e.getClientRects().length && getComputedStyle(e).visibility !== "hidden" && !e.closest("[inert]");
  const say = (what, e) => wrong.push(`${what}: ${e.outerHTML.replace(/\\s+/g, " ").slice(0, 110)}`);
  const text = (id) => document.getElementById(id)?.textContent.trim();
  const own = (e, name) => e.getAttribute(name)?.trim();
  const named = (e) => own(e, "aria-label") || text(own(e, "aria-labelledby") || "-") || e.title;
  if (!/^(zh-CN|en)$/.test(document.documentElement.lang)) wrong.push("no language");
  if (!document.title.trim() || document.title.startsWith(" ·")) wrong.push("no title");
  for (const [tag, least, most] of [["main", 1, 1], ["body > header", 1, 1], ["h1", 1, 1]]) {
    const count = all(tag).filter(seen).length;
    if (count < least || count > most) wrong.push(`${count} × ${tag}`);
  }
  let level = 1;
  for (const e of all("main h1, main h2, main h3, main h4, main h5, main h6").filter(seen)) {
    const now = Number(e.tagName[1]);
    if (now > level + 1) say(`heading after h${level}`, e);
    level = now;
  }
  for (const e of all("input:not([type=hidden]), select, textarea").filter(seen)) {
    if (!named(e) && ![...(e.labels || [])].some((label) => label.textContent.trim())) say("field without a name", e);
  }
  for (const e of all("button, a[href], summary, [role=button], [role=tab]").filter(seen)) {
    if (!named(e) && !e.textContent.trim() && !all("img[alt]", e).some((i) => i.alt.trim())) say("no name", e);
  }
  for (const e of all("img")) if (!e.hasAttribute("alt")) say("picture without words", e);
  for (const e of all("nav").filter(seen)) if (!named(e)) say("landmark without a name", e);
  for (const e of all("th").filter(seen)) if (!e.scope) say("heading of a table without scope", e);
  for (const name of ["aria-controls", "aria-labelledby", "aria-describedby", "for", "list"]) {
    for (const e of all(`[${name}]`)) {
      if (own(e, name).split(/\\s+/).some((id) => !document.getElementById(id))) say(`${name} leads nowhere`, e);
    }
  }
  const ids = new Set();
  for (const e of all("[id]")) {
    if (ids.has(e.id)) say("id twice", e);
    ids.add(e.id);
  }
  for (const e of all("[tabindex]")) if (Number(e.getAttribute("tabindex")) > 0) say("order of Tab changed", e);
  if (matchMedia("(pointer: coarse)").matches) {
    const main = ".btn, .tool, .foot-bar a, .foot-bar button, .side a, .tile, .form-control, .form-select";
    for (const e of all(main + ", summary").filter(seen)) {
      const { width, height } = e.getBoundingClientRect();
      if (height < 43.5 || width < 43.5) say(`target ${width.toFixed(0)} × ${height.toFixed(0)}`, e);
    }
    for (const e of all("button, input[type=checkbox], input[type=radio]").filter(seen)) {
      const box = (e.closest("label") || e).getBoundingClientRect();
      const reach = e.matches(".help-mark") ? 24 : 0; // its reach is drawn by ::after
      if (box.height + reach < 24 || box.width + reach < 24) say("target too small", e);
    }
  }
  return wrong;
}"""

# What can be read, without what names itself as being in another language, and with what only a screen reader says.
TEXTS = """() => {
  const found = new Set();
  const own = (e) => e.closest("[lang]") === document.documentElement && !e.closest("script, style");
  const walker = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) if (own(walker.currentNode.parentElement)) found.add(walker.currentNode.textContent.trim());
  for (const e of document.querySelectorAll("[placeholder], [aria-label], [title], [alt]")) {
    const said = ["placeholder", "aria-label", "title", "alt"].map((name) => e.getAttribute(name)?.trim());
    if (own(e)) said.forEach((text) => found.add(text));
  }
  found.delete(undefined);
  return [...found];
}"""

# Before the page's own scripts: adds up whatever moves without anybody having pressed something.
WATCH_SHIFTS = """
window.__shift = 0;
window.__moved = [];
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) {
    if (entry.hadRecentInput) continue;
    window.__shift += entry.value;
    for (const source of entry.sources || []) {
      const node = source.node;
      window.__moved.push(node && node.outerHTML ? node.outerHTML.slice(0, 90) : String(node && node.nodeName));
    }
  }
}).observe({ type: "layout-shift", buffered: true });
"""

SIDEWAYS = """() => {
  const phone = matchMedia("(max-width: 720px)").matches;
  const places = [document.documentElement, ...(phone ? document.querySelectorAll(".table-place") : [])];
  return Math.max(0, ...places.map((e) => e.scrollWidth - e.clientWidth));
}"""

PAINTS = """() => Object.fromEntries(performance.getEntriesByType("paint").map((e) => [e.name, e.startTime]))"""


async def contrast(page: Page) -> list[str]:
    """Texts below WCAG AA (4.5:1; large ones 3:1) in the light that is on."""
    found: list[str] = await page.evaluate(CONTRAST)
    return found


async def access(page: Page) -> list[str]:
    """What a script can tell of WCAG AA besides contrast."""
    found: list[str] = await page.evaluate(ACCESS)
    return found


async def shift(page: Page) -> tuple[float, list[str]]:
    """The cumulative layout shift so far, and what moved; needs WATCH_SHIFTS as an init script."""
    found: list[Any] = await page.evaluate("[window.__shift, window.__moved.slice(0, 4)]")
    return float(found[0]), list(found[1])


async def texts(page: Page) -> set[str]:
    """Whatever the page says in its own language."""
    return set(await page.evaluate(TEXTS))


async def sideways(page: Page) -> int:
    """By how many pixels the page, or on a phone a table in it, is wider than its place."""
    return int(await page.evaluate(SIDEWAYS))
