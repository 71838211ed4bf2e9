"""The regions beside each other."""

from __future__ import annotations

from typing import Any

import dash
from dash import html

from dashapp.charts.format import Formats
from dashapp.domain.numbers import money
from dashapp.metrics import answers
from dashapp.metrics.timeline import revenue_lines
from dashapp.metrics.view import View
from dashapp.web import people
from dashapp.web.cards import sparkline
from dashapp.web.filters import heading
from dashapp.web.live_charts import Asked, LivePage, Parts
from dashapp.web.panels import columns, panel
from dashapp.web.services import formats
from dashapp.web.tables import Column, Row, csv_button, figure_column, table

dash.register_page(__name__, path="/regions", title="Regions", name="Regions", order=3)


def draw(asked: Asked, view: View) -> Parts:
    written = formats()
    return {
        "head": heading("Regions", asked),
        "ranking": ranking(asked, view, written),
    }


def ranking(asked: Asked, view: View, written: Formats) -> html.Section:
    names = view.snapshot.region_names
    lines = dict(zip(names, revenue_lines(view, "region", len(names)), strict=True))
    rows = [{"place": n, **row} for n, row in enumerate(answers.regional(view), start=1)]

    def course(row: Row) -> Any:
        return sparkline([money(micros) for micros in lines[row["region"]]])

    shown = (
        Column("place", "#", optional=True),
        people.region_column(asked),
        figure_column("total_revenue", bar=True),
        Column("region", "Course of revenue", optional=True, draw=course),
        figure_column("order_count"),
        figure_column("visit_count", optional=True),
        figure_column("conversion_rate", optional=True),
        figure_column("avg_order_value", optional=True),
    )
    body = table(
        rows,
        shown,
        written,
        empty="No visits or orders in any region",
        label="Regions by revenue",
        hook=lambda row: {"data-region": row["region"]},
    )
    return panel("Ranking", body, extra=csv_button("regions"))


def arrange(place: dict[str, Any]) -> list[Any]:
    return [
        place["head"],
        place["ranking"],
        columns(place["regions"], place["region_metrics"]),
        place["heatmap"],
    ]


PAGE = LivePage(
    "regions",
    (
        "head",
        "ranking",
    ),
    {"regions": 300, "region_metrics": 300, "heatmap": 280},
    draw,
    arrange,
)


def layout(**_parameters: str | list[str]) -> list[Any]:
    return PAGE.layout()
