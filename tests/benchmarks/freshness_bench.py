"""From a write in the database to the number an API reader sees, with other writes going on all the time."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from threading import Event, Thread
from typing import Any, Protocol

from bson import ObjectId
from builders import AppServer, Document, app_server
from measure import memory_mb, mongo_uri, percentiles, table
from outage import new_visit, token
from scripted_mongo import ScriptedMongo

from dashapp.source.embedded import EmbeddedStore
from dashapp.source.mongo import MongoStore

DATABASE = "benchmark_freshness"
HELD, HELD_BY_SCRIPT = 200_000, 20_000
WRITES_PER_SECOND = 20
PROBES, DELETIONS = 60, 5
LOOKS_PER_SECOND = 20
PATIENCE_SECONDS = 300.0
RANDOM = random.Random(7)


class Writer(Protocol):
    """What the benchmark does to a database, whichever it is."""

    def write(self, collection: str, documents: Sequence[Document]) -> None: ...

    def update(self, collection: str, document_id: Any, fields: Mapping[str, Any]) -> object: ...

    def delete(self, collection: str, ids: Sequence[Any]) -> None: ...


class Scripted:
    """The scripted server as a writer."""

    def __init__(self, server: ScriptedMongo) -> None:
        self._server = server

    def write(self, collection: str, documents: Sequence[Document]) -> None:
        self._server.insert(DATABASE, collection, *documents)

    def update(self, collection: str, document_id: Any, fields: Mapping[str, Any]) -> object:
        return self._server.update(DATABASE, collection, {"_id": document_id}, {"$set": fields})

    def delete(self, collection: str, ids: Sequence[Any]) -> None:
        self._server.delete(DATABASE, collection, {"_id": {"$in": list(ids)}})


def fill(writer: Writer, count: int) -> None:
    now = datetime.now(UTC).replace(tzinfo=None)
    for first in range(0, count, 10_000):
        times = [
            now - timedelta(minutes=1 + n * 500_000 / count) for n in range(first, min(count, first + 10_000))
        ]
        documents = [
            new_visit(_id=ObjectId(), userId=f"rep-{n % 500}", date=at, updatedAt=at)
            for n, at in enumerate(times)
        ]
        writer.write("visits", documents)


@contextmanager
def busy(writer: Writer) -> Iterator[None]:
    """Somebody else writes all the time."""
    done = Event()

    def go_on() -> None:
        while not done.wait(1 / WRITES_PER_SECOND):
            writer.write("visits", [new_visit(userId="somebody")])

    thread = Thread(target=go_on)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def seconds_until_seen(server: AppServer, person: str, visits: int) -> float:
    """How long from now until a reader sees so many visits of one person."""
    began, credentials = time.monotonic(), token()
    question = f"summary?daysBack=7&userId={person}"
    while server.live(question, credentials)["total_visits"] != visits:
        if time.monotonic() - began > PATIENCE_SECONDS:
            return float("inf")
        time.sleep(1 / LOOKS_PER_SECOND)
    return time.monotonic() - began


def measured(name: str, server: AppServer, writer: Writer) -> tuple[str, ...]:
    with busy(writer), ThreadPoolExecutor(1) as pool:
        time.sleep(3)
        seen = []
        for n in range(PROBES):
            writer.write("visits", [new_visit(_id=f"probe {n}", userId=f"person-{n}")])
            seen.append(seconds_until_seen(server, f"person-{n}", 1))
            time.sleep(RANDOM.uniform(0, 1))  # not in step with the server
        writer.update("visits", "probe 0", {"status": "cancelled"})
        edited = pool.submit(seconds_until_seen, server, "person-0", 0)
        gone = []
        for n in range(1, 1 + DELETIONS):
            writer.delete("visits", [f"probe {n}"])
            gone.append(seconds_until_seen(server, f"person-{n}", 0))
            time.sleep(RANDOM.uniform(0, 1))
        silent = f"{edited.result():.1f} s"
    return name, percentiles(seen), percentiles(gone), silent, f"{worker_memory_mb(server):.0f} MB"


def worker_memory_mb(server: AppServer) -> float:
    """The highest of the processes of the server."""
    assert server.process is not None
    with open(f"/proc/{server.process.pid}/task/{server.process.pid}/children") as file:  # noqa: PTH123
        return max(memory_mb(int(child))["highest"] for child in file.read().split())


def embedded() -> tuple[str, ...]:
    with app_server(wait_for=None, SYNC_SECONDS="1") as server:
        writer = EmbeddedStore(server.folder)
        fill(writer, HELD)
        server.wait_for("healthy", 120)
        wait_for_all(server, HELD)
        return measured(f"embedded database, {HELD:,} visits", server, writer)


def compatible(uri: str) -> tuple[str, ...]:
    writer = MongoStore(uri, DATABASE)
    writer._client.drop_database(DATABASE)
    try:
        writer.ensure_indexes()
        fill(writer, HELD)
        with app_server(MONGODB_URI=uri, MONGODB_DB=DATABASE, SYNC_SECONDS="1") as server:
            return measured(f"server without change streams, {HELD:,} visits", server, writer)
    finally:
        writer._client.drop_database(DATABASE)
        writer.close()


def scripted() -> tuple[str, ...]:
    with ScriptedMongo() as database:
        writer = Scripted(database)
        fill(writer, HELD_BY_SCRIPT)
        with app_server(MONGODB_URI=database.uri, MONGODB_DB=DATABASE, SYNC_SECONDS="1") as server:
            return measured(f"change streams (scripted), {HELD_BY_SCRIPT:,} visits", server, writer)


def wait_for_all(server: AppServer, count: int) -> None:
    while server.live("summary?daysBack=730", token())["total_visits"] < count:
        time.sleep(0.2)


def main() -> None:
    kinds: list[Callable[[], tuple[str, ...]]] = [embedded, scripted]
    if uri := mongo_uri():
        kinds.insert(0, lambda: compatible(uri))
    header = (
        "write → API",
        f"{PROBES} writes: p50 / p95 / max",
        f"{DELETIONS} deletions",
        "silent edit",
        "memory",
    )
    title = (
        f"Freshness at SYNC_SECONDS=1, {WRITES_PER_SECOND} writes/s, {LOOKS_PER_SECOND} looks/s. Targets:"
        "\np95 1.5 s polling, 0.3 s change streams; deletions 30 s. A silent edit leaves updatedAt alone."
    )
    table(title, [kind() for kind in kinds], header)


if __name__ == "__main__":
    main()
