// What a page knows of its own freshness: every answer to a callback says how current the data are.
// Shows banners when the server, the session or the database is away, and lets the next question wait its turn.
(() => {
  const BUSY_LIMIT = 5000;
  const SLOW_ANSWER = 15000;
  const state = { asOf: null, stale: false, busySince: null, banner: null, paused: false };
  const isCallback = (url) => url.includes("/_dash-update-component");

  const show = (banner) => {
    state.banner = banner;
    for (const element of document.querySelectorAll("[data-banner]")) {
      element.hidden = element.dataset.banner !== banner;
    }
    tell();
  };

  // "Nothing new": what the page shows stays, and the next tick asks again.
  const unchanged = () => new Response(null, { status: 204 });

  const learn = (answer) => {
    if (answer.status >= 400) return show(answer.status === 401 ? "expired" : "offline");
    const asOf = answer.headers.get("X-Data-As-Of");
    const now = answer.headers.get("X-Server-Time");
    if (asOf && now) state.asOf = Date.now() - (Date.parse(now) - Date.parse(asOf));
    state.stale = answer.headers.get("X-Data-Stale") === "true";
    show(state.stale ? "database" : null);
  };

  const ask = window.fetch.bind(window);
  window.fetch = async (resource, options) => {
    const url = typeof resource === "string" ? resource : resource.url || String(resource);
    if (!isCallback(url)) return ask(resource, options);
    state.busySince = Date.now();
    const late = setTimeout(() => show("offline"), SLOW_ANSWER);
    try {
      const answer = await ask(resource, options);
      learn(answer);
      if (answer.status === 200) remember();
      return answer.ok ? answer : unchanged();
    } catch {
      show("offline");
      return unchanged();
    } finally {
      clearTimeout(late);
      state.busySince = null;
    }
  };

  // --- Parts of a page are put in anew: whoever is reading keeps place and focus

  let kept = null;
  const content = () => document.getElementById("content");
  const scrollers = () => [...(content()?.querySelectorAll(".scroll, .feed") || [])];
  const signature = (element) =>
    ["href", "data-set", "data-do", "data-drop", "aria-label"]
      .map((name) => (element.getAttribute(name) || "").replace("=-", "=")) // sorted the other way is the same head
      .join("|");
  const remember = () => {
    const focused = content()?.contains(document.activeElement) ? document.activeElement : null;
    kept = {
      focused,
      signature: focused && signature(focused),
      places: scrollers().map((one) => [one.scrollLeft, one.scrollTop]),
    };
  };
  const restore = () => {
    if (!kept) return;
    scrollers().forEach((one, n) => {
      const [left, top] = kept.places[n] || [0, 0];
      if (left && !one.scrollLeft) one.scrollLeft = left;
      if (top && !one.scrollTop) one.scrollTop = top;
    });
    const { focused } = kept;
    if (focused && !focused.isConnected && document.activeElement === document.body) {
      const same = [...content().querySelectorAll(focused.tagName)].find((one) => signature(one) === kept.signature);
      same?.focus({ preventScroll: true });
    }
  };
  new MutationObserver(restore).observe(document, { childList: true, subtree: true });

  const age = (seconds) => {
    if (seconds < 60) return `${seconds} s ago`;
    if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
    return `${Math.floor(seconds / 3600)} h ago`;
  };

  const tell = () => {
    const mark = document.getElementById("freshness");
    if (!mark || state.asOf === null) return;
    const seconds = Math.max(0, Math.round((Date.now() - state.asOf) / 1000));
    const live = !state.stale && state.banner === null && !state.paused;
    mark.dataset.freshness = live ? "live" : "stale";
    const what = live ? "Live" : state.paused ? "Paused" : "Last known numbers";
    mark.lastElementChild.textContent = `${what} · ${age(seconds)}`;
  };
  setInterval(tell, 1000);

  // --- Pausing, and asking at once

  const pause = () => {
    state.paused = !state.paused;
    const button = document.querySelector("[data-do=pause]");
    button.setAttribute("aria-pressed", String(state.paused));
    button.setAttribute("aria-label", state.paused ? "Go on" : "Pause");
    button.title = state.paused ? "Go on" : "Pause";
    tell();
    if (!state.paused) refresh();
  };
  const refresh = () => window.dash_clientside.set_props("go", { data: `asked at ${Date.now()}` });
  window.livePage = { pause, refresh };

  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    live: {
      // The clock ticks; a question goes out unless nobody looks or the last one is still on its way.
      gate(ticks) {
        const busy = state.busySince !== null && Date.now() - state.busySince < BUSY_LIMIT;
        return document.hidden || busy || state.paused ? window.dash_clientside.no_update : ticks;
      },
    },
  });
  document.addEventListener("visibilitychange", () => {
    tell();
    if (!document.hidden && !state.paused && window.dash_clientside.set_props) refresh();
  });
})();
