"""The overview: today, the key figures, how they came about."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import dash
import dash_bootstrap_components as dbc
from dash import ClientsideFunction, Input, Output, State, clientside_callback, dcc, html

from dashapp.domain.scope import Scope
from dashapp.errors import InvalidParameter, NotReady
from dashapp.metrics import answers
from dashapp.metrics.view import View
from dashapp.web.auth import analyst
from dashapp.web.components import chart_panel, drawn, figure_strip, kpi_card, ranking
from dashapp.web.live_charts import (
    formats,
    keep_live,
    live_parts,
    loading,
    page_scope,
    query_string,
    seen_mark,
    today_scope,
)
from dashapp.web.services import services

PAGE: Final = "overview"
CHART_HEIGHTS: Final = {"trend": 340, "funnel": 260, "regions": 260}
WINDOWS: Final = {"1": "Today", "7": "7 days", "30": "30 days", "90": "90 days", "365": "365 days"}

dash.register_page(__name__, path="/", title="Overview")


def layout(**arguments: str | list[str]) -> list[Any]:
    asked = query_string(arguments)
    problem = ""
    try:
        scope = page_scope(asked)
    except InvalidParameter as error:
        asked, problem = "", error.message
        scope = page_scope(asked)
    try:
        mark, draw = render(asked)
        parts: list[Any] = draw()
    except NotReady:
        mark, parts = None, [loading(), loading(), *([] for _ in CHART_HEIGHTS), []]
    return [
        *live_parts(PAGE, asked, mark),
        html.H1("Overview", className="visually-hidden"),
        dbc.Alert(
            f"The address holds a filter that cannot be used: {problem}.", color="warning", className="mb-0"
        )
        if problem
        else None,
        filters(scope, asked),
        *places(parts),
    ]


def places(parts: list[Any]) -> list[Any]:
    """Where the parts go."""
    today, cards, *charts, best = parts
    panels = [
        chart_panel(key, "half" if key != "trend" else "wide", content)
        for key, content in zip(CHART_HEIGHTS, charts, strict=True)
    ]
    top = html.Section([html.H2("Top ten by revenue"), html.Div(best, id="best")], className="panel")
    return [
        html.Section([html.H2("Today"), html.Div(today, id="today")], className="panel"),
        html.Section(cards, id="cards", className="cards", **{"aria-label": "Key figures"}),
        html.Div(panels, className="charts"),
        top,
    ]


def render(asked: str) -> tuple[str, Callable[[], list[Any]]]:
    scope = page_scope(asked)
    snapshot = services().live.snapshot()
    view = View(snapshot, scope).require_loaded()
    today = View(snapshot, today_scope(scope)).require_loaded()
    return seen_mark([view, view.previous(), today]), lambda: drawn_parts(view, today)


def drawn_parts(view: View, today: View) -> list[Any]:
    """All parts of the page from one snapshot: today, cards, the charts, the best."""
    written = formats()
    figures = answers.summary(view)
    before = figures.pop("previous")
    compared = view.scope.previous().window.label.lower()
    return [
        figure_strip(answers.realtime(today), written),
        [kpi_card(key, value, before[key], compared, written) for key, value in figures.items()],
        *drawn(list(CHART_HEIGHTS), view, written, CHART_HEIGHTS),
        ranking(answers.top_performers(view, 10), written, "No visits or orders"),
    ]


def filters(scope: Scope, asked: str) -> html.Section:
    """The window and the regions, as the address has them."""
    window = scope.window
    ranged = "from=" in asked
    chosen = "range" if ranged else str(window.days)
    options = dict(WINDOWS)
    if chosen not in options:
        options[chosen] = window.label
    known = services().live.live.snapshot
    names = answers.region_names(View(known, today_scope(scope))) if known else []
    allowed = analyst().regions
    if allowed is not None:
        names = [name for name in names if name in allowed]
    return html.Section(
        [
            dbc.RadioItems(
                id="days",
                options=[{"label": label, "value": value} for value, label in options.items()],
                value=chosen,
                className="windows",
                inputClassName="btn-check",
                labelClassName="btn",
                labelCheckedClassName="",
                inline=True,
            ),
            html.Div(
                dcc.Dropdown(
                    id="regions",
                    options=names,
                    value=list(scope.regions or ()),
                    multi=True,
                    placeholder="All regions",
                ),
                className="regions",
            ),
            people(scope),
        ],
        className="filters",
        **{"aria-label": "Filters"},
    )


def people(scope: Scope) -> Any:
    """Whom the page is narrowed to, with the way back."""
    if scope.users is None:
        return None
    known = services().live.live.snapshot
    allowed = analyst().regions
    names = []
    for one in scope.users:
        user = known.users.get(one) if known else None
        visible = user is not None and (allowed is None or user.region in allowed)
        names.append(user.name if user is not None and visible else one)
    return html.A([", ".join(names), html.Span("✕ show everyone")], href="?", className="chip text-reset")


keep_live(
    PAGE,
    [
        Output("today", "children"),
        Output("cards", "children"),
        *(Output({"chart": key}, "children") for key in CHART_HEIGHTS),
        Output("best", "children"),
    ],
    render,
)
clientside_callback(
    ClientsideFunction("live", "filter"),
    Output(f"{PAGE}-asked", "data"),
    Input("days", "value"),
    Input("regions", "value"),
    State(f"{PAGE}-asked", "data"),
    prevent_initial_call=True,
)
