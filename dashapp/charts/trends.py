"""How the business went."""

from __future__ import annotations

from dataclasses import replace

from dashapp.charts import theme
from dashapp.charts.format import Formats
from dashapp.charts.parts import nothing, series
from dashapp.charts.spec import ChartSpec, Series
from dashapp.errors import NotReady
from dashapp.metrics.timeline import Row, timeline
from dashapp.metrics.view import View


def trend(view: View, formats: Formats) -> ChartSpec:
    """Revenue, visits and orders by day (on a single day: by hour), and the window before as a shadow."""
    rows, before = timeline(view), earlier(view)
    slot = "day" if view.window.days > 1 else "hour"
    shadows = [
        ghost(series(before, key, formats, color, row=row), f"{name} before", len(rows))
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


def ghost(one: Series, name: str, length: int) -> Series:
    """A series as a shadow behind another of this length: a day whose clock was set may be longer."""
    values = [*one.values, *[0] * length][:length]
    texts = [*one.texts, *["–"] * length][:length]
    return replace(one, name=name, values=values, texts=texts, form="ghost")
