"""Facilities as customers: how each has ordered up to a day. A day with orders counts as one order."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from dashapp.domain.tables import Ints
from dashapp.metrics.models.bgnbd import Repeats
from dashapp.metrics.models.history import Floats, Happened

YEAR: Final = 364
SEASON_PRIOR: Final = 25  # so many orders speak for no season
SEASON_BOUNDS: Final = (0.5, 2.0)
USUAL_GAP: Final = 30.0  # where nobody ever ordered twice


def busyness(orders: float, usual: float) -> float:
    """Orders over the usual number, within bounds; few of them count little."""
    return float(np.clip((orders + SEASON_PRIOR) / (usual + SEASON_PRIOR), *SEASON_BOUNDS))


@dataclass(frozen=True)
class Customers:
    """Every facility with an order before `cut` (a day number), in the order of `code`.

    `row_*` are its ordering days: position in `code`, day, and what was ordered on it, in order of time.
    """

    cut: int
    code: Ints
    row: Ints
    row_day: Ints
    row_value: Floats

    @classmethod
    def of(cls, orders: Happened) -> Customers:
        known = orders.facility >= 0
        facility, day = orders.facility[known], orders.day[known]
        span = int(day.max()) + 1 if len(day) else 1
        visit, position = np.unique(facility * span + day, return_inverse=True)
        value = np.bincount(position, weights=orders.amount[known], minlength=len(visit))
        code, row = np.unique(visit // span, return_inverse=True)
        in_time = np.argsort(visit % span, kind="stable")
        return cls(orders.cut, code, row[in_time], (visit % span)[in_time], value[in_time].astype(np.float64))

    def __len__(self) -> int:
        return len(self.code)

    def per_facility(self, weights: Floats | None = None, since: int | None = None) -> Floats:
        """The sum of the weights (or the number) of each facility's ordering days, from a day on."""
        first = 0 if since is None else int(np.searchsorted(self.row_day, since))
        chosen = None if weights is None else weights[first:]
        return np.bincount(self.row[first:], weights=chosen, minlength=len(self)).astype(np.float64)

    @cached_property
    def count(self) -> Floats:
        return self.per_facility()

    @cached_property
    def first(self) -> Ints:
        first = np.zeros(len(self), dtype=np.int64)
        first[self.row[::-1]] = self.row_day[::-1]
        return first

    @cached_property
    def last(self) -> Ints:
        last = np.zeros(len(self), dtype=np.int64)
        last[self.row] = self.row_day
        return last

    @property
    def silent(self) -> Ints:
        """Days since the last order."""
        return self.cut - self.last

    @property
    def age(self) -> Ints:
        """Days since the first order."""
        return self.cut - self.first

    @cached_property
    def revenue(self) -> Floats:
        return self.per_facility(self.row_value)

    @cached_property
    def last_year(self) -> Floats:
        """Revenue of the last 365 days."""
        return self.per_facility(self.row_value, since=self.cut - 365)

    @cached_property
    def repeats(self) -> Repeats:
        return Repeats(self.count - 1, (self.last - self.first).astype(float), self.age.astype(float))

    @cached_property
    def gap(self) -> Floats:
        """The usual number of days between two orders: the median of each facility's gaps; NaN below two
        orders."""
        order = np.lexsort((self.row_day, self.row))
        gaps, owner = np.diff(self.row_day[order]), self.row[order][1:]
        same = owner == self.row[order][:-1]
        gaps, owner = gaps[same], owner[same]
        ranked = np.lexsort((gaps, owner))
        gaps, size = gaps[ranked].astype(float), np.bincount(owner, minlength=len(self))
        start = np.cumsum(size) - size
        median = np.full(len(self), np.nan)
        some = size > 0
        low, high = start[some] + (size[some] - 1) // 2, start[some] + size[some] // 2
        median[some] = (gaps[low] + gaps[high]) / 2
        return median

    def season(self, days: int) -> float:
        """How busy the coming days were a year ago, over that whole year; 1 without a year of history.

        Orders are counted, not money; few of them count little.
        """
        if not len(self.row_day) or self.row_day[0] > self.cut - YEAR:
            return 1.0
        year = self._orders_between(self.cut - YEAR, self.cut)
        return busyness(self._orders_between(self.cut - YEAR, self.cut - YEAR + days), year * days / YEAR)

    def turn(self, day: int, days: int) -> float:
        """How busy the days from a past day on were, over the year before it or as much of it as is known."""
        first = max(day - YEAR, int(self.row_day[0]))
        before = self._orders_between(first, day) * days / max(day - first, 1)
        return busyness(self._orders_between(day, day + days), before)

    def _orders_between(self, start: int, end: int) -> int:
        first, last = np.searchsorted(self.row_day, (start, end)).tolist()
        return int(last - first)

    def ordered_in(self, later: Happened, days: int) -> tuple[Floats, Floats]:
        """Of what came after: whether each facility ordered in the days from `cut` on, and for how much."""
        rows = slice(*np.searchsorted(later.day, (self.cut, self.cut + days)).tolist())
        facility = later.facility[rows]
        place = np.minimum(np.searchsorted(self.code, facility), max(len(self) - 1, 0))
        known = self.code[place] == facility if len(self) else np.zeros(len(facility), dtype=bool)
        amount = np.bincount(place[known], weights=later.amount[rows][known], minlength=len(self))
        came = np.bincount(place[known], minlength=len(self)) > 0
        return came.astype(float), amount.astype(np.float64)
