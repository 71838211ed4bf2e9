"""Every chart by its key: those made from the figures alone, and those of the predictions."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Final

from dashapp.charts import outlooks
from dashapp.charts.catalog import CHARTS
from dashapp.charts.format import Formats
from dashapp.charts.spec import ChartSpec
from dashapp.metrics.models.scoped import Scoped
from dashapp.metrics.view import View
from dashapp.web import predictions
from dashapp.web.services import services


def found(view: View) -> Scoped:
    """The newest predictions in the scope of a view."""
    context = services()
    key: Hashable = ("scoped", view.key, predictions.versions(context))
    return view.snapshot.memo.get(key, lambda: predictions.current(context, view))


def forecast(view: View, formats: Formats) -> ChartSpec:
    return outlooks.forecast(found(view)["outlook"], predictions.history(view), formats)


def week_checks(view: View, formats: Formats) -> ChartSpec:
    return outlooks.checks(found(view)["outlook"]["next_week"], formats)


def month_checks(view: View, formats: Formats) -> ChartSpec:
    return outlooks.checks(found(view)["outlook"]["next_month"], formats)


def calibration(view: View, formats: Formats) -> ChartSpec:
    return outlooks.calibration(found(view)["churn"]["calibration"]["bins"], formats)


PREDICTED: Final[dict[str, Callable[[View, Formats], ChartSpec]]] = {
    "forecast": forecast,
    "checks_7": week_checks,
    "checks_30": month_checks,
    "calibration": calibration,
}
SPECS: Final = CHARTS | PREDICTED


def version(key: str) -> Hashable:
    """What a chart depends on beside its view."""
    return predictions.versions(services()) if key in PREDICTED else None
