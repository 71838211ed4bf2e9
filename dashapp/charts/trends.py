"""How the business went."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

from dashapp.charts import theme
from dashapp.charts.format import Formats
from dashapp.charts.parts import nothing, series
from dashapp.charts.spec import ChartSpec
from dashapp.errors import NotReady
from dashapp.metrics.timeline import Row, timeline
from dashapp.metrics.view import View

NOTHING: Final[Row] = {"total_revenue": Fraction(0), "total_visits": 0, "total_orders": 0}


def trend(view: View, formats: Formats) -> ChartSpec:
    """Revenue, visits and orders by day (on a single day: by hour), and the window before as a shadow."""
    rows = by_clock(timeline(view))
    before = beside(rows, by_clock(earlier(view)))
    slot = "day" if view.window.days > 1 else "hour"
    shadows = [
        series(before, key, formats, color, row=row, form="ghost", name=f"{name} before")
        for key, name, color, row in (
            ("total_revenue", "Revenue", theme.REVENUE, 0),
            ("total_visits", "Visits", theme.VISITS, 1),
        )
        if before
    ]
    note = f"Revenue in {formats.currency}; counts below"
    days, begun = view.window.days, view.window.previous().first_on
    shadow = f"the {days} days from" if days > 1 else "the day"
    return ChartSpec(
        key="trends",
        title=f"Revenue, visits and orders by {slot}",
        note=f"{note}; dotted: {shadow} {formats.day(begun)}" if before else note,
        label_title=slot.capitalize(),
        labels=[row["label"] for row in rows],
        series=(
            series(rows, "total_revenue", formats, theme.REVENUE, form="columns"),
            series(rows, "total_visits", formats, theme.VISITS, row=1),
            series(rows, "total_orders", formats, theme.ORDERS, row=1),
            *shadows,
        ),
        empty=nothing(view, "visits or orders"),
        pick="day" if slot == "day" else "",
    )


def earlier(view: View) -> list[Row]:
    """The window before, where it is loaded."""
    try:
        return timeline(view.previous())
    except NotReady:
        return []


def by_clock(rows: list[Row]) -> list[Row]:
    """One row for each label: an hour that came twice, as the clock was set back, is one on its face."""
    shown: dict[str, Row] = {}
    for row in rows:
        label = row["label"]
        same = shown.get(label)
        shown[label] = row if same is None else {"label": label} | {k: same[k] + row[k] for k in NOTHING}
    return list(shown.values())


def beside(rows: list[Row], before: list[Row]) -> list[Row]:
    """The rows of the window before, hour by hour of the clock or day by day."""
    if len(rows[0]["label"]) == len("2026-05-31") or not before:
        return before
    then = {row["label"][11:]: row for row in before}
    return [then.get(row["label"][11:], NOTHING) for row in rows]
