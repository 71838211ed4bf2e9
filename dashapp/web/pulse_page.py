"""The public pulse as parts of the sign-in page, in words and formatted numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from dashapp.charts.format import Formats
from dashapp.web.public import public_pulse
from dashapp.web.pulse_chart import pulse_chart
from dashapp.web.services import Services

# Key of the page, key of the public pulse, title.
FIGURES: Final = (
    ("online_users", "online_now", "Online now"),
    ("active_users", "active_today", "Active today"),
    ("total_users", "total_users", "Total users"),
    ("recent_activities", "recent_activities", "Recent activity"),
)


@dataclass(frozen=True)
class Count:
    """A number of the page: exact for programs, formatted for people."""

    key: str
    title: str
    note: str
    value: int
    text: str


@dataclass(frozen=True)
class Freshness:
    """How current the numbers are. `clock` is the local time they were last known to be current."""

    source: str
    age_seconds: int
    clock: str
    loading: bool

    @property
    def text(self) -> str:
        if self.source == "live":
            return f"Live · {self.age_seconds} s ago"
        if self.source == "stale":
            return f"Last known numbers, {self.clock}"
        return "Sample data, live numbers unavailable"


def freshness(source: str, context: Services) -> Freshness:
    live, now = context.live.live, context.now()
    as_of = live.data_as_of
    clock = as_of.astimezone(context.settings.timezone).strftime("%H:%M") if as_of else ""
    return Freshness(source, int(live.lag_seconds(now) or 0), clock, live.is_loading)


def counts(figures: dict[str, Any], formats: Formats, online_minutes: int) -> list[Count]:
    """The four numbers, in the order of the page."""
    minutes = "minute" if online_minutes == 1 else f"{online_minutes} minutes"
    notes = (f"seen in the last {minutes}", "since midnight", "active accounts", "last 60 minutes")
    return [
        Count(key, title, note, figures[name], formats.exact(figures[name], "count"))
        for (key, name, title), note in zip(FIGURES, notes, strict=True)
    ]


def tiers(figures: dict[str, Any], formats: Formats) -> list[Count]:
    """Users by tier, the lowest rank first."""
    return [
        Count(tier, tier, "", users, formats.exact(users, "count"))
        for tier, users in figures["tier_distribution"].items()
    ]


def pulse_parts(context: Services) -> dict[str, Any]:
    """What the templates of the pulse show."""
    answer, settings = public_pulse(context), context.settings
    formats = context.formats
    return {
        "mark": freshness(answer["source"], context),
        "counts": counts(answer["metrics"], formats, settings.online_minutes),
        "tiers": tiers(answer["metrics"], formats),
        "chart": pulse_chart(answer["chart_data"], formats),
        "zone": settings.timezone.key.replace("_", " "),
    }
