"""What managers noted about opportunities: planned, won, or not now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MARKS: Final = ("planned", "won", "not now")


@dataclass(frozen=True, slots=True)
class Mark:
    """Who noted what about a facility, and when (UTC milliseconds since 1970)."""

    facility_id: str
    mark: str
    user_id: str
    at: int
