"""Who and what a facility is, as rows of predictions tell it: name, region, the rep to act, the last
visit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypedDict

import numpy as np

from dashapp.domain.vocabulary import UNASSIGNED, UNKNOWN_NAME
from dashapp.metrics.models.history import Happened, Material, date_of
from dashapp.metrics.models.rows import Refused

REMEMBERED_DAYS: Final = 365


class Known(TypedDict):
    facilityId: str
    facility_name: str
    region: str


class Rep(TypedDict):
    userId: str | None
    user_name: str | None


@dataclass(frozen=True)
class Places:
    """By facility id. The rep to act is the active user who was there last, within a year."""

    material: Material
    region: dict[str, str]
    rep: dict[str, str]
    last_visit: dict[str, str]

    @classmethod
    def of(cls, material: Material, activities: dict[str, Happened]) -> Places:
        latest: dict[str, tuple[int, str]] = {}
        for kind in ("visits", "quotations", "orders"):
            for facility, (at, user) in last_users(material, activities[kind]).items():
                latest[facility] = max(latest.get(facility, (at, user)), (at, user))
        orders, visits = activities["orders"], activities["visits"]
        return cls(
            material,
            {facility: orders.region_names[region] for facility, region in last_of(orders, "region").items()},
            {facility: user for facility, (_, user) in latest.items()},
            {facility: str(date_of(day)) for facility, day in last_of(visits, "day").items()},
        )

    def region_of(self, facility: str) -> str:
        return self.region.get(facility, UNASSIGNED)

    def known(self, facility: str) -> Known:
        record = self.material.facilities.get(facility)
        name = record.name if record is not None else UNKNOWN_NAME
        return {"facilityId": facility, "facility_name": name, "region": self.region_of(facility)}

    def rep_of(self, facility: str) -> Rep:
        user = self.rep.get(facility)
        return {"userId": user, "user_name": None if user is None else self.material.users[user].name}


def last_of(events: Happened, column: str) -> dict[str, int]:
    """What the last event of each facility has in the column, unless that is nothing."""
    values = getattr(events, column)
    rows = np.flatnonzero((events.facility >= 0) & (values >= 0))
    newest = dict(zip(events.facility[rows].tolist(), rows.tolist(), strict=True))
    return {events.facility_ids[code]: int(values[row]) for code, row in newest.items()}


def last_users(material: Material, events: Happened) -> dict[str, tuple[int, str]]:
    """Facility → when which user who is still active was there last."""
    active = np.array(
        [user in material.users and material.users[user].active for user in events.user_ids] + [False]
    )
    rows = np.flatnonzero(
        (events.facility >= 0) & active[events.user] & (events.day >= events.cut - REMEMBERED_DAYS)
    )
    newest = dict(zip(events.facility[rows].tolist(), rows.tolist(), strict=True))
    return {
        events.facility_ids[code]: (int(events.at[row]), events.user_ids[events.user[row]])
        for code, row in newest.items()
    }


def counted(reasons: list[tuple[str, str]]) -> Refused:
    """(reason, region) pairs as reason → region → how many."""
    found: Refused = {}
    for reason, region in sorted(reasons):
        by_region = found.setdefault(reason, {})
        by_region[region] = by_region.get(region, 0) + 1
    return found
