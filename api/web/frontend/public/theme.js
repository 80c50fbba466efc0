// Before the first paint: the colours that the person chose, or those of the device.
(function () {
  var root = document.documentElement;
  var found = document.cookie.match(/(?:^|; )beiyu_theme=(light|dark)/);
  var dark = found ? found[1] === "dark" : window.matchMedia("(prefers-color-scheme: dark)").matches;
  root.setAttribute("data-bs-theme", dark ? "dark" : "light");
})();
