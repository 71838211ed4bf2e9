"""Event tables: one numpy column per field, a row per event, sorted by time, never changed in place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Keys = NDArray[np.uint64]
Mask = NDArray[np.bool_]

MANY_KEYS = 8_192
MANY_CHANGES = 2_000
ID_TYPE = np.uint64(3)  # the bits of a key that tell an ObjectId from its text
NOBODY = -1  # the code of a missing user or facility


@dataclass(frozen=True)
class Events:
    """Rows sorted by `at`.

    key       uint64  digest of the document's _id as text; the two lowest bits tell its type
    at        int64   event time, UTC milliseconds since 1970
    user      int32   code of the user id, -1 without one
    facility  int32   code of the facility id, -1 without one
    region    int16   code of the region's name: the facility's, else the user's, else Unassigned
    status    int8    position in STATUSES
    amount    int64   millionths of the currency; zeros where the kind has no amount
    link      uint64  the key, the two lowest bits set, of the event that led to this one (a quotation's
                      visit, an order's quotation); 0 where none is named. See `named`
    """

    key: Keys
    at: Ints
    user: NDArray[np.int32]
    facility: NDArray[np.int32]
    region: NDArray[np.int16]
    status: NDArray[np.int8]
    amount: Ints
    link: Keys

    def __len__(self) -> int:
        return len(self.at)

    def between(self, start_ms: int, end_ms: int) -> tuple[int, int]:
        """First row at or after the start, first row at or after the end."""
        first, last = np.searchsorted(self.at, (start_ms, end_ms))
        return int(first), max(int(first), int(last))

    def sorted(self) -> Events:
        """The same rows in order of time."""
        if len(self) < 2 or bool(np.all(self.at[:-1] <= self.at[1:])):
            return self
        return self.take(np.argsort(self.at, kind="stable"))

    def take(self, rows: Any) -> Events:
        """The rows of an index array or mask, in its order."""
        return Events(**{name: getattr(self, name)[rows] for name in COLUMNS})

    def find(self, keys: Keys) -> Ints:
        """For every row of `keys` its position in this table, -1 where there is none."""
        if not len(self) or not len(keys):
            return np.full(len(keys), -1, dtype=np.int64)
        rows = candidates(self.key, keys)
        hits = pd.Index(keys).get_indexer(pd.Index(self.key[rows]))
        found = np.full(len(keys), -1, dtype=np.int64)
        found[hits[hits >= 0]] = rows[hits >= 0]
        return found

    def named(self, links: Keys) -> Ints:
        """For every link the row of this table that it names, -1 where there is none.

        An ObjectId and its 24 digits are the same name, as they are for users and facilities; of two
        documents with one name the later one is meant.
        """
        wanted, place = np.unique(links, return_inverse=True)
        found: Ints = np.full(len(wanted), -1, dtype=np.int64)
        if len(self) and len(wanted):
            names = self.key | ID_TYPE
            rows = candidates(names, wanted)
            hits = pd.Index(wanted).get_indexer(pd.Index(names[rows]))
            found[hits[hits >= 0]] = rows[hits >= 0]
        return found[place]

    def same(self, rows: Ints, other: Events) -> Mask:
        """For each row of `other`: does our row at that position hold the same in every column?"""
        equal: Mask = np.ones(len(rows), dtype=bool)
        for name in COLUMNS:
            equal &= getattr(self, name)[rows] == getattr(other, name)
        return equal

    def changed(self, drop: Ints, add: Events) -> Events:
        """A new table without the rows at `drop` and with the rows of `add`, still sorted."""
        add = add.sorted()
        if len(drop) + len(add) > MANY_CHANGES:
            stay = np.ones(len(self), dtype=bool)
            stay[drop] = False
            return chained([self.take(stay), add]).sorted()
        pieces = self._pieces(drop, add)
        return Events(
            **{
                name: np.concatenate([getattr(table, name)[rows] for table, rows in pieces])
                for name in COLUMNS
            }
        )

    def _pieces(self, drop: Ints, add: Events) -> list[tuple[Events, slice]]:
        """The new table as runs of rows of the old one and of those added: runs are copied at full speed."""
        places = np.searchsorted(self.at, add.at, side="right")
        cuts = [(place, 0, n) for n, place in enumerate(places.tolist())] + [
            (row, 1, 0) for row in drop.tolist()
        ]
        pieces, position = [], 0
        for place, dropped, n in sorted(cuts):
            pieces.append((self, slice(position, place)))
            if not dropped:
                pieces.append((add, slice(n, n + 1)))
            position = place + dropped
        return [*pieces, (self, slice(position, None))]

    def with_region(self, region: NDArray[np.int16]) -> Events:
        return replace(self, region=region)


COLUMNS = tuple(field.name for field in fields(Events))
DTYPES: dict[str, Any] = {
    "key": np.uint64,
    "at": np.int64,
    "user": np.int32,
    "facility": np.int32,
    "region": np.int16,
    "status": np.int8,
    "amount": np.int64,
    "link": np.uint64,
}


def candidates(keys: Keys, wanted: Keys) -> Ints:
    """Rows that may hold one of the wanted: a cheap look at the last 16 bits spares a look at most rows."""
    if len(wanted) > MANY_KEYS:
        return np.arange(len(keys))
    marked = np.zeros(2**16, dtype=bool)
    marked[wanted.astype(np.uint16)] = True
    return np.flatnonzero(marked[keys.astype(np.uint16)])


def no_events() -> Events:
    return Events(**{name: np.empty(0, dtype=DTYPES[name]) for name in COLUMNS})


def chained(parts: Sequence[Events]) -> Events:
    """The parts one after the other."""
    return Events(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in COLUMNS})


def joined(parts: Sequence[Events]) -> Events:
    """All parts, sorted by time; of rows with one key the last counts."""
    if not parts:
        return no_events()
    rows = chained(parts)
    repeated = pd.Index(rows.key).duplicated(keep="last")
    return (rows.take(~repeated) if repeated.any() else rows).sorted()


class Codes:
    """Small whole numbers for strings, in order of first appearance; only ever grows."""

    def __init__(self, first: Sequence[str] = ()) -> None:
        self._code: dict[str, int] = {}
        self._names: tuple[str, ...] = ()
        for name in first:
            self.code(name)

    def __len__(self) -> int:
        return len(self._code)

    def code(self, name: str) -> int:
        return self._code.setdefault(name, len(self._code))

    def encode(self, names: Sequence[str | None]) -> NDArray[np.int32]:
        """A code per name; -1 for None."""
        known = self._code
        for name in dict.fromkeys(names):
            if name is not None:
                self.code(name)
        get: Any = known.get
        return np.fromiter((get(name, NOBODY) for name in names), dtype=np.int32, count=len(names))

    @property
    def names(self) -> tuple[str, ...]:
        """Every name so far, at the position of its code."""
        if len(self._names) != len(self._code):
            self._names = tuple(self._code)
        return self._names
