"""What predictions are made from: the events of complete local days before a cut-off, nothing later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from dashapp.domain.numbers import MICROS
from dashapp.domain.records import Facility, User
from dashapp.domain.scope import midnight_ms
from dashapp.domain.snapshot import Snapshot
from dashapp.domain.tables import Events, Ints
from dashapp.domain.vocabulary import COUNTED, EVENT_KINDS

Floats = NDArray[np.float64]

EPOCH_ORDINAL: Final = date(1970, 1, 1).toordinal()
LONGEST_DAYS: Final = 5 * 365  # older events say little about next month
NEW_START_DAYS: Final = 180  # after so long without any order, what came before is another business


def day_number(day: date) -> int:
    """Days since 1970."""
    return day.toordinal() - EPOCH_ORDINAL


def date_of(day: int) -> date:
    return date.fromordinal(int(day) + EPOCH_ORDINAL)


@dataclass(frozen=True)
class Material:
    """The parts of a snapshot that predictions use; can be sent to another process."""

    events: Mapping[str, Events]
    users: Mapping[str, User]
    facilities: Mapping[str, Facility]
    user_ids: tuple[str, ...]
    facility_ids: tuple[str, ...]
    region_names: tuple[str, ...]

    @classmethod
    def of(cls, snapshot: Snapshot) -> Material:
        return cls(
            {kind: without_identity(getattr(snapshot, kind)) for kind in EVENT_KINDS},
            dict(snapshot.users),
            dict(snapshot.facilities),
            snapshot.user_ids,
            snapshot.facility_ids,
            snapshot.region_names,
        )


def without_identity(events: Events) -> Events:
    """The same events without the columns that only say which they are."""
    nothing = np.empty(0, dtype=np.uint64)
    return replace(events, key=nothing, link=nothing)


@dataclass(frozen=True)
class Happened:
    """Counted events of complete local days before the cut-off, in order of time.

    `at` is in UTC milliseconds, `day` counts local days since 1970. `facility`, `user` and `region` are
    positions in the sorted names beside
    them
    (-1: none), so that the same events give the same numbers whatever came after them.
    """

    at: Ints
    day: Ints
    facility: Ints
    user: Ints
    region: Ints
    amount: Floats
    facility_ids: tuple[str, ...]
    user_ids: tuple[str, ...]
    region_names: tuple[str, ...]
    cut: int  # the day of the cut-off, which is not complete and so not part of it

    def __len__(self) -> int:
        return len(self.day)

    def before(self, day: int) -> Happened:
        """As it was known when that day began."""
        rows = int(np.searchsorted(self.day, day))
        columns = {
            name: getattr(self, name)[:rows] for name in ("at", "day", "facility", "user", "region", "amount")
        }
        names = {name: getattr(self, name) for name in ("facility_ids", "user_ids", "region_names")}
        return Happened(**columns, **names, cut=day)


def local_days(at: Ints, zone: ZoneInfo) -> Ints:
    """The number of the local day of every UTC millisecond."""
    if not len(at):
        return np.empty(0, dtype=np.int64)
    first, last = int(at.min()) // 86_400_000 - 1, int(at.max()) // 86_400_000 + 1
    starts = [midnight_ms(date_of(day), zone) for day in range(first, last + 1)]
    found: Ints = np.searchsorted(np.array(starts), at, side="right") - 1 + first
    return found


def happened(material: Material, kind: str, cut_off: datetime, zone: ZoneInfo) -> Happened:
    """The counted events of a kind before the local day of the cut-off; those of the last five years."""
    table = material.events[kind]
    today = cut_off.astimezone(zone).date()
    first, last = table.between(
        midnight_ms(today - timedelta(days=LONGEST_DAYS), zone), midnight_ms(today, zone)
    )
    rows = first + np.flatnonzero(np.array(COUNTED[kind])[table.status[first:last]])
    facility, facility_ids = renumbered(table.facility[rows], material.facility_ids)
    user, user_ids = renumbered(table.user[rows], material.user_ids)
    region, region_names = renumbered(table.region[rows], material.region_names)
    return Happened(
        table.at[rows],
        local_days(table.at[rows], zone),
        facility,
        user,
        region,
        table.amount[rows] / MICROS,
        facility_ids,
        user_ids,
        region_names,
        day_number(today),
    )


def renumbered(codes: NDArray[Any], names: tuple[str, ...]) -> tuple[Ints, tuple[str, ...]]:
    """The same names as positions among those that occur, sorted; -1 stays."""
    seen = np.unique(codes[codes >= 0]).tolist()
    occurring = sorted(seen, key=lambda code: names[code])
    position = np.full(len(names) + 1, -1, dtype=np.int64)
    position[occurring] = np.arange(len(occurring))
    return position[codes], tuple(names[code] for code in occurring)


@dataclass(frozen=True)
class Series:
    """Revenue per local day, without gaps; `start` is the number of the first day."""

    start: int
    values: Floats

    def __len__(self) -> int:
        return len(self.values)


def daily_revenue(orders: Happened, region: int | None = None) -> Series:
    """From the first order (after the last long pause of the whole organisation) to the day before the cut-
    off."""
    if not len(orders):
        return Series(orders.cut, np.empty(0))
    pauses = np.flatnonzero(np.diff(orders.day) > NEW_START_DAYS)
    first = int(pauses[-1]) + 1 if len(pauses) else 0
    day, amount = orders.day[first:], orders.amount[first:]
    if region is not None:
        chosen = orders.region[first:] == region
        day, amount = day[chosen], amount[chosen]
        if not len(day):
            return Series(orders.cut, np.empty(0))
    start = int(day[0])
    values: Floats = np.bincount(day - start, weights=amount, minlength=orders.cut - start).astype(np.float64)
    return Series(start, values)
