"""How each form of chart is laid out in a picture."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from dashapp.charts import theme
from dashapp.charts.picture_axes import measured, months, ticks, time_labels
from dashapp.charts.png import Canvas, shortened, width_of
from dashapp.charts.spec import ChartSpec, Series
from dashapp.charts.theme import Ground

MOST_WRITTEN_CELLS: Final = 100
FEW_POINTS: Final = 45  # lines of so many points have them marked
BETWEEN_COLUMNS: Final = 0.28
WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
SHADE: Final = "#{:02x}{:02x}{:02x}".format(*theme.CELLS)


@dataclass(frozen=True)
class Box:
    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.bottom - self.top


@dataclass(frozen=True)
class Paper:
    """What is drawn on, with which colours, how large."""

    canvas: Canvas
    ground: Ground
    scale: float

    def px(self, normal: float) -> float:
        """The pixels of what has so many in a picture of normal size."""
        return round(normal * self.scale, 2)

    @property
    def low(self) -> bool:
        """Whether there is little height for what is to be said."""
        return self.canvas.height < self.px(330)

    def width(self, words: str, size: float) -> float:
        """How wide the words will be, shortened to the picture at the most."""
        return width_of(shortened(words, size, self.canvas.width), size)


# --- Over time


def over_time(paper: Paper, box: Box, spec: ChartSpec) -> None:
    """Columns and lines over days or hours; series of row 1 in a panel below."""
    size = paper.px(12)
    two = any(one.row for one in spec.series)
    bottom = box.bottom - size * 1.9
    split = box.top + (bottom - box.top) * ((0.5 if paper.low else 0.58) if two else 1)
    panels = [(0, box.top, split)]
    if two:
        panels.append((1, split + paper.px(15 if paper.low else 26), bottom))
    scales = [_scale(spec, row, low - high, size) for row, high, low in panels]
    left = box.left + max(paper.width(measured(tick, one[-1]), size) for one in scales for tick in one)
    inner = Box(left + paper.px(10), box.top, box.right, bottom)
    for (row, high, low), marks in zip(panels, scales, strict=True):
        panel = Box(inner.left, high + size * 0.5, inner.right, low)
        _levels(paper, panel, marks, size)
        for one in sorted(
            (one for one in spec.series if one.row == row), key=lambda one: one.form != "columns"
        ):
            _series(paper, panel, spec, one, marks[-1])
    slot = inner.width / len(spec.labels)
    for n, words in time_labels(spec.labels, lambda words: paper.width(words, size) + paper.px(18), slot):
        half = paper.width(words, size) / 2
        x = min(inner.left + (n + 0.5) * slot, inner.right - half)
        paper.canvas.text(x, box.bottom - size * 0.5, words, size, paper.ground.quiet, align="center")


def _scale(spec: ChartSpec, row: int, height: float, size: float) -> list[float]:
    most = max((height for one in spec.series if one.row == row for height in one.heights), default=0.0)
    whole = all(one.unit == "count" for one in spec.series if one.row == row)
    return ticks(most, max(1, min(4, int(height / (3 * size)))), whole=whole)


def _levels(paper: Paper, panel: Box, marks: Sequence[float], size: float) -> None:
    for mark in marks:
        y = round(panel.bottom - panel.height * mark / marks[-1])
        paper.canvas.fill([(panel.left, y, panel.right, y + max(1, round(paper.scale)))], paper.ground.line)
        words = measured(mark, marks[-1])
        paper.canvas.text(panel.left - paper.px(10), y, words, size, paper.ground.quiet, align="right")


def line_color(paper: Paper, spec: ChartSpec, series: Series) -> str:
    """That of the series; of a shadow across columns of its own colour, one that is seen on them."""
    behind = any(one.form == "columns" and one.color == series.color for one in spec.series)
    return paper.ground.quiet if series.form == "ghost" and behind else series.color


def _series(paper: Paper, panel: Box, spec: ChartSpec, series: Series, top: float) -> None:
    slot = panel.width / len(series.values)
    points = [
        (panel.left + (n + 0.5) * slot, panel.bottom - panel.height * max(0.0, float(value)) / top)
        for n, value in enumerate(series.values)
        if value is not None
    ]
    if series.form == "columns":
        half = slot / 2 * (1 if slot < paper.px(3) else 1 - BETWEEN_COLUMNS)
        radius = min(paper.px(4), half)
        boxes = [(x - half, y, x + half, panel.bottom) for x, y in points if y < panel.bottom]
        paper.canvas.fill(boxes, series.color, corners=(radius, radius, 0, 0) if half > 2 else (0, 0, 0, 0))
    elif series.form == "ghost":
        paper.canvas.line(points, line_color(paper, spec, series), paper.px(1.7), dotted=True)
    else:
        paper.canvas.line(points, series.color, paper.px(2))
        if len(points) <= FEW_POINTS:
            paper.canvas.dots(points, paper.px(2.8), series.color)


# --- Bars, one under the other


def bars(paper: Paper, box: Box, spec: ChartSpec) -> None:
    """A bar per label, its number behind it."""
    series = spec.series[0]
    row = min(box.height / len(spec.labels), paper.px(100))
    size = min(paper.px(14), row * 0.78)
    names, marks = list(spec.labels), list(series.marks or series.texts)
    name_room = min(max(paper.width(name, size) for name in names), box.width * 0.36)
    mark_room = min(max(paper.width(mark, size) for mark in marks), box.width * 0.5)
    gap = paper.px(12)
    left = box.left + name_room + gap
    longest = max(1.0, box.right - left - mark_room - gap)
    most = max(series.heights)
    half = min(row * 0.34, paper.px(28))
    radius = min(paper.px(5), half)
    for n, (name, value, mark) in enumerate(zip(names, series.heights, marks, strict=True)):
        y = box.top + (n + 0.5) * row
        end = left + longest * max(0.0, value) / most
        color = theme.STAGES[n % len(theme.STAGES)] if series.form == "stages" else series.color
        paper.canvas.text(left - gap, y, name, size, paper.ground.text, align="right", limit=name_room)
        if end - left >= 0.5:
            paper.canvas.fill([(left, y - half, end, y + half)], color, corners=(0, radius, radius, 0))
        paper.canvas.text(end + gap * 0.7, y, mark, size, paper.ground.quiet, limit=mark_room + 1)


# --- Cells


def cells(paper: Paper, box: Box, spec: ChartSpec) -> None:
    """A row per label, a column per series; the stronger, the more."""
    size = paper.px(13)
    top = box.top + size * 1.7
    row = min((box.bottom - top) / len(spec.labels), paper.px(72))
    small = min(size, row * 0.8)
    room = min(max(paper.width(label, small) for label in spec.labels), box.width * 0.3)
    left = box.left + room + paper.px(12)
    column = (box.right - left) / len(spec.series)
    _heads(paper, spec, left, column, box.top + size * 0.5)
    for n, label in enumerate(spec.labels):
        paper.canvas.text(
            left - paper.px(12),
            top + (n + 0.5) * row,
            label,
            small,
            paper.ground.text,
            align="right",
            limit=room,
        )
    tops = [_top(spec, m) for m in range(len(spec.series))]
    placed = [
        (left + m * column, top + n * row, value / tops[m] if tops[m] else 0.0)
        for m, one in enumerate(spec.series)
        for n, value in enumerate(one.heights)
    ]
    _cells(paper, placed, column, row)
    if _written(paper, spec, small, column - paper.px(6)):
        for (x, y, _share), mark in zip(
            placed, (mark for one in spec.series for mark in one.marks), strict=True
        ):
            paper.canvas.text(x + column / 2, y + row / 2, mark, small, paper.ground.text, align="center")


def _top(spec: ChartSpec, m: int) -> float:
    """The value of the strongest colour: of all columns, or of this one."""
    measured_by = spec.series if spec.even else [spec.series[m]]
    return max(height for one in measured_by for height in one.heights)


def _written(paper: Paper, spec: ChartSpec, size: float, room: float) -> bool:
    """Whether there are few numbers, and each fits in its cell."""
    return len(spec.labels) * len(spec.series) <= MOST_WRITTEN_CELLS and all(
        one.marks and max(paper.width(mark, size) for mark in one.marks) <= room for one in spec.series
    )


def _heads(paper: Paper, spec: ChartSpec, left: float, column: float, y: float) -> None:
    """The names of the columns; of many short ones (hours) as many as fit, long ones shortened."""
    size = paper.px(12.5)
    widest = max(paper.width(one.name, size) for one in spec.series)
    step = 1
    if len(spec.series) > len(WEEKDAYS):
        step = next((n for n in (1, 2, 3, 4, 6, 12) if n * column > widest + paper.px(8)), len(spec.series))
    for m, one in enumerate(spec.series):
        if m % step == 0:
            x, limit = left + (m + 0.5) * column, max(column - paper.px(4), widest if step > 1 else 0)
            paper.canvas.text(x, y, one.name, size, paper.ground.quiet, align="center", limit=limit)


Cell = tuple[float, float, float]
"""Left, top, and the share of the highest value."""


def _cells(paper: Paper, cells: Sequence[Cell], column: float, row: float) -> None:
    """Cells of this width and height, each as strong as its share; equal ones in one stroke."""
    gap, radius = min(paper.px(3), row / 6, column / 6) / 2, min(paper.px(4), row / 5)
    of_strength: dict[float, list[tuple[float, float, float, float]]] = {}
    for x, y, share in cells:
        alpha = theme.FAINTEST + (theme.STRONGEST - theme.FAINTEST) * min(1.0, max(0.0, share))
        inside = (x + gap, y + gap, x + column - gap, y + row - gap)
        of_strength.setdefault(round(alpha, 3), []).append(inside)
    for alpha, boxes in of_strength.items():
        paper.canvas.fill(boxes, SHADE, alpha=alpha, corners=(radius, radius, radius, radius))


def calendar(paper: Paper, box: Box, spec: ChartSpec) -> None:
    """A column per week, a row per weekday; the number of the day where it fits."""
    series, first = spec.series[0], date.fromisoformat(spec.labels[0])
    offset, size = first.weekday(), paper.px(12)
    weeks = (offset + len(spec.labels) + 6) // 7
    left = box.left + paper.width("Wed", size) + paper.px(10)
    top = box.top + size * 1.7
    row = min((box.bottom - top) / 7, paper.px(72))
    column = min((box.right - left) / weeks, 3 * row)
    for n in (0, 2, 4):
        y = top + (n + 0.5) * row
        paper.canvas.text(left - paper.px(10), y, WEEKDAYS[n], size, paper.ground.quiet, align="right")
    end = 0.0
    for week, words in months(first, offset, weeks):
        x = left + week * column
        if x >= end and x + paper.width(words, size) <= box.right:
            paper.canvas.text(x, box.top + size * 0.5, words, size, paper.ground.quiet)
            end = x + paper.width(words, size) + paper.px(10)
    most = max(series.heights)
    days = [divmod(offset + n, 7) for n in range(len(spec.labels))]
    placed = [
        (left + week * column, top + weekday * row, value / most)
        for (week, weekday), value in zip(days, series.heights, strict=True)
    ]
    _cells(paper, placed, column, row)
    if column >= size * 2.4 and row >= size * 1.6:
        for (x, y, _share), label in zip(placed, spec.labels, strict=True):
            day = str(int(label[-2:]))
            paper.canvas.text(x + column / 2, y + row / 2, day, size, paper.ground.text, align="center")


Drawn = Callable[[Paper, Box, ChartSpec], None]
DRAWN: Final[dict[str, Drawn]] = {"bars": bars, "stages": bars, "cells": cells, "calendar": calendar}
