"""When the demo organisation works: weekends, Kenyan public holidays, seasons, growth, hours of the day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
DAY_SECONDS: Final = 86_400
HOUR: Final = 3_600
FIXED_HOLIDAYS: Final = ((1, 1), (5, 1), (6, 1), (10, 10), (10, 20), (12, 12), (12, 25), (12, 26))
SATURDAY_OPENNESS: Final = 0.35
CLOSED_OPENNESS: Final = 0.015
OUT_OF_HOURS_SHARE: Final = 0.025
LATEST_SAME_DAY: Final = 18 * HOUR
YEARS_GROWTH: Final = 0.12  # more visits a year; the prices' part of the growth is in demo_trade


def utc_ms(moment: datetime) -> int:
    """Milliseconds since 1970 of an aware time."""
    return (moment - EPOCH) // timedelta(milliseconds=1)


def moment_of(milliseconds: int) -> datetime:
    """The moment as a BSON date is written: naive UTC."""
    return (EPOCH + timedelta(milliseconds=milliseconds)).replace(tzinfo=None)


def easter(year: int) -> date:
    """Easter Sunday (Gregorian, the method of Meeus, Jones and Butcher)."""
    century, rest = divmod(year, 100)
    golden = year % 19
    moon = (19 * golden + century - century // 4 - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    weekday = (32 + 2 * (century % 4) + 2 * (rest // 4) - moon - rest % 4) % 7
    shift = moon + weekday - 7 * ((golden + 11 * moon + 22 * weekday) // 451) + 114
    return date(year, shift // 31, shift % 31 + 1)


@cache
def public_holidays(year: int) -> frozenset[date]:
    """Kenya's holidays of fixed date and Easter's; one on a Sunday also frees the next ordinary day."""
    fixed = [date(year, month, day) for month, day in FIXED_HOLIDAYS]
    found = {*fixed, easter(year) - timedelta(days=2), easter(year) + timedelta(days=1)}
    for day in fixed:
        if day.weekday() == 6:
            found.add(next(later for n in range(1, 4) if (later := day + timedelta(days=n)) not in found))
    return frozenset(found)


def openness(day: date) -> float:
    """Share of an ordinary weekday's business that is done on that day."""
    if day.weekday() == 6 or day in public_holidays(day.year):
        return CLOSED_OPENNESS
    return SATURDAY_OPENNESS if day.weekday() == 5 else 1.0


def season(day: date) -> float:
    """Business beside the year's average: strong before the budget year ends in June, quiet at New Year."""
    angle = 2 * np.pi * day.timetuple().tm_yday / 365.25
    lull = 0.55 if (day.month, day.day) >= (12, 18) or (day.month, day.day) <= (1, 6) else 1.0
    return float(lull * (1 - 0.05 * np.cos(angle) + 0.06 * np.cos(2 * angle - 5.6)))


@dataclass(frozen=True)
class Calendar:
    """A row per local day.

    noon_ms    UTC milliseconds of local noon
    openness   see `openness`
    volume     expected visits beside those of an ordinary weekday of average season at the end of the growth
    next_open  row of the first ordinary weekday after this one
    days_ago   days before the present
    """

    noon_ms: Ints
    openness: Floats
    volume: Floats
    next_open: Ints
    days_ago: Floats

    def moment(self, day: Ints, second: Ints) -> Ints:
        """UTC milliseconds of so many seconds after local midnight (exact but where the clocks change)."""
        return self.noon_ms[day] + 1000 * (second - DAY_SECONDS // 2)

    def settle(self, rng: Generator, day: Ints) -> Ints:
        """The same days, most of those on a closed or half-closed day moved to the next weekday."""
        moved = rng.random(day.shape) >= self.openness[day]
        return np.where(moved, self.next_open[day], day)


def make_calendar(now: datetime, zone: ZoneInfo, past_days: int, coming_days: int) -> Calendar:
    """The calendar of the days around `now` (aware)."""
    today = now.astimezone(zone).date()
    days_ago = np.arange(past_days, -coming_days - 1, -1, dtype=np.float64)
    days = [today - timedelta(days=int(ago)) for ago in days_ago]
    open_share = np.array([openness(day) for day in days])
    growth = (1 + YEARS_GROWTH) ** (-days_ago / 365.25)
    return Calendar(
        noon_ms=np.array([_noon_ms(day, zone) for day in days], dtype=np.int64),
        openness=open_share,
        volume=open_share * growth * np.array([season(day) for day in days]),
        next_open=_next_open(open_share),
        days_ago=days_ago,
    )


def office_seconds(rng: Generator, count: int) -> Ints:
    """Seconds after local midnight of business done: a morning and an afternoon peak, a few odd hours."""
    late_morning = rng.random(count) < 0.57
    hours = np.where(late_morning, rng.normal(10.4, 1.15, count), rng.normal(14.7, 1.05, count))
    hours = np.where((hours < 8) | (hours > 17), rng.uniform(8, 17, count), hours)
    unusual = rng.random(count) < OUT_OF_HOURS_SHARE
    early = rng.random(count) < 0.4
    outside = np.where(early, rng.uniform(6.2, 8, count), rng.uniform(17, 20.5, count))
    return (np.where(unusual, outside, hours) * HOUR).astype(np.int64)


def _noon_ms(day: date, zone: ZoneInfo) -> int:
    return utc_ms(datetime.combine(day, time(12), zone))


def _next_open(open_share: Floats) -> Ints:
    ordinary = np.flatnonzero(open_share == 1.0)
    following = np.searchsorted(ordinary, np.arange(len(open_share)), side="right")
    return ordinary[np.minimum(following, len(ordinary) - 1)].astype(np.int64)
