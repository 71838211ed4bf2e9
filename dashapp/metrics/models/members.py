"""Simple forecasts of daily revenue. Each sees only the days before the origin, and is None where they are
too few.

They are combined in `forecast`; none of them is right everywhere.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from dashapp.metrics.models.history import Floats

WEEK: Final = 7
YEAR: Final = 52 * WEEK  # whole weeks, so that weekdays meet weekdays
RECENT: Final = 8 * WEEK
MOST_GROWTH: Final = 5.0

Member = Callable[[Floats, int], Floats | None]


def weekday_mean(past: Floats, days: int, weeks: int) -> Floats:
    """For each coming day the mean of its weekday over the last weeks; the mean of all days under one
    week."""
    whole = min(len(past) // WEEK, weeks)
    if not whole:
        return np.full(days, past.mean() if len(past) else 0.0)
    by_weekday: Floats = past[len(past) - whole * WEEK :].reshape(-1, WEEK).mean(axis=0)
    found: Floats = by_weekday[np.arange(days) % WEEK]
    return found


def four_week_mean(past: Floats, days: int) -> Floats | None:
    return weekday_mean(past, days, 4)


def smoothed_level(past: Floats, days: int, pace: float) -> Floats | None:
    """Weekly sums smoothed exponentially, spread over the weekdays of the last twelve weeks."""
    weeks = len(past) // WEEK
    if len(past) < RECENT:
        return None
    sums = past[len(past) - weeks * WEEK :].reshape(-1, WEEK).sum(axis=1)
    level = sums[:4].mean()
    for total in sums[4:]:
        level += pace * (total - level)
    shape = weekday_mean(past, days, 12)
    mean = shape[:WEEK].mean()
    return shape * (level / WEEK / mean) if mean > 0 else np.zeros(days)


def slow_level(past: Floats, days: int) -> Floats | None:
    return smoothed_level(past, days, 0.05)


def quick_level(past: Floats, days: int) -> Floats | None:
    return smoothed_level(past, days, 0.2)


def growth(new: float, old: float) -> float:
    """New over old within bounds; 1 where there was nothing."""
    return float(np.clip(new / old, 1 / MOST_GROWTH, MOST_GROWTH)) if old > 0 else 1.0


def last_year_turn(past: Floats, days: int) -> Floats | None:
    """The weekday mean of eight weeks, turned half as much as revenue turned a year ago."""
    n = len(past)
    if n < YEAR + RECENT:
        return None
    before = past[n - YEAR - RECENT : n - YEAR].mean()
    after = past[n - YEAR : n - YEAR + days].mean()
    return weekday_mean(past, days, 8) * (1 + (growth(after, before) - 1) / 2)


def last_year_smooth(past: Floats, days: int) -> Floats:
    """The same days a year ago, a quarter of each neighbouring week mixed in."""
    at = len(past) - YEAR + np.arange(days)
    value, weight = np.zeros(days), np.zeros(days)
    for shift, share in ((-WEEK, 0.25), (0, 0.5), (WEEK, 0.25)):
        known = at + shift >= 0
        value += np.where(known, share * past[np.maximum(at + shift, 0)], 0.0)
        weight += np.where(known, share, 0.0)
    return value / weight


def yearly_growth(past: Floats) -> float:
    """This year over last year, as far as both are known; held back while little is."""
    n = len(past)
    known = min(n - YEAR, YEAR)
    plain = growth(past[n - known :].sum(), past[n - YEAR - known : n - YEAR].sum())
    return 1 + (plain - 1) * known / (known + RECENT)


def last_year(past: Floats, days: int) -> Floats | None:
    """Last year's same days with the growth since then."""
    if len(past) < YEAR + 4 * WEEK:
        return None
    return last_year_smooth(past, days) * yearly_growth(past)


def last_year_lately(past: Floats, days: int) -> Floats | None:
    """Last year's same days with the growth of the last eight weeks and of the year, evenly mixed."""
    n = len(past)
    if n < YEAR + RECENT:
        return None
    lately = growth(past[n - RECENT :].sum(), past[n - YEAR - RECENT : n - YEAR].sum())
    mixed: float = (lately * yearly_growth(past)) ** 0.5
    return last_year_smooth(past, days) * mixed


MEMBERS: Final[dict[str, Member]] = {
    "mean of four weeks": four_week_mean,
    "slow level": slow_level,
    "quick level": quick_level,
    "turn of last year": last_year_turn,
    "last year": last_year,
    "last year, lately": last_year_lately,
}
