"""Forecasts as people read them: intervals, confidence, trend, track record.

Intervals are split-conformal: the share of the scale that held the errors of 8 in 10 of the last checks (at
most 26, at least 8), around the forecast. They promise only what held so far, and follow when that changes.

Outlook
    regions       names it covers, or None for the whole organisation
    reason        why there is nothing; None if there is something
    early         as above
    daily         list of {date, revenue}
    next_week, next_month   Figure
    trend         Trend

Figure
    days, first_on, last_on   which days it is about
    revenue       expected; None if refused, then `reason` says why
    low, high     where it will lie in 8 of 10 cases; None with `interval_reason`, below 8 checks
    confidence    share of the last 12 checks that came within 20 % of what was foretold; 0 without any
    typical_error summed error of those checks / summed revenue; None without any
    words         the same in words: "typical error ±12 %; within ±20 % in 10 of the last 12 checks"
    checks        the last 26 checks, oldest first: {made_on, first_on, last_on, forecast, actual, low, high,
                  inside}; low, high and inside are None where the interval could not be made then
    coverage      share of those with an interval whose actual lay inside; None without any (0.8 is the aim)

Trend
    direction     "increasing", "decreasing" or "stable": the last 28 days against the 28 before, called only
                  where the difference is larger than the noise between weeks explains (19 of 20 cases)
    change        last / prior - 1; None where the prior is zero or there are under 56 days
    words         "up 12 % on the 28 days before" …
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Final, TypedDict

import numpy as np

from dashapp.metrics.models.rows import Check, Forecast, Horizon

INSIDE: Final = 0.8
FEWEST_CHECKS: Final = 8
MOST_CHECKS: Final = 26
CORRECTED: Final = 0.5
PRIOR_INTERVALS: Final = 4
LOWEST_AIM, HIGHEST_AIM = 0.6, 0.95
JUDGED: Final = 12
CLOSE: Final = 0.2
WEEKS_COMPARED: Final = 4
T_OF_SIX: Final = 2.447  # two-sided 5 % of Student's t with 6 degrees of freedom

FEW_CHECKS: Final = f"No interval before {FEWEST_CHECKS} checked forecasts."
NO_REGION: Final = "There is no forecast for this choice of regions."


class Trend(TypedDict):
    direction: str
    change: float | None
    words: str


class Figure(TypedDict):
    days: int
    first_on: str
    last_on: str
    revenue: float | None
    reason: str | None
    low: float | None
    high: float | None
    interval_reason: str | None
    confidence: float
    typical_error: float | None
    words: str
    checks: list[dict[str, Any]]
    coverage: float | None


class Outlook(TypedDict):
    regions: list[str] | None
    reason: str | None
    early: bool
    daily: list[dict[str, Any]]
    next_week: Figure
    next_month: Figure
    trend: Trend


def outlook(forecasts: Sequence[Forecast], as_of: str, nothing: str = NO_REGION) -> Outlook:
    """Of one forecast, or of several regions together: their errors are added up day by day, not their
    intervals."""
    usable = [one for one in forecasts if one["reason"] is None]
    reason = None if usable else forecasts[0]["reason"] if forecasts else nothing
    first_on = date.fromisoformat(as_of)
    by_day = [sum(amounts) for amounts in zip(*(one["daily"] for one in usable if one["daily"]), strict=True)]
    names = [one["region"] for one in forecasts if one["region"] is not None]
    return {
        "regions": names if names or not forecasts else None,
        "reason": reason,
        "early": bool(usable) and all(one["early"] for one in usable),
        "daily": [
            {"date": str(first_on + timedelta(days=n)), "revenue": amount} for n, amount in enumerate(by_day)
        ],
        "next_week": figure([one["horizons"]["next_week"] for one in usable], 7, first_on, reason),
        "next_month": figure([one["horizons"]["next_month"] for one in usable], 30, first_on, reason),
        "trend": trend([one["weeks"] for one in usable]),
    }


# --- One horizon


def figure(horizons: Sequence[Horizon], days: int, first_on: date, reason: str | None) -> Figure:
    """Several regions' horizons as one; refused only where all of them are."""
    given = [one for one in horizons if one["forecast"] is not None]
    if not given:
        reason = reason or (horizons[0]["reason"] if horizons else NO_REGION)
    checks = added([one["checks"] for one in given])
    judged = with_intervals(checks, days)
    low, high, revenue = None, None, None
    if given:
        revenue = sum(one["forecast"] or 0.0 for one in given)
        share = reach(checks, [check["inside"] for check in judged])
        low, high = bounds(revenue, sum(one["scale"] for one in given), share)
    shown = judged[-MOST_CHECKS:]
    inside = [check["inside"] for check in shown if check["inside"] is not None]
    confidence, typical_error, words = trust(checks[-JUDGED:])
    return {
        "days": days,
        **span(first_on, days),  # type: ignore[typeddict-item]
        "revenue": revenue,
        "reason": reason,
        "low": low,
        "high": high,
        "interval_reason": FEW_CHECKS if revenue is not None and low is None else None,
        "confidence": confidence,
        "typical_error": typical_error,
        "words": words,
        "checks": shown,
        "coverage": sum(inside) / len(inside) if inside else None,
    }


def span(first_on: date, days: int) -> dict[str, str]:
    return {"first_on": str(first_on), "last_on": str(first_on + timedelta(days=days - 1))}


def added(several: Sequence[Sequence[Check]]) -> list[Check]:
    """The checks of several forecasts as checks of their sum, by the day they were made."""
    if len(several) == 1:
        return list(several[0])
    sums: dict[str, Check] = {}
    for check in (check for checks in several for check in checks):
        day = check["made_on"]
        so_far = sums.setdefault(day, {"made_on": day, "forecast": 0.0, "actual": 0.0, "scale": 0.0})
        so_far["forecast"] += check["forecast"]
        so_far["actual"] += check["actual"]
        so_far["scale"] += check["scale"]
    return [sums[day] for day in sorted(sums)]


def reach(checks: Sequence[Check], inside: Sequence[bool | None]) -> float | None:
    """The share of the scale within which the errors stayed; None below so many checks.

    `inside` tells of the same checks whether their intervals held: where more or fewer did than should, the
    aim
    is moved half as far the other way (in the spirit of Gibbs and Candès, Adaptive conformal inference,
    2021).
    """
    lately = checks[-MOST_CHECKS:]
    errors = [abs(one["actual"] - one["forecast"]) / one["scale"] for one in lately if one["scale"] > 0]
    if len(errors) < FEWEST_CHECKS:
        return None
    held = [one for one in inside if one is not None][-MOST_CHECKS:]
    missed = INSIDE - sum(held) / len(held) if held else 0.0
    aim = INSIDE + CORRECTED * missed * len(held) / (len(held) + PRIOR_INTERVALS)
    return quantile(sorted(errors), min(max(aim, LOWEST_AIM), HIGHEST_AIM))


def quantile(ordered: Sequence[float], share: float) -> float:
    """As numpy has it, in a tenth of the time for a few numbers."""
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (place - low) * (ordered[high] - ordered[low])


def with_intervals(checks: Sequence[Check], days: int) -> list[dict[str, Any]]:
    """Each check with the interval it would have been given on its day, from the checks over by then."""
    made = [date.fromisoformat(check["made_on"]) for check in checks]
    over = [day + timedelta(days=days) for day in made]
    inside: list[bool | None] = []
    found = []
    for check, day in zip(checks, made, strict=True):
        known = bisect_right(over, day)
        share = reach(checks[:known], inside[:known])
        low, high = bounds(check["forecast"], check["scale"], share)
        held = None if low is None or high is None else low <= check["actual"] <= high
        inside.append(held)
        told = {"forecast": check["forecast"], "actual": check["actual"], "low": low, "high": high}
        found.append({"made_on": check["made_on"], **span(day, days), **told, "inside": held})
    return found


def bounds(forecast: float, scale: float, share: float | None) -> tuple[float | None, float | None]:
    """The interval around a forecast, never below zero."""
    if share is None:
        return None, None
    return max(0.0, forecast - share * scale), forecast + share * scale


def trust(checks: Sequence[Check]) -> tuple[float, float | None, str]:
    """The share of checks that came close, the typical error, and both in words."""
    if not checks:
        return 0.0, None, "not checked yet"
    errors = [abs(check["actual"] - check["forecast"]) for check in checks]
    close = sum(
        error <= CLOSE * check["actual"] * (1 + 1e-12) for error, check in zip(errors, checks, strict=True)
    )
    actual = sum(check["actual"] for check in checks)
    typical = sum(errors) / actual if actual > 0 else None
    often = f"within ±{CLOSE:.0%} in {close} of the last {len(checks)} checks".replace("%", " %")
    if typical is None:
        return close / len(checks), None, often
    return close / len(checks), typical, f"typical error ±{100 * typical:.0f} %; {often}"


# --- Trend


def trend(weeks_of: Sequence[Sequence[float]]) -> Trend:
    """The last 28 days against the 28 before, by Student's t of the weekly sums."""
    whole = [weeks for weeks in weeks_of if weeks]
    if not whole:
        return {"direction": "stable", "change": None, "words": "too early to tell"}
    weeks = np.sum(np.array(whole), axis=0)
    prior, last = weeks[:WEEKS_COMPARED], weeks[WEEKS_COMPARED:]
    if prior.sum() <= 0 and last.sum() <= 0:
        return {"direction": "stable", "change": None, "words": "no revenue in the last 56 days"}
    difference = float(last.mean() - prior.mean())
    noise = float(np.sqrt((prior.var(ddof=1) + last.var(ddof=1)) / WEEKS_COMPARED))
    change = float(last.sum() / prior.sum() - 1) if prior.sum() > 0 else None
    if abs(difference) <= max(T_OF_SIX * noise, 0.01 * float(prior.mean())):
        return {"direction": "stable", "change": change, "words": "no more than the usual ups and downs"}
    amount = "" if change is None else f" {abs(100 * change):.0f} %"
    direction, word = ("increasing", "up") if difference > 0 else ("decreasing", "down")
    return {"direction": direction, "change": change, "words": f"{word}{amount} on the 28 days before"}
