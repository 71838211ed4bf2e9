"""What a small in-memory MongoDB holds: documents, a part of the query language, and the history of changes.

What it does not know it refuses, it does not guess.
"""

from __future__ import annotations

import operator
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import bson
from bson.codec_options import CodecOptions, DatetimeConversion
from bson.timestamp import Timestamp

Document = dict[str, Any]
Query = Mapping[str, Any]

STORED = CodecOptions[Document](datetime_conversion=DatetimeConversion.DATETIME_MS)
SHOWN = CodecOptions[Document](datetime_conversion=DatetimeConversion.DATETIME_AUTO, tz_aware=True)
RESUMABLE = {6, 7, 63, 89, 91, 133, 150, 189, 234, 262, 9001, 10107, 11600, 11602, 13388, 13435, 13436}
TYPES = {"number": {1, 16, 18}, "string": {2}, "array": {4}, "bool": {8}, "date": {9}, "null": {10}}
COMPARISONS = {"$gt": operator.gt, "$gte": operator.ge, "$lt": operator.lt, "$lte": operator.le}


class RefusedError(Exception):
    """A command that is answered with an error."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        labels = ["ResumableChangeStreamError"] if code in RESUMABLE else []
        self.reply = {"ok": 0.0, "code": code, "errmsg": message, "errorLabels": labels}


def copied(document: Query, options: CodecOptions[Document] = STORED) -> Document:
    return bson.decode(bson.encode(document), options)


def rank(value: Any) -> tuple[int, Any]:
    """The kind of a value, by its BSON type, and what compares it with others of its kind."""
    raw = bson.encode({"": value})
    kind = 1 if raw[4] in TYPES["number"] else raw[4]
    if kind in TYPES["date"]:
        return kind, int(value)
    return kind, value if isinstance(value, str | bool | int | float | Timestamp) else raw[6:-1]


def values_at(document: Any, path: str) -> list[Any]:
    """What a dotted path finds: nothing where the field is missing, of an array its elements as well."""
    field, _, below = path.partition(".")
    if not isinstance(document, dict) or field not in document:
        return []
    value = document[field]
    if below:
        return values_at(value, below)
    return [value, *value] if isinstance(value, list) else [value]


def matcher(query: Query) -> Callable[[Document], bool]:
    """The test that a filter stands for. Comparisons hold within one kind of value only."""
    clauses = [clause(field, condition) for field, condition in query.items()]
    return lambda document: all(clause(document) for clause in clauses)


def clause(field: str, condition: Any) -> Callable[[Document], bool]:
    if field in ("$or", "$and"):
        parts, combine = [matcher(part) for part in condition], any if field == "$or" else all
        return lambda document: combine(part(document) for part in parts)
    if field.startswith("$"):
        raise RefusedError(2, f"unknown top level operator: {field}")
    test = condition_test(condition)
    return lambda document: test(values_at(document, field))


def condition_test(condition: Any) -> Callable[[list[Any]], bool]:
    if not (isinstance(condition, dict) and next(iter(condition), "").startswith("$")):
        condition = {"$in": [condition]}
    tests = [operator_test(name, argument) for name, argument in condition.items()]
    return lambda values: all(test(values) for test in tests)


def operator_test(name: str, argument: Any) -> Callable[[list[Any]], bool]:
    if name == "$in":
        wanted = {rank(value) for value in argument}
        return lambda values: any(rank(value) in wanted for value in values or [None])
    if name in ("$not", "$ne"):
        test = condition_test(argument)
        return lambda values: not test(values)
    if name == "$type":
        names = argument if isinstance(argument, list) else [argument]
        kinds = {kind for each in names for kind in TYPES.get(each, {each})}
        return lambda values: any(bson.encode({"": value})[4] in kinds for value in values)
    if name in COMPARISONS:
        compare, (kind, limit) = COMPARISONS[name], rank(argument)
        return lambda values: any(k == kind and compare(v, limit) for k, v in map(rank, values))
    raise RefusedError(2, f"unknown operator: {name}")


def staged(found: list[Document], name: str, spec: Any) -> list[Document]:
    """One stage of a pipeline. Projections keep whole top-level fields, groups only count."""
    if name == "$match":
        return list(filter(matcher(spec), found))
    if name == "$sort":
        return sorted(found, key=lambda d: [rank(d.get(f)) for f in spec], reverse=-1 in spec.values())
    if name == "$limit":
        return found[: spec or None]
    if name == "$project" and any(spec.values()):
        kept = {path.split(".")[0] for path, wanted in {"_id": 1, **spec}.items() if wanted}
        return [{k: v for k, v in each.items() if k in kept} for each in found]
    if name == "$project":
        return [{k: v for k, v in each.items() if k not in spec} for each in found]
    if name == "$group" and spec == {"_id": 1, "n": {"$sum": 1}}:
        return [{"_id": 1, "n": len(found)}] if found else []
    raise RefusedError(40324, f"unrecognized pipeline stage: {name}")


def piped(found: list[Document], pipeline: list[Document]) -> list[Document]:
    for stage in pipeline:
        found = staged(found, *next(iter(stage.items())))
    return found


@dataclass
class Stream:
    """An open change stream: how far it has read, and what it is to tell."""

    position: int
    pipeline: list[Document]
    failure: int = 0

    @property
    def token(self) -> Document:
        return {"_data": f"{self.position:016x}"}


class ScriptedData:
    """Databases of collections, and what happened to them in order."""

    def __init__(self) -> None:
        self.state = threading.Condition()  # guards what follows, told of every change
        self._data: dict[str, dict[str, dict[Any, Document]]] = {}
        self._history: list[Document | None] = []  # None: an entry that no stream tells of
        self._oldest = 0

    def forget_history(self) -> None:
        """Make it impossible to resume from any token given so far. Open streams go on."""
        with self.state:
            self._history.append(None)
            self._oldest = len(self._history)

    def insert(self, db: str, coll: str, *documents: Query) -> None:
        with self.state:
            for document in documents:
                new = copied({"_id": bson.ObjectId(), **document})
                if rank(new["_id"]) in self.held(db, coll):
                    raise RefusedError(11000, f"E11000 duplicate key error collection: {db}.{coll}")
                self._put("insert", db, coll, new)

    def update(
        self, db: str, coll: str, query: Query, change: Query, *, multi: bool = True, upsert: bool = False
    ) -> tuple[int, int, list[Any]]:
        """Apply $set, or a replacement: how many were found and how many changed, and the _id if upserted."""
        operators = next(iter(change), "").startswith("$")
        if operators and change.keys() != {"$set"}:
            raise RefusedError(9, f"unknown modifiers: {list(change)}")
        fields = copied(change["$set"] if operators else change)
        with self.state:
            found = self.found(db, coll, query)[: None if multi else 1]
            modified = 0
            for old in found:
                new = {**old, **fields} if operators else {"_id": old["_id"], **fields}
                if bson.encode(new) != bson.encode(old):
                    self._put("update" if operators else "replace", db, coll, new)
                    modified += 1
            if found or not upsert:
                return len(found), modified, []
            known = {field: value for field, value in query.items() if not isinstance(value, dict | list)}
            new = {"_id": bson.ObjectId(), **known, **fields}
            self.insert(db, coll, new)
            return 0, 0, [new["_id"]]

    def delete(self, db: str, coll: str, query: Query, limit: int = 0) -> int:
        with self.state:
            found = self.found(db, coll, query)[: limit or None]
            for document in found:
                del self.held(db, coll)[rank(document["_id"])]
                self._record("delete", db, coll, document["_id"])
            return len(found)

    def documents(self, db: str, coll: str) -> list[Document]:
        """What a collection holds, with aware datetimes."""
        with self.state:
            return [copied(document, SHOWN) for document in self.held(db, coll).values()]

    def held(self, db: str, coll: str) -> dict[Any, Document]:
        return self._data.setdefault(db, {}).setdefault(coll, {})

    def found(self, db: str, coll: str, query: Query) -> list[Document]:
        held, query = self.held(db, coll), copied(query)
        ids = query.get("_id")
        if isinstance(ids, dict) and ids.keys() == {"$in"}:  # long lists are common
            del query["_id"]
            held = {key: held[key] for key in map(rank, ids["$in"]) if key in held}
        return staged(list(held.values()), "$match", query)

    def _put(self, kind: str, db: str, coll: str, document: Document) -> None:
        ident = document["_id"]
        self.held(db, coll)[rank(ident)] = document
        # Nothing but the _id: readers must look up what the document has become.
        self._record(kind, db, coll, ident, **({} if kind == "update" else {"fullDocument": {"_id": ident}}))

    def _record(self, kind: str, db: str, coll: str, ident: Any, **more: Any) -> None:
        position = len(self._history) + 1
        event = {"_id": Stream(position, []).token, "operationType": kind, "ns": {"db": db, "coll": coll}}
        stamp = Timestamp(int(time.time()), position)
        self._history.append({**event, "clusterTime": stamp, "documentKey": {"_id": ident}, **more})
        self.state.notify_all()

    # Streams

    @property
    def now(self) -> Timestamp:
        return Timestamp(int(time.time()), len(self._history) + 1)

    def position(self, options: Document) -> int:
        """Where in the history a change stream with these options begins."""
        position, since = len(self._history), options.get("startAtOperationTime")
        if token := options.get("resumeAfter") or options.get("startAfter"):
            position = int(token["_data"], 16)
        elif since:
            position = sum(event is None or event["clusterTime"] < since for event in self._history)
        if position < self._oldest:
            raise RefusedError(286, "Resume of change stream was not possible, the resume point is gone")
        return position

    def told(self, stream: Stream, size: int) -> list[Document]:
        """The next events of a stream, which moves on."""
        batch: list[Document] = []
        for position in range(stream.position, len(self._history)):
            event = self._history[position]
            if event is not None and len(batch) < size:
                stream.position = position + 1  # no further where there is nothing to tell
                batch += piped([event], stream.pipeline)
        return batch
