"""Where the next 30 days' revenue is to be expected: orders to come, times what an order is worth.

Expected orders are the geometric mean of three views, so that each can rule an order out: BG/NBD (who may
have left), Poisson (the plain rate of the last year) and a rate that forgets (of orders fading over 90 days).
An order's worth is the facility's own, fading over a year and drawn towards the usual one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from dashapp.domain.tables import Mask
from dashapp.metrics.models import bgnbd
from dashapp.metrics.models.customers import Customers
from dashapp.metrics.models.history import Floats

DAYS: Final = 30
QUIET_DAYS: Final = 30
FEWEST_ORDERS: Final = 3
LISTED: Final = 20
RATE_FADES: Final = 90.0
VALUE_FADES: Final = 365.0
RATE_DAYS: Final = 365
PRIOR_DAYS: Final = 30.0
PRIOR_ORDERS: Final = 1.0


@dataclass(frozen=True)
class Outlays:
    """Per facility, in the order of the customers: orders and revenue to expect in the next 30 days."""

    orders: Floats
    value: Floats

    @property
    def revenue(self) -> Floats:
        return self.orders * self.value


def expected(customers: Customers) -> Outlays:
    """The expectation for every facility known."""
    rates = [plain_rate(customers), fading_rate(customers)]
    orders = [rate * DAYS for rate in rates]
    parameters = bgnbd.fit(customers.repeats)
    if parameters is not None:
        orders.append(bgnbd.expected_within(parameters, customers.repeats, DAYS))
    mean: Floats = np.prod(orders, axis=0) ** (1 / len(orders)) * customers.season(DAYS)
    return Outlays(mean, order_value(customers))


def plain_rate(customers: Customers) -> Floats:
    """Orders a day over the last year, or since the first order and a month more."""
    lately = customers.per_facility(since=customers.cut - RATE_DAYS)
    rate: Floats = lately / np.minimum(customers.age + PRIOR_DAYS, RATE_DAYS)
    return rate


def fading_rate(customers: Customers) -> Floats:
    """Orders a day, each counting less the longer it is ago."""
    weight = np.exp(-(customers.cut - customers.row_day) / RATE_FADES)
    length = RATE_FADES * (1 - np.exp(-np.maximum(customers.age, PRIOR_DAYS) / RATE_FADES))
    rate: Floats = customers.per_facility(weight) / length
    return rate


def order_value(customers: Customers) -> Floats:
    """What an order is worth, newer ones counting more, with one order of the usual worth mixed in."""
    if not len(customers):
        return np.empty(0)
    usual = float(np.median(customers.revenue / customers.count))
    weight = np.exp(-(customers.cut - customers.row_day) / VALUE_FADES)
    summed = customers.per_facility(weight * customers.row_value) + PRIOR_ORDERS * usual
    value: Floats = summed / (customers.per_facility(weight) + PRIOR_ORDERS)
    return value


def rankable(customers: Customers) -> Mask:
    """Facilities with a rhythm to speak of."""
    enough: Mask = customers.count >= FEWEST_ORDERS
    return enough


def quiet(customers: Customers) -> Mask:
    """Without an order for more than 30 days."""
    silent: Mask = customers.silent > QUIET_DAYS
    return silent


def best(score: Floats, among: Mask, listed: int = LISTED) -> list[int]:
    """The positions of the highest scores among those chosen, highest first; ties in their order."""
    order = np.argsort(-np.where(among, score, -1.0), kind="stable")[:listed]
    return [int(row) for row in order if among[row]]
