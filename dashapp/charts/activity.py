"""Who is at work, and when."""

from __future__ import annotations

from dashapp.charts import theme
from dashapp.charts.format import Formats
from dashapp.charts.parts import counts, nothing, series
from dashapp.charts.spec import ChartSpec
from dashapp.metrics import answers
from dashapp.metrics.rhythm import HOURS, WEEKDAYS, activities_by_weekday_and_hour
from dashapp.metrics.view import View

WHAT = "activity"


def daily(view: View, formats: Formats) -> ChartSpec:
    """Activities and active users by day."""
    rows = answers.users_activity(view)["daily"]
    return ChartSpec(
        key="daily",
        title="Activities and active users by day",
        note="Activities above, people below",
        label_title="Day",
        labels=[row["date"] for row in rows],
        series=(
            counts([row["activities"] for row in rows], "Activities", formats, theme.ACTIVITY, "columns"),
            series(rows, "active_users", formats, theme.VISITS, row=1),
        ),
        empty=nothing(view, WHAT),
        pick="day",
    )


def hours(view: View, formats: Formats) -> ChartSpec:
    """Activities by weekday and hour."""
    table = activities_by_weekday_and_hour(view)
    return ChartSpec(
        key="hours",
        title="Activities by weekday and hour",
        note=f"Local time, {view.window.zone.key}; the stronger, the more",
        label_title="Weekday",
        labels=WEEKDAYS,
        series=[
            counts([row[hour] for row in table], f"{hour:02}", formats, theme.ACTIVITY)
            for hour in range(HOURS)
        ],
        empty=nothing(view, WHAT),
    )


def calendar(view: View, formats: Formats) -> ChartSpec:
    """Activities by day, a column per week."""
    rows = answers.users_activity(view)["daily"]
    return ChartSpec(
        key="calendar",
        title="Activities, day by day",
        note="A column per week; the stronger, the more",
        label_title="Day",
        labels=[row["date"] for row in rows],
        series=(
            counts([row["activities"] for row in rows], "Activities", formats, theme.ACTIVITY, "calendar"),
        ),
        empty=nothing(view, WHAT),
        pick="day",
    )
