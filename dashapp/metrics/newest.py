"""The newest events, and what is known of each place."""

from __future__ import annotations

from typing import Any

import numpy as np

from dashapp.domain.numbers import money
from dashapp.domain.scope import moment
from dashapp.domain.snapshot import Snapshot
from dashapp.domain.vocabulary import AMOUNT, EVENT_KINDS, STATUSES, UNASSIGNED, UNKNOWN_NAME
from dashapp.metrics.answers import performance_of, person
from dashapp.metrics.view import View


def first_event_ms(snapshot: Snapshot) -> int | None:
    """When the oldest event that is loaded happened; None without any."""
    tables = (snapshot.visits, snapshot.quotations, snapshot.orders, snapshot.logins)
    return min((int(table.at[0]) for table in tables if len(table)), default=None)


def newest_events(view: View, limit: int) -> list[dict[str, Any]]:
    """The last activities in scope, newest first, whoever did them, wherever."""
    found = []
    for order, kind in enumerate(EVENT_KINDS):
        rows = np.flatnonzero(view.counts(kind))[-limit:]
        at = view.column(kind, "at")[rows].tolist()
        found += [(at[n], order, int(row)) for n, row in enumerate(rows)]
    return [_event(view, EVENT_KINDS[order], row) for _, order, row in sorted(found, reverse=True)[:limit]]


def _event(view: View, kind: str, row: int) -> dict[str, Any]:
    user, place = int(view.column(kind, "user")[row]), int(view.column(kind, "facility")[row])
    return {
        "kind": kind,
        "at": moment(int(view.column(kind, "at")[row])),
        "status": STATUSES[kind][int(view.column(kind, "status")[row])],
        "person": person(view, view.user_id(user)) if user >= 0 else None,
        "facility": facility(view, place) if place >= 0 else None,
        "amount": money(int(view.column(kind, "amount")[row])) if kind in AMOUNT else None,
    }


def facility(view: View, code: int) -> dict[str, Any]:
    """A place by its code."""
    facility_id = view.snapshot.facility_ids[code]
    known = view.snapshot.facilities.get(facility_id)
    if known is None:
        return {"facilityId": facility_id, "name": UNKNOWN_NAME, "region": UNASSIGNED, "kind": None}
    return {
        "facilityId": facility_id,
        "name": known.name,
        "region": known.region or UNASSIGNED,
        "kind": known.kind,
    }


def facilities(view: View, limit: int) -> list[dict[str, Any]]:
    """The places with a visit or an order in scope, by revenue, then visits, then name."""
    size = len(view.snapshot.facility_ids)
    visits = view.counts_by("visits", view.column("visits", "facility"), size)
    orders = view.counts_by("orders", view.column("orders", "facility"), size)
    revenue = view.amounts_by("orders", view.column("orders", "facility"), size)
    last = _last_visits(view, size)
    rows = [
        {
            **facility(view, code),
            **performance_of(int(visits[code]), int(orders[code]), revenue[code]),
            "last_visit": moment(int(last[code])) if visits[code] else None,
        }
        for code in np.flatnonzero(visits + orders).tolist()
    ]
    rows.sort(key=lambda row: (-row["total_revenue"], -row["visit_count"], row["name"], row["facilityId"]))
    return rows[:limit]


def _last_visits(view: View, size: int) -> Any:
    last = np.zeros(size + 1, dtype=np.int64)
    np.maximum.at(last, view.counted("visits", "facility"), view.counted("visits", "at"))
    return last
