"""The filter bar, and the chips that say what a page is narrowed to. The address is where filters live."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from dash import ALL, ClientsideFunction, Dash, Input, State, html

from dashapp.domain.scope import moment
from dashapp.metrics.newest import first_event_ms
from dashapp.web.choices import person_name
from dashapp.web.live_charts import Asked
from dashapp.web.services import formats, services

WINDOWS: Final = (("1", "Today"), ("7", "7 days"), ("30", "30 days"), ("90", "90 days"), ("365", "365 days"))
MOST_MONTHS: Final = 36


def bar() -> html.Section:
    """The filter bar. What it shows follows the address."""
    windows = [
        html.Button(title, type="button", **{"data-window": days, "aria-pressed": "false"})
        for days, title in WINDOWS
        if int(days) <= services().settings.history_days
    ]
    return html.Section(
        [
            html.Div(windows, className="windows", role="group", **{"aria-label": "Window"}),
            html.Select(
                [html.Option(text, value=month) for month, text in (("", "Month"), *months())],
                id="month",
                className="form-select month",
                **{"aria-label": "Month"},
            ),
            dates(),
            picker("region", "All regions", "regions"),
            picker("userId", "All reps", "reps"),
        ],
        className="filters",
        id="filters",
        **{"aria-label": "Filters"},
    )


def picker(name: str, everything: str, several: str) -> html.Details:
    """A list to choose from, which the page's own script fills from `choices` when it is opened."""
    return html.Details(
        [
            html.Summary(html.Span(everything), className="face"),
            html.Div(className="choices", **{"data-choices": name}),
        ],
        className=f"menu picker {name}",
        **{"data-everything": everything, "data-several": several},
    )


def dates() -> html.Details:
    """Any range of days."""
    today = services().now().astimezone(services().settings.timezone).date()
    fields = html.Div(id="dates", **{"data-last": str(today)})  # filled by the page's own script
    problem = html.P(id="dates-problem", className="problem", role="alert")
    apply = html.Button("Apply", type="button", className="btn btn-primary btn-sm", **{"data-do": "dates"})
    return html.Details(
        [html.Summary("Dates"), html.Div([fields, problem, apply], className="choices")],
        className="menu dates",
    )


def months() -> list[tuple[str, str]]:
    """The months with events and their names, the running one first."""
    context = services()
    zone, written = context.settings.timezone, formats()
    last = context.now().astimezone(zone).date().replace(day=1)
    known = context.live.live.snapshot
    begun = first_event_ms(known) if known else None
    first = moment(begun).astimezone(zone).date() if begun is not None else last
    found: list[tuple[str, str]] = []
    while last >= first.replace(day=1) and len(found) < MOST_MONTHS:
        found.append((f"{last:%Y-%m}", written.month(last)))
        last = (last - timedelta(days=1)).replace(day=1)
    return found


def heading(title: str, asked: Asked, lead: Any = None, *, compares: bool = False) -> html.Header:
    """The title of a page, its window, and what it is narrowed to."""
    window, written = asked.scope.window, formats()
    days = written.day(window.first_on)
    if window.days > 1:
        days = f"{days} – {written.day(window.last_on)}"
    said = days if window.label[0].isdigit() else f"{window.label} · {days}"
    before = f", against the {window.days} days before" if window.days > 1 else ", against the day before"
    return html.Header(
        [
            html.Div([lead, html.H1(title), html.P(said + before * compares, className="when")]),
            html.Div(chips(asked), className="chips"),
        ],
        className="heading",
    )


def chips(asked: Asked) -> list[html.Button]:
    """What the page is narrowed to; each is removed by a click."""
    found = [chip("region", name, name) for name in asked.arguments.getlist("region")]
    found += [chip("userId", one, person_name(one)) for one in asked.arguments.getlist("userId")]
    window = asked.scope.window
    if "from" in asked.arguments and window.days == 1:
        found.append(chip("from", str(window.first_on), formats().day(window.first_on)))
    return found


def chip(name: str, value: str, text: str) -> html.Button:
    label = {"aria-label": f"Remove the filter {text}"}
    return html.Button(
        [text, html.Span("✕")],
        type="button",
        className="chip",
        **{"data-drop": name, "value": value},
        **label,
    )


def keep_filters(app: Dash) -> None:
    """Connect the filter bar and the address."""
    app.clientside_callback(
        ClientsideFunction("filters", "arrive"),
        Input("_pages_location", "pathname"),
        Input("_pages_location", "search"),
    )
    app.clientside_callback(
        ClientsideFunction("filters", "pick"),
        Input({"graph": ALL}, "clickData"),
        State({"graph": ALL}, "figure"),
        State({"graph": ALL}, "id"),
        prevent_initial_call=True,
    )
