"""How MongoDB tells what changed: a change stream, or questions by time of change."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from queue import Empty, Queue
from threading import Event, Thread
from typing import Any, Final

from pymongo.change_stream import DatabaseChangeStream
from pymongo.database import Database
from pymongo.errors import OperationFailure, PyMongoError

from dashapp.domain.ports import FeedBroken, Mode
from dashapp.domain.vocabulary import COLLECTIONS
from dashapp.errors import SourceLost
from dashapp.source.documents import Document, DocumentChanges
from dashapp.source.mapping import key_of

# Writers set the time of change before the write arrives, and their clocks differ a little.
OVERLAP: Final = timedelta(seconds=15)
SILENCE_SECONDS: Final = 6.0


class PollingFeed:
    """Asks each collection for what changed since shortly before the last question.

    Finds neither deletions nor edits that leave the time of change alone.
    """

    mode: Mode = "polling"
    complete = False

    def __init__(self, changed_since: Callable[[str, datetime], list[Document]]) -> None:
        self._changed_since = changed_since
        self._since = datetime.now(UTC).replace(tzinfo=None) - OVERLAP
        self._told: dict[str, dict[int, str]] = {}
        self._asked_at = 0.0

    def next(self, wait_seconds: float) -> DocumentChanges:
        time.sleep(max(0.0, min(wait_seconds, self._asked_at + wait_seconds - time.monotonic())))
        self._asked_at = time.monotonic()
        started = datetime.now(UTC).replace(tzinfo=None)
        found = {collection: self._changed_since(collection, self._since) for collection in COLLECTIONS}
        news = {collection: self._new(collection, documents) for collection, documents in found.items()}
        self._since = started - OVERLAP
        return DocumentChanges({collection: documents for collection, documents in news.items() if documents})

    def _new(self, collection: str, documents: list[Document]) -> list[Document]:
        """What the last answer did not hold already, to the letter (NaN is the same as NaN)."""
        before = self._told.get(collection, {})
        now = {key_of(document["_id"]): document for document in documents}
        written = {key: repr(document) for key, document in now.items()}
        self._told[collection] = written
        return [document for key, document in now.items() if before.get(key) != written[key]]

    def close(self) -> None:
        pass


class StreamFeed:
    """A change stream, read by a thread; every changed document is read again by its id.

    The stream is resumed after the last event it gave; when the server has forgotten that event, the feed
    is broken.
    """

    mode: Mode = "change-stream"
    complete = True

    def __init__(self, db: Database[Document], read: Callable[[str, Sequence[Any]], list[Document]]) -> None:
        self._db = db
        self._read = read
        self._token: Any = None
        self._unread: dict[str, dict[int, Any]] = {}
        self._open()

    def _open(self) -> None:
        names = {"$match": {"ns.coll": {"$in": list(COLLECTIONS)}}}
        fields = {"$project": {"operationType": 1, "ns": 1, "documentKey": 1}}
        stream = self._db.watch([names, fields], resume_after=self._token, max_await_time_ms=1000)
        self._token = stream.resume_token or self._token
        self._events: Queue[Any] = Queue()
        self._closing = Event()
        self._heard_at = time.monotonic()
        self._reader: Thread | None = Thread(
            target=self._pump, args=(stream, self._events, self._closing), name="change-stream", daemon=True
        )
        self._reader.start()

    def _pump(self, stream: DatabaseChangeStream[Document], events: Queue[Any], closing: Event) -> None:
        """Put every event, then the error that ended it, into the queue."""
        try:
            with stream:
                while not closing.is_set():
                    event = stream.try_next()
                    self._heard_at = time.monotonic()
                    if event is not None:
                        events.put(event)
                    elif stream.resume_token is not None:
                        events.put({"_id": stream.resume_token})  # quiet, but further along
        except Exception as error:
            events.put(error)

    def next(self, wait_seconds: float) -> DocumentChanges:
        if self._reader is None:
            self._reopen()
        self._gather(wait_seconds)
        changes = DocumentChanges(*self._read_again())
        self._unread = {}
        return changes

    def _reopen(self) -> None:
        try:
            self._open()
        except OperationFailure as error:
            self._token = None
            raise FeedBroken from error
        except PyMongoError as error:
            raise SourceLost("The database cannot be reached.") from error

    def _gather(self, wait_seconds: float) -> None:
        """Collect the ids of what changed: wait for the first event, take what is there besides."""
        deadline = time.monotonic() + wait_seconds
        changed = False
        while True:
            remaining = 0.0 if changed else deadline - time.monotonic()
            try:
                event = self._events.get(timeout=remaining) if remaining > 0 else self._events.get_nowait()
            except Empty:
                break
            if isinstance(event, Exception):
                self._fail(event)
            changed = self._note(event) or changed
        if not changed and time.monotonic() - self._heard_at > SILENCE_SECONDS:
            self._fail(SourceLost("The database does not answer."))

    def _note(self, event: Document) -> bool:
        self._token = event["_id"]
        kind = event.get("operationType")
        if kind is None:
            return False
        if kind not in {"insert", "update", "replace", "delete"}:
            self._fail(FeedBroken())  # a collection was dropped or renamed
        document_id = event["documentKey"]["_id"]
        self._unread.setdefault(event["ns"]["coll"], {})[key_of(document_id)] = document_id
        return True

    def _read_again(self) -> tuple[dict[str, list[Document]], dict[str, list[Any]]]:
        """The documents as they are now: the event's own copy may be older, or differ between servers."""
        documents, deleted = {}, {}
        for collection, ids in self._unread.items():
            documents[collection] = self._read(collection, list(ids.values()))
            there = {key_of(document["_id"]) for document in documents[collection]}
            deleted[collection] = [document_id for key, document_id in ids.items() if key not in there]
        return documents, deleted

    def _fail(self, error: Exception) -> None:
        self.close()
        if isinstance(error, OperationFailure | FeedBroken):
            self._token = None
            raise FeedBroken from error
        if isinstance(error, PyMongoError | SourceLost):
            raise SourceLost("The database cannot be reached.") from error
        raise error

    def close(self) -> None:
        self._closing.set()
        self._reader = None
