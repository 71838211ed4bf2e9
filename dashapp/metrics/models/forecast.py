"""Revenue of the next 7 and 30 days: members weighted by how they did so far, checked at every past week.

Measured by rolling origins on several businesses: a combination beat each of its members, weights by past
error
beat equal ones, and regions did as well without regression.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from dashapp.domain.tables import Ints
from dashapp.metrics.models.history import Floats, Happened, Series, daily_revenue, date_of
from dashapp.metrics.models.learners import Learners
from dashapp.metrics.models.members import MEMBERS, RECENT, WEEK, YEAR, four_week_mean, weekday_mean
from dashapp.metrics.models.rows import Check, Forecast, Horizon

HORIZONS: Final = {"next_week": 7, "next_month": 30}
FIRST_DAYS: Final = 14  # fewer days of history: no forecast
EARLY_DAYS: Final = RECENT  # fewer: the weekday mean alone
MOST_ORIGINS: Final = 112  # 26 to show, 26 for their intervals, 57 for their weights
CHECKS_KEPT: Final = 56
JUDGED_BY: Final = 52  # past errors a member is weighted by
PRIOR_ERRORS: Final = 4  # so many average errors are taken for granted
POWER: Final = 4  # a member half as wrong weighs 16 times as much
MOST_REGIONS: Final = 30

TOO_SHORT: Final = f"No forecast before {FIRST_DAYS} days of orders."
NOTHING_SOLD: Final = "There is no revenue to go by."
NOTHING_LATELY: Final = "There was no revenue in the last eight weeks."
MOSTLY_ZERO: Final = "More than half of the days had no revenue, so a single week cannot be foretold."


@dataclass(frozen=True)
class Rolling:
    """Forecasts of the next `days` at weekly origins (days since the start of the series), the newest last.

    `scale` is what errors are measured by: the mean of the forecast and the level of the last eight weeks.
    `actual` is NaN where the days are not over.
    """

    days: int
    origin: Ints
    made: Floats
    actual: Floats
    scale: Floats


def rolling(series: Series, days: int, *, learn: bool, most: int = MOST_ORIGINS) -> Rolling:
    """Every forecast is made from the days before its origin alone, the weights included."""
    n = len(series)
    weeks = range(min(most, (n - FIRST_DAYS) // WEEK + 1))
    origin = np.array([n - WEEK * back for back in reversed(weeks)], dtype=np.int64)
    total = np.concatenate([[0.0], np.cumsum(series.values)])
    over = origin + days <= n
    actual = np.where(over, total[np.minimum(origin + days, n)] - total[origin], np.nan)
    first = np.maximum(origin - RECENT, 0)
    level = (total[origin] - total[first]) / np.maximum(origin - first, 1) * days
    made = combined(tried(series, days, origin, learn=learn), actual, level, origin, days)
    return Rolling(days, origin, made, actual, (made + level) / 2)


def tried(series: Series, days: int, origins: Ints, *, learn: bool) -> Floats:
    """What each member (rows) says at each origin (columns); NaN where it says nothing."""
    learners = Learners(series, days) if learn and len(series) > YEAR else None
    said: list[list[float | None]] = []
    for origin in origins.tolist():
        past = series.values[:origin]
        members = [four_week_mean] if origin < EARLY_DAYS else list(MEMBERS.values())
        daily = [member(past, days) for member in members]
        sums: list[float | None] = [None if one is None else float(one.sum()) for one in daily]
        sums += [None] * (len(MEMBERS) - len(members))
        sums += [learners.ridge(origin), learners.boosting(origin)] if learners else [None, None]
        said.append(sums)
    return np.array(said, dtype=np.float64).T.reshape(len(MEMBERS) + 2, len(origins))


def combined(said: Floats, actual: Floats, level: Floats, origin: Ints, days: int) -> Floats:
    """At each origin the mean of what was said, weighted by the errors that were known by then."""
    with np.errstate(divide="ignore", invalid="ignore"):
        errors = np.abs(said - actual) / level
    errors[~np.isfinite(errors)] = np.nan
    made = np.zeros(len(origin))
    for now in range(len(origin)):
        known = int(np.searchsorted(origin, origin[now] - days, side="right"))
        weights = trust(errors[:, max(0, known - JUDGED_BY) : known])
        says = np.isfinite(said[:, now])
        made[now] = np.average(said[says, now], weights=weights[says])
    return made


def trust(errors: Floats) -> Floats:
    """The weight of each member (rows) from its past errors; all the same without any."""
    counts, sums = np.isfinite(errors).sum(axis=1), np.nansum(errors, axis=1)
    judged = counts > 0
    usual = float((sums[judged] / counts[judged]).mean()) if judged.any() else 1.0
    if usual <= 0:
        return np.ones(len(errors))
    expected = (sums + PRIOR_ERRORS * usual) / (counts + PRIOR_ERRORS)
    weights: Floats = (usual / expected) ** POWER
    return weights


# --- The answer


def forecasts(orders: Happened) -> tuple[Forecast, dict[str, Forecast]]:
    """Of the whole organisation, and of the regions with most revenue in the last year."""
    lately = orders.day >= orders.cut - YEAR
    revenue = np.bincount(
        orders.region[lately], weights=orders.amount[lately], minlength=len(orders.region_names)
    )
    largest = sorted(range(len(revenue)), key=lambda region: (-revenue[region], region))[:MOST_REGIONS]
    regions = {
        orders.region_names[region]: forecast(daily_revenue(orders, region), orders.region_names[region])
        for region in largest
    }
    return forecast(daily_revenue(orders), None, learn=True), regions


def forecast(series: Series, region: str | None, *, learn: bool = False) -> Forecast:
    """The next 7 and 30 days after the end of the series."""
    n, values = len(series), series.values
    reason = TOO_SHORT if n < FIRST_DAYS else None if values.sum() > 0 else NOTHING_SOLD
    weeks = values[n - RECENT :].reshape(-1, WEEK).sum(axis=1).tolist() if n >= RECENT else []
    found: Forecast = {
        "region": region,
        "reason": reason,
        "early": reason is None and n < EARLY_DAYS,
        "days": n,
        "daily": [],
        "weeks": weeks,
        "horizons": {name: refused(days, reason or "") for name, days in HORIZONS.items()},
    }
    if reason is None:
        for name, days in HORIZONS.items():
            found["horizons"][name] = horizon(rolling(series, days, learn=learn), series)
        found["daily"] = daily(series, found["horizons"])
    return found


def refused(days: int, reason: str) -> Horizon:
    return {"days": days, "forecast": None, "reason": reason, "scale": 0.0, "checks": []}


def checks(run: Rolling, series: Series) -> list[Check]:
    """The forecasts of a run whose days are over."""
    return [
        {
            "made_on": date_of(series.start + int(run.origin[row])).isoformat(),
            "forecast": float(run.made[row]),
            "actual": max(0.0, float(run.actual[row])),
            "scale": float(run.scale[row]),
        }
        for row in np.flatnonzero(np.isfinite(run.actual))
    ]


def horizon(run: Rolling, series: Series) -> Horizon:
    """The newest forecast of a run, with the past ones that can be checked."""
    reason = None
    if series.values[-RECENT:].sum() <= 0:
        reason = NOTHING_LATELY
    elif run.days == WEEK and (series.values[-YEAR:] <= 0).mean() > 0.5:
        reason = MOSTLY_ZERO
    value = None if reason else float(run.made[-1])
    return {
        "days": run.days,
        "forecast": value,
        "reason": reason,
        "scale": float(run.scale[-1]),
        "checks": checks(run, series)[-CHECKS_KEPT:],
    }


def daily(series: Series, horizons: dict[str, Horizon]) -> list[float]:
    """The month spread over its days by weekday, the first seven adding up to the week."""
    days = horizons["next_month"]["days"]
    month, week = horizons["next_month"]["forecast"], horizons["next_week"]["forecast"]
    if month is None:
        return []
    shape = weekday_mean(series.values, days, 8)
    shape = shape / shape.sum() if shape.sum() > 0 else np.full(days, 1 / days)
    if week is None or week > month or shape[:WEEK].sum() <= 0 or shape[WEEK:].sum() <= 0:
        return [float(one) for one in shape * month]
    first, rest = shape[:WEEK], shape[WEEK:]
    spread = [*(first * week / first.sum()), *(rest * (month - week) / rest.sum())]
    return [float(one) for one in spread]
