// Light, dark, or as the system says, before the first paint. The choice is kept in this browser.
(() => {
  const THEMES = ["light", "dark", "system"];
  const KEY = "theme";
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const chosen = () => {
    try {
      return THEMES.includes(localStorage.getItem(KEY)) ? localStorage.getItem(KEY) : "system";
    } catch {
      return "system";
    }
  };
  const apply = () => {
    const theme = chosen() === "system" ? (dark.matches ? "dark" : "light") : chosen();
    document.documentElement.setAttribute("data-bs-theme", theme);
    for (const button of document.querySelectorAll("[data-theme]")) {
      button.setAttribute("aria-pressed", String(button.dataset.theme === chosen()));
    }
  };
  const choose = (theme) => {
    try {
      localStorage.setItem(KEY, theme);
    } catch {
      // Without storage the system decides.
    }
    apply();
  };
  window.liveTheme = { choose, apply, next: () => choose(THEMES[(THEMES.indexOf(chosen()) + 1) % THEMES.length]) };
  dark.addEventListener("change", apply);
  window.addEventListener("storage", apply);
  apply();
})();
