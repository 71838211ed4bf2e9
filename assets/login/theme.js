// Light, dark, or as the system: the choice itself is kept by 0-theme.js. Without scripts the system decides.
(() => {
  const themes = document.querySelector(".themes");
  const theme = window.liveTheme;
  if (!themes || !theme) return;
  themes.hidden = false;
  themes.addEventListener("click", (event) => {
    const chosen = event.target.dataset.theme;
    if (chosen) theme.choose(chosen);
  });
  theme.apply();
})();
