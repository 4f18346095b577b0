// Before anything is drawn: the scheme the person chose on this browser, else the system's.
// Mantine keeps the choice under this key and reads the same attribute.
(() => {
  "use strict";
  let chosen = null;
  try {
    chosen = localStorage.getItem("mantine-color-scheme-value");
  } catch {
    // Storage may be switched off; then the system's wish holds.
  }
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const scheme = chosen === "dark" || chosen === "light" ? chosen : dark ? "dark" : "light";
  document.documentElement.setAttribute("data-mantine-color-scheme", scheme);
})();
