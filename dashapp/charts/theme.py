"""Colours of the charts. Those of the series are legible on light and dark ground."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

REVENUE: Final = "#5b7cf0"
VISITS: Final = "#1aa39a"
ORDERS: Final = "#e08a2c"
ACTIVITY: Final = "#8b6fe8"
STAGES: Final = ("#1aa39a", "#3d93b8", "#5b7cf0", "#e08a2c")
GREY: Final = "#8791a5"
# Cells are this colour, from hardly to well visible; text on it stays legible in both themes.
CELLS: Final = (91, 124, 240)
FAINTEST: Final = 0.05
STRONGEST: Final = 0.6

ThemeName = Literal["light", "dark"]


@dataclass(frozen=True)
class Ground:
    """What a picture is drawn on; pages take theirs from the style sheet, which has the same values."""

    surface: str
    text: str
    quiet: str
    line: str
    warning: str


GROUNDS: Final[dict[ThemeName, Ground]] = {
    "light": Ground("#ffffff", "#1c2434", "#566074", "#e1e5ee", "#8a5a00"),
    "dark": Ground("#171c27", "#e6eaf2", "#a0aabd", "#262d3b", "#e0b45c"),
}
