"""A document database in one SQLite file, for those without a MongoDB server.

Documents are kept as BSON, so types come back as they went in. Every write carries the next number of one
counter, which makes an exact feed of changes, deletions included. A connection is opened for each operation:
nothing is shared between threads or processes but the file. One more stays open, unused: the last one to be
closed writes the whole log of changes into the file, which would be at every operation.
"""

from __future__ import annotations

import sqlite3
import time
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import bson
from bson import ObjectId

from dashapp.domain.ports import FeedBroken, Mode
from dashapp.domain.vocabulary import COLLECTIONS, EVENT_TIME
from dashapp.errors import SourceLost
from dashapp.source.documents import CODEC, LOAD_BATCH, PROJECTIONS, Document, DocumentChanges
from dashapp.source.mapping import EPOCH, MILLISECOND

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS document (
    collection TEXT NOT NULL, id BLOB NOT NULL, at INTEGER, change INTEGER NOT NULL, body BLOB,
    PRIMARY KEY (collection, id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS document_change ON document (change);
CREATE TABLE IF NOT EXISTS counter (change INTEGER NOT NULL);
INSERT INTO counter SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM counter);
"""
WRITE_BATCH: Final = 5_000
PUT: Final = """
INSERT INTO document (collection, id, at, change, body) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (collection, id) DO UPDATE SET at = excluded.at, change = excluded.change, body = excluded.body
"""
# A document that is gone stays as its id without a body, so that every reader hears of it.
REMOVE: Final = "UPDATE document SET body = NULL, at = NULL, change = ? WHERE collection = ? AND id = ?"

NEXT_CHANGES: Final = """
SELECT max(change) FROM (SELECT change FROM document WHERE change > ? ORDER BY change LIMIT ?)
"""
LOADABLE: Final = "collection = ? AND body IS NOT NULL AND (at IS NULL OR at >= coalesce(?, at))"


def earliest(collection: str, since: datetime | None) -> int | None:
    return None if since is None or collection not in EVENT_TIME else (since - EPOCH) // MILLISECOND


def identity(document_id: Any) -> bytes:
    """An _id and its type as bytes."""
    return bson.encode({"": document_id})


class EmbeddedStore:
    """See documents.DocumentStore."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "embedded.sqlite3"
        folder.mkdir(parents=True, exist_ok=True)
        with self._connection(create=True) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.executescript(SCHEMA)
            beside = self._opened("rw")
            self._close = weakref.finalize(self, beside.close)
            beside.execute("SELECT change FROM counter").fetchone()

    def _opened(self, mode: str) -> sqlite3.Connection:
        return sqlite3.connect(
            f"{self._path.absolute().as_uri()}?mode={mode}",
            uri=True,
            timeout=10,
            isolation_level=None,
            check_same_thread=False,
        )

    @contextmanager
    def _connection(self, *, create: bool = False, writing: bool = False) -> Iterator[sqlite3.Connection]:
        """A connection in a transaction of its own, committed unless the body fails."""
        try:
            connection = self._opened("rwc" if create else "rw")
            try:
                connection.execute("PRAGMA synchronous = NORMAL")
                if writing:
                    connection.execute("BEGIN IMMEDIATE")
                yield connection
                if writing:
                    connection.execute("COMMIT")
            finally:
                connection.close()
        except sqlite3.Error as error:
            raise SourceLost("The database cannot be reached.") from error

    def ping(self) -> None:
        with self._connection() as connection:
            connection.execute("SELECT change FROM counter").fetchone()

    def ensure_indexes(self) -> list[str]:
        return []

    def read(self, collection: str, since: datetime | None) -> Iterator[list[Document]]:
        for rows in self._rows("body", collection, since):
            yield [projected(collection, bson.decode(body, CODEC)) for (body,) in rows]

    def ids(self, collection: str, since: datetime | None) -> Iterator[list[Any]]:
        for rows in self._rows("id", collection, since):
            yield [bson.decode(document_id, CODEC)[""] for (document_id,) in rows]

    def _rows(self, column: str, collection: str, since: datetime | None) -> Iterator[list[tuple[bytes]]]:
        with self._connection() as connection:
            found = connection.execute(
                f"SELECT {column} FROM document WHERE {LOADABLE}",  # noqa: S608
                (collection, earliest(collection, since)),
            )
            while rows := found.fetchmany(LOAD_BATCH):
                yield rows

    def get(self, collection: str, ids: Sequence[Any]) -> list[Document]:
        sql = "SELECT body FROM document WHERE collection = ? AND id = ? AND body IS NOT NULL"
        with self._connection() as connection:
            found = [connection.execute(sql, (collection, identity(one))).fetchone() for one in ids]
        return [projected(collection, bson.decode(row[0], CODEC)) for row in found if row]

    def count(self, collection: str, since: datetime | None) -> int:
        sql = f"SELECT count(*) FROM document WHERE {LOADABLE}"  # noqa: S608
        with self._connection() as connection:
            return int(connection.execute(sql, (collection, earliest(collection, since))).fetchone()[0])

    def feed(self) -> EmbeddedFeed:
        return EmbeddedFeed(self)

    def last_change(self) -> int:
        with self._connection() as connection:
            return int(connection.execute("SELECT change FROM counter").fetchone()[0])

    def changed_after(self, change: int) -> tuple[int, list[tuple[str, bytes, bytes | None]]]:
        """The next rows to tell of, whole writes only, and the change they reach."""
        with self._connection() as connection:
            connection.execute("BEGIN")
            upto = connection.execute(NEXT_CHANGES, (change, LOAD_BATCH)).fetchone()[0]
            found = connection.execute(
                "SELECT collection, id, body FROM document WHERE change > ? AND change <= ?", (change, upto)
            ).fetchall()
        return upto or change, found

    def documents(self, collection: str) -> Iterator[Document]:
        for rows in self._rows("body", collection, None):
            yield from (bson.decode(body, CODEC) for (body,) in rows)

    def find(self, collection: str, **equals: Any) -> list[Document]:
        def matches(document: Document) -> bool:
            return all(comparable(name, document.get(name)) == value for name, value in wanted.items())

        wanted = {name: comparable(name, value) for name, value in equals.items()}
        return [document for document in self.documents(collection) if matches(document)]

    def write(self, collection: str, documents: Sequence[Document]) -> None:
        for first in range(0, len(documents), WRITE_BATCH):
            part = documents[first : first + WRITE_BATCH]
            for document in part:
                document.setdefault("_id", ObjectId())
            rows = [
                (
                    collection,
                    identity(one["_id"]),
                    event_ms(collection, one),
                    bson.encode(one, codec_options=CODEC),
                )
                for one in part
            ]
            with self._connection(writing=True) as connection:
                change = next_change(connection)
                connection.executemany(PUT, [(name, key, at, change, body) for name, key, at, body in rows])

    def update(self, collection: str, document_id: Any, fields: Mapping[str, Any]) -> bool:
        sql = "SELECT body FROM document WHERE collection = ? AND id = ? AND body IS NOT NULL"
        with self._connection(writing=True) as connection:
            row = connection.execute(sql, (collection, identity(document_id))).fetchone()
            if row is None:
                return False
            document = {**bson.decode(row[0], CODEC), **fields}
            body = bson.encode(document, codec_options=CODEC)
            at = event_ms(collection, document)
            connection.execute(PUT, (collection, identity(document_id), at, next_change(connection), body))
            return True

    def delete(self, collection: str, ids: Sequence[Any]) -> None:
        with self._connection(writing=True) as connection:
            change = next_change(connection)
            connection.executemany(REMOVE, [(change, collection, identity(one)) for one in ids])

    def close(self) -> None:
        self._close()


class EmbeddedFeed:
    """Changes by number; complete and in order."""

    mode: Mode = "polling"
    complete = True

    def __init__(self, store: EmbeddedStore) -> None:
        self._store = store
        self._change = store.last_change()
        self._asked_at = 0.0

    def next(self, wait_seconds: float) -> DocumentChanges:
        time.sleep(max(0.0, min(wait_seconds, self._asked_at + wait_seconds - time.monotonic())))
        self._asked_at = time.monotonic()
        if self._store.last_change() < self._change:
            raise FeedBroken  # the file was replaced by an older one
        self._change, rows = self._store.changed_after(self._change)
        documents: dict[str, list[Document]] = {}
        deleted: dict[str, list[Any]] = {}
        for collection, key, body in rows:
            if collection not in COLLECTIONS:
                continue
            if body is None:
                deleted.setdefault(collection, []).append(bson.decode(key, CODEC)[""])
            else:
                document = projected(collection, bson.decode(body, CODEC))
                documents.setdefault(collection, []).append(document)
        return DocumentChanges(documents, deleted)

    def close(self) -> None:
        pass


def projected(collection: str, document: Document) -> Document:
    names = ("_id", *PROJECTIONS.get(collection, ()))
    return {name: document[name] for name in names if name in document}


def event_ms(collection: str, document: Document) -> int | None:
    """The event's time where it is a date; None reads as "always load"."""
    value = document.get(EVENT_TIME.get(collection, ""))
    if not isinstance(value, datetime):
        return None
    return (value.replace(tzinfo=None) - (value.utcoffset() or MILLISECOND * 0) - EPOCH) // MILLISECOND


def next_change(connection: sqlite3.Connection) -> int:
    row = connection.execute("UPDATE counter SET change = change + 1 RETURNING change").fetchone()
    return int(row[0])


def comparable(name: str, value: Any) -> Any:
    return value.lower() if name == "email" and isinstance(value, str) else value
