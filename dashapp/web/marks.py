"""Marks of opportunities: noting them, and telling what came of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

import numpy as np
from flask import Response, jsonify, request
from werkzeug.exceptions import NotFound

from dashapp.domain.marks import MARKS, Mark
from dashapp.domain.scope import epoch_ms, moment
from dashapp.domain.snapshot import Snapshot
from dashapp.domain.vocabulary import COUNTED, UNASSIGNED, UNKNOWN_NAME
from dashapp.errors import InvalidParameter
from dashapp.web import query
from dashapp.web.auth import analyst
from dashapp.web.json import iso
from dashapp.web.services import Services, services

MOST_TOLD: Final = 100


def code_of(snapshot: Snapshot, facility_id: str) -> int | None:
    """The code of a facility that events name."""
    codes = snapshot.memo.get(
        "codes of facilities", lambda: {name: code for code, name in enumerate(snapshot.facility_ids)}
    )
    return codes.get(facility_id)


def region_of(snapshot: Snapshot, facility_id: str) -> str:
    """The facility's region, else that of its last order."""
    facility, code = snapshot.facilities.get(facility_id), code_of(snapshot, facility_id)
    if facility is not None and facility.region:
        return facility.region
    rows = np.flatnonzero(snapshot.orders.facility == code) if code is not None else np.empty(0, dtype=int)
    return snapshot.region_names[snapshot.orders.region[rows[-1]]] if len(rows) else UNASSIGNED


def marks(context: Services, snapshot: Snapshot, regions: Sequence[str] | None) -> list[dict[str, Any]]:
    """What was noted about facilities of these regions and what came of it, the newest first."""
    newest = sorted(context.marks.newest.values(), key=lambda mark: (-mark.at, mark.facility_id))
    return [
        marked(context, snapshot, mark)
        for mark in newest
        if regions is None or region_of(snapshot, mark.facility_id) in regions
    ][:MOST_TOLD]


def marked(context: Services, snapshot: Snapshot, mark: Mark) -> dict[str, Any]:
    facility, user = snapshot.facilities.get(mark.facility_id), snapshot.users.get(mark.user_id)
    ordered = first_order(snapshot, mark, epoch_ms(context.now()))
    zone = context.settings.timezone
    days = [moment(at).astimezone(zone).date() for at in (mark.at, ordered) if at is not None]
    words = f"{mark.mark} {day_of(days[0])}"
    outcome = f"ordered {day_of(days[1])}" if len(days) > 1 else None
    return {
        "facilityId": mark.facility_id,
        "facility_name": facility.name if facility is not None else UNKNOWN_NAME,
        "region": region_of(snapshot, mark.facility_id),
        "mark": mark.mark,
        "userId": mark.user_id,
        "user_name": user.name if user is not None else UNKNOWN_NAME,
        "at": iso(moment(mark.at)),
        "ordered_on": str(days[1]) if len(days) > 1 else None,
        "outcome": f"{words} → {outcome}" if outcome else f"{words}, no order since",
    }


def day_of(day: date) -> str:
    return f"{day.day} {day:%b}"


def first_order(snapshot: Snapshot, mark: Mark, now_ms: int) -> int | None:
    """When the facility ordered first after it was marked; None if it has not."""
    orders, code = snapshot.orders, code_of(snapshot, mark.facility_id)
    if code is None:
        return None
    first, last = orders.between(mark.at + 1, now_ms + 1)
    counts = np.array(COUNTED["orders"])[orders.status[first:last]]
    rows = np.flatnonzero((orders.facility[first:last] == code) & counts)
    return int(orders.at[first + rows[0]]) if len(rows) else None


def mark_opportunity(facility_id: str) -> Response:
    """Note what is to become of an opportunity."""
    principal, context = analyst(), services()
    query.checked(request.args, ())
    fields = request.get_json(silent=True) if request.is_json else None
    if not isinstance(fields, dict) or set(fields) != {"mark"} or fields["mark"] not in MARKS:
        raise InvalidParameter(f"Send a JSON object with mark, one of: {', '.join(MARKS)}")
    snapshot = context.live.snapshot()
    known = facility_id in snapshot.facilities or code_of(snapshot, facility_id) is not None
    hidden = principal.regions is not None and region_of(snapshot, facility_id) not in principal.regions
    if not known or hidden:
        raise NotFound
    mark = context.marks.add(facility_id, fields["mark"], principal.id, context.now())
    answer = {"success": True, "data": marked(context, snapshot, mark), "timestamp": iso(context.now())}
    return jsonify(answer)
