"""How the demo organisation's visits turn into business: the chances and the amounts.

A facility orders in its own rhythm. The first successful visit after an order has come due nearly always ends
in a quotation and mostly in an order; the others keep the contact and bring the odd extra. History and live
events share these numbers, so that one looks like the other.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]

CANCELLED_VISITS: Final = 0.06
SUCCESSFUL_VISITS: Final = 0.86  # of those that took place
DRAFT_QUOTATIONS: Final = 0.03  # never sent
LAPSING_QUOTATIONS: Final = 0.3  # of those not won: nobody answers
CANCELLED_ORDERS: Final = 0.035
DUE_SHARE: Final = 0.42  # of successful visits, those that find an order due (in the live events)
STOPPED_VISITS: Final = 0.3  # visits to a facility that stopped ordering, beside those before

AMOUNT_MEDIAN: Final = 48_000.0
AMOUNT_SIGMA: Final = 0.75
AMOUNT_RANGE: Final = (5_000, 900_000)
PRICE_GROWTH: Final = (
    0.09  # a year; with more visits a year, the revenue of a year and a half grows by a third
)


def quotation_chance(due: Bools) -> Floats:
    """Chance that a successful visit ends in a quotation."""
    return np.where(due, 0.97, 0.52)


def winning_chance(due: Bools, winning: Floats) -> Floats:
    """Chance that a quotation sent becomes an order; `winning` is the rep's skill."""
    return np.minimum(np.where(due, 0.84, 0.1) * winning, 0.96)


def price_level(days_ago: Floats) -> Floats:
    """Prices that many days before the present beside today's."""
    return np.asarray((1 + PRICE_GROWTH) ** (-days_ago / 365.25))


def quoted_amounts(rng: Generator, size: Floats) -> Floats:
    """Amounts for facilities of that usual size, in KES with two decimals, most of them whole."""
    shillings = AMOUNT_MEDIAN * size * rng.lognormal(0.0, AMOUNT_SIGMA, size.shape)
    return _with_cents(rng, shillings)


def ordered_amounts(rng: Generator, quoted: Floats) -> Floats:
    """What is ordered of quotations of these amounts: mostly all, sometimes less or after a discount."""
    reduced = np.minimum(_with_cents(rng, quoted * rng.uniform(0.75, 0.98, quoted.shape)), quoted)
    return np.where(rng.random(quoted.shape) < 0.78, quoted, reduced)


def _with_cents(rng: Generator, shillings: Floats) -> Floats:
    low, high = AMOUNT_RANGE
    whole = np.clip(np.rint(shillings), low, high - 1).astype(np.int64)
    usual = np.where(rng.random(whole.shape) < 0.75, 0, 50)
    cents = np.where(rng.random(whole.shape) < 0.08, rng.integers(1, 100, whole.shape), usual)
    return np.asarray((100 * whole + cents) / 100)
