"""A snapshot seen through a scope: which rows count, and how they are grouped. What all metrics share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from dashapp.domain.records import User
from dashapp.domain.scope import HOUR_MS, Scope
from dashapp.domain.snapshot import Snapshot
from dashapp.domain.tables import Events, Ints, Mask
from dashapp.domain.vocabulary import COUNTED, EVENT_KINDS, STATUSES, UNASSIGNED
from dashapp.errors import NotReady

T = TypeVar("T")


class View:
    """What a metric is computed from.

    `key` names the rows that count, not the clock: as long as it stays the same, so does every figure.
    Of a single day, whose figures go by hour, it also tells how many hours have begun.
    Raises NotReady when the window begins before what is loaded so far.
    """

    def __init__(self, snapshot: Snapshot, scope: Scope) -> None:
        self.snapshot = snapshot
        self.scope = scope
        self.window = scope.window
        start, end = self.window.start_ms, self.window.end_ms
        self._rows: dict[str, tuple[int, int]] = {
            kind: self._table(kind).between(start, end) for kind in EVENT_KINDS
        }
        hours = -(-(end - start) // HOUR_MS) if self.window.days == 1 else 0
        window = (self.window.first_on, self.window.last_on, hours)
        self.key = (window, tuple(self._rows.values()), scope.regions, scope.users)

    def require_loaded(self) -> View:
        """Itself, unless the history its window needs is still being loaded."""
        if self.snapshot.partial and self.window.start_ms < self.snapshot.loaded_from:
            raise NotReady("The older data are being loaded. Try again shortly.", retry_after_seconds=2)
        return self

    def previous(self) -> View:
        return View(self.snapshot, self.scope.previous()).require_loaded()

    def memo(self, name: str, compute: Callable[[], T]) -> T:
        """A result kept with the snapshot, for as long as it holds."""
        return self.snapshot.memo.get((name, self.key), compute)

    # --- Rows

    def _table(self, kind: str) -> Events:
        table: Events = getattr(self.snapshot, kind)
        return table

    def _column(self, kind: str, name: str) -> NDArray[Any]:
        first, last = self._rows[kind]
        column: NDArray[Any] = getattr(self._table(kind), name)[first:last]
        return column

    @cached_property
    def _kept(self) -> dict[str, Mask | None]:
        """Per kind the rows of the window that pass the filters; None where all do."""
        return {kind: self._passing(kind) for kind in EVENT_KINDS}

    def _passing(self, kind: str) -> Mask | None:
        kept: Mask | None = None
        if self.scope.regions is not None:
            kept = chosen(self.snapshot.region_names, self.scope.regions)[self._column(kind, "region")]
        if self.scope.users is not None:
            of_users = chosen(self.snapshot.user_ids, self.scope.users)[self._column(kind, "user")]
            kept = of_users if kept is None else kept & of_users
        return kept

    def column(self, kind: str, name: str) -> NDArray[Any]:
        """A column of the rows in scope, every status."""
        column, kept = self._column(kind, name), self._kept[kind]
        return column if kept is None else column[kept]

    def counted(self, kind: str, name: str) -> NDArray[Any]:
        """A column of the rows in scope that count as an activity."""
        return self.column(kind, name)[self.counts(kind)]

    def counts(self, kind: str) -> Mask:
        """Which of the rows in scope count as an activity."""
        counts: Mask = np.array(COUNTED[kind])[self.column(kind, "status")]
        return counts

    def rows(self, kind: str) -> Ints:
        """The positions in its table of the rows in scope that count as an activity."""
        first, last = self._rows[kind]
        kept = self._kept[kind]
        rows: Ints = np.arange(first, last) if kept is None else first + np.flatnonzero(kept)
        return rows[self.counts(kind)]

    def days(self, kind: str) -> Ints:
        """For every row in scope the number of its day in the window, from 0."""
        return self.slots(kind, self.window.day_starts())

    def slots(self, kind: str, starts: Sequence[int]) -> Ints:
        """For every row in scope the number of its slot, given where the slots begin (UTC milliseconds)."""
        first, last = self._rows[kind]
        bounds = np.searchsorted(self._table(kind).at, starts).clip(first, last)
        lengths = np.diff(np.append(bounds, last))
        slot: Ints = np.repeat(np.arange(len(starts)), lengths)
        kept = self._kept[kind]
        return slot if kept is None else slot[kept]

    # --- Grouping

    def statuses(self, kind: str) -> list[int]:
        """How many events of each status."""

        def count() -> list[int]:
            found = np.bincount(self.column(kind, "status"), minlength=len(STATUSES[kind]))
            return [int(n) for n in found]

        return self.memo(f"statuses of {kind}", count)

    def statuses_by(self, kind: str, groups: NDArray[Any], size: int) -> Ints:
        """How many events of each status (columns) in each group (rows; group -1 is left out)."""
        width = len(STATUSES[kind])
        codes = (groups.astype(np.int64) + 1) * width + self.column(kind, "status")
        table: Ints = np.bincount(codes, minlength=(size + 1) * width).reshape(-1, width)
        return table[1:]

    def counts_by(self, kind: str, groups: NDArray[Any], size: int) -> Ints:
        """How many counted events in each group."""
        counts: Ints = self.statuses_by(kind, groups, size)[:, np.array(COUNTED[kind])].sum(axis=1)
        return counts

    def amounts_by(self, kind: str, groups: NDArray[Any], size: int) -> list[int]:
        """The summed millionths of the counted events in each group, exactly."""
        counts = self.counts(kind)
        group = groups.astype(np.int64)[counts] + 1
        amount = self.column(kind, "amount")[counts]
        # Floats add whole numbers exactly up to 2**53: the two halves of an amount stay below that.
        low = np.bincount(group, weights=amount & 0x3FFFFFFF, minlength=size + 1)
        high = np.bincount(group, weights=amount >> 30, minlength=size + 1)
        return [(int(h) << 30) + int(part) for h, part in zip(high[1:], low[1:], strict=True)]

    def amount(self, kind: str) -> int:
        """The summed millionths of all counted events, exactly."""

        def add() -> int:
            return self.amounts_by(kind, np.zeros(len(self.column(kind, "amount")), dtype=np.int64), 1)[0]

        return self.memo(f"amount of {kind}", add)

    # --- People

    def user_id(self, code: int) -> str:
        return self.snapshot.user_ids[code]

    def in_organisation(self) -> list[User]:
        """The active users of the organisation in scope, by the region they belong to."""
        regions, users = self.scope.regions, self.scope.users
        return [
            user
            for user in self.snapshot.users.values()
            if user.active
            and (regions is None or (user.region or UNASSIGNED) in regions)
            and (users is None or user.id in users)
        ]


def chosen(names: Sequence[str], wanted: Sequence[str]) -> Mask:
    """Whether each code is among those wanted; the last entry, for code -1, is not."""
    every = set(wanted)
    return np.array([*(name in every for name in names), False], dtype=bool)
