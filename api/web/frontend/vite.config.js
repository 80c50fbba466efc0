// Sources in src/, entries main.js (every page) and scan/desk.js (the scan page); the result in ../static with
// manifest.json naming the hashed files. Nothing is loaded from another host: fonts, styles and scripts are all part
// of the build.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { defineConfig } from "vite";

// Words that occur in templates, scripts and routes. A rule of Tabler for a class that is none of them is left out:
// Tabler is 600 kB, a desk needs a tenth of it, and old phones parse every byte. Our own rules all stay.
function wordsUsed() {
  const words = new Set();
  const look = (folder) => {
    for (const name of readdirSync(folder)) {
      const path = join(folder, name);
      if (statSync(path).isDirectory()) look(path);
      else if (/\.(html|js|py)$/.test(name)) {
        for (const word of readFileSync(path, "utf8").match(/[\w-]+/g) ?? []) words.add(word);
      }
    }
  };
  ["src", "../templates", "../routes"].forEach(look);
  return words;
}

const onlyUsed = {
  postcssPlugin: "only-used",
  OnceExit(root) {
    const words = wordsUsed();
    const unused = (selector) => (selector.match(/\.[A-Za-z][\w-]*/g) ?? []).some((c) => !words.has(c.slice(1)));
    root.walkRules((rule) => {
      const file = rule.source?.input.file ?? "";
      if (!file.includes("node_modules") || file.includes("leaflet")) return;
      if (rule.parent.type === "atrule" && /keyframes/.test(rule.parent.name)) return;
      const kept = rule.selectors.filter((selector) => !unused(selector.replace(/:not\([^)]*\)/g, "")));
      if (kept.length === 0) rule.remove();
      else if (kept.length < rule.selectors.length) rule.selectors = kept;
    });
    root.walkAtRules((rule) => {
      if (rule.nodes && rule.nodes.length === 0) rule.remove();
    });
  },
};

export default defineConfig({
  base: "/static/",
  publicDir: "public",
  css: { postcss: { plugins: [onlyUsed] } },
  build: {
    outDir: "../static",
    emptyOutDir: true,
    manifest: "manifest.json",
    target: ["chrome87", "firefox78", "safari14"],
    chunkSizeWarningLimit: 900,
    rollupOptions: { input: { main: "src/main.js", scan: "src/scan/desk.js", care: "src/care.js", rotation: "src/rotation.js", count: "src/count.js", sheet: "src/sheet.js", board: "src/board.js", map: "src/map.js" } },
  },
});
