// What can be done with a chart: its table, its CSV, full screen. All of it from what the chart shows.
(() => {
  const DANGEROUS = /^[=+\-@\t\r]/;
  const NUMBER = /^-?\d+(\.\d+)?$/;

  // A cell that a spreadsheet would take for a formula is made a text; numbers stay numbers.
  const csvCell = (value) => {
    let text = value === null || value === undefined ? "" : String(value);
    if (DANGEROUS.test(text) && !NUMBER.test(text)) text = `'${text}`;
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const csv = (rows) => `${rows.map((row) => row.map(csvCell).join(",")).join("\r\n")}\r\n`;

  const save = (name, text) => {
    const address = URL.createObjectURL(new Blob(["\ufeff", text], { type: "text/csv" }));
    const link = Object.assign(document.createElement("a"), { href: address, download: `${name}.csv` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(address), 1000);
  };

  // The chart as a table: heads, and rows of [value, text].
  const tableOf = (drawing) => {
    const { meta } = drawing.layout;
    const at = {
      cells: (column, row) => [drawing.data[0].customdata[row][column][1], drawing.data[0].customdata[row][column][0]],
      calendar: (_column, row) => {
        const place = row + ((new Date(meta.labels[0]).getUTCDay() + 6) % 7);
        const [text, value] = drawing.data[0].customdata[place % 7][Math.floor(place / 7)];
        return [value, text.slice(text.indexOf(": ") + 2)];
      },
    };
    const horizontal = meta.form === "bars" || meta.form === "stages";
    const plain = (column, row) => {
      const trace = drawing.data[column];
      return [(horizontal ? trace.x : trace.y)[row], trace.customdata[row]];
    };
    const cell = at[meta.form] || plain;
    return {
      title: meta.title,
      key: meta.key,
      heads: [meta.labelTitle, ...meta.columns],
      rows: meta.labels.map((label, row) => [[label, label], ...meta.columns.map((_name, column) => cell(column, row))]),
    };
  };

  const element = (name, text, attributes = {}) => {
    const made = document.createElement(name);
    if (text !== undefined) made.textContent = text;
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  };

  const showTable = (chart) => {
    const { title, heads, rows } = chart;
    const dialog = element("dialog", undefined, { class: "sheet-dialog table-dialog", "aria-label": title });
    const table = element("table", undefined, { class: "rows" });
    const head = element("tr");
    heads.forEach((text, n) => head.append(element("th", text, { scope: "col", class: n ? "number" : "" })));
    table.append(element("thead"), element("tbody"));
    table.tHead.append(head);
    for (const row of rows) {
      const line = element("tr");
      row.forEach(([value, text], n) => {
        line.append(n ? element("td", text, { class: "number", "data-value": value }) : element("th", text, { scope: "row" }));
      });
      table.tBodies[0].append(line);
    }
    const scroll = element("div", undefined, { class: "scroll", tabindex: "0", role: "region", "aria-label": title });
    scroll.append(table);
    const actions = element("div", undefined, { class: "actions" });
    const saving = element("button", "Download CSV", { type: "button", class: "btn btn-primary btn-sm" });
    saving.addEventListener("click", () => save(chart.key, chartCsv(chart)));
    const closing = element("button", "Close", { type: "button", class: "quiet", "data-do": "close" });
    actions.append(saving, closing);
    dialog.append(element("h2", title), scroll, actions);
    dialog.addEventListener("close", () => dialog.remove());
    document.body.append(dialog);
    dialog.showModal();
  };

  const chartCsv = ({ heads, rows }) => csv([heads, ...rows.map((row) => row.map(([value]) => value))]);

  // A table of the page as it is shown: exact numbers where a cell has one.
  const rowsOf = (table) => {
    const text = (cell) => (cell.dataset.value !== undefined ? cell.dataset.value : cell.textContent.trim());
    return [...table.rows].map((row, n) => [...row.cells].map((cell) => (n ? text(cell) : cell.textContent.replace(/ [↑↓]$/, ""))));
  };

  const actions = {
    table: (panel) => showTable(tableOf(panel.querySelector(".js-plotly-plot"))),
    csv: (panel) => {
      const chart = tableOf(panel.querySelector(".js-plotly-plot"));
      save(chart.key, chartCsv(chart));
    },
    full: (panel) => panel.requestFullscreen?.(),
    rows: (panel, button) => {
      const table = panel.querySelector("table");
      if (table) save(button.dataset.name, csv(rowsOf(table)));
    },
  };

  // Closed, a menu gives the focus back to what opens it: that is where a dialog opened from it returns to.
  const close = (menu) => {
    if (!menu) return;
    const focused = menu.contains(document.activeElement);
    menu.open = false;
    if (focused) menu.querySelector("summary").focus();
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-do]");
    const panel = button && button.closest(".panel");
    const act = panel && actions[button.dataset.do];
    if (act) {
      close(button.closest("details.menu"));
      act(panel, button);
    }
  });

  // A picture looks like the page it is taken from.
  document.addEventListener("click", (event) => {
    const link = event.target.closest(".chart .choices a[download]");
    if (!link) return;
    const address = new URL(link.href);
    address.searchParams.set("theme", document.documentElement.getAttribute("data-bs-theme"));
    link.href = address;
  });

  // A menu closes when one clicks elsewhere, goes on or presses Escape; only one is open at a time.
  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      const link = event.target.closest("a, [data-theme], [data-do]");
      if (!menu.contains(event.target) || (link && link.dataset.do !== "dates" && !link.dataset.theme)) close(menu);
    }
  });
  document.addEventListener("focusout", (event) => {
    const menu = event.target.closest?.("details.menu[open]");
    if (menu && event.relatedTarget && !menu.contains(event.relatedTarget)) menu.open = false;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      menu.open = false;
      menu.querySelector("summary").focus();
      event.preventDefault();
    }
  });
  // Texts in charts are as large as those around them, on a wall as on a phone.
  const textSize = () => (12 * Number.parseFloat(getComputedStyle(document.documentElement).fontSize)) / 16;
  const sized = (draw) => (place, figure, ...rest) => {
    const layout = figure && figure.layout;
    return draw(place, layout ? { ...figure, layout: { ...layout, font: { ...layout.font, size: textSize() } } } : figure, ...rest);
  };
  for (const name of ["newPlot", "react"]) window.Plotly[name] = sized(window.Plotly[name]);
  window.liveCharts = {
    resize: () => {
      for (const drawing of document.querySelectorAll(".js-plotly-plot")) {
        if (drawing.layout) window.Plotly.relayout(drawing, { "font.size": textSize() });
      }
      window.dispatchEvent(new Event("resize"));
    },
  };

  // A chart fits its panel also in full screen.
  document.addEventListener("fullscreenchange", () => setTimeout(window.liveCharts.resize, 60));
})();
