"""The chart of the public pulse, measured out on the server: what its template draws as SVG.

Places are per cent of the drawing, so that text and lines keep their size on every screen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from dashapp.charts.format import Formats

TOP: Final = 9.0
BASE: Final = 80.0
BAR_SHARE: Final = 0.6  # of the room an hour has
MOST_LINES: Final = 4


@dataclass(frozen=True)
class Line:
    """A grid line and what stands beside it."""

    y: str
    text: str


@dataclass(frozen=True)
class Hour:
    """A clock hour: its numbers, and where they are drawn."""

    label: str
    span: str
    activities: int
    active_users: int
    activities_text: str
    active_users_text: str
    left: str
    center: str
    bar_left: str
    bar_width: str
    bar_top: str
    bar_height: str
    point_y: str


@dataclass(frozen=True)
class PulseChart:
    """Activities as bars, active users as a line, on one scale. `running` leads to the hour not yet over."""

    hours: Sequence[Hour]
    grid: Sequence[Line]
    line: str
    running: str
    summary: str
    gutter: str


def step(most: int) -> int:
    """Between grid lines: the smallest of 1, 2, 5, 10, 20, … with which few lines reach the most."""
    size = 1
    while True:
        for digit in (1, 2, 5):
            if most <= MOST_LINES * digit * size:
                return digit * size
        size *= 10


def place(number: float) -> str:
    return f"{number:.2f}"


def pulse_chart(rows: Sequence[dict[str, Any]], formats: Formats) -> PulseChart:
    """The chart of hours as the public pulse gives them, the running one last."""
    most = max((max(row["activities"], row["active_users"]) for row in rows), default=0)
    between = step(most)
    top = between * max(1, -(-most // between))
    hours = [_hour(rows, number, top, formats) for number in range(len(rows))]
    grid = [
        Line(place(_height(value, top)), formats.exact(value, "count"))
        for value in range(0, top + 1, between)
    ]
    points = [f"{hour.center} {hour.point_y}" for hour in hours]
    return PulseChart(
        hours=hours,
        grid=grid,
        line="M" + " L".join(points[:-1]),
        running="M" + " L".join(points[-2:]),
        summary=_summary(hours, formats),
        gutter=f"{0.9 + 0.48 * max(len(line.text) for line in grid):.2f}rem",
    )


def _height(value: int, top: int) -> float:
    return BASE - value / top * (BASE - TOP)


def _hour(rows: Sequence[dict[str, Any]], number: int, top: int, formats: Formats) -> Hour:
    row, room = rows[number], 100 / len(rows)
    over = number + 1 < len(rows)
    bar = _height(row["activities"], top)
    return Hour(
        label=row["label"],
        span=f"{row['label']} – {rows[number + 1]['label']}" if over else f"{row['label']}, so far",
        activities=row["activities"],
        active_users=row["active_users"],
        activities_text=formats.exact(row["activities"], "count"),
        active_users_text=formats.exact(row["active_users"], "count"),
        left=place(room * number),
        center=place(room * (number + 0.5)),
        bar_left=place(room * (number + (1 - BAR_SHARE) / 2)),
        bar_width=place(room * BAR_SHARE),
        bar_top=place(bar),
        bar_height=place(BASE - bar),
        point_y=place(_height(row["active_users"], top)),
    )


def _summary(hours: Sequence[Hour], formats: Formats) -> str:
    total = sum(hour.activities for hour in hours)
    if not total:
        return "No activity in these hours"
    busiest = max(hours, key=lambda hour: hour.activities)
    what = "activity" if total == 1 else "activities"
    return f"{formats.exact(total, 'count')} {what}, most at {busiest.label} ({busiest.activities_text})"
