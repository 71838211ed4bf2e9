"""Parts of the pages about predictions: who made them from what, lists, marks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from fractions import Fraction
from typing import Any, Final

from dash import html

from dashapp.charts.format import Formats
from dashapp.charts.outlooks import amount
from dashapp.domain.marks import MARKS
from dashapp.metrics.models.outlook import Outlook
from dashapp.metrics.models.scoped import Scoped
from dashapp.metrics.view import View
from dashapp.web.live_charts import Asked
from dashapp.web.panels import panel
from dashapp.web.tables import Column, Row, csv_button, table

MARK_TITLES: Final = {"planned": "Planned", "won": "Won", "not now": "Not now"}


def percent(share: float | None) -> Fraction | None:
    return None if share is None else Fraction(str(round(100 * share, 2)))


def lead(scoped: Scoped, asked: Asked, view: View, written: Formats) -> html.P:
    """When the models ran, on what, and where their record is."""
    record = html.A("Track record", href=asked.link("/predictions/record"), **{"data-go": ""})
    trained, computed = scoped["trained_on"], scoped["computed_at"]
    if trained is None or computed is None or scoped["as_of"] is None:
        return html.P([scoped["reason"], " · ", record], className="lead-line")
    at = datetime.fromisoformat(computed).astimezone(view.window.zone)
    told = f"From what was known when {written.day(date.fromisoformat(scoped['as_of']))} began"
    learnt = f"{written.exact(trained['days'], 'count')} days of orders"
    return html.P([f"{told} · {learnt} · computed {written.moment(at)} · ", record], className="lead-line")


# --- Opportunities


def opportunity_panel(
    title: str, name: str, offers: Sequence[Mapping[str, Any]], asked: Asked, written: Formats
) -> html.Section:
    rows = [offer_row(one) for one in offers if name in one["lists"]]
    notes = {
        "key accounts": "Where most revenue is to be expected in the next 30 days",
        "due and quiet": "No order for over 30 days, and worth a visit",
    }
    columns = (
        Column("facility_name", "Facility", draw=facility_cell),
        person_of(asked),
        Column("percent", "Will order", "percent", optional=True),
        Column("order_value", "Per order", "money", optional=True),
        Column("revenue", "Expected revenue", "money"),
        Column("usual_gap_days", "Usual gap, days", "count", optional=True),
        Column("days_since", "Days since", "count"),
        Column("last_visit", "Last visit", optional=True, draw=lambda row: day(row["last_visit"], written)),
        Column("mark", "Mark", draw=mark_cell),
    )
    reason = "Nothing here in this selection"
    body = table(
        rows,
        columns,
        written,
        empty=reason,
        label=title,
        hook=lambda row: {"data-facility": row["facilityId"]},
    )
    return panel(title, body, note=notes[name], extra=csv_button(name.replace(" ", "-")))


def offer_row(offer: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **offer,
        "percent": percent(offer["probability"]),
        "order_value": amount(offer["order_value"]),
        "revenue": amount(offer["potential_revenue"]),
        "usual_gap_days": round(offer["usual_gap_days"]),
    }


def facility_cell(row: Row) -> list[Any]:
    return [html.B(row["facility_name"]), html.P(row["recommendation"], className="note")]


def person_of(asked: Asked) -> Column:
    """The rep to act."""

    def draw(row: Row) -> Any:
        if row["userId"] is None:
            return "–"
        return html.A(
            row["user_name"] or row["userId"], href=asked.person_link(row["userId"]), **{"data-go": ""}
        )

    return Column("user_name", "Rep", optional=True, draw=draw)


def mark_cell(row: Row) -> html.Div:
    """What was noted, and the buttons to note something."""
    mark = row["mark"]
    chosen = mark["mark"] if mark else None
    buttons = [
        html.Button(
            MARK_TITLES[one],
            type="button",
            **{"data-mark": one, "data-of": row["facilityId"], "aria-pressed": str(one == chosen).lower()},
        )
        for one in MARKS
    ]
    outcome = html.P(mark["outcome"], className="note") if mark else None
    group = html.Div(
        buttons, className="windows small", role="group", **{"aria-label": f"Mark {row['facility_name']}"}
    )
    return html.Div([group, outcome])


def marks(rows: Sequence[Mapping[str, Any]]) -> html.Section:
    """What was noted, by whom, and what came of it."""
    items = [
        html.Li(
            [html.Span([html.B(one["facility_name"]), f" · {one['outcome']}"]), html.Span(one["user_name"])]
        )
        for one in rows
    ]
    empty = html.P("Nobody has marked an opportunity yet", className="empty")
    return panel("Marked", html.Ol(items, className="feed", tabIndex="0") if items else empty)


# --- Churn and inactivity


def day(on: str | None, written: Formats) -> str:
    return written.day(date.fromisoformat(on)) if on else "–"


def churn_row(row: Mapping[str, Any]) -> dict[str, Any]:
    return {**row, "percent": percent(row["probability"]), "revenue": amount(row["revenue_last_year"])}


def churn_columns(asked: Asked, written: Formats) -> tuple[Column, ...]:
    return (
        Column("facility_name", "Facility", draw=lambda row: html.B(row["facility_name"])),
        Column("region", "Region", optional=True),
        person_of(asked),
        Column("percent", "Stays away", "percent", bar=True),
        Column("reason", "Why"),
        Column(
            "last_order_on", "Last order", optional=True, draw=lambda row: day(row["last_order_on"], written)
        ),
        Column("revenue", "Last 365 days", "money", optional=True),
    )


def inactive_row(row: Mapping[str, Any]) -> dict[str, Any]:
    return {**row, "user_name": row["name"], "rank": percent(row["risk_score"])}


def inactive_columns(asked: Asked) -> tuple[Column, ...]:
    return (
        Column("user_name", "Rep", draw=person_of(asked).draw),
        Column("region", "Region", optional=True),
        Column("rank", "Rank", "percent", bar=True, optional=True),
        Column("reason", "Why"),
    )


# --- Regions


def region_row(outlook: Outlook) -> dict[str, Any]:
    week, month = outlook["next_week"], outlook["next_month"]
    return {
        "region": (outlook["regions"] or [""])[0],
        "next_week": amount(week["revenue"]),
        "next_month": amount(month["revenue"]) or Fraction(0),
        "trend": outlook["trend"]["direction"],
        "words": month["words"],
    }


def region_columns(asked: Asked) -> tuple[Column, ...]:
    def name(row: Row) -> html.A:
        return html.A(row["region"], href=asked.region_link(row["region"]), **{"data-go": ""})

    return (
        Column("region", "Region", draw=name),
        Column("next_week", "Next 7 days", "money", optional=True),
        Column("next_month", "Next 30 days", "money", bar=True),
        Column("trend", "Trend"),
        Column("words", "So far", optional=True),
    )
