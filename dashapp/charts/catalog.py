"""Which charts there are, and how each is made from the metrics."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from dashapp.charts import theme
from dashapp.charts.format import Formats
from dashapp.charts.spec import ChartSpec, Form, Series
from dashapp.domain.numbers import percent
from dashapp.metrics import answers
from dashapp.metrics.catalog import BY_KEY
from dashapp.metrics.view import View

MOST_BARS: Final = 12
STAGES: Final = ("visits", "successful_visits", "quotations_sent", "orders_placed")


def _series(
    rows: list[dict[str, Any]], key: str, formats: Formats, color: str, *, row: int = 0, form: Form = "line"
) -> Series:
    metric = BY_KEY[key]
    values = [one[key] for one in rows]
    texts = [formats.exact(value, metric.unit) for value in values]
    marks = [formats.compact(value, metric.unit) for value in values] if form == "bars" else ()
    return Series(metric.title, metric.unit, values, texts, color, marks, row, form)


def _nothing(view: View, what: str) -> str:
    label = view.window.label
    if label.startswith("Last"):
        return f"No {what} in the {label[0].lower()}{label[1:]}"
    return f"No {what}: {label}"


def trend(view: View, formats: Formats) -> ChartSpec:
    """Revenue, visits and orders by day."""
    rows = answers.trends(view)
    return ChartSpec(
        key="trend",
        title="Revenue, visits and orders by day",
        note=f"Revenue in {formats.currency}; counts below",
        labels=[row["date"] for row in rows],
        series=(
            _series(rows, "revenue", formats, theme.REVENUE, form="columns"),
            _series(rows, "visits", formats, theme.VISITS, row=1),
            _series(rows, "orders", formats, theme.ORDERS, row=1),
        ),
        empty=_nothing(view, "visits or orders"),
    )


def funnel(view: View, formats: Formats) -> ChartSpec:
    """From visit to order."""
    figures = answers.conversion(view)
    values = [figures[key] for key in STAGES]
    shares = [formats.compact(percent(value, values[0]), "percent") for value in values]
    counts = [formats.exact(value, "count") for value in values]
    marks = [counts[0], *(f"{n} · {share}" for n, share in zip(counts[1:], shares[1:], strict=True))]
    texts = [counts[0], *(f"{n}, {share} of visits" for n, share in zip(counts[1:], shares[1:], strict=True))]
    return ChartSpec(
        key="funnel",
        title="From visit to order",
        note="Counts, and their share of the visits",
        labels=[BY_KEY[key].title for key in STAGES],
        series=(Series("Count", "count", values, texts, theme.STAGES[0], marks, form="stages"),),
        empty=_nothing(view, "visits or orders"),
    )


def regions(view: View, formats: Formats) -> ChartSpec:
    """Revenue by region."""
    rows = answers.regional(view)[:MOST_BARS]
    return ChartSpec(
        key="regions",
        title="Revenue by region",
        note=f"{formats.currency}, highest first",
        labels=[row["region"] for row in rows],
        series=(_series(rows, "total_revenue", formats, theme.REVENUE, form="bars"),),
        empty=_nothing(view, "orders"),
    )


CHARTS: Final[dict[str, Callable[[View, Formats], ChartSpec]]] = {
    "trend": trend,
    "funnel": funnel,
    "regions": regions,
}
