"""Charts as pictures: the frame around them. What stands inside is laid out by `picture_forms`.

A picture of 1000 by 600 pixels has texts of 13 pixels. They grow and shrink with the picture, so that one of
twice the size is the same picture for a screen of twice the density, but not below what can be read.
"""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock
from typing import Final

from dashapp.charts import picture_forms as forms
from dashapp.charts.picture_forms import Box, Paper
from dashapp.charts.png import Canvas, shortened, width_of
from dashapp.charts.spec import OVER_TIME, ChartSpec, Series
from dashapp.charts.theme import GROUNDS, ThemeName

NORMAL: Final = (1000, 560)
SMALLEST_SCALE: Final = 0.72
STALE: Final = "STALE"
_drawing = Lock()


@dataclass(frozen=True)
class Head:
    """What a picture says beside its chart, in words.

    `as_of` is the local time of the data; `stale` marks that newer ones may exist.
    """

    window: str
    filters: str = ""
    as_of: str = ""
    stale: bool = False


def draw(spec: ChartSpec, head: Head, width: int, height: int, theme: ThemeName) -> bytes:
    """The chart as a PNG of so many pixels. The same arguments give the same bytes."""
    with _drawing:  # fonts are shared
        canvas = Canvas(width, height, GROUNDS[theme].surface)
        scale = max(SMALLEST_SCALE, min(width / NORMAL[0], height / NORMAL[1]))
        paper = Paper(canvas, GROUNDS[theme], scale)
        inside = _frame(paper, spec, head)
        if spec.is_empty:
            _reason(paper, inside, spec.empty)
        elif spec.form in OVER_TIME:
            forms.over_time(paper, _legend(paper, inside, spec), spec)
        else:
            forms.DRAWN[spec.form](paper, inside, spec)
        return canvas.png()


def _frame(paper: Paper, spec: ChartSpec, head: Head) -> Box:
    """Title, window, filters and note above, the age below; what is left is for the chart."""
    edge = paper.px(22)
    left, right = edge, paper.canvas.width - edge
    title = paper.px(19)
    y = edge + title * 0.42
    room = right - left
    if head.stale:
        room -= _badge(paper, right, y) + paper.px(12)
    paper.canvas.text(left, y, spec.title, title, paper.ground.text, bold=True, limit=room)
    y += title * 0.4
    size = paper.px(13)
    for words in _lines(paper, [head.window, head.filters, spec.note], size, right - left):
        y += size * 1.6
        paper.canvas.text(left, y - size * 0.45, words, size, paper.ground.quiet, limit=right - left)
    return Box(
        left, y + paper.px(11 if paper.low else 18), right, _foot(paper, head, left, right) - paper.px(10)
    )


def _lines(paper: Paper, parts: list[str], size: float, room: float) -> list[str]:
    """The parts in one line where they fit, else the last, the note, in a line of its own."""
    told = [part for part in parts if part]
    together = "  ·  ".join(told)
    if width_of(shortened(together, size, 10 * room), size) <= room:
        return [together]
    return ["  ·  ".join(told[:-1]), told[-1]]


def _badge(paper: Paper, right: float, middle: float) -> float:
    """The mark of old data, its right end there; gives its width."""
    size = paper.px(12.5)
    width, half = width_of(STALE, size, bold=True) + paper.px(20), paper.px(12)
    radius = half
    box = (right - width, middle - half, right, middle + half)
    paper.canvas.fill([box], paper.ground.warning, corners=(radius, radius, radius, radius))
    x = right - width / 2
    paper.canvas.text(x, middle, STALE, size, paper.ground.surface, align="center", bold=True)
    return width


def _foot(paper: Paper, head: Head, left: float, right: float) -> float:
    """How old the data are; gives where that begins."""
    size = paper.px(12)
    y = paper.canvas.height - paper.px(18) - size * 0.2
    if head.as_of:
        words = f"Data of {head.as_of}"
        color = paper.ground.quiet
        if head.stale:
            words, color = f"{words}; newer data may exist", paper.ground.warning
        paper.canvas.text(right, y, words, size, color, align="right", limit=right - left)
    return y - size * 0.5


def _reason(paper: Paper, box: Box, why: str) -> None:
    """Why there is nothing to be seen, in the middle."""
    size = paper.px(15)
    lines = [""]
    for word in why.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and width_of(shortened(longer, size, 10 * box.width), size) > box.width * 0.8:
            lines.append(word)
        else:
            lines[-1] = longer
    y = (box.top + box.bottom) / 2 - (len(lines) - 1) * size * 0.75
    for line in lines:
        paper.canvas.text(
            (box.left + box.right) / 2, y, line, size, paper.ground.quiet, align="center", limit=box.width
        )
        y += size * 1.5


def _legend(paper: Paper, box: Box, spec: ChartSpec) -> Box:
    """Which series is which, in one line; shadows are left out where they do not fit. Gives what is left."""
    if len(spec.series) < 2:
        return box
    size, mark, gap = paper.px(13), paper.px(20), paper.px(22)

    def width(shown: list[Series]) -> float:
        return sum(mark + paper.px(7) + paper.width(one.name, size) + gap for one in shown) - gap

    shown = list(spec.series)
    if width(shown) > box.width:
        shown = [one for one in shown if one.form != "ghost"]
    x, y = box.left, box.top + size * 0.5
    for one in shown:
        _sample(paper, spec, one, x, y, mark)
        x += mark + paper.px(7)
        paper.canvas.text(x, y, one.name, size, paper.ground.text, limit=max(0.0, box.right - x))
        x += paper.width(one.name, size) + gap
    return Box(box.left, box.top + size + paper.px(7 if paper.low else 12), box.right, box.bottom)


def _sample(paper: Paper, spec: ChartSpec, series: Series, x: float, y: float, width: float) -> None:
    if series.form == "columns":
        half, radius = paper.px(5.5), paper.px(2)
        middle = x + width / 2
        corners = (radius, radius, radius, radius)
        paper.canvas.fill([(middle - half, y - half, middle + half, y + half)], series.color, corners=corners)
        return
    ends = [(x, y), (x + width, y)]
    if series.form == "ghost":
        paper.canvas.line(ends, forms.line_color(paper, spec, series), paper.px(1.7), dotted=True)
    else:
        paper.canvas.line(ends, series.color, paper.px(2))
        paper.canvas.dots([(x + width / 2, y)], paper.px(3), series.color)
