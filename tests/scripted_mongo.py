"""A small in-memory MongoDB for tests: real drivers talk to it, and tests make it fail on cue.

It is the only member of a replica set. What it does not know it answers with an error, not with a guess.
"""

from __future__ import annotations

import itertools
import operator
import socket
import struct
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Self

import bson
from bson.codec_options import CodecOptions, DatetimeConversion
from bson.timestamp import Timestamp

Document = dict[str, Any]
Query = Mapping[str, Any]

_STORED = CodecOptions[Document](datetime_conversion=DatetimeConversion.DATETIME_MS)
_SHOWN = CodecOptions[Document](datetime_conversion=DatetimeConversion.DATETIME_AUTO, tz_aware=True)
_RESUMABLE = {6, 7, 63, 89, 91, 133, 150, 189, 234, 262, 9001, 10107, 11600, 11602, 13388, 13435, 13436}
_TYPES = {"number": {1, 16, 18}, "string": {2}, "array": {4}, "bool": {8}, "date": {9}, "null": {10}}
_COMPARISONS = {"$gt": operator.gt, "$gte": operator.ge, "$lt": operator.lt, "$lte": operator.le}
_OP_REPLY, _OP_QUERY, _OP_MSG = 1, 2004, 2013


class RefusedError(Exception):
    """A command that is answered with an error."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        labels = ["ResumableChangeStreamError"] if code in _RESUMABLE else []
        self.reply = {"ok": 0.0, "code": code, "errmsg": message, "errorLabels": labels}


def _copy(document: Query, options: CodecOptions[Document] = _STORED) -> Document:
    return bson.decode(bson.encode(document), options)


def _rank(value: Any) -> tuple[int, Any]:
    """The kind of a value, by its BSON type, and what compares it with others of its kind."""
    raw = bson.encode({"": value})
    kind = 1 if raw[4] in _TYPES["number"] else raw[4]
    if kind in _TYPES["date"]:
        return kind, int(value)
    return kind, value if isinstance(value, str | bool | int | float | Timestamp) else raw[6:-1]


def _values(document: Any, path: str) -> list[Any]:
    """What a dotted path finds: nothing where the field is missing, of an array its elements as well."""
    field, _, below = path.partition(".")
    if not isinstance(document, dict) or field not in document:
        return []
    value = document[field]
    if below:
        return _values(value, below)
    return [value, *value] if isinstance(value, list) else [value]


def _matcher(query: Query) -> Callable[[Document], bool]:
    """The test that a filter stands for. Comparisons hold within one kind of value only."""
    clauses = [_clause(field, condition) for field, condition in query.items()]
    return lambda document: all(clause(document) for clause in clauses)


def _clause(field: str, condition: Any) -> Callable[[Document], bool]:
    if field in ("$or", "$and"):
        parts, combine = [_matcher(part) for part in condition], any if field == "$or" else all
        return lambda document: combine(part(document) for part in parts)
    if field.startswith("$"):
        raise RefusedError(2, f"unknown top level operator: {field}")
    test = _condition(condition)
    return lambda document: test(_values(document, field))


def _condition(condition: Any) -> Callable[[list[Any]], bool]:
    if not (isinstance(condition, dict) and next(iter(condition), "").startswith("$")):
        condition = {"$in": [condition]}
    tests = [_operator(name, argument) for name, argument in condition.items()]
    return lambda values: all(test(values) for test in tests)


def _operator(name: str, argument: Any) -> Callable[[list[Any]], bool]:
    if name == "$in":
        wanted = {_rank(value) for value in argument}
        return lambda values: any(_rank(value) in wanted for value in values or [None])
    if name in ("$not", "$ne"):
        test = _condition(argument)
        return lambda values: not test(values)
    if name == "$type":
        names = argument if isinstance(argument, list) else [argument]
        kinds = {kind for each in names for kind in _TYPES.get(each, {each})}
        return lambda values: any(bson.encode({"": value})[4] in kinds for value in values)
    if name in _COMPARISONS:
        compare, (kind, limit) = _COMPARISONS[name], _rank(argument)
        return lambda values: any(k == kind and compare(v, limit) for k, v in map(_rank, values))
    raise RefusedError(2, f"unknown operator: {name}")


def _stage(found: list[Document], name: str, spec: Any) -> list[Document]:
    """One stage of a pipeline. Projections keep whole top-level fields, groups only count."""
    if name == "$match":
        return list(filter(_matcher(spec), found))
    if name == "$sort":
        return sorted(found, key=lambda d: [_rank(d.get(f)) for f in spec], reverse=-1 in spec.values())
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


def _piped(found: list[Document], pipeline: list[Document]) -> list[Document]:
    for stage in pipeline:
        found = _stage(found, *next(iter(stage.items())))
    return found


@dataclass
class _Stream:
    """An open change stream: how far it has read, and what it is to tell."""

    position: int
    pipeline: list[Document]
    failure: int = 0

    @property
    def token(self) -> Document:
        return {"_data": f"{self.position:016x}"}


class ScriptedMongo:
    """The server, as a context manager. Data and history outlive `stop`."""

    def __init__(self, *, refuse_streams: bool = False) -> None:
        self.refuse_streams = refuse_streams  # as a standalone server does, which has no change streams
        self.commands: list[str] = []  # the names of all commands so far
        self.port = 0
        self._state = threading.Condition()  # guards what follows, told of every change
        self._data: dict[str, dict[str, dict[Any, Document]]] = {}
        self._history: list[Document | None] = []  # None: an entry that no stream tells of
        self._oldest = 0
        self._ids = itertools.count(1)
        self._streams: dict[int, _Stream] = {}
        self._cursors: dict[int, list[Document]] = {}
        self._epoch = 0  # counts the times that connections were dropped
        self._hung_until = 0.0
        self._running = False
        self._acceptor = threading.Thread()
        self._threads: dict[threading.Thread, socket.socket] = {}

    # What tests do

    @property
    def uri(self) -> str:
        return f"mongodb://127.0.0.1:{self.port}/?directConnection=true"

    @property
    def open_streams(self) -> int:
        return len(self._streams)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Listen: on a free port the first time, later on the same."""
        listener = socket.create_server(("127.0.0.1", self.port), backlog=128)
        listener.settimeout(0.02)
        self.port = listener.getsockname()[1]
        self._running = True
        self._acceptor = threading.Thread(target=self._accept, args=(listener,), daemon=True)
        self._acceptor.start()

    def stop(self) -> None:
        """Drop everyone and refuse connections; cursors are lost."""
        if not self._running:
            return
        self._running = False
        self._acceptor.join()
        threads = list(self._threads)
        self.drop_connections()
        for thread in threads:
            thread.join()
        self._streams.clear()
        self._cursors.clear()

    def drop_connections(self) -> None:
        """Cut every connection; new ones are welcome."""
        with self._state:
            self._epoch += 1
            self._state.notify_all()
            for connection in self._threads.values():
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def hang(self, seconds: float) -> None:
        """Answer nothing for so long from now; 0 ends it."""
        with self._state:
            self._hung_until = time.monotonic() + seconds
            self._state.notify_all()

    def break_streams(self, code: int = 43) -> None:
        """Fail the running or next getMore of every change stream that is open now."""
        with self._state:
            for stream in self._streams.values():
                stream.failure = code
            self._state.notify_all()

    def forget_history(self) -> None:
        """Make it impossible to resume from any token given so far. Open streams go on."""
        with self._state:
            self._history.append(None)
            self._oldest = len(self._history)

    def insert(self, db: str, coll: str, *documents: Query) -> None:
        with self._state:
            for document in documents:
                new = _copy({"_id": bson.ObjectId(), **document})
                if _rank(new["_id"]) in self._held(db, coll):
                    raise RefusedError(11000, f"E11000 duplicate key error collection: {db}.{coll}")
                self._put("insert", db, coll, new)

    def update(
        self, db: str, coll: str, query: Query, change: Query, *, multi: bool = True, upsert: bool = False
    ) -> tuple[int, int, list[Any]]:
        """Apply $set, or a replacement: how many were found and how many changed, and the _id if upserted."""
        operators = next(iter(change), "").startswith("$")
        if operators and change.keys() != {"$set"}:
            raise RefusedError(9, f"unknown modifiers: {list(change)}")
        fields = _copy(change["$set"] if operators else change)
        with self._state:
            found = self._found(db, coll, query)[: None if multi else 1]
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
        with self._state:
            found = self._found(db, coll, query)[: limit or None]
            for document in found:
                del self._held(db, coll)[_rank(document["_id"])]
                self._record("delete", db, coll, document["_id"])
            return len(found)

    def documents(self, db: str, coll: str) -> list[Document]:
        """What a collection holds, with aware datetimes."""
        with self._state:
            return [_copy(document, _SHOWN) for document in self._held(db, coll).values()]

    # Data

    def _held(self, db: str, coll: str) -> dict[Any, Document]:
        return self._data.setdefault(db, {}).setdefault(coll, {})

    def _found(self, db: str, coll: str, query: Query) -> list[Document]:
        held, query = self._held(db, coll), _copy(query)
        ids = query.get("_id")
        if isinstance(ids, dict) and ids.keys() == {"$in"}:  # long lists are common
            del query["_id"]
            held = {key: held[key] for key in map(_rank, ids["$in"]) if key in held}
        return _stage(list(held.values()), "$match", query)

    def _put(self, kind: str, db: str, coll: str, document: Document) -> None:
        ident = document["_id"]
        self._held(db, coll)[_rank(ident)] = document
        # Nothing but the _id: readers must look up what the document has become.
        self._record(kind, db, coll, ident, **({} if kind == "update" else {"fullDocument": {"_id": ident}}))

    def _record(self, kind: str, db: str, coll: str, ident: Any, **more: Any) -> None:
        position = len(self._history) + 1
        event = {"_id": _Stream(position, []).token, "operationType": kind, "ns": {"db": db, "coll": coll}}
        stamp = Timestamp(int(time.time()), position)
        self._history.append({**event, "clusterTime": stamp, "documentKey": {"_id": ident}, **more})
        self._state.notify_all()

    # Commands

    def _run(self, command: Document) -> Document:
        name = next(iter(command))
        answers: dict[str, Callable[[Document], Document]] = {
            **dict.fromkeys(("hello", "ismaster"), self._hello),
            **dict.fromkeys(("ping", "endsessions", "createindexes"), lambda _: {}),
            "buildinfo": lambda _: {"version": "7.0.0", "versionArray": [7, 0, 0, 0]},
            "count": lambda c: {"n": len(self._held(c["$db"], c[name]))},
            "insert": self._insert,
            "update": self._update,
            "delete": lambda c: {
                "n": sum(self.delete(c["$db"], c[name], each["q"], each["limit"]) for each in c["deletes"])
            },
            "listcollections": self._list_collections,
            "find": self._find,
            "aggregate": self._aggregate,
            "getmore": self._get_more,
            "killcursors": self._kill_cursors,
        }
        with self._state:
            self.commands.append(name)
            try:
                if name.lower() not in answers:
                    raise RefusedError(59, f"no such command: '{name}'")
                now = Timestamp(int(time.time()), len(self._history) + 1)
                return {**answers[name.lower()](command), "ok": 1.0, "operationTime": now}
            except RefusedError as refused:
                return refused.reply

    def _hello(self, _: Document) -> Document:
        me = f"127.0.0.1:{self.port}"
        member = {} if self.refuse_streams else {"setName": "rs0", "hosts": [me], "me": me, "primary": me}
        roles = {"helloOk": True, "isWritablePrimary": True, "ismaster": True}
        sizes = {
            "maxBsonObjectSize": 1 << 24,
            "maxMessageSizeBytes": 48_000_000,
            "maxWriteBatchSize": 100_000,
        }
        versions = {"minWireVersion": 0, "maxWireVersion": 21, "logicalSessionTimeoutMinutes": 30}
        return {**member, **roles, **sizes, **versions}

    def _insert(self, command: Document) -> Document:
        self.insert(command["$db"], command["insert"], *command["documents"])
        return {"n": len(command["documents"])}

    def _update(self, command: Document) -> Document:
        db, coll, n, changed, upserted = command["$db"], command["update"], 0, 0, list[Document]()
        for index, each in enumerate(command["updates"]):
            options = {name: each.get(name, False) for name in ("multi", "upsert")}
            found, modified, new = self.update(db, coll, each["q"], each["u"], **options)
            n, changed = n + found + len(new), changed + modified
            upserted += [{"index": index, "_id": ident} for ident in new]
        return {"n": n, "nModified": changed, **({"upserted": upserted} if upserted else {})}

    def _list_collections(self, command: Document) -> Document:
        held = self._data.get(command["$db"], {})
        names = [{"name": name, "type": "collection"} for name in held if held[name]]
        return self._open(command, _stage(names, "$match", command.get("filter", {})))

    def _find(self, command: Document) -> Document:
        found = self._found(command["$db"], command["find"], command.get("filter", {}))
        options = {"$sort": "sort", "$limit": "limit", "$project": "projection"}
        wanted = [{stage: command[name]} for stage, name in options.items() if command.get(name)]
        return self._open(command, _piped(found, wanted))

    def _aggregate(self, command: Document) -> Document:
        pipeline = command["pipeline"]
        if pipeline and "$changeStream" in pipeline[0]:
            return self._watch(command, pipeline[0]["$changeStream"])
        held = self._held(command["$db"], command["aggregate"])
        return self._open(command, _piped(list(held.values()), pipeline))

    def _open(self, command: Document, found: list[Document]) -> Document:
        number = next(self._ids)
        self._cursors[number] = found
        return self._next(number, "firstBatch", command.get("cursor", command).get("batchSize", 101))

    def _next(self, number: int, field: str, size: int) -> Document:
        found = self._cursors.pop(number)
        if rest := found[size:]:
            self._cursors[number] = rest
        return _cursor(number if rest else 0, field, found[:size])

    def _watch(self, command: Document, options: Document) -> Document:
        if self.refuse_streams:
            raise RefusedError(40573, "The $changeStream stage is only supported on replica sets")
        position, since = len(self._history), options.get("startAtOperationTime")
        if token := options.get("resumeAfter") or options.get("startAfter"):
            position = int(token["_data"], 16)
        elif since:
            position = sum(event is None or event["clusterTime"] < since for event in self._history)
        if position < self._oldest:
            raise RefusedError(286, "Resume of change stream was not possible, the resume point is gone")
        source = {} if options.get("allChangesForCluster") else {"ns.db": command["$db"]}
        if isinstance(command["aggregate"], str):
            source["ns.coll"] = command["aggregate"]
        number = next(self._ids)
        stream = self._streams[number] = _Stream(position, [{"$match": source}, *command["pipeline"][1:]])
        batch = self._told(stream, command["cursor"].get("batchSize", 101))
        return _cursor(number, "firstBatch", batch, postBatchResumeToken=stream.token)

    def _told(self, stream: _Stream, size: int) -> list[Document]:
        batch: list[Document] = []
        for position in range(stream.position, len(self._history)):
            event = self._history[position]
            if event is not None and len(batch) < size:
                stream.position = position + 1  # no further where there is nothing to tell
                batch += _piped([event], stream.pipeline)
        return batch

    def _get_more(self, command: Document) -> Document:
        number, size = command["getMore"], command.get("batchSize") or 10_000
        if number in self._cursors:
            return self._next(number, "nextBatch", size)
        epoch, batch = self._epoch, list[Document]()

        def settled() -> bool:
            stream = self._streams.get(number)
            if stream is None or stream.failure or self._dropped(epoch):
                return True
            batch.extend(self._told(stream, size))
            return bool(batch)

        self._state.wait_for(settled, command.get("maxTimeMS", 1000) / 1000)
        stream = self._streams.get(number)
        if stream is None or stream.failure:
            self._streams.pop(number, None)
            raise RefusedError(stream.failure if stream else 43, f"cursor id {number} is gone")
        return _cursor(number, "nextBatch", batch, postBatchResumeToken=stream.token)

    def _kill_cursors(self, command: Document) -> Document:
        for number in command["cursors"]:
            self._streams.pop(number, None)
            self._cursors.pop(number, None)
        return {"cursorsKilled": command["cursors"]}

    # Wire

    def _dropped(self, epoch: int) -> bool:
        return epoch != self._epoch or not self._running

    def _accept(self, listener: socket.socket) -> None:
        with listener:
            while self._running:
                with suppress(TimeoutError):
                    connection, _ = listener.accept()
                    thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
                    with self._state:
                        self._threads[thread] = connection
                    thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as stream, suppress(OSError):
            while len(header := stream.read(16)) == 16:
                size, request, _, code = struct.unpack("<iiii", header)
                body = stream.read(size - 16)
                if len(body) < size - 16:
                    break
                epoch = self._epoch
                reply = bson.encode(self._run(_parsed(code, body)))
                with self._state:
                    while not self._dropped(epoch) and (left := self._hung_until - time.monotonic()) > 0:
                        self._state.wait(left)
                code = _OP_REPLY if code == _OP_QUERY else _OP_MSG
                prefix = struct.pack("<iqii", 8, 0, 0, 1) if code == _OP_REPLY else bytes(5)
                size = 16 + len(prefix) + len(reply)
                connection.sendall(struct.pack("<iiii", size, 0, request, code) + prefix + reply)
        with self._state:
            del self._threads[threading.current_thread()]


def _cursor(number: int, field: str, batch: list[Document], **more: Any) -> Document:
    return {"cursor": {"id": bson.Int64(number), "ns": "any.any", field: batch, **more}}


def _parsed(code: int, body: bytes) -> Document:
    """The command of a message: its document, and the lists of documents that came beside it."""
    if code == _OP_QUERY:
        return bson.decode(body[body.index(b"\0", 4) + 9 :], _STORED)
    command: Document = {}
    start = 4
    while start < len(body):
        (size,) = struct.unpack_from("<i", body, start + 1)
        section = body[start + 1 : start + 1 + size]
        if body[start] == 0:
            command = {**bson.decode(section, _STORED), **command}
        else:
            end = section.index(b"\0", 4)
            command[section[4:end].decode()] = bson.decode_all(section[end + 1 :], _STORED)
        start += 1 + size
    return command
