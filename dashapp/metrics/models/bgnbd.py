"""The BG/NBD model of repeat buying: who is still there, and how often they will order.

Fader, Hardie, Lee: "Counting Your Customers" the Easy Way: An Alternative to the Pareto/NBD Model,
Marketing Science 24 (2005), 275-284; equations (6), (8) and (10). While there, a customer orders at random
with a
rate of their own (gamma over customers: r, alpha) and leaves after any order with a chance of their own
(beta: a, b).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from dashapp.metrics.models.history import Floats

FEWEST_CUSTOMERS: Final = 10
HELD_BACK: Final = 0.001  # keeps the parameters of tiny data sets from running away
WIDEST: Final = 6.0  # of each parameter's logarithm


@dataclass(frozen=True)
class Repeats:
    """Per customer: repeat orders (days with an order, less one), days from first to last order, and to
    now."""

    count: Floats
    last: Floats
    age: Floats


@dataclass(frozen=True)
class Parameters:
    r: float
    alpha: float
    a: float
    b: float


def fit(repeats: Repeats) -> Parameters | None:
    """By maximum likelihood; None for too few customers or repeats, or if it does not converge."""
    from scipy.optimize import minimize

    if len(repeats.count) < FEWEST_CUSTOMERS or (repeats.count > 0).sum() < FEWEST_CUSTOMERS / 2:
        return None
    unit = max(float(repeats.age.max()), 1.0) / 10
    scaled = Repeats(repeats.count, repeats.last / unit, repeats.age / unit)

    def loss(logs: Floats) -> float:
        return float(-likelihood(logs, scaled).mean() + HELD_BACK * (logs**2).sum())

    found = minimize(loss, np.zeros(4), method="L-BFGS-B", bounds=[(-WIDEST, WIDEST)] * 4)
    if not found.success or not np.isfinite(found.x).all():
        return None
    r, alpha, a, b = np.exp(found.x).tolist()
    return Parameters(r, alpha * unit, a, b)


def likelihood(logs: Floats, repeats: Repeats) -> Floats:
    """The logarithm of each customer's likelihood: equation (6)."""
    from scipy.special import gammaln

    r, alpha, a, b = np.exp(logs)
    x, last, age = repeats.count, repeats.last, repeats.age
    rate = gammaln(r + x) - gammaln(r) + r * np.log(alpha)
    leaving = gammaln(a + b) + gammaln(b + x) - gammaln(b) - gammaln(a + b + x)
    there = -(r + x) * np.log(alpha + age)
    gone = np.log(a) - np.log(b + np.maximum(x, 1) - 1) - (r + x) * np.log(alpha + last)
    whole: Floats = rate + leaving + np.logaddexp(there, np.where(x > 0, gone, -np.inf))
    return whole


def still_there(p: Parameters, repeats: Repeats) -> Floats:
    """The probability that each customer has not left."""
    x = repeats.count
    stretch = (p.r + x) * np.log((p.alpha + repeats.age) / (p.alpha + repeats.last))
    odds = p.a / (p.b + np.maximum(x, 1) - 1) * np.exp(np.minimum(stretch, 500.0))
    alive: Floats = 1 / (1 + np.where(x > 0, odds, 0.0))
    return alive


def none_within(p: Parameters, repeats: Repeats, days: float) -> Floats:
    """The probability of no order in the next days: gone, or there and silent."""
    there = still_there(p, repeats)
    silent = ((p.alpha + repeats.age) / (p.alpha + repeats.age + days)) ** (p.r + repeats.count)
    missing: Floats = 1 - there + there * silent
    return missing


def expected_within(p: Parameters, repeats: Repeats, days: float) -> Floats:
    """The expected number of orders in the next days: equation (10)."""
    from scipy.special import hyp2f1

    a = p.a if abs(p.a - 1) > 1e-6 else 1 + 1e-6
    x, now = repeats.count, p.alpha + repeats.age
    series: Any = hyp2f1(p.r + x, p.b + x, a + p.b + x - 1, days / (now + days))
    growth = (a + p.b + x - 1) / (a - 1) * (1 - (now / (now + days)) ** (p.r + x) * series)
    expected: Floats = np.maximum(growth, 0.0) * still_there(p, repeats)
    return np.where(np.isfinite(expected), expected, 0.0)
