"""The probability that a facility orders nothing in the next 60 days.

The mean of two views. BG/NBD (see `bgnbd`) knows how orders come in general; a logistic regression on five
features learns from what every facility did after earlier days. Both are stationary, so the mean is raised to
the power of the season, how busy the same days were a year ago (no order at a rate of s times the usual is no
order to the power of s), and of half of what the last check of the same scores taught.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from dashapp.domain.tables import Mask
from dashapp.metrics.models import bgnbd
from dashapp.metrics.models.customers import Customers
from dashapp.metrics.models.history import Floats, Happened

DAYS: Final = 60
FEWEST_ORDERS: Final = 3
FEWEST_DAYS: Final = 60
FEWEST_FACILITIES: Final = 30  # fewer: nothing is learnt
CUT_OFFS: Final = 12  # days to learn from, a month apart
MONTH: Final = 30
PENALTY: Final = 5.0
STEPS: Final = 30
FIRST_LESSON_DAYS: Final = 150  # of history, before scores are worth checking
HALF: Final = 0.5
LESSON_PRIOR: Final = 50  # facilities

BOTH: Final = (
    "the mean of BG/NBD and a logistic regression on five features, adjusted to the season and the last check"
)
LEARNT: Final = (
    "a logistic regression on five features, adjusted to season and last check (BG/NBD did not converge)"
)
BUYING: Final = "BG/NBD, adjusted to the season (past outcomes do not differ enough to learn from)"
FIXED: Final = f"fixed coefficients (there are fewer than {FEWEST_FACILITIES} facilities to learn from)"

Scorer = Callable[[Floats], Floats]


@dataclass(frozen=True)
class Scores:
    """Per facility the probability of no order; `buying` is BG/NBD's alone, None where it is not used."""

    probability: Floats
    buying: Floats | None
    method: str


def features(customers: Customers) -> Floats:
    """Five per facility: what its orders are worth, how many of the last twelve months it ordered in, the
    share of
    its own months (at most twelve) it ordered in, how often it ordered in the last 90 days, how long it is
    silent.
    """
    months = np.maximum((customers.cut - 1 - customers.row_day) // MONTH, 0)
    recent = months < CUT_OFFS
    seen = np.unique(customers.row[recent] * CUT_OFFS + months[recent])
    active = np.bincount(seen // CUT_OFFS, minlength=len(customers)).astype(float)
    own = np.clip(np.ceil((customers.age + 1) / MONTH), 1, CUT_OFFS)
    value = customers.revenue / customers.count
    usual = float(np.median(value)) if len(value) else 0.0
    worth = np.log((value + 0.01 * usual) / (1.01 * usual)) if usual > 0 else np.zeros(len(value))
    lately = np.log1p(customers.per_facility(since=customers.cut - 90))
    return np.column_stack([worth, np.log1p(active), active / own, lately, np.sqrt(customers.silent)])


# For fewer than 30 facilities: an intercept, then one for each feature in the order above. Rounded from the
# 5,000 customers of a wholesaler (Online Retail II, UCI, CC BY 4.0), with silence held to raise the risk.
FIXED_COEFFICIENTS: Final = (2.3, -0.27, -1.2, -0.8, -0.25, 0.05)


def fixed(rows: Floats) -> Floats:
    return sigmoid(FIXED_COEFFICIENTS[0] + rows @ np.array(FIXED_COEFFICIENTS[1:]))


def sigmoid(x: Floats) -> Floats:
    odds: Floats = 1 / (1 + np.exp(-np.clip(x, -500, 500)))
    return odds


def logistic(rows: Floats, gone: Floats) -> Scorer | None:
    """Logistic regression with a ridge penalty on standardised features; None where all did the same."""
    if not len(gone) or gone.min() == gone.max():
        return None
    centre, spread = rows.mean(axis=0), rows.std(axis=0) + 1e-9

    def standard(some: Floats) -> Floats:
        return np.column_stack([np.ones(len(some)), (some - centre) / spread])

    z, penalty = standard(rows), np.diag([1e-6, *[PENALTY] * rows.shape[1]])
    weights = np.zeros(z.shape[1])
    for _ in range(STEPS):
        p = sigmoid(z @ weights)
        slope = z.T @ (p - gone) + penalty @ weights
        curvature = (z * (p * (1 - p))[:, None]).T @ z + penalty
        step = np.linalg.solve(curvature, slope)
        weights = weights - np.clip(step, -4, 4)
        if np.abs(step).max() < 1e-9:
            break
    return lambda some: sigmoid(standard(some) @ weights)


class Churn:
    """Scores at any day, each from orders before it alone; what earlier days showed is computed once."""

    def __init__(self, orders: Happened, days: int = DAYS) -> None:
        self._orders, self._days = orders, days
        self._known: dict[int, tuple[Customers, Floats]] = {}
        self._scored: dict[int, Scores] = {}

    def at(self, cut: int) -> tuple[Customers, Floats]:
        """The facilities known when that day began, and their features."""
        if cut not in self._known:
            customers = Customers.of(self._orders.before(cut))
            self._known[cut] = customers, features(customers)
        return self._known[cut]

    def scores(self, cut: int) -> Scores:
        """Of every facility known at the cut, in the order of `at(cut)`."""
        plain = self._plain(cut)
        if plain.method == FIXED:
            return plain
        power = self.at(cut)[0].season(self._days) * self._lesson(cut)
        return Scores(plain.probability**power, plain.buying, plain.method)

    def _plain(self, cut: int) -> Scores:
        """Before the season and the lesson of the last check."""
        if cut not in self._scored:
            self._scored[cut] = self._both(cut)
        return self._scored[cut]

    def _both(self, cut: int) -> Scores:
        customers, rows = self.at(cut)
        if len(customers) < FEWEST_FACILITIES:
            return Scores(fixed(rows), None, FIXED)
        parameters = bgnbd.fit(customers.repeats)
        buying = None if parameters is None else bgnbd.none_within(parameters, customers.repeats, self._days)
        scorer = self._learnt(cut)
        learnt = None if scorer is None else scorer(rows)
        if buying is not None and learnt is not None:
            return Scores((buying + learnt) / 2, buying, BOTH)
        if learnt is not None:
            return Scores(learnt, None, LEARNT)
        if buying is not None:
            return Scores(buying, buying, BUYING)
        return Scores(fixed(rows), None, FIXED)

    def _lesson(self, cut: int) -> float:
        """The power that would have made the last scores that can be checked right on average, half of it.

        Their own season is known by now and taken out. A check of few facilities teaches less.
        """
        past = cut - self._days
        if not len(self._orders) or past < int(self._orders.day[0]) + FIRST_LESSON_DAYS:
            return 1.0
        enough = scorable(self.at(past)[0])
        plain, gone = self._plain(past), self.gone(past)[enough]
        if plain.method == FIXED or not len(gone) or not 0 < gone.mean() < 1:
            return 1.0
        turn = self.at(cut)[0].turn(past, self._days)
        power = power_for(plain.probability[enough] ** turn, float(gone.mean()))
        return float(power ** (HALF * len(gone) / (len(gone) + LESSON_PRIOR)))

    def gone(self, cut: int) -> Floats:
        """1 for each facility known at the cut that ordered nothing in the days after it."""
        return 1 - self.at(cut)[0].ordered_in(self._orders, self._days)[0]

    def _learnt(self, cut: int) -> Scorer | None:
        """From every facility at up to twelve earlier days whose outcome was known by the cut."""
        first = int(self._orders.day[0]) + FEWEST_DAYS
        days = [cut - self._days - MONTH * back for back in range(CUT_OFFS)]
        days = [day for day in days if day >= first]
        if not days:
            return None
        rows = np.vstack([self.at(day)[1] for day in days])
        return logistic(rows, np.concatenate([self.gone(day) for day in days]))


def power_for(probability: Floats, mean: float) -> float:
    """The power (0.5 to 2) of the probabilities that brings their mean to the given one, by halving."""
    low, high = -1.0, 1.0  # of its logarithm to base 2
    for _ in range(STEPS):
        middle = (low + high) / 2
        if (probability ** (2.0**middle)).mean() > mean:
            low = middle
        else:
            high = middle
    return float(2.0 ** ((low + high) / 2))


def scorable(customers: Customers) -> Mask:
    """Which facilities have shown enough to be scored."""
    enough: Mask = (customers.count >= FEWEST_ORDERS) & (customers.age >= FEWEST_DAYS)
    return enough
