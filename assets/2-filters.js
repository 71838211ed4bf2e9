// The address holds every filter. Whatever changes one goes through here: the bar, the chips, a click in a chart.
(() => {
  const KEPT = ["daysBack", "from", "to", "region", "userId"];
  const DEFAULT_DAYS = "30";
  const app = () => document.getElementById("app");
  const byId = (id) => document.getElementById(id);
  const now = () => new URLSearchParams(window.location.search);
  const setProps = (id, props) => window.dash_clientside.set_props(id, props);

  const kept = (query) => {
    const wanted = new URLSearchParams();
    for (const [name, value] of query) if (KEPT.includes(name)) wanted.append(name, value);
    return wanted;
  };

  // Show this query string: in the address, on the page, in the bar.
  const show = (query, replace = false) => {
    const text = query.toString();
    if (text === now().toString()) return;
    const address = window.location.pathname + (text ? `?${text}` : "") + window.location.hash;
    window.history[replace ? "replaceState" : "pushState"](null, "", address);
    tell();
  };

  // Tell the page and the bar what the address says.
  const tell = () => {
    const query = now();
    setProps("asked", { data: query.toString() });
    if (!byId("filters")) return;
    for (const list of lists()) face(list, query);
    const month = monthOf(query);
    const days = query.has("from") ? "" : query.get("daysBack") || DEFAULT_DAYS;
    for (const button of document.querySelectorAll("[data-window]")) {
      button.setAttribute("aria-pressed", String(button.dataset.window === days));
    }
    const months = byId("month");
    if (months) {
      months.value = [...months.options].some((one) => one.value === month) ? month : "";
      months.classList.toggle("chosen", months.value !== "");
    }
    const ranged = query.has("from") && !(months && months.value);
    document.querySelector(".menu.dates > summary")?.classList.toggle("chosen", ranged);
    const { from, to } = dateFields();
    if (from) [from.value, to.value] = [query.get("from") || "", query.get("to") || ""];
    const filters = kept(query).toString();
    for (const link of document.querySelectorAll("[data-nav]")) {
      link.href = link.pathname + (filters ? `?${filters}` : "");
      const path = link.dataset.nav.replace(/\/$/, "");
      const here = pathname().replace(/\/$/, "");
      const current = path === "" ? here === "" : here === path || here.startsWith(`${path}/`);
      if (current) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    app().dataset.page = pathname().split("/").filter(Boolean).length > 1 ? `${pathname().split("/")[1]}-one` : pathname().split("/")[1] || "overview";
    const search = byId("search");
    if (search && document.activeElement !== search) setProps("search", { value: query.get("q") || "" });
  };

  const pathname = () => `/${window.location.pathname.slice(app().dataset.prefix.length)}`;

  const setWindow = (query, values) => {
    for (const name of ["daysBack", "from", "to"]) query.delete(name);
    for (const [name, value] of Object.entries(values)) query.set(name, value);
    return query;
  };

  const setList = (query, name, values) => {
    const before = query.getAll(name);
    if ([...before].sort().join("\n") === [...values].sort().join("\n")) return query;
    query.delete(name);
    for (const value of values) query.append(name, value);
    return query;
  };

  const set = (query, name, value) => {
    if (value) query.set(name, value);
    else query.delete(name);
    return query;
  };

  // --- Months and dates

  const lastOf = (month) => {
    const [year, number] = month.split("-").map(Number);
    return `${month}-${String(new Date(Date.UTC(year, number, 0)).getUTCDate()).padStart(2, "0")}`;
  };
  const today = () => byId("dates")?.dataset.last || "";
  const rangeOf = (month) => {
    const last = lastOf(month);
    return { from: `${month}-01`, to: today() && last > today() ? today() : last };
  };
  const monthOf = (query) => {
    const from = query.get("from") || "";
    if (!from.endsWith("-01")) return "";
    return rangeOf(from.slice(0, 7)).to === query.get("to") ? from.slice(0, 7) : "";
  };

  const dateFields = () => {
    const place = byId("dates");
    if (place && !place.firstChild) {
      for (const [name, title] of [["from", "From"], ["to", "To"]]) {
        const label = document.createElement("label");
        const input = Object.assign(document.createElement("input"), { type: "date", name, max: today(), className: "form-control" });
        label.append(title, input);
        place.append(label);
      }
    }
    const [from, to] = place ? place.querySelectorAll("input") : [];
    return { from, to };
  };

  const applyDates = () => {
    const { from, to } = dateFields();
    const problem = byId("dates-problem");
    problem.textContent = !from.value || !to.value ? "Give both days." : from.value > to.value ? "The first day is after the last." : to.value > today() ? "The last day is in the future." : "";
    if (problem.textContent) return;
    document.querySelector(".menu.dates").open = false;
    show(setWindow(now(), { from: from.value, to: to.value }));
  };

  // --- Lists: regions and reps, asked for when one is opened

  const lists = () => [...document.querySelectorAll("[data-choices]")];
  const element = (name, attributes = {}, ...content) => {
    const made = Object.assign(document.createElement(name), attributes);
    made.append(...content);
    return made;
  };

  // What the closed list says: everything, the one chosen, or how many.
  const names = {};
  const face = (list, query) => {
    const picker = list.closest(".picker");
    const chosen = query.getAll(list.dataset.choices);
    const one = names[chosen[0]] || chosen[0];
    const { everything, several } = picker.dataset;
    picker.querySelector(".face span").textContent = chosen.length > 1 ? `${chosen.length} ${several}` : one || everything;
    picker.querySelector(".face").classList.toggle("chosen", chosen.length > 0);
    for (const box of list.querySelectorAll("input[type=checkbox]")) box.checked = chosen.includes(box.value);
  };

  const fill = async (list, text) => {
    const kind = list.dataset.choices;
    const asked = new URLSearchParams({ q: text });
    for (const value of now().getAll(kind)) asked.append("chosen", value);
    const answer = await fetch(`${app().dataset.prefix}choices/${kind}?${asked}`).catch(() => null);
    if (!answer || !answer.ok || answer.redirected) return;
    const { choices, more } = await answer.json();
    const rows = choices.map(({ value, text: name }) => {
      names[value] = name;
      const box = element("input", { type: "checkbox", value, className: "form-check-input" });
      return element("li", {}, element("label", {}, box, element("span", { textContent: name })));
    });
    if (!rows.length) rows.push(element("li", { className: "note", textContent: "Nothing of that name" }));
    if (more) rows.push(element("li", { className: "note", textContent: `${more} more: type to find them` }));
    list.querySelector("ul").replaceChildren(...rows);
    face(list, now());
  };

  document.addEventListener("toggle", (event) => {
    const list = event.target.open && event.target.querySelector?.("[data-choices]");
    if (!list) return;
    if (!list.firstChild) {
      const label = event.target.dataset.several;
      const search = element("input", { type: "search", placeholder: `Search ${label}`, className: "form-control" });
      search.setAttribute("aria-label", `Search ${label}`);
      const clear = element("button", { type: "button", className: "quiet", textContent: event.target.dataset.everything });
      clear.addEventListener("click", () => show(setList(now(), list.dataset.choices, [])));
      let waiting = null;
      search.addEventListener("input", () => {
        clearTimeout(waiting);
        waiting = setTimeout(() => fill(list, search.value), 120);
      });
      list.append(search, element("ul"), clear);
    }
    fill(list, list.querySelector("input").value);
    list.querySelector("input").focus();
  }, true);

  document.addEventListener("change", (event) => {
    const list = event.target.type === "checkbox" && event.target.closest("[data-choices]");
    if (!list) return;
    const kind = list.dataset.choices;
    const others = now().getAll(kind).filter((one) => one !== event.target.value);
    show(setList(now(), kind, event.target.checked ? [...others, event.target.value] : others));
  });

  // --- Going places

  const go = (address) => {
    window.history.pushState(null, "", address);
    window.dispatchEvent(new CustomEvent("_dashprivate_pushstate"));
    app().classList.remove("open");
    document.querySelector("[data-do=drawer]")?.setAttribute("aria-expanded", "false");
    window.scrollTo(0, 0);
  };

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-go]");
    if (link && event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey) {
      event.preventDefault();
      return go(link.href);
    }
    const button = event.target.closest("button");
    if (!button) return;
    if (button.dataset.window) show(setWindow(now(), { daysBack: button.dataset.window }));
    if (button.dataset.drop) {
      const query = now();
      const name = button.dataset.drop;
      if (name === "from") setWindow(query, {});
      else setList(query, name, query.getAll(name).filter((one) => one !== button.value));
      show(query);
    }
    if (button.dataset.set) {
      const [name, ...value] = button.dataset.set.split("=");
      show(set(now(), name, value.join("=")), true);
    }
    if (button.dataset.do === "dates") applyDates();
  });

  document.addEventListener("change", (event) => {
    if (event.target.id === "month") show(setWindow(now(), event.target.value ? rangeOf(event.target.value) : {}));
  });

  let typing = null;
  document.addEventListener("input", (event) => {
    if (event.target.id !== "search") return;
    clearTimeout(typing);
    typing = setTimeout(() => show(set(now(), "q", event.target.value.trim()), true), 150);
  });

  window.addEventListener("popstate", () => setTimeout(tell));

  // --- Narrowing by a click in a chart

  const narrow = (pick, value) => {
    const query = now();
    if (pick === "day") return show(setWindow(query, { from: value, to: value }));
    if (pick === "stage") {
      const path = `${app().dataset.prefix}funnel`;
      if (value === "visits") return undefined;
      if (window.location.pathname === path) return show(set(query, "stage", value), true);
      return go(`${path}?${set(kept(query), "stage", value)}`);
    }
    const chosen = query.getAll(pick);
    return show(setList(query, pick, chosen.includes(value) ? chosen.filter((one) => one !== value) : [...chosen, value]));
  };

  const picked = (meta, point) => {
    if (meta.form === "calendar") {
      const first = (new Date(meta.labels[0]).getUTCDay() + 6) % 7;
      return meta.ids[7 * Number(point.x.slice(1)) + ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"].indexOf(point.y) - first];
    }
    if (meta.form === "cells") return meta.ids[Array.isArray(point.pointNumber) ? point.pointNumber[0] : point.pointNumber];
    return meta.ids[point.pointNumber];
  };

  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    filters: {
      arrive() {
        setTimeout(tell);
        setTimeout(window.liveTheme.apply); // its buttons are there now
        return window.dash_clientside.no_update;
      },
      pick(_clicks, figures, ids) {
        const context = window.dash_clientside.callback_context;
        const click = context.triggered.find((one) => one.value);
        if (!click) return window.dash_clientside.no_update;
        const point = click.value.points[0];
        const place = JSON.parse(click.prop_id.slice(0, click.prop_id.lastIndexOf("."))).graph;
        const { meta } = figures[ids.findIndex((one) => one.graph === place)].layout;
        const value = meta && meta.pick ? picked(meta, point) : undefined;
        if (value !== undefined) narrow(meta.pick, value);
        return window.dash_clientside.no_update;
      },
    },
  });
  window.liveFilters = { show, go };
})();
