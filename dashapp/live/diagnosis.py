"""What a complete load finds in the data, for the command line."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np

from dashapp.domain.ports import Mode, Source
from dashapp.domain.snapshot import Snapshot
from dashapp.domain.vocabulary import COLLECTIONS, EVENT_KINDS
from dashapp.live.refresher import Refresher
from dashapp.live.store import Store, utc_now


@dataclass(frozen=True)
class Diagnosis:
    mode: Mode
    counts: dict[str, int]
    findings: list[str]


def diagnose(source: Source, zone: ZoneInfo, history_days: int) -> Diagnosis:
    """Load everything once; raises SourceLost when the database is away."""
    store = Store(clock=lambda: now)
    now: datetime = utc_now()
    source.count("users", None)  # raises, where the refresher would go on trying
    Refresher(source, store, zone=zone, history_days=history_days, sync_seconds=0.1).refresh_once()
    snapshot = store.snapshot()
    counts: dict[str, int] = {name: len(getattr(snapshot, name)) for name in COLLECTIONS}
    return Diagnosis(store.live.mode, counts, [*faults(snapshot), *orphans(snapshot)])


def faults(snapshot: Snapshot) -> list[str]:
    """What was left out or corrected, per collection and reason."""
    told = []
    for word, counted in (("left out", snapshot.rejected), ("corrected", snapshot.repaired)):
        for collection, reasons in counted.items():
            told += [f"{collection}: {count:,} {word}: {reason}" for reason, count in reasons.items()]
    return told


def orphans(snapshot: Snapshot) -> list[str]:
    """Events whose user or facility is not known; they count in totals."""
    unknown = {
        "user": np.array([*(one not in snapshot.users for one in snapshot.user_ids), False]),
        "facility": np.array([*(one not in snapshot.facilities for one in snapshot.facility_ids), False]),
    }
    told = []
    for kind in EVENT_KINDS:
        for name, flags in unknown.items():
            count = int(flags[getattr(getattr(snapshot, kind), name)].sum())
            if count:
                told.append(f"{kind}: {count:,} with an unknown {name}")
    return told
