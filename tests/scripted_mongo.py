"""A small in-memory MongoDB for tests: real drivers talk to it, and tests make it fail on cue.

It is the only member of a replica set. What it does not know it answers with an error, not with a guess.
"""

from __future__ import annotations

import itertools
import socket
import struct
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Self

import bson
from scripted_data import STORED, Document, RefusedError, ScriptedData, Stream, piped, staged

_OP_REPLY, _OP_QUERY, _OP_MSG = 1, 2004, 2013


class ScriptedMongo(ScriptedData):
    """The server, as a context manager. Data and history outlive `stop`."""

    def __init__(self, *, refuse_streams: bool = False) -> None:
        super().__init__()
        self.refuse_streams = refuse_streams  # as a standalone server does, which has no change streams
        self.stream_trouble = 0  # the code of the error that new change streams meet for now
        self.commands: list[str] = []  # the names of all commands so far
        self.port = 0
        self._ids = itertools.count(1)
        self._streams: dict[int, Stream] = {}
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
        with self.state:
            self._epoch += 1
            self.state.notify_all()
            for connection in self._threads.values():
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def hang(self, seconds: float) -> None:
        """Answer nothing for so long from now; 0 ends it."""
        with self.state:
            self._hung_until = time.monotonic() + seconds
            self.state.notify_all()

    def break_streams(self, code: int = 43) -> None:
        """Fail the running or next getMore of every change stream that is open now."""
        with self.state:
            for stream in self._streams.values():
                stream.failure = code
            self.state.notify_all()

    # Commands

    def _run(self, command: Document) -> Document:
        name = next(iter(command))
        answers: dict[str, Callable[[Document], Document]] = {
            **dict.fromkeys(("hello", "ismaster"), self._hello),
            **dict.fromkeys(("ping", "endsessions", "createindexes"), lambda _: {}),
            "buildinfo": lambda _: {"version": "7.0.0", "versionArray": [7, 0, 0, 0]},
            "count": lambda c: {"n": len(self.held(c["$db"], c[name]))},
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
        with self.state:
            self.commands.append(name)
            try:
                if name.lower() not in answers:
                    raise RefusedError(59, f"no such command: '{name}'")
                return {**answers[name.lower()](command), "ok": 1.0, "operationTime": self.now}
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
        return self._open(command, staged(names, "$match", command.get("filter", {})))

    def _find(self, command: Document) -> Document:
        found = self.found(command["$db"], command["find"], command.get("filter", {}))
        options = {"$sort": "sort", "$limit": "limit", "$project": "projection"}
        wanted = [{stage: command[name]} for stage, name in options.items() if command.get(name)]
        return self._open(command, piped(found, wanted))

    def _aggregate(self, command: Document) -> Document:
        pipeline = command["pipeline"]
        if pipeline and "$changeStream" in pipeline[0]:
            return self._watch(command, pipeline[0]["$changeStream"])
        held = self.held(command["$db"], command["aggregate"])
        return self._open(command, piped(list(held.values()), pipeline))

    def _open(self, command: Document, found: list[Document]) -> Document:
        number = next(self._ids)
        self._cursors[number] = found
        return self._next(number, "firstBatch", command.get("cursor", command).get("batchSize", 101))

    def _next(self, number: int, field: str, size: int) -> Document:
        found = self._cursors.pop(number)
        if rest := found[size:]:
            self._cursors[number] = rest
        return cursor(number if rest else 0, field, found[:size])

    def _watch(self, command: Document, options: Document) -> Document:
        if self.stream_trouble:
            raise RefusedError(self.stream_trouble, "no change stream just now")
        if self.refuse_streams:
            raise RefusedError(40573, "The $changeStream stage is only supported on replica sets")
        position = self.position(options)
        source = {} if options.get("allChangesForCluster") else {"ns.db": command["$db"]}
        if isinstance(command["aggregate"], str):
            source["ns.coll"] = command["aggregate"]
        number = next(self._ids)
        stream = self._streams[number] = Stream(position, [{"$match": source}, *command["pipeline"][1:]])
        batch = self.told(stream, command["cursor"].get("batchSize", 101))
        return cursor(number, "firstBatch", batch, postBatchResumeToken=stream.token)

    def _get_more(self, command: Document) -> Document:
        number, size = command["getMore"], command.get("batchSize") or 10_000
        if number in self._cursors:
            return self._next(number, "nextBatch", size)
        epoch, batch = self._epoch, list[Document]()

        def settled() -> bool:
            stream = self._streams.get(number)
            if stream is None or stream.failure or self._dropped(epoch):
                return True
            batch.extend(self.told(stream, size))
            return bool(batch)

        self.state.wait_for(settled, command.get("maxTimeMS", 1000) / 1000)
        stream = self._streams.get(number)
        if stream is None or stream.failure:
            self._streams.pop(number, None)
            raise RefusedError(stream.failure if stream else 43, f"cursor id {number} is gone")
        return cursor(number, "nextBatch", batch, postBatchResumeToken=stream.token)

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
                    with self.state:
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
                reply = bson.encode(self._run(parsed(code, body)))
                with self.state:
                    while not self._dropped(epoch) and (left := self._hung_until - time.monotonic()) > 0:
                        self.state.wait(left)
                code = _OP_REPLY if code == _OP_QUERY else _OP_MSG
                prefix = struct.pack("<iqii", 8, 0, 0, 1) if code == _OP_REPLY else bytes(5)
                size = 16 + len(prefix) + len(reply)
                connection.sendall(struct.pack("<iiii", size, 0, request, code) + prefix + reply)
        with self.state:
            del self._threads[threading.current_thread()]


def cursor(number: int, field: str, batch: list[Document], **more: Any) -> Document:
    return {"cursor": {"id": bson.Int64(number), "ns": "any.any", field: batch, **more}}


def parsed(code: int, body: bytes) -> Document:
    """The command of a message: its document, and the lists of documents that came beside it."""
    if code == _OP_QUERY:
        return bson.decode(body[body.index(b"\0", 4) + 9 :], STORED)
    command: Document = {}
    start = 4
    while start < len(body):
        (size,) = struct.unpack_from("<i", body, start + 1)
        section = body[start + 1 : start + 1 + size]
        if body[start] == 0:
            command = {**bson.decode(section, STORED), **command}
        else:
            end = section.index(b"\0", 4)
            command[section[4:end].decode()] = bson.decode_all(section[end + 1 :], STORED)
        start += 1 + size
    return command
