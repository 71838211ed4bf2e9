"""Ridge regression and gradient boosting for the sum of the next days, relative to the recent level."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from dashapp.domain.tables import Ints
from dashapp.metrics.models.history import Floats, Series
from dashapp.metrics.models.members import MOST_GROWTH, RECENT, WEEK, YEAR

PENALTY_PER_WEEK: Final = 50.0  # windows that overlap repeat each other: longer ones count less
HIGHEST_RATIO: Final = 4.0
FITTED_EVERY: Final = 4 * WEEK
LONGEST_TRAINING: Final = 3 * YEAR


class Learners:
    """Forecasts at any origin (days since the start of the series), each from days before the origin
    alone."""

    def __init__(self, series: Series, days: int) -> None:
        self._days, self._start = days, series.start
        self._level, self._features, self._target = table(series, days)
        self._boosted: dict[int, Any] = {}

    def _trainable(self, upto: int) -> Ints:
        """Rows whose window was over when the day `upto` began; a row is the origin RECENT + its number."""
        last = upto - self._days - RECENT + 1
        rows = np.arange(max(0, last - LONGEST_TRAINING), max(0, last))
        return rows[np.isfinite(self._target[rows])]

    def _usable(self, origin: int) -> bool:
        return origin > YEAR and self._level[origin - RECENT] > 0

    def ridge(self, origin: int) -> float | None:
        """The sum of the next days; None in the first year."""
        rows = self._trainable(origin)
        if not self._usable(origin) or not len(rows):
            return None
        x, y = self._features[rows], self._target[rows]
        centre, spread = x.mean(axis=0), x.std(axis=0) + 1e-9
        z = (x - centre) / spread
        penalty = PENALTY_PER_WEEK * self._days / WEEK * np.eye(z.shape[1])
        weights = np.linalg.solve(z.T @ z + penalty, z.T @ (y - y.mean()))
        here = (self._features[origin - RECENT] - centre) / spread
        return self._sum(float(here @ weights + y.mean()), origin)

    def boosting(self, origin: int) -> float | None:
        """The same by trees, fitted on every 28th day of the calendar and kept until the next."""
        fitted = origin - (self._start + origin) % FITTED_EVERY
        rows = self._trainable(fitted)
        if not self._usable(origin) or fitted <= YEAR or not len(rows):
            return None
        if fitted not in self._boosted:
            self._boosted[fitted] = boosted(self._features[rows], self._target[rows])
        here = self._features[origin - RECENT : origin - RECENT + 1]
        return self._sum(float(self._boosted[fitted].predict(here)[0]), origin)

    def _sum(self, ratio: float, origin: int) -> float:
        return min(max(0.0, ratio), HIGHEST_RATIO) * float(self._level[origin - RECENT]) * self._days


def boosted(features: Floats, target: Floats) -> Any:
    from sklearn.ensemble import HistGradientBoostingRegressor

    trees = HistGradientBoostingRegressor(
        max_iter=60,
        learning_rate=0.06,
        max_leaf_nodes=6,
        min_samples_leaf=20,
        l2_regularization=5.0,
        early_stopping=False,
        random_state=0,
    )
    return trees.fit(features, target)


def table(series: Series, days: int) -> tuple[Floats, Floats, Floats]:
    """Per origin from RECENT on: mean of the last eight weeks, features, and mean of the next days over it.

    Features say how the last one, two and four weeks, last year's window and last year's turn compare with
    the
    level, and the season as two waves a year. Unknown ones are 1: no different from the level.
    """
    n = len(series)
    total = np.concatenate([[0.0], np.cumsum(series.values)])
    origin = np.arange(RECENT, n + 1)

    def mean(first: Ints, length: int) -> Floats:
        inside = (first >= 0) & (first + length <= n)
        a = np.where(inside, first, 0)
        found: Floats = np.where(inside, (total[np.minimum(a + length, n)] - total[a]) / length, np.nan)
        return found

    level = mean(origin - RECENT, RECENT)
    with np.errstate(divide="ignore", invalid="ignore"):
        safe = np.where(level > 0, level, np.nan)
        a_year_ago = mean(origin - YEAR, days)
        before_that = mean(origin - YEAR - RECENT, RECENT)
        columns = [
            *(mean(origin - back, back) / safe for back in (WEEK, 2 * WEEK, 4 * WEEK)),
            mean(origin - 4 * WEEK, 4 * WEEK) / mean(origin - 16 * WEEK, 16 * WEEK),
            a_year_ago / np.where(before_that > 0, before_that, np.nan),
            a_year_ago / safe,
        ]
        target = np.clip(mean(origin, days) / safe, 0.0, HIGHEST_RATIO)
    plain = np.nan_to_num(np.column_stack(columns), nan=1.0, posinf=MOST_GROWTH)
    angle = 2 * np.pi * (series.start + origin + days / 2) / 365.2425
    waves = [wave(k * angle) for k in (1, 2) for wave in (np.sin, np.cos)]
    return level, np.column_stack([np.clip(plain, 0.0, MOST_GROWTH), *waves]), target
