// Keeps the pulse of the sign-in page current. Without scripts the page shows the numbers it came with.
(() => {
  const COUNTS_EVERY = 5000;
  const CHART_EVERY = 10000;
  const PATIENCE = 5000; // a question that is out for longer no longer holds back the next one
  const OLD = 15000; // numbers that nobody confirmed for so long are not live, whatever the reason
  const place = document.querySelector("[data-pulse]");
  const mark = place?.querySelector("[data-freshness]");
  if (!mark) return;
  const banner = document.querySelector("[data-banner=offline]");
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)");
  const state = { source: "sample", clock: "", asOf: 0, away: false };
  const questions = [];

  // --- Patching: the page becomes like a fresh part, and what is the same is left alone

  const fade = (element) => {
    if (!element?.hasAttribute("data-fades") || calm.matches) return;
    const from = { opacity: 0.2, transform: "translateY(0.25em)" };
    element.animate([from, { opacity: 1, transform: "none" }], { duration: 320, easing: "ease-out" });
  };

  const write = (text, wanted) => {
    if (text.data === wanted) return;
    text.data = wanted;
    fade(text.parentElement);
  };

  const patch = (element, fresh) => {
    for (const { name, value } of fresh.attributes) {
      if (element.getAttribute(name) !== value) element.setAttribute(name, value);
    }
    fresh.childNodes.forEach((wanted, position) => {
      const present = element.childNodes[position];
      if (!present) element.append(wanted.cloneNode(true));
      else if (present.nodeName !== wanted.nodeName) present.replaceWith(wanted.cloneNode(true));
      else if (present.nodeType === Node.TEXT_NODE) write(present, wanted.data);
      else if (present.nodeType === Node.ELEMENT_NODE) patch(present, wanted);
    });
    while (element.childNodes.length > fresh.childNodes.length) element.lastChild.remove();
  };

  const become = (selector, fresh) => {
    const element = place.querySelector(selector);
    const model = fresh.querySelector(selector);
    if (!element || !model) throw new Error("the answer is not a part of this page");
    patch(element, model);
  };

  // --- The freshness mark, which says what is true at this second

  const tell = () => {
    const age = Math.max(0, Date.now() - state.asOf);
    const live = state.source === "live" && !state.away && age < OLD;
    const kind = state.source === "sample" || live ? state.source : "stale";
    const text = {
      live: `Live · ${Math.round(age / 1000)} s ago`,
      stale: `Last known numbers, ${state.clock}`,
      sample: "Sample data, live numbers unavailable",
    }[kind];
    if (mark.dataset.freshness !== kind) mark.dataset.freshness = kind;
    if (mark.lastElementChild.textContent !== text) mark.lastElementChild.firstChild.data = text;
  };

  const read = (told) => {
    state.source = told.dataset.freshness;
    state.clock = told.dataset.clock;
    state.asOf = Date.now() - Number(told.dataset.age) * 1000;
    mark.dataset.loading = told.dataset.loading;
  };

  // A server that has just started may have samples only: numbers that were real once are better.
  const keepsOwn = (source) => source === "sample" && state.source !== "sample";

  const reached = (answered) => {
    const back = answered && state.away;
    state.away = !answered;
    banner.hidden = answered;
    tell();
    if (back) questions.forEach((ask) => ask());
  };

  // --- Asking: each part by its own clock, one question at a time; nothing that goes wrong ends it

  const follow = (path, every, learn) => {
    let asked = 0;
    let learned = 0;
    let since = -Infinity;
    const ask = async () => {
      if (document.hidden || performance.now() - since < PATIENCE) return;
      const number = ++asked;
      since = performance.now();
      const late = setTimeout(() => reached(false), PATIENCE);
      try {
        const answer = await fetch(path, { signal: AbortSignal.timeout(2 * PATIENCE) });
        if (answer.status === 429) return; // there, but busy: the numbers grow old by themselves
        if (!answer.ok) throw new Error(`status ${answer.status}`);
        const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
        if (number < learned) return;
        learn(fresh);
        learned = number;
        reached(true);
      } catch {
        if (number >= learned) reached(false);
      } finally {
        clearTimeout(late);
        if (number === asked) since = -Infinity;
      }
    };
    setInterval(ask, every);
    document.addEventListener("visibilitychange", ask);
    window.addEventListener("online", ask);
    questions.push(ask);
    return ask;
  };

  const askCounts = follow(place.dataset.pulse, COUNTS_EVERY, (fresh) => {
    const told = fresh.querySelector("[data-freshness]");
    if (!told) throw new Error("the answer is not a part of this page");
    if (keepsOwn(told.dataset.freshness)) {
      state.source = "stale";
      return;
    }
    become("[data-part=counts]", fresh);
    become("[data-part=tiers]", fresh);
    const loaded = mark.dataset.loading === "true" && told.dataset.loading !== "true";
    read(told);
    if (loaded) questions.forEach((ask) => ask());
    soon();
  });

  follow(`${place.dataset.pulse}/chart`, CHART_EVERY, (fresh) => {
    const chart = fresh.querySelector("[data-chart]");
    if (!chart || !keepsOwn(chart.dataset.source)) become("[data-chart=pulse]", fresh);
  });

  // While the first data are being loaded, their arrival is not waited for any longer than it takes.
  const soon = () => mark.dataset.loading === "true" && setTimeout(askCounts, 1000);

  // --- The hours, one by one, by the keyboard

  const plot = place.querySelector(".plot");
  const hours = [...plot.querySelectorAll("[data-hour]")];
  const point = (position) => hours.forEach((hour, other) => hour.toggleAttribute("data-on", other === position));
  plot.tabIndex = 0;
  plot.setAttribute("role", "group");
  plot.setAttribute("aria-label", "Hour by hour, with the left and right arrow keys");
  plot.addEventListener("blur", () => point(-1));
  plot.addEventListener("focus", () => plot.matches(":focus-visible") && point(hours.length - 1));
  plot.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (event.key === "Escape") return point(-1);
    if (!step) return;
    event.preventDefault();
    const now = hours.findIndex((hour) => hour.hasAttribute("data-on"));
    point(now < 0 ? hours.length - 1 : Math.min(Math.max(now + step, 0), hours.length - 1));
  });

  read(mark);
  tell();
  soon();
  setInterval(tell, 1000);
})();
