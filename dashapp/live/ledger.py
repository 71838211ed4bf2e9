"""The refresher's working copy, out of which snapshots are made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Mapping
from hashlib import blake2b
from typing import Any, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dashapp.domain.ports import Batch, Changes, Fault
from dashapp.domain.records import Facility, Record, Tier, User
from dashapp.domain.snapshot import Snapshot
from dashapp.domain.tables import Codes, Events, Keys, joined, no_events
from dashapp.domain.vocabulary import COLLECTIONS, EVENT_KINDS, RECORD_KINDS, UNASSIGNED
from dashapp.live.digest import content_sum, text_hash

NO_REGION = -1


class Ledger:
    """Tables, records and faults as of now. Events before `floor_ms` are not kept. Used by one thread."""

    def __init__(self, floor_ms: int, *, partial: bool = False) -> None:
        self.floor_ms = floor_ms
        self.partial = partial
        self._codes = {"user": Codes(), "facility": Codes(), "region": Codes((UNASSIGNED,))}
        self._events: dict[str, Events] = {kind: no_events() for kind in EVENT_KINDS}
        self._records: dict[str, dict[int, Record]] = {kind: {} for kind in RECORD_KINDS}
        self._by_id: dict[str, dict[str, Record]] = {kind: {} for kind in RECORD_KINDS}
        self._faults: dict[str, dict[int, tuple[Fault, ...]]] = {name: {} for name in COLLECTIONS}
        # Events too old to be kept that the database brings nevertheless, as their date is a text.
        self._passed: dict[str, set[int]] = {name: set() for name in COLLECTIONS}
        self._fault_counts: dict[str, Counter[Fault]] = {name: Counter() for name in COLLECTIONS}
        self._sums: dict[str, int] = dict.fromkeys(COLLECTIONS, 0)
        self._region_of: dict[str, NDArray[np.int16]] = {
            name: np.empty(0, dtype=np.int16) for name in ("user", "facility")
        }

    def encode(self, batch: Batch) -> Events:
        """The batch's events as a table, without those before the floor; faults of the others are noted."""
        return self._encode(batch)[0]

    def _encode(self, batch: Batch) -> tuple[Events, bool]:
        """See `encode`; also whether the faults are others than before."""
        assert batch.key is not None and batch.at is not None
        assert batch.status is not None and batch.amount is not None and batch.link is not None
        kept = batch.at >= self.floor_ms
        outside = set(batch.key[~kept].tolist())
        noted = self._note(batch, outside)
        if batch.texts or self._passed[batch.collection]:
            self._passed[batch.collection].difference_update(batch.seen.tolist())
            self._passed[batch.collection] |= outside & batch.texts
        user, facility = (
            self._codes["user"].encode(batch.user),
            self._codes["facility"].encode(batch.facility),
        )
        rows = Events(
            key=batch.key,
            at=batch.at,
            user=user,
            facility=facility,
            region=self._region(user, facility),
            status=batch.status.astype(np.int8),
            amount=batch.amount,
            link=batch.link,
        )
        return rows if kept.all() else rows.take(kept), noted

    def fill(self, kind: str, parts: list[Events]) -> None:
        """Set a table from all its parts."""
        self._events[kind] = joined(parts)
        self._sums[kind] = self._sum(kind, self._events[kind])

    def apply(self, changes: Changes) -> bool:
        """Bring in what changed; whether anything did."""
        changed = False
        for collection, keys in changes.deleted.items():
            changed = self.remove(collection, keys) or changed
        for batch in changes.batches:
            changed = self.apply_batch(batch) or changed
        return changed

    def apply_batch(self, batch: Batch, skip: Container[int] = frozenset()) -> bool:
        """Bring in documents, but for those whose keys are to be skipped; whether anything changed."""
        if skip:
            batch = batch.without(skip)
        return self._put_records(batch) if batch.collection in RECORD_KINDS else self._put_events(batch)

    def remove(self, collection: str, keys: Keys) -> bool:
        """Take out the documents with these keys; whether anything changed."""
        keys = np.unique(keys)
        self._passed[collection].difference_update(keys.tolist())
        noted = [self._set_faults(collection, int(key), ()) for key in keys]
        if collection in EVENT_KINDS:
            places = self._events[collection].find(keys)
            return self._change_events(collection, places[places >= 0], no_events()) or any(noted)
        gone = [self._records[collection].pop(int(key), None) for key in keys]
        return self._settle_records(collection, gone, []) or any(noted)

    def known(self, collection: str) -> Keys:
        """The keys of all documents that the database brings, rejected ones included."""
        if collection in RECORD_KINDS:
            return np.fromiter(self._records[collection], dtype=np.uint64)
        rejected = [
            key for key, faults in self._faults[collection].items() if any(f.rejected for f in faults)
        ]
        others = [*rejected, *self._passed[collection]]
        return np.concatenate([self._events[collection].key, np.array(others, dtype=np.uint64)])

    def size(self, collection: str) -> int:
        """How many documents are held, rejected ones included."""
        if collection in RECORD_KINDS:
            return len(self._records[collection])
        rejected = sum(n for fault, n in self._fault_counts[collection].items() if fault.rejected)
        return len(self._events[collection]) + rejected + len(self._passed[collection])

    def missing(self, collection: str, seen: Iterable[Keys]) -> Keys:
        """The keys held that are not among those seen."""
        held = pd.Index(self.known(collection))
        parts = list(seen)
        present = pd.Index(np.concatenate(parts)) if parts else pd.Index(np.empty(0, dtype=np.uint64))
        gone: Keys = held[~held.isin(present)].to_numpy()
        return gone

    def snapshot(self) -> Snapshot:
        digest = blake2b(repr(sorted(self._sums.items())).encode(), digest_size=8).hexdigest()
        tiers = cast(list[Tier], list(self._by_id["tiers"].values()))
        return Snapshot(
            **self._events,  # type: ignore[arg-type]  # the kinds are the names of these fields
            users=cast(Mapping[str, User], self._by_id["users"]),
            facilities=cast(Mapping[str, Facility], self._by_id["facilities"]),
            tiers=tuple(sorted(tiers, key=lambda tier: (tier.rank, tier.name))),
            user_ids=self._codes["user"].names,
            facility_ids=self._codes["facility"].names,
            region_names=self._codes["region"].names,
            loaded_from=self.floor_ms,
            partial=self.partial,
            version=digest + ("-partial" if self.partial else ""),
            rejected=self._counted(rejected=True),
            repaired=self._counted(rejected=False),
        )

    # --- Events

    def _put_events(self, batch: Batch) -> bool:
        rows, noted = self._encode(batch)
        table = self._events[batch.collection]
        places = table.find(batch.seen)
        drop = places[places >= 0]
        held = places[pd.Index(batch.seen).get_indexer(pd.Index(rows.key))]
        there = np.flatnonzero(held >= 0)
        same = there[table.same(held[there], rows.take(there))]
        drop = drop[~np.isin(drop, held[same])]
        fresh = np.ones(len(rows), dtype=bool)
        fresh[same] = False
        return self._change_events(batch.collection, drop, rows.take(fresh)) or noted

    def _change_events(self, kind: str, drop: NDArray[np.int64], add: Events) -> bool:
        if not len(drop) and not len(add):
            return False
        table = self._events[kind]
        change = self._sum(kind, add) - self._sum(kind, table.take(drop))
        self._sums[kind] = (self._sums[kind] + change) % 2**64
        self._events[kind] = table.changed(drop, add)
        return True

    def _sum(self, kind: str, rows: Events) -> int:
        return content_sum(kind, rows, self._codes["user"].names, self._codes["facility"].names)

    # --- Records

    def _put_records(self, batch: Batch) -> bool:
        noted = self._note(batch)
        before = [self._records[batch.collection].get(key) for key in batch.records]
        self._records[batch.collection].update(batch.records)
        return self._settle_records(batch.collection, before, list(batch.records.values())) or noted

    def _settle_records(self, kind: str, before: list[Record | None], after: list[Record]) -> bool:
        """Update what is derived from records that were replaced."""
        old = [record for record in before if record is not None]
        if old == after:
            return False
        change = sum(text_hash(repr((kind, record.content))) for record in after)
        change -= sum(text_hash(repr((kind, record.content))) for record in old)
        self._sums[kind] = (self._sums[kind] + change) % 2**64
        records = self._records[kind]
        # Of ids that read the same the smallest key wins, whichever came first: an ObjectId over its text.
        self._by_id[kind] = {records[key].id: records[key] for key in sorted(records, reverse=True)}
        if kind != "tiers" and [_place(one) for one in old] != [_place(one) for one in after]:
            self._move_events()
        return True

    # --- Regions

    def _move_events(self) -> None:
        """Give every event the region that its facility and user have now."""
        self._region_of = {name: np.empty(0, dtype=np.int16) for name in self._region_of}
        for kind, table in self._events.items():
            self._events[kind] = table.with_region(self._region(table.user, table.facility))

    def _region(self, user: NDArray[np.int32], facility: NDArray[np.int32]) -> NDArray[np.int16]:
        """The facility's region, else the user's, else Unassigned."""
        of_user = self._regions("user", "users")[user]  # the code of nobody, -1, hits the last entry
        of_facility = self._regions("facility", "facilities")[facility]
        found: NDArray[np.int16] = np.where(of_facility != NO_REGION, of_facility, of_user)
        return np.where(found != NO_REGION, found, np.int16(0))

    def _regions(self, name: str, kind: str) -> NDArray[np.int16]:
        """Region code by user or facility code, and NO_REGION as the last entry."""
        known, ids = self._region_of[name], self._codes[name].names
        if len(known) != len(ids) + 1:
            records: Mapping[str, Any] = self._by_id[kind]
            regions = self._codes["region"]
            named = (getattr(records.get(one), "region", None) for one in ids[max(0, len(known) - 1) :])
            new = [NO_REGION if region is None else regions.code(region) for region in named]
            known = np.concatenate([known[:-1], np.array([*new, NO_REGION], dtype=np.int16)])
            self._region_of[name] = known
        return known

    # --- Faults

    def _note(self, batch: Batch, outside: Container[int] = frozenset()) -> bool:
        """Remember what is wrong with each document of the batch that is not outside of what is kept.

        Tells whether that is anything else than before.
        """
        noted = self._faults[batch.collection]
        changed = False
        for key in (noted.keys() & batch.seen.tolist()) | batch.faults.keys():
            faults = () if key in outside else batch.faults.get(key, ())
            changed = self._set_faults(batch.collection, key, faults) or changed
        return changed

    def _set_faults(self, collection: str, key: int, faults: tuple[Fault, ...]) -> bool:
        before = self._faults[collection].pop(key, ())
        self._fault_counts[collection].subtract(before)
        self._fault_counts[collection].update(faults)
        if faults:
            self._faults[collection][key] = faults
        return before != faults

    def _counted(self, *, rejected: bool) -> dict[str, dict[str, int]]:
        counted = {
            name: {f.reason: n for f, n in sorted(counts.items(), key=str) if n and f.rejected is rejected}
            for name, counts in self._fault_counts.items()
        }
        return {name: reasons for name, reasons in counted.items() if reasons}


def _place(record: Record) -> tuple[str, str | None]:
    return record.id, getattr(record, "region", None)
