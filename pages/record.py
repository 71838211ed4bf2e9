"""The track record: what was foretold, and what came."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from typing import Any

import dash
from dash import html

from dashapp.charts.format import Formats
from dashapp.charts.outlooks import amount
from dashapp.metrics.models.outlook import Figure
from dashapp.metrics.models.rows import Calibration, PastPick
from dashapp.metrics.view import View
from dashapp.web import outlook_parts as parts
from dashapp.web import predictions
from dashapp.web.filters import heading
from dashapp.web.live_charts import Asked, LivePage, Parts
from dashapp.web.panels import columns, panel
from dashapp.web.services import formats, services
from dashapp.web.specs import found
from dashapp.web.tables import Column, csv_button, table

dash.register_page(__name__, path="/predictions/record", title="Track record")


def draw(asked: Asked, view: View) -> Parts:
    written, scoped = formats(), found(view)
    back = html.A("← Predictions", href=asked.link("/predictions"), className="back", **{"data-go": ""})
    outlook = scoped["outlook"]
    return {
        "head": heading("Track record", asked, back),
        "figures": [
            card("Next 7 days", outlook["next_week"], written),
            card("Next 30 days", outlook["next_month"], written),
            churn_card(scoped["churn"]["calibration"], written),
        ],
        "picks": picks(scoped["past"], written),
    }


def card(title: str, figure: Figure, written: Formats) -> html.Div:
    typical, coverage = parts.percent(figure["typical_error"]), parts.percent(figure["coverage"])
    value = "–" if typical is None else f"±{written.compact(typical, 'percent')}"
    held = "No interval to check yet"
    if coverage is not None:
        held = f"{written.compact(coverage, 'percent')} lay in their interval; 80 % should"
    texts = [html.P(value, className="value"), html.P(figure["words"], className="change")]
    return html.Div(
        [
            html.H2(f"{title}: typical error", className="card-title"),
            *texts,
            html.P(held, className="change"),
        ],
        className="panel kpi",
    )


def churn_card(calibration: Calibration, written: Formats) -> html.Div:
    title = html.H2("Facilities that stay away", className="card-title")
    if not calibration["scored"]:
        return html.Div(
            [
                title,
                html.P("–", className="value"),
                html.P("No score is old enough to be checked", className="change"),
            ],
            className="panel kpi",
        )
    gap = parts.percent(calibration["ece"]) or Fraction(0)
    scored = written.exact(calibration["scored"], "count")
    told = [f"Mean distance of what was foretold from what came, {scored} scores"]
    if calibration["auc"] is not None:
        order = written.exact(100 * Fraction(str(round(calibration["auc"], 4))), "percent")
        told.append(f"; in {order} of pairs the one who stayed away was scored above")
    return html.Div(
        [title, html.P(written.compact(gap, "percent"), className="value"), html.P(told, className="change")],
        className="panel kpi",
    )


def picks(past: Sequence[PastPick], written: Formats) -> html.Section:
    """What the lists of opportunities would have been, and what came of them."""
    rows = [
        {
            "month": written.day(date.fromisoformat(one["made_on"])),
            "list": one["list"].capitalize(),
            "expected": amount(one["expected"]),
            "actual": amount(one["actual"]),
            "capture": parts.percent(one["capture"]),
            "hits": one["hits"],
            "picked": len(one["picked"]),
        }
        for one in reversed(past)
    ]
    shown = (
        Column("month", "Made on"),
        Column("list", "List"),
        Column("picked", "Facilities", "count", optional=True),
        Column("hits", "Ordered", "count"),
        Column("expected", "Expected", "money", optional=True),
        Column("actual", "Came", "money", bar=True),
        Column("capture", "Of the best choice", "percent", optional=True),
    )
    body = table(
        rows, shown, written, empty="No list is old enough to be checked", label="Past opportunities"
    )
    note = "Each list as it would have been on that day, and the orders of the 30 days after"
    return panel("Past opportunities", body, note=note, extra=csv_button("past-opportunities"))


def arrange(place: dict[str, Any]) -> list[Any]:
    return [
        place["head"],
        html.Section(place["figures"], id="figures", **{"aria-label": "Error and coverage"}),
        columns(place["checks_7"], place["checks_30"]),
        place["calibration"],
        place["picks"],
    ]


PAGE = LivePage(
    "record",
    ("head", "figures", "picks"),
    {"checks_7": 300, "checks_30": 300, "calibration": 320},
    draw,
    arrange,
    version=lambda: predictions.versions(services()),
)


def layout(**_parameters: str | list[str]) -> list[Any]:
    return PAGE.layout()
