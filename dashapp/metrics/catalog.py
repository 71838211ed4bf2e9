"""Every figure once: its keys in answers, pages and reports, its title, unit and definition."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from inspect import getdoc
from typing import Final, Literal

from dashapp.metrics import figures
from dashapp.metrics.view import View

Unit = Literal["count", "money", "percent"]


@dataclass(frozen=True)
class Metric:
    """A figure. `keys` are its names in different answers; the first is its own."""

    keys: tuple[str, ...]
    title: str
    unit: Unit
    compute: Callable[[View], int | Fraction]

    @property
    def key(self) -> str:
        return self.keys[0]

    @property
    def definition(self) -> str:
        """One sentence for the reader."""
        return getdoc(self.compute) or ""


METRICS: Final = (
    Metric(("total_visits", "visit_count", "visits", "visits_today"), "Visits", "count", figures.visit_count),
    Metric(("successful_visits",), "Successful visits", "count", figures.successful_visits),
    Metric(("quotations_sent",), "Quotations sent", "count", figures.quotations_sent),
    Metric(("pending_quotations",), "Pending quotations", "count", figures.pending_quotations),
    Metric(
        ("total_orders", "order_count", "orders_placed", "orders", "orders_today"),
        "Orders",
        "count",
        figures.order_count,
    ),
    Metric(("total_revenue", "revenue", "revenue_today"), "Revenue", "money", figures.total_revenue),
    Metric(("avg_order_value",), "Average order value", "money", figures.avg_order_value),
    Metric(
        ("conversion_rate", "overall_conversion", "conversion_rate_today"),
        "Conversion",
        "percent",
        figures.conversion_rate,
    ),
    Metric(("visit_success_rate",), "Visit success", "percent", figures.visit_success_rate),
    Metric(("quotation_conversion",), "Quotation conversion", "percent", figures.quotation_conversion),
    Metric(("active_users",), "Active users", "count", figures.active_users),
)
BY_KEY: Final = {key: metric for metric in METRICS for key in metric.keys}


def computed(view: View, keys: tuple[str, ...]) -> dict[str, int | Fraction]:
    """The figures of these keys, exact."""
    return {key: BY_KEY[key].compute(view) for key in keys}
