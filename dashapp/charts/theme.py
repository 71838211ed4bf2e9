"""Colours of the charts, legible on light and dark ground. Text and grid lines take the page's own."""

from __future__ import annotations

from typing import Final

REVENUE: Final = "#5b7cf0"
VISITS: Final = "#1aa39a"
ORDERS: Final = "#e08a2c"
STAGES: Final = ("#1aa39a", "#3d93b8", "#5b7cf0", "#e08a2c")
GREY: Final = "#8791a5"
