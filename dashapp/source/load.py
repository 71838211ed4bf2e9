"""Documents by the batch → typed columns. The one place where dirty data are cleaned and counted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

import numpy as np

from dashapp.domain.ports import Batch, Changes, Fault, Mode
from dashapp.domain.records import Record
from dashapp.domain.tables import Ints, Keys
from dashapp.domain.vocabulary import AMOUNT, EVENT_TIME, LINK, STATUSES, Collection
from dashapp.source import mapping
from dashapp.source.documents import Document, DocumentFeed, DocumentStore

Faults = dict[int, tuple[Fault, ...]]

RECORD_OF: dict[str, Callable[[Document], Record]] = {
    "users": mapping.user_of,
    "tiers": mapping.tier_of,
    "facilities": mapping.facility_of,
}
EXACT_IN_FLOAT = 2_000_000_000.0  # below this, a float times a million is right to the unit after rounding


def cleaned(collection: Collection, documents: Sequence[Document]) -> Batch:
    """The documents as columns (events) or records, with what was wrong with them."""
    keys = [mapping.key_of(document["_id"]) for document in documents]
    if len(set(keys)) < len(keys):  # of a document that comes twice the last counts
        last = dict(zip(keys, documents, strict=True))
        keys, documents = list(last), list(last.values())
    seen = np.array(keys, dtype=np.uint64)
    if collection in RECORD_OF:
        read = RECORD_OF[collection]
        records = {key: read(document) for key, document in zip(keys, documents, strict=True)}
        return Batch(collection, seen, records=records)
    faults: Faults = {}
    at = _times([document.get(EVENT_TIME[collection]) for document in documents], keys, faults)
    status = _statuses(collection, documents, keys, faults)
    amount = _amounts(collection, documents, keys, faults)
    users = [_reference(document.get("userId")) for document in documents]
    places = [_reference(document.get("facilityId")) for document in documents]
    link = _links(collection, documents)
    usable = at != UNUSABLE
    texts = (
        key
        for key, document in zip(keys, documents, strict=True)
        if type(document.get(EVENT_TIME[collection])) is str
    )
    if not usable.all():
        kept = np.flatnonzero(usable).tolist()
        users, places = [users[row] for row in kept], [places[row] for row in kept]
    return Batch(
        collection,
        seen,
        faults,
        key=seen[usable],
        at=at[usable],
        user=users,
        facility=places,
        status=status[usable],
        amount=amount[usable],
        link=link[usable],
        texts=frozenset(texts),
    )


UNUSABLE = np.iinfo(np.int64).min


def _reference(value: Any) -> str | None:
    return value if type(value) is str and value.strip() == value and value else mapping.text_of(value)


def _links(collection: Collection, documents: Sequence[Document]) -> Keys:
    if collection not in LINK:
        return np.zeros(len(documents), dtype=np.uint64)
    links = (mapping.link_of(document.get(LINK[collection])) for document in documents)
    return np.fromiter(links, dtype=np.uint64, count=len(documents))


def _times(values: list[Any], keys: list[int], faults: Faults) -> Ints:
    if set(map(type, values)) == {datetime}:
        since = ((value - mapping.EPOCH) // mapping.MILLISECOND for value in values)
        return np.fromiter(since, dtype=np.int64, count=len(values))
    times = [mapping.time_of(value) for value in values]
    for key, time in zip(keys, times, strict=True):
        if time is None:
            faults[key] = (mapping.NO_TIME,)
    return np.array([UNUSABLE if time is None else time for time in times], dtype=np.int64)


def _statuses(collection: Collection, documents: Sequence[Document], keys: list[int], faults: Faults) -> Ints:
    if collection == "logins":
        return np.zeros(len(documents), dtype=np.int64)
    plain = {name: code for code, name in enumerate(STATUSES[collection]) if name != "unknown"}
    values = [document.get("status") for document in documents]
    codes = [plain.get(value, -1) if type(value) is str else -1 for value in values]
    for row, code in enumerate(codes):
        if code < 0:
            codes[row], fault = mapping.status_of(values[row], collection)
            _note(faults, keys[row], fault)
    return np.array(codes, dtype=np.int64)


def _amounts(collection: Collection, documents: Sequence[Document], keys: list[int], faults: Faults) -> Ints:
    if collection not in AMOUNT:
        return np.zeros(len(documents), dtype=np.int64)
    values = [document.get(AMOUNT[collection]) for document in documents]
    if set(map(type, values)) == {float}:
        floats = np.array(values)
        if bool(np.all((floats >= 0) & (floats < EXACT_IN_FLOAT))):
            micros: Ints = np.rint(floats * 1_000_000).astype(np.int64)
            return micros
    amounts = [mapping.micros_of(value) for value in values]
    for key, (_, fault) in zip(keys, amounts, strict=True):
        _note(faults, key, fault)
    return np.array([micros for micros, _ in amounts], dtype=np.int64)


def _note(faults: Faults, key: int, fault: Fault | None) -> None:
    """Remember a repair; of a rejected document only the rejection counts."""
    noted = faults.get(key, ())
    if fault is not None and not any(other.rejected for other in noted):
        faults[key] = (*noted, fault)


class CleanFeed:
    """A feed of documents as a feed of batches."""

    def __init__(self, feed: DocumentFeed) -> None:
        self._feed = feed
        self.mode: Mode = feed.mode
        self.complete = feed.complete

    def next(self, wait_seconds: float) -> Changes:
        changes = self._feed.next(wait_seconds)
        batches = [
            cleaned(_collection(name), documents)
            for name, documents in changes.documents.items()
            if documents
        ]
        return Changes(batches, {name: _keys(ids) for name, ids in changes.deleted.items() if ids})

    def close(self) -> None:
        self._feed.close()


class CleanSource:
    """A document store as the live copy reads it (domain.ports.Source)."""

    def __init__(self, store: DocumentStore) -> None:
        self._store = store

    def feed(self) -> CleanFeed:
        return CleanFeed(self._store.feed())

    def load(self, collection: Collection, since: datetime | None) -> Iterator[Batch]:
        for documents in self._store.read(collection, since):
            yield cleaned(collection, documents)

    def keys(self, collection: Collection, since: datetime | None) -> Iterator[tuple[Keys, Sequence[object]]]:
        for ids in self._store.ids(collection, since):
            yield _keys(ids), ids

    def fetch(self, collection: Collection, ids: Sequence[object]) -> Batch:
        return cleaned(collection, self._store.get(collection, ids))

    def count(self, collection: Collection, since: datetime | None) -> int:
        return self._store.count(collection, since)


def _collection(name: str) -> Collection:
    return name  # type: ignore[return-value]  # feeds only speak of our collections


def _keys(ids: Sequence[object]) -> Keys:
    return np.array([mapping.key_of(document_id) for document_id in ids], dtype=np.uint64)
