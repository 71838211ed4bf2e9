"""The team: everybody's figures, sorted and searched as you like."""

from __future__ import annotations

from typing import Any, Final

import dash
import dash_bootstrap_components as dbc
from dash import html

from dashapp.charts.format import Formats
from dashapp.metrics.team import members
from dashapp.metrics.view import View
from dashapp.web import people
from dashapp.web.filters import heading
from dashapp.web.live_charts import Asked, LivePage, Parts
from dashapp.web.panels import panel
from dashapp.web.services import formats
from dashapp.web.tables import Column, csv_button, figure_column, shortened, table

dash.register_page(__name__, path="/team", title="Team", name="Team", order=4)

BY_DEFAULT: Final = "-total_revenue"
SHOWN: Final = 50
SORTABLE: Final = (
    "name",
    "region",
    "tier",
    "visit_count",
    "order_count",
    "total_revenue",
    "conversion_rate",
    "avg_order_value",
)


def draw(asked: Asked, view: View) -> Parts:
    written = formats()
    return {
        "head": heading("Team", asked),
        "grid": grid(asked, view, written),
    }


def grid(asked: Asked, view: View, written: Formats) -> html.Section:
    sort = asked.own("sort", BY_DEFAULT)
    if sort.lstrip("-") not in SORTABLE:
        sort = BY_DEFAULT
    found = members(view, asked.own("q"), sort.lstrip("-"), descending=sort.startswith("-"))
    rows, said, more = shortened(found, asked.own("show"), SHOWN, written)
    shown = (
        people.person_column(asked),
        people.region_column(asked, optional=True),
        Column("tier", "Tier", optional=True),
        figure_column("visit_count", optional=True),
        figure_column("order_count"),
        figure_column("total_revenue", bar=True),
        figure_column("conversion_rate", optional=True),
        figure_column("avg_order_value", optional=True),
    )
    empty = (
        "Nobody of that name has visits or orders here"
        if asked.own("q")
        else "No visits or orders by anybody"
    )
    body = table(rows, shown, written, empty=empty, label="Reps", sort=sort, hook=people.person_hook)
    return panel("Reps with visits or orders", html.Div([body, more]), note=said, extra=csv_button("team"))


def arrange(place: dict[str, Any]) -> list[Any]:
    search = dbc.Input(id="search", type="search", placeholder="Search by name or region")
    return [
        place["head"],
        html.Label([html.Span("Search", className="visually-hidden"), search], className="search"),
        place["grid"],
        place["performance"],
    ]


PAGE = LivePage(
    "team",
    (
        "head",
        "grid",
    ),
    {"performance": 320},
    draw,
    arrange,
    own=("sort", "q", "show"),
)


def layout(**_parameters: str | list[str]) -> list[Any]:
    return PAGE.layout()
