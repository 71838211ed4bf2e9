"""What is answered to each question: figures and lists, exact, in the order the reader gets them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np

from dashapp.domain.numbers import money, percent, ratio
from dashapp.domain.scope import moment
from dashapp.domain.snapshot import Snapshot
from dashapp.domain.tables import NOBODY, Ints
from dashapp.domain.vocabulary import EVENT_KINDS, UNASSIGNED, UNKNOWN_NAME
from dashapp.metrics.catalog import computed
from dashapp.metrics.view import View

Answer = dict[str, Any]

REALTIME: Final = (
    "visits_today",
    "orders_today",
    "revenue_today",
    "successful_visits",
    "conversion_rate_today",
    "active_users",
)
SUMMARY: Final = (
    "total_visits",
    "total_orders",
    "total_revenue",
    "conversion_rate",
    "avg_order_value",
    "successful_visits",
    "pending_quotations",
)
CONVERSION: Final = (
    "visits",
    "successful_visits",
    "quotations_sent",
    "orders_placed",
    "visit_success_rate",
    "quotation_conversion",
    "overall_conversion",
)
DASHBOARD_PERFORMERS: Final = 10
MANY_MARKS: Final = 50_000_000  # above this, sorting takes less than the memory to mark in


def realtime(view: View) -> Answer:
    """Today's figures."""
    return computed(view, REALTIME)


def summary(view: View) -> Answer:
    """The key figures, beside those of the previous window."""
    return {**computed(view, SUMMARY), "previous": computed(view.previous(), SUMMARY)}


def conversion(view: View) -> Answer:
    """The funnel from visit to order."""
    return computed(view, CONVERSION)


def regional(view: View) -> list[Answer]:
    """The regions with a visit or an order, by revenue, then visits, then name."""
    names = view.snapshot.region_names
    visits = view.counts_by("visits", view.column("visits", "region"), len(names)).tolist()
    orders = view.counts_by("orders", view.column("orders", "region"), len(names)).tolist()
    revenue = view.amounts_by("orders", view.column("orders", "region"), len(names))
    present = [code for code in range(len(names)) if visits[code] or orders[code]]
    present.sort(key=lambda code: (-revenue[code], -visits[code], names[code]))
    return [{"region": names[c], **performance_of(visits[c], orders[c], revenue[c])} for c in present]


def performance_of(visits: int, orders: int, micros: int) -> Answer:
    """The figures of a region, a person or a place, by the keys they have in lists."""
    return {
        "visit_count": visits,
        "order_count": orders,
        "total_revenue": money(micros),
        "conversion_rate": percent(orders, visits),
        "avg_order_value": ratio(money(micros), orders),
    }


def top_performers(view: View, limit: int) -> list[Answer]:
    """The users with a visit or an order, by revenue, orders, visits, then name and id."""
    size = len(view.snapshot.user_ids)
    visits = view.counts_by("visits", view.column("visits", "user"), size)
    orders = view.counts_by("orders", view.column("orders", "user"), size)
    revenue = view.amounts_by("orders", view.column("orders", "user"), size)

    def rank(code: int) -> tuple[int, int, int, str, str]:
        who = person(view, view.user_id(code))
        return -revenue[code], -int(orders[code]), -int(visits[code]), who["name"], who["userId"]

    present = np.flatnonzero(visits + orders).tolist()
    best = sorted(present, key=rank)[:limit]
    return [
        {
            **person(view, view.user_id(code)),
            **performance_of(int(visits[code]), int(orders[code]), revenue[code]),
        }
        for code in best
    ]


def person(view: View, user_id: str) -> Answer:
    """Who that is, as far as known."""
    user = view.snapshot.users.get(user_id)
    if user is None:
        return {"userId": user_id, "name": UNKNOWN_NAME, "role": None, "region": UNASSIGNED}
    return {"userId": user_id, "name": user.name, "role": user.role, "region": user.region or UNASSIGNED}


def dashboard(view: View) -> Answer:
    """The four main answers, of one and the same moment."""
    return {
        "summary": summary(view),
        "conversion_funnel": conversion(view),
        "regional_performance": regional(view),
        "top_performers": top_performers(view, DASHBOARD_PERFORMERS),
    }


def trends(view: View) -> list[Answer]:
    """Visits, orders, revenue and conversion of every local day."""
    days = view.window.days
    visits = view.counts_by("visits", view.days("visits"), days).tolist()
    orders = view.counts_by("orders", view.days("orders"), days).tolist()
    revenue = view.amounts_by("orders", view.days("orders"), days)
    return [
        {
            "date": str(day),
            "visits": visits[n],
            "orders": orders[n],
            "revenue": money(revenue[n]),
            "conversion_rate": percent(orders[n], visits[n]),
        }
        for n, day in enumerate(view.window.dates())
    ]


def users_activity(view: View) -> Answer:
    """What every active user of the organisation did, and what was done on every day."""
    done = Doings.of(view)
    listed = {user.id for user in view.in_organisation()}
    acted = (view.user_id(code) for code in np.flatnonzero(done.total).tolist())
    listed |= {one for one in acted if (user := view.snapshot.users.get(one)) is not None and user.active}
    codes = {user_id: code for code, user_id in enumerate(view.snapshot.user_ids)}
    users = [{**person(view, one), **done.by(codes.get(one, NOBODY))} for one in listed]
    users.sort(key=lambda row: (-row["activities"], row["name"], row["userId"]))
    return {
        "users": users,
        "daily": done.daily(view),
        "active_users": computed(view, ("active_users",))["active_users"],
        "total_users": len(users),
    }


def distinct(parts: Sequence[Ints], size: int) -> Ints:
    """The numbers below `size` that the parts hold, in order."""
    if size > MANY_MARKS:
        return np.unique(np.concatenate(parts))
    marked = np.zeros(size, dtype=bool)
    for part in parts:
        marked[part] = True
    return np.flatnonzero(marked)


@dataclass(frozen=True)
class Doings:
    """Activities per user code; `user_days` holds every distinct pair as day * (number of users) + user."""

    counts: dict[str, Ints]
    total: Ints
    user_days: Ints
    last: Ints

    @classmethod
    def of(cls, view: View) -> Doings:
        size = len(view.snapshot.user_ids)
        counts: dict[str, Ints] = {
            kind: view.counts_by(kind, view.column(kind, "user"), size) for kind in EVENT_KINDS
        }
        last = np.full(size + 1, np.iinfo(np.int64).min)
        pairs = []
        for kind in EVENT_KINDS:
            counts_here, user = view.counts(kind), view.column(kind, "user")
            np.maximum.at(last, user[counts_here], view.column(kind, "at")[counts_here])
            named = counts_here & (user != NOBODY)
            pairs.append(view.days(kind)[named] * size + user[named])
        user_days = distinct(pairs, view.window.days * size)
        return cls(counts, np.sum(list(counts.values()), axis=0), user_days, last)

    def by(self, code: int) -> Answer:
        """What one user did; nothing for code -1."""
        did: dict[str, int] = {
            kind: 0 if code == NOBODY else int(self.counts[kind][code]) for kind in EVENT_KINDS
        }
        activities = sum(did.values())
        return {
            **did,
            "activities": activities,
            "active_days": int(self._active_days[code]) if activities else 0,
            "last_activity": moment(int(self.last[code])) if activities else None,
        }

    @cached_property
    def _active_days(self) -> Ints:
        size = max(1, len(self.total))
        return np.bincount(self.user_days % size, minlength=size)

    def daily(self, view: View) -> list[Answer]:
        """Activities and active users of every local day."""
        days, size = view.window.days, max(1, len(self.total))
        activities = np.sum([view.counts_by(kind, view.days(kind), days) for kind in EVENT_KINDS], axis=0)
        users = np.bincount(self.user_days // size, minlength=days)
        return [
            {"date": str(day), "activities": int(activities[n]), "active_users": int(users[n])}
            for n, day in enumerate(view.window.dates())
        ]


def region_names(snapshot: Snapshot) -> list[str]:
    """Every region that an event, a facility or a person has, by name."""
    named = {user.region for user in snapshot.users.values()} | set(snapshot.region_names)
    named |= {facility.region for facility in snapshot.facilities.values()}
    return sorted(name for name in named if name)
