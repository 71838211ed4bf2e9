// What a page knows of its own freshness: every answer to a callback says how current the data are.
// Shows banners when the server, the session or the database is away, and lets the next question wait its turn.
(() => {
  const BUSY_LIMIT = 5000;
  const SLOW_ANSWER = 15000;
  const state = { asOf: null, stale: false, busySince: null, banner: null };
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
      return answer.ok ? answer : unchanged();
    } catch {
      show("offline");
      return unchanged();
    } finally {
      clearTimeout(late);
      state.busySince = null;
    }
  };

  const age = (seconds) => {
    if (seconds < 60) return `${seconds} s ago`;
    if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
    return `${Math.floor(seconds / 3600)} h ago`;
  };

  const tell = () => {
    const mark = document.getElementById("freshness");
    if (!mark || state.asOf === null) return;
    const seconds = Math.max(0, Math.round((Date.now() - state.asOf) / 1000));
    const live = !state.stale && state.banner === null;
    mark.dataset.freshness = live ? "live" : "stale";
    mark.lastElementChild.textContent = live ? `Live · ${age(seconds)}` : `Last known numbers · ${age(seconds)}`;
  };
  setInterval(tell, 1000);

  const query = (days, regions, current) => {
    const wanted = new URLSearchParams(current || "");
    if (days !== "range") {
      for (const name of ["daysBack", "from", "to"]) wanted.delete(name);
      wanted.set("daysBack", days);
    }
    wanted.delete("region");
    for (const region of regions || []) wanted.append("region", region);
    return wanted.toString();
  };

  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    live: {
      // The clock ticks; a question goes out unless nobody looks or the last one is still on its way.
      gate(ticks) {
        const busy = state.busySince !== null && Date.now() - state.busySince < BUSY_LIMIT;
        return document.hidden || busy ? window.dash_clientside.no_update : ticks;
      },
      // The filters as a query string, which is also put into the address bar.
      filter(days, regions, current) {
        const wanted = query(days, regions, current);
        if (wanted === (current || "")) return window.dash_clientside.no_update;
        window.history.replaceState(null, "", `${window.location.pathname}?${wanted}`);
        return wanted;
      },
    },
  });
  document.addEventListener("visibilitychange", tell);
})();
