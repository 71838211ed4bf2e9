// The frame around the pages: drawer, theme, wall screen, keyboard, copy link.
(() => {
  const app = () => document.getElementById("app");
  const dialog = (id) => document.getElementById(id);
  const pages = () => [...document.querySelectorAll("[data-nav]")];
  let rotation = null;

  const copyLink = async () => {
    const button = document.querySelector("[data-do=link]");
    const label = button.querySelector("span") || button;
    const said = label.textContent;
    try {
      await navigator.clipboard.writeText(window.location.href);
      label.textContent = "Copied";
    } catch {
      window.prompt("Copy this link:", window.location.href);
    }
    setTimeout(() => (label.textContent = said), 1500);
  };

  const next = () => {
    const all = pages();
    const here = all.findIndex((one) => one.getAttribute("aria-current"));
    window.liveFilters.go(all[(here + 1) % all.length].href);
  };

  const startWall = () => {
    dialog("wall").close();
    document.documentElement.classList.add("wall");
    document.documentElement.requestFullscreen?.().catch(() => {});
    const seconds = Number(dialog("rotation").value);
    clearInterval(rotation);
    rotation = seconds ? setInterval(next, 1000 * seconds) : null;
    window.liveCharts.resize();
  };
  const leaveWall = () => {
    if (!document.documentElement.classList.contains("wall")) return;
    document.documentElement.classList.remove("wall");
    clearInterval(rotation);
    if (document.fullscreenElement) document.exitFullscreen();
    window.liveCharts.resize();
  };
  document.addEventListener("fullscreenchange", () => {
    if (!document.fullscreenElement) leaveWall();
  });

  // On small screens the navigation is a drawer: the focus goes into it, and comes back.
  const drawer = (open) => {
    const button = document.querySelector("[data-do=drawer]");
    const inside = dialog("side")?.contains(document.activeElement);
    const was = app()?.classList.contains("open");
    app()?.classList.toggle("open", open);
    button?.setAttribute("aria-expanded", String(open));
    if (open) dialog("side").querySelector("nav a").focus();
    else if (was && inside) button.focus();
  };

  const actions = {
    drawer: () => drawer(!app().classList.contains("open")),
    link: copyLink,
    wall: () => (document.documentElement.classList.contains("wall") ? leaveWall() : dialog("wall").showModal()),
    "wall-start": startWall,
    shortcuts: () => dialog("shortcuts").showModal(),
    close: (button) => button.closest("dialog")?.close(),
    pause: () => window.livePage.pause(),
    refresh: () => window.livePage.refresh(),
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-do]");
    if (button && actions[button.dataset.do]) actions[button.dataset.do](button);
    const theme = event.target.closest("[data-theme]");
    if (theme) window.liveTheme.choose(theme.dataset.theme);
    const side = dialog("side");
    if (app()?.classList.contains("open") && side && !side.contains(event.target) && !event.target.closest("[data-do=drawer]")) {
      drawer(false);
    }
    if (event.target.nodeName === "DIALOG") event.target.close();
  });

  const keys = {
    "/": () => (document.querySelector(".filters [aria-pressed=true]") || document.querySelector(".filters [data-window]"))?.focus(),
    "?": () => dialog("shortcuts").showModal(),
    p: actions.pause,
    r: actions.refresh,
    c: copyLink,
    w: actions.wall,
    t: () => window.liveTheme.next(),
  };
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      leaveWall();
      if (!event.defaultPrevented) drawer(false);
    }
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (event.target.closest("input, select, textarea, [contenteditable], .dash-dropdown, .dash-dropdown-content")) return;
    const page = /^[1-7]$/.test(event.key) && pages()[Number(event.key) - 1];
    if (page) window.liveFilters.go(page.href);
    else if (keys[event.key]) keys[event.key]();
    else return;
    event.preventDefault();
  });
})();
