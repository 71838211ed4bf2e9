"""MongoDB through pymongo: plain finds, writes and, where the server has them, change streams."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from typing import Any, Final, cast

import bson
import pymongo
from pymongo.errors import (
    BulkWriteError,
    ConfigurationError,
    InvalidName,
    InvalidURI,
    OperationFailure,
    PyMongoError,
)

from dashapp.domain.vocabulary import COLLECTIONS, EVENT_TIME
from dashapp.errors import InvalidParameter, InvalidSetting, SourceLost
from dashapp.source.documents import (
    CHANGE_TIMES,
    CODEC,
    LOAD_BATCH,
    PROJECTIONS,
    Document,
    DocumentFeed,
)
from dashapp.source.watch import PollingFeed, StreamFeed

DEFAULT_DATABASE: Final = "accord"
SELECTION_SECONDS: Final = 2
QUESTION_SECONDS: Final = 2.5
SOCKET_SECONDS: Final = 15
# What servers without change streams, or that keep us from them, answer: not a replica set, not supported,
# unknown stage, unknown command, not allowed.
NO_STREAMS: Final = frozenset({40573, 115, 40324, 59, 13, 303, 9})
MOST_OF_IT: Final = timedelta(days=90)
DUPLICATE_KEY: Final = 11000
GET_IDS: Final = 1_000  # documents asked for in one question


@contextmanager
def reaching(seconds: float | None = None) -> Iterator[None]:
    """Turn what the driver raises into SourceLost; with seconds, retries go on until then and no longer."""
    try:
        with nullcontext() if seconds is None else pymongo.timeout(seconds):
            yield
    except PyMongoError as error:
        raise SourceLost("The database cannot be reached.") from error


def loadable(collection: str, since: datetime | None) -> dict[str, Any]:
    """The filter for all but events dated before; what has no date is let through, to be looked at."""
    if since is None or collection not in EVENT_TIME:
        return {}
    return {EVENT_TIME[collection]: {"$not": {"$lt": since}}}


class MongoStore:
    """See documents.DocumentStore."""

    def __init__(self, uri: str, database: str = "") -> None:
        try:
            self._client: pymongo.MongoClient[Document] = pymongo.MongoClient(
                uri,
                connect=False,
                appname="live-analytics",
                maxPoolSize=16,
                serverSelectionTimeoutMS=SELECTION_SECONDS * 1000,
                connectTimeoutMS=SELECTION_SECONDS * 1000,
                socketTimeoutMS=SOCKET_SECONDS * 1000,
                waitQueueTimeoutMS=SELECTION_SECONDS * 1000,
            )
            named = self._client.get_default_database(default=DEFAULT_DATABASE).name
        except (ConfigurationError, InvalidURI, ValueError, TypeError):
            raise InvalidSetting("MONGODB_URI is not a valid MongoDB connection string") from None
        try:
            self._db = self._client.get_database(database or named, codec_options=CODEC)
        except InvalidName:
            raise InvalidSetting("MONGODB_DB is not a valid database name") from None

    def ping(self) -> None:
        with reaching(QUESTION_SECONDS):
            self._client.admin.command("ping")

    def ensure_indexes(self) -> list[str]:
        problems = []
        for collection in COLLECTIONS:
            names = dict.fromkeys((*CHANGE_TIMES[collection], EVENT_TIME.get(collection, "updatedAt")))
            for name in [*names, "email"] if collection == "users" else names:
                try:
                    self._db[collection].create_index(name)
                except OperationFailure as error:
                    problems.append(f"{collection}.{name}: index refused (code {error.code})")
                except PyMongoError as error:
                    raise SourceLost("The database cannot be reached.") from error
        return problems

    def read(self, collection: str, since: datetime | None) -> Iterator[list[Document]]:
        return self._batches(collection, since, dict.fromkeys(PROJECTIONS[collection], 1))

    def ids(self, collection: str, since: datetime | None) -> Iterator[list[Any]]:
        for documents in self._batches(collection, since, {"_id": 1}):
            yield [document["_id"] for document in documents]

    def _batches(
        self, collection: str, since: datetime | None, projection: Mapping[str, int] | None
    ) -> Iterator[list[Document]]:
        with reaching():
            wanted = loadable(collection, since)
            # Most of a collection is read fastest in the order it lies in, not along an index of times.
            most = since is None or datetime.now(UTC).replace(tzinfo=None) - since > MOST_OF_IT
            hint = [("$natural", 1)] if most else None
            found = self._db[collection].find_raw_batches(
                wanted, projection, batch_size=LOAD_BATCH, hint=hint
            )
            for raw in cast(Iterable[bytes], found):  # typed as documents by the driver
                yield bson.decode_all(raw, CODEC)

    def get(self, collection: str, ids: Sequence[Any]) -> list[Document]:
        fields = dict.fromkeys(PROJECTIONS[collection], 1)
        found: list[Document] = []
        for first in range(0, len(ids), GET_IDS):
            with reaching(QUESTION_SECONDS):
                wanted = {"_id": {"$in": list(ids[first : first + GET_IDS])}}
                found += self._db[collection].find(wanted, fields)
        return found

    def count(self, collection: str, since: datetime | None) -> int:
        with reaching():
            return self._db[collection].count_documents(loadable(collection, since))

    def feed(self) -> DocumentFeed:
        """A change stream where the server offers one, else polling."""
        try:
            with pymongo.timeout(QUESTION_SECONDS):
                return StreamFeed(self._db, self.get)
        except PyMongoError as error:
            if isinstance(error, OperationFailure) and error.code in NO_STREAMS:
                return PollingFeed(self._changed_since)
            raise SourceLost("The database cannot be reached.") from error

    def _changed_since(self, collection: str, since: datetime) -> list[Document]:
        times = [{name: {"$gte": since}} for name in CHANGE_TIMES[collection]]
        wanted = times[0] if len(times) == 1 else {"$or": times}
        with reaching():
            return list(self._db[collection].find(wanted, dict.fromkeys(PROJECTIONS[collection], 1)))

    def documents(self, collection: str) -> Iterator[Document]:
        for documents in self._batches(collection, None, None):
            yield from documents

    def find(self, collection: str, **equals: Any) -> list[Document]:
        wanted = dict(equals)
        if isinstance(equals.get("email"), str):
            # Always by pattern: a stored capital letter neither hides an account nor shows in the time.
            wanted["email"] = {"$regex": f"^{re.escape(equals['email'])}$", "$options": "i"}
        with reaching(QUESTION_SECONDS):
            found = list(self._db[collection].find(wanted))
        # A pattern's end also matches before a closing line break.
        email = str(equals.get("email", "")).lower()
        return [one for one in found if "email" not in equals or str(one.get("email")).lower() == email]

    def write(self, collection: str, documents: Sequence[Document]) -> None:
        if not documents:
            return
        with reaching():
            try:
                self._db[collection].insert_many(documents, ordered=False)
                return
            except BulkWriteError as error:
                failed = error.details["writeErrors"]
            if any(problem["code"] != DUPLICATE_KEY for problem in failed):
                raise InvalidParameter(f"The database refused documents for {collection}.")
            again = [documents[problem["index"]] for problem in failed]
            try:
                self._db[collection].bulk_write(
                    [
                        pymongo.ReplaceOne({"_id": document["_id"]}, document, upsert=True)
                        for document in again
                    ],
                    ordered=False,
                )
            except BulkWriteError:
                raise InvalidParameter(
                    f"The database refused documents for {collection}: a unique field has that value already."
                ) from None

    def update(self, collection: str, document_id: Any, fields: Mapping[str, Any]) -> bool:
        with reaching(QUESTION_SECONDS):
            changed = self._db[collection].update_one({"_id": document_id}, {"$set": dict(fields)})
            return changed.matched_count > 0

    def delete(self, collection: str, ids: Sequence[Any]) -> None:
        with reaching():
            self._db[collection].delete_many({"_id": {"$in": list(ids)}})

    def close(self) -> None:
        self._client.close()
