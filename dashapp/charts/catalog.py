"""Which charts there are, and how each is made from the metrics."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from dashapp.charts import activity, funnels, places, trends
from dashapp.charts.format import Formats
from dashapp.charts.spec import ChartSpec
from dashapp.metrics.view import View

CHARTS: Final[dict[str, Callable[[View, Formats], ChartSpec]]] = {
    "trends": trends.trend,
    "funnel": funnels.funnel,
    "regions": places.regions,
    "heatmap": places.weekdays,
    "region_metrics": places.region_metrics,
    "performance": places.performers,
    "daily": activity.daily,
    "hours": activity.hours,
    "calendar": activity.calendar,
}
