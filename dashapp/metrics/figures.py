"""The single figures. A docstring is the definition the reader sees."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from dashapp.domain.numbers import money, percent, ratio
from dashapp.domain.vocabulary import COUNTED, EVENT_KINDS, STATUSES
from dashapp.metrics.view import View


def _counted(view: View, kind: str) -> int:
    return sum(n for n, counts in zip(view.statuses(kind), COUNTED[kind], strict=True) if counts)


def _of_status(view: View, kind: str, status: str) -> int:
    return view.statuses(kind)[STATUSES[kind].index(status)]


def visit_count(view: View) -> int:
    """Visits that took place: neither still scheduled nor cancelled."""
    return _counted(view, "visits")


def successful_visits(view: View) -> int:
    """Visits marked successful."""
    return _of_status(view, "visits", "successful")


def quotations_sent(view: View) -> int:
    """Quotations that left the draft stage."""
    return _counted(view, "quotations")


def pending_quotations(view: View) -> int:
    """Quotations sent and not answered yet."""
    return _of_status(view, "quotations", "sent")


def order_count(view: View) -> int:
    """Orders that were not cancelled."""
    return _counted(view, "orders")


def total_revenue(view: View) -> Fraction:
    """The summed amounts of all orders that were not cancelled."""
    return money(view.amount("orders"))


def avg_order_value(view: View) -> Fraction:
    """Revenue per order; 0 without orders."""
    return ratio(total_revenue(view), order_count(view))


def conversion_rate(view: View) -> Fraction:
    """Orders per hundred visits; 0 without visits."""
    return percent(order_count(view), visit_count(view))


def visit_success_rate(view: View) -> Fraction:
    """Successful visits per hundred visits; 0 without visits."""
    return percent(successful_visits(view), visit_count(view))


def quotation_conversion(view: View) -> Fraction:
    """Orders per hundred quotations sent; 0 without quotations."""
    return percent(order_count(view), quotations_sent(view))


def active_users(view: View) -> int:
    """People with at least one visit that took place, quotation sent, order or sign-in."""

    def count() -> int:
        seen = np.zeros(len(view.snapshot.user_ids) + 1, dtype=bool)
        for kind in EVENT_KINDS:
            seen[view.counted(kind, "user")] = True
        return int(seen[:-1].sum())  # the last entry stands for events without a user

    return view.memo("active_users", count)
