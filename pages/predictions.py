"""Predictions: revenue to expect, who is going quiet, where to go next, and how far to trust that."""

from __future__ import annotations

from typing import Any, Final

import dash
from dash import html

from dashapp.charts.format import Formats
from dashapp.charts.outlooks import amount
from dashapp.metrics.models.outlook import Figure
from dashapp.metrics.models.scoped import Scoped
from dashapp.metrics.view import View
from dashapp.web import outlook_parts as parts
from dashapp.web import predictions
from dashapp.web.filters import heading
from dashapp.web.live_charts import Asked, LivePage, Parts
from dashapp.web.marks import marks
from dashapp.web.panels import columns, panel
from dashapp.web.services import formats, services
from dashapp.web.specs import found
from dashapp.web.tables import csv_button, table

dash.register_page(__name__, path="/predictions", title="Predictions", name="Predictions", order=6)

MOST_RISKS: Final = 20


def draw(asked: Asked, view: View) -> Parts:
    written, scoped = formats(), found(view)
    marked = marks(services(), view.snapshot, view.scope.regions)
    offers = predictions.opportunities(scoped, marked)
    return {
        "head": heading("Predictions", asked, parts.lead(scoped, asked, view, written)),
        "figures": figures(scoped, written),
        "keys": parts.opportunity_panel("Key accounts", "key accounts", offers, asked, written),
        "quiet": parts.opportunity_panel("Due and quiet", "due and quiet", offers, asked, written),
        "facilities": facilities(scoped, asked, written),
        "people": going_quiet(scoped, asked, written),
        "regions": regions(scoped, asked, written),
        "marks": parts.marks(marked),
    }


def figures(scoped: Scoped, written: Formats) -> list[html.Div]:
    outlook = scoped["outlook"]
    trend = outlook["trend"]
    change = {"increasing": "▲ Increasing", "decreasing": "▼ Decreasing", "stable": "Stable"}
    return [
        figure_card("next_week", "Next 7 days", outlook["next_week"], outlook["early"], written),
        figure_card("next_month", "Next 30 days", outlook["next_month"], outlook["early"], written),
        html.Div(
            [
                html.H2("Trend", className="card-title"),
                html.P(change[trend["direction"]], className="value"),
                html.P(trend["words"], className="change"),
            ],
            className="panel kpi",
            **{"data-metric": "trend", "data-value": trend["direction"]},
        ),
    ]


def figure_card(key: str, title: str, figure: Figure, early: bool, written: Formats) -> html.Div:
    """What is expected, between which bounds, and how good that was so far."""
    revenue = amount(figure["revenue"])
    if revenue is None:
        body = [html.P("No forecast", className="value"), html.P(figure["reason"], className="change")]
        return html.Div([html.H2(title, className="card-title"), *body], className="panel kpi")
    low, high = amount(figure["low"]), amount(figure["high"])
    span = figure["interval_reason"]
    if low is not None and high is not None:
        span = f"{written.compact(low, 'money')} to {written.compact(high, 'money')} in 8 of 10 cases"
    said = html.P(figure["words"] + (" · early: little history" if early else ""), className="change")
    return html.Div(
        [
            html.H2(title, className="card-title"),
            html.P(
                written.compact(revenue, "money"), className="value", title=written.exact(revenue, "money")
            ),
            html.P(span, className="interval"),
            said,
        ],
        className="panel kpi",
        **{"data-metric": key, "data-value": str(float(revenue))},
    )


def facilities(scoped: Scoped, asked: Asked, written: Formats) -> html.Section:
    churn = scoped["churn"]
    rows = [parts.churn_row(row) for row in churn["rows"][:MOST_RISKS]]
    body = table(
        rows,
        parts.churn_columns(asked, written),
        written,
        empty=churn["reason"] or "Nobody is likely to stay away",
        label="Facilities that may stay away",
        hook=lambda row: {"data-facility": row["facilityId"]},
    )
    note = f"Probability of no order in the next 60 days, the most revenue at stake first. {churn['method']}"
    return panel(
        "Facilities that may stay away",
        html.Div([body, refused(churn["refused"])]),
        note=note,
        extra=csv_button("churn"),
    )


def refused(reasons: dict[str, int]) -> html.P | None:
    """How many could not be judged, and why."""
    if not reasons:
        return None
    told = "; ".join(f"{count}: {reason}" for reason, count in reasons.items())
    return html.P(f"Not judged: {told}", className="note")


def going_quiet(scoped: Scoped, asked: Asked, written: Formats) -> html.Section:
    inactivity = scoped["inactivity"]
    rows = [parts.inactive_row(row) for row in inactivity["rows"] if row["stands_out"]][:MOST_RISKS]
    body = table(
        rows,
        parts.inactive_columns(asked),
        written,
        empty="Everybody keeps their usual pace",
        label="Reps going quiet",
        hook=lambda row: {"data-user": row["userId"]},
    )
    content = html.Div([body, refused(inactivity["refused"])])
    return panel("Reps going quiet", content, note=inactivity["note"], extra=csv_button("quiet-reps"))


def regions(scoped: Scoped, asked: Asked, written: Formats) -> html.Section:
    rows = [parts.region_row(one) for one in scoped["regions"]]
    body = table(
        rows,
        parts.region_columns(asked),
        written,
        empty=scoped["outlook"]["reason"] or "No region has a forecast",
        label="Forecast by region",
    )
    return panel("By region", body, extra=csv_button("forecast-by-region"))


def arrange(place: dict[str, Any]) -> list[Any]:
    return [
        place["head"],
        html.Section(place["figures"], id="figures", **{"aria-label": "Forecast"}),
        place["forecast"],
        place["keys"],
        place["quiet"],
        place["facilities"],
        columns(place["people"], place["regions"]),
        place["marks"],
    ]


PAGE = LivePage(
    "predictions",
    ("head", "figures", "keys", "quiet", "facilities", "people", "regions", "marks"),
    {"forecast": 320},
    draw,
    arrange,
    version=lambda: predictions.versions(services()),
)


def layout(**_parameters: str | list[str]) -> list[Any]:
    return PAGE.layout()
