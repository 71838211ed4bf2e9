"""A canvas that becomes a PNG: the one home of matplotlib, of which only the renderer and the fonts are used.

Everything is in pixels from the upper left corner. matplotlib's figures and axes would cost three times as
much, and take the measuring of texts out of our hands. Fonts are shared: one thread may draw at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache
from io import BytesIO
from typing import Final, Literal
from unicodedata import category

import matplotlib as mpl
from matplotlib.backends.backend_agg import RendererAgg, get_hinting_flag
from matplotlib.colors import to_rgba
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.path import Path
from matplotlib.transforms import Affine2D
from PIL import Image

mpl.rcParams["text.hinting"] = "no_hinting"

FAMILY: Final = "DejaVu Sans"  # comes with matplotlib
CAPITALS: Final = 0.73  # the height of its capitals, in ems
DOTS_PER_INCH: Final = 72  # so that a point is a pixel
LONGEST_TEXT: Final = 300
QUICK: Final = 4  # a good deal quicker than the best compression, and hardly larger

START, LINE, CURVE, CLOSE = map(int, (Path.MOVETO, Path.LINETO, Path.CURVE3, Path.CLOSEPOLY))
PLAIN: Final = [START, LINE, LINE, LINE, CLOSE]
ROUNDED: Final = [START, *(LINE, CURVE, CURVE) * 4, CLOSE]

Align = Literal["left", "center", "right"]
Point = tuple[float, float]
Corners = tuple[float, float, float, float]
"""Radii: upper left, upper right, lower right, lower left."""


class Canvas:
    """A picture being drawn."""

    def __init__(self, width: int, height: int, ground: str) -> None:
        self.width, self.height = width, height
        self._renderer = RendererAgg(width, height, DOTS_PER_INCH)
        self._upright = Affine2D().scale(1, -1).translate(0, height)
        self._renderer.clear()
        self.fill([(0, 0, width, height)], ground)

    # --- Areas and lines

    def fill(
        self,
        boxes: Sequence[tuple[float, float, float, float]],
        color: str,
        *,
        alpha: float = 1.0,
        corners: Corners = (0, 0, 0, 0),
    ) -> None:
        """Boxes (left, top, right, bottom) in one colour."""
        points: list[Point] = []
        codes: list[int] = []
        for box in boxes:
            some, how = _outline(*box, corners)
            points += some
            codes += how
        if points:
            self._draw(Path(points, codes), color, alpha=alpha)

    def dots(self, points: Sequence[Point], radius: float, color: str) -> None:
        circle = Path.unit_circle()
        for x, y in points:
            placed = circle.transformed(Affine2D().scale(radius).translate(x, y))
            self._draw(placed, color)

    def line(
        self,
        points: Sequence[Point],
        color: str,
        width: float,
        *,
        dotted: bool = False,
        alpha: float = 1.0,
    ) -> None:
        """A line through the points; a straight one along the pixels is drawn sharp."""
        context = self._renderer.new_gc()
        context.set_foreground(to_rgba(color, alpha), isRGBA=True)
        context.set_linewidth(width)
        context.set_joinstyle("round")
        context.set_capstyle("butt" if dotted else "round")
        if dotted:
            context.set_dashes(0, [1.5 * width, 1.5 * width])
        self._renderer.draw_path(context, Path(points), self._upright)
        context.restore()

    def _draw(self, path: Path, color: str, alpha: float = 1.0) -> None:
        context = self._renderer.new_gc()
        context.set_linewidth(0)
        face = to_rgba(color, alpha)
        context.set_foreground(face, isRGBA=True)
        self._renderer.draw_path(context, path, self._upright, face)
        context.restore()

    # --- Texts

    def text(
        self,
        x: float,
        y: float,
        words: str,
        size: float,
        color: str,
        *,
        align: Align = "left",
        bold: bool = False,
        limit: float | None = None,
    ) -> None:
        """Words whose capitals stand centred on `y`, shortened to the limit."""
        words = shown(words) if limit is None else shortened(words, size, limit, bold=bold)
        if not words.strip():
            return
        if align != "left":
            x -= width_of(words, size, bold=bold) * (0.5 if align == "center" else 1)
        context = self._renderer.new_gc()
        context.set_foreground(color)
        baseline = y + CAPITALS * size / 2
        self._renderer.draw_text(context, x, baseline, words, _font(size, bold), 0)
        context.restore()

    def png(self) -> bytes:
        """The picture. The same drawing gives the same bytes."""
        pixels = Image.frombuffer(
            "RGBA", (self.width, self.height), self._renderer.buffer_rgba(), "raw", "RGBA", 0, 1
        )
        written = BytesIO()
        pixels.convert("RGB").save(written, "PNG", compress_level=QUICK)
        return written.getvalue()


def _outline(
    left: float, top: float, right: float, bottom: float, corners: Corners
) -> tuple[Sequence[Point], Sequence[int]]:
    """The points of a box, and how a pen gets from one to the next."""
    most = min((right - left) / 2, (bottom - top) / 2)
    if max(corners) <= 0 or most <= 1:
        return [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)], PLAIN
    a, b, c, d = (min(radius, most) for radius in corners)
    points = [
        (left + a, top),
        *((right - b, top), (right, top), (right, top + b)),
        *((right, bottom - c), (right, bottom), (right - c, bottom)),
        *((left + d, bottom), (left, bottom), (left, bottom - d)),
        *((left, top + a), (left, top), (left + a, top)),
        (left + a, top),
    ]
    return points, ROUNDED


# --- What can be written, and how wide it is


@lru_cache(maxsize=256)
def _font(size: float, bold: bool) -> FontProperties:
    return FontProperties(family=FAMILY, size=size, weight="bold" if bold else "normal")


@cache
def _drawable() -> frozenset[str]:
    """The characters that the plain and the bold font both have."""
    plain, bold = (get_font(findfont(_font(10, bold))).get_charmap() for bold in (False, True))
    return frozenset(chr(code) for code in plain.keys() & bold.keys() if chr(code).isprintable())


def shown(words: str) -> str:
    """What can be drawn of any text: unknown signs become boxes, line breaks blanks."""
    drawable = _drawable()
    kept = []
    for character in words[:LONGEST_TEXT]:
        if character in drawable:
            kept.append(character)
        elif character.isspace():
            kept.append(" ")
        elif category(character) not in {"Cc", "Cf", "Cs", "Mn", "Me"}:
            kept.append("\N{WHITE SQUARE}")
    return "".join(kept)


@lru_cache(maxsize=4096)
def width_of(words: str, size: float, *, bold: bool = False) -> float:
    """How wide words that can be drawn will be."""
    if not words:
        return 0.0
    font = get_font(findfont(_font(size, bold)))
    font.clear()
    font.set_size(size, DOTS_PER_INCH)
    font.set_text(words, 0.0, flags=get_hinting_flag())
    width, _height = font.get_width_height()
    return float(width) / 64


@lru_cache(maxsize=4096)
def shortened(words: str, size: float, limit: float, *, bold: bool = False) -> str:
    """The words, or as much of their beginning as fits, ended by an ellipsis."""
    words = shown(words)
    if width_of(words, size, bold=bold) <= limit:
        return words
    fits, too_long = 0, len(words)
    while too_long - fits > 1:
        middle = (fits + too_long) // 2
        if width_of(f"{words[:middle].rstrip()}…", size, bold=bold) <= limit:
            fits = middle
        else:
            too_long = middle
    return f"{words[:fits].rstrip()}…" if fits else ""
