"""What the live copy needs of a database, whichever it is: typed batches, and a feed of what changed."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal, Protocol

from dashapp.domain.records import Record
from dashapp.domain.tables import Ints, Keys
from dashapp.domain.vocabulary import Collection

Mode = Literal["change-stream", "polling"]


@dataclass(frozen=True)
class Fault:
    """A reason why a document was left out (`rejected`) or read with a correction."""

    reason: str
    rejected: bool = False


@dataclass(frozen=True)
class Batch:
    """Cleaned documents of one collection, each once.

    `seen` holds the key of every document of the batch, rejected ones included. Events fill the columns
    (`key` to `link`), small collections fill `records` with a record per key. `texts` holds the keys of
    events dated by a text, which databases cannot compare with a date: they bring them however old they are.
    """

    collection: Collection
    seen: Keys
    faults: Mapping[int, tuple[Fault, ...]] = field(default_factory=dict)
    key: Keys | None = None
    at: Ints | None = None
    user: Sequence[str | None] = ()
    facility: Sequence[str | None] = ()
    status: Ints | None = None
    amount: Ints | None = None
    link: Keys | None = None
    records: Mapping[int, Record] = field(default_factory=dict)
    texts: frozenset[int] = frozenset()

    def without(self, skip: Container[int]) -> Batch:
        """The batch but for the documents with these keys."""
        left = Batch(
            self.collection,
            self.seen[[key not in skip for key in self.seen.tolist()]],
            {key: faults for key, faults in self.faults.items() if key not in skip},
            records={key: record for key, record in self.records.items() if key not in skip},
        )
        if self.key is None or self.at is None or self.status is None or self.amount is None:
            return left
        assert self.link is not None
        rows = [row for row, key in enumerate(self.key.tolist()) if key not in skip]
        return replace(
            left,
            key=self.key[rows],
            at=self.at[rows],
            user=[self.user[row] for row in rows],
            facility=[self.facility[row] for row in rows],
            status=self.status[rows],
            amount=self.amount[rows],
            link=self.link[rows],
            texts=frozenset(key for key in self.texts if key not in skip),
        )


@dataclass(frozen=True)
class Changes:
    """What happened since the last question: documents as they are now, keys of documents that are gone."""

    batches: Sequence[Batch] = ()
    deleted: Mapping[str, Keys] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.batches or self.deleted)


class FeedBroken(Exception):
    """The feed cannot tell what happened in between: compare everything, then go on."""


class Feed(Protocol):
    """Changes in order. Remembers where it was across SourceLost."""

    mode: Mode
    complete: bool  # False: deletions and silent edits must be looked for by comparing

    def next(self, wait_seconds: float) -> Changes:
        """The changes since the last call; waits for the first of them, as long as told at the most.

        Raises SourceLost when the database is away, FeedBroken when changes may have been missed.
        """
        ...

    def close(self) -> None: ...


class Source(Protocol):
    """A database read for analytics. Every method raises SourceLost when it is away."""

    def feed(self) -> Feed: ...

    def load(self, collection: Collection, since: datetime | None) -> Iterator[Batch]:
        """Every document; of events those since then, and those whose time is no usable date."""
        ...

    def keys(self, collection: Collection, since: datetime | None) -> Iterator[tuple[Keys, Sequence[object]]]:
        """The keys and ids of what `load` would bring."""
        ...

    def fetch(self, collection: Collection, ids: Sequence[object]) -> Batch:
        """Those of the documents that exist."""
        ...

    def count(self, collection: Collection, since: datetime | None) -> int:
        """How many documents `load` would bring, exactly."""
        ...
