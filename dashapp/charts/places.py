"""Regions and people beside each other."""

from __future__ import annotations

from typing import Final

from dashapp.charts import theme
from dashapp.charts.format import Formats
from dashapp.charts.parts import counts, nothing, series
from dashapp.charts.spec import ChartSpec
from dashapp.metrics import answers
from dashapp.metrics.rhythm import WEEKDAYS, visits_by_region_and_weekday
from dashapp.metrics.view import View

MOST_BARS: Final = 12
MOST_ROWS: Final = 14
COMPARED: Final = ("total_revenue", "order_count", "visit_count", "conversion_rate", "avg_order_value")


def regions(view: View, formats: Formats) -> ChartSpec:
    """Revenue by region."""
    rows = answers.regional(view)[:MOST_BARS]
    return ChartSpec(
        key="regions",
        title="Revenue by region",
        note=f"{formats.currency}, highest first",
        label_title="Region",
        labels=[row["region"] for row in rows],
        series=(series(rows, "total_revenue", formats, theme.REVENUE, form="bars"),),
        empty=nothing(view, "orders"),
        pick="region",
    )


def weekdays(view: View, formats: Formats) -> ChartSpec:
    """Visits by region and weekday."""
    rows = visits_by_region_and_weekday(view)[:MOST_ROWS]
    return ChartSpec(
        key="heatmap",
        title="Visits by region and weekday",
        note="Counts; the stronger, the more",
        label_title="Region",
        labels=[row["region"] for row in rows],
        series=[
            counts([row["visits"][n] for row in rows], name, formats, theme.VISITS)
            for n, name in enumerate(WEEKDAYS)
        ],
        empty=nothing(view, "visits"),
        pick="region",
    )


def region_metrics(view: View, formats: Formats) -> ChartSpec:
    """The regions by their key figures."""
    rows = answers.regional(view)[:MOST_ROWS]
    return ChartSpec(
        key="region_metrics",
        title="Regions by their key figures",
        note="Each figure on a scale of its own; the stronger, the higher",
        label_title="Region",
        labels=[row["region"] for row in rows],
        series=[series(rows, key, formats, theme.REVENUE, form="cells") for key in COMPARED],
        empty=nothing(view, "visits or orders"),
        pick="region",
        even=False,
    )


def performers(view: View, formats: Formats) -> ChartSpec:
    """The ten best by revenue."""
    rows = answers.top_performers(view, answers.DASHBOARD_PERFORMERS)
    names = [row["name"] for row in rows]
    return ChartSpec(
        key="performance",
        title="Top ten by revenue",
        note=f"{formats.currency}, highest first",
        label_title="Rep",
        # Bars of two people of one name must stay two bars.
        labels=[
            name if names.count(name) == 1 else f"{name} ({row['userId']})"
            for name, row in zip(names, rows, strict=True)
        ],
        series=(series(rows, "total_revenue", formats, theme.REVENUE, form="bars"),),
        empty=nothing(view, "visits or orders"),
        pick="userId",
        ids=[row["userId"] for row in rows],
    )
