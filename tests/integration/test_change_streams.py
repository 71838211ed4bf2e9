"""Changes told by the server at once: how fast they arrive, and that none is missed when something breaks."""

from __future__ import annotations

import logging
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from threading import Thread
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from builders import facility, user
from outage import Network, new_visit
from scripted_mongo import ScriptedMongo

from dashapp.domain.snapshot import Snapshot
from dashapp.domain.vocabulary import STATUSES
from dashapp.errors import SourceLost
from dashapp.live.refresher import Refresher
from dashapp.live.store import Store
from dashapp.source.load import CleanSource
from dashapp.source.mapping import key_of
from dashapp.source.mongo import MongoStore
from dashapp.source.watch import SILENCE_SECONDS, PollingFeed, StreamFeed

SHOP = "shop"
WRITE_TO_SNAPSHOT_SECONDS = 0.3
SILENT_SECONDS = 10.0
RECOVERY_SECONDS = 5.0
DEAD_CONNECTION_SECONDS = 15.0  # when the driver's own heartbeat has noticed


@dataclass
class Copy:
    """A live copy that is kept current."""

    store: Store

    @property
    def snapshot(self) -> Snapshot:
        return self.store.snapshot()

    @property
    def stale(self) -> bool:
        return self.store.live.is_stale(self.store.clock())

    @property
    def visits(self) -> int:
        return len(self.snapshot.visits)

    @property
    def cancelled(self) -> int:
        return self.snapshot.visits.status.tolist().count(STATUSES["visits"].index("cancelled"))

    def holds(self, identity: Any) -> bool:
        return key_of(identity) in set(self.snapshot.visits.key.tolist())


def until(condition: Callable[[], bool], seconds: float = 10) -> float:
    """How long it takes; an error when it takes longer than that."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds, "it did not happen"
        time.sleep(0.002)
    return time.monotonic() - began


@pytest.fixture
def server() -> Iterator[ScriptedMongo]:
    with ScriptedMongo() as server:
        server.insert(SHOP, "users", user(_id="rep-1"))
        server.insert(SHOP, "facilities", facility(_id="clinic-1", region="Coast"))
        server.insert(SHOP, "visits", *(new_visit(_id=f"old {n}") for n in range(50)))
        yield server


@pytest.fixture
def documents(server: ScriptedMongo) -> Iterator[MongoStore]:
    store = MongoStore(server.uri, SHOP)
    yield store
    store.close()


def following(uri: str) -> Iterator[Copy]:
    documents = MongoStore(uri, SHOP)
    store = Store()
    refresher = Refresher(
        CleanSource(documents), store, zone=ZoneInfo("Africa/Nairobi"), history_days=30, sync_seconds=0.2
    )
    refresher.start()
    until(lambda: store.live.snapshot is not None and not store.live.snapshot.partial)
    yield Copy(store)
    refresher.stop()
    documents.close()


@pytest.fixture
def copy(server: ScriptedMongo) -> Iterator[Copy]:
    yield from following(server.uri)


@pytest.fixture
def network(server: ScriptedMongo) -> Iterator[Network]:
    with Network(server.port) as network:
        yield network


@pytest.fixture
def distant(network: Network) -> Iterator[Copy]:
    """A live copy behind a network that may fail."""
    yield from following(f"mongodb://127.0.0.1:{network.port}/?directConnection=true")


def nothing_was_compared(caplog: pytest.LogCaptureFixture) -> bool:
    return "comparing everything" not in caplog.text


# --- Which way


def test_a_replica_set_is_watched_and_a_standalone_server_is_asked(
    server: ScriptedMongo, documents: MongoStore
) -> None:
    for refuse, kind, mode in ((False, StreamFeed, "change-stream"), (True, PollingFeed, "polling")):
        server.refuse_streams = refuse
        feed = documents.feed()
        assert (type(feed), feed.mode, feed.complete) == (kind, mode, not refuse)
        feed.close()


def test_the_way_is_told(server: ScriptedMongo, copy: Copy) -> None:
    until(lambda: copy.store.live.mode == "change-stream")
    assert server.open_streams == 1
    assert not copy.stale


def test_a_server_in_trouble_is_not_taken_for_one_without_streams(
    server: ScriptedMongo, documents: MongoStore
) -> None:
    server.stream_trouble = 50  # it took too long
    with pytest.raises(SourceLost):
        documents.feed()
    server.stream_trouble = 0
    feed = documents.feed()
    assert feed.mode == "change-stream"
    feed.close()


# --- Freshness


def test_a_write_is_in_the_snapshot_at_once(server: ScriptedMongo, copy: Copy) -> None:
    took = []
    for n in range(20):
        identity = f"new {n}"
        server.insert(SHOP, "visits", new_visit(_id=identity))
        took.append(until(lambda: copy.holds(identity)))  # noqa: B023
        time.sleep(0.02)
    print(f"write to snapshot: median {statistics.median(took):.3f} s, longest {max(took):.3f} s")
    assert statistics.median(took) <= WRITE_TO_SNAPSHOT_SECONDS


def test_edits_and_deletions_arrive_too(server: ScriptedMongo, copy: Copy) -> None:
    server.update(SHOP, "visits", {"_id": "old 1"}, {"$set": {"status": "cancelled"}})
    server.delete(SHOP, "visits", {"_id": "old 2"})
    until(lambda: not copy.holds("old 2"))
    until(lambda: copy.cancelled == 1)
    assert copy.visits == 49
    server.update(SHOP, "facilities", {"_id": "clinic-1"}, {"$set": {"region": "Nyanza"}})
    until(lambda: copy.snapshot.facilities["clinic-1"].region == "Nyanza")
    assert set(copy.snapshot.visits.region.tolist()) == {copy.snapshot.region_names.index("Nyanza")}


def test_a_document_is_read_again_and_not_taken_from_the_event(
    server: ScriptedMongo, documents: MongoStore
) -> None:
    feed = documents.feed()
    server.insert(SHOP, "visits", new_visit(_id="edited", status="scheduled"), new_visit(_id="brief"))
    server.update(SHOP, "visits", {"_id": "edited"}, {"$set": {"status": "successful"}})
    server.delete(SHOP, "visits", {"_id": "brief"})
    found, gone = {}, set[Any]()
    while not found:
        changes = feed.next(1)
        found |= {document["_id"]: document for document in changes.documents.get("visits", ())}
        gone |= set(changes.deleted.get("visits", ()))
    assert {name: document["status"] for name, document in found.items()} == {"edited": "successful"}
    assert gone == {"brief"}
    feed.close()


# --- Nothing is missed


def write_throughout(server: ScriptedMongo, trouble: Callable[[], None], count: int = 150) -> None:
    """Write a visit every few milliseconds, and in the middle of it all let something go wrong thrice."""

    def write() -> None:
        for n in range(count):
            server.insert(SHOP, "visits", new_visit(_id=f"during {n}"))
            time.sleep(0.005)

    writer = Thread(target=write)
    writer.start()
    for _ in range(3):
        time.sleep(0.2)
        trouble()
    writer.join()


@pytest.mark.parametrize("code", [43, 10107])
def test_a_stream_that_breaks_goes_on_without_a_gap(
    server: ScriptedMongo, copy: Copy, caplog: pytest.LogCaptureFixture, code: int
) -> None:
    write_throughout(server, lambda: server.break_streams(code))
    until(lambda: copy.visits == 200)
    assert nothing_was_compared(caplog)
    until(lambda: not copy.stale)


def test_connections_that_drop_leave_no_gap(
    server: ScriptedMongo, copy: Copy, caplog: pytest.LogCaptureFixture
) -> None:
    write_throughout(server, server.drop_connections)
    until(lambda: copy.visits == 200)
    assert nothing_was_compared(caplog)
    until(lambda: not copy.stale)


def test_a_restart_of_the_server_leaves_no_gap(
    server: ScriptedMongo, copy: Copy, caplog: pytest.LogCaptureFixture
) -> None:
    def restart() -> None:
        server.stop()
        time.sleep(0.3)
        server.start()

    write_throughout(server, restart)
    until(lambda: copy.visits == 200)
    assert nothing_was_compared(caplog)


def test_a_long_absence_leaves_no_gap(
    server: ScriptedMongo, copy: Copy, caplog: pytest.LogCaptureFixture
) -> None:
    server.stop()
    until(lambda: copy.stale)
    for n in range(100):
        server.insert(SHOP, "visits", new_visit(_id=f"meanwhile {n}"))
    server.delete(SHOP, "visits", {"_id": "old 1"})
    server.update(SHOP, "visits", {"_id": "old 2"}, {"$set": {"status": "cancelled"}})
    assert copy.visits == 50
    server.start()
    until(lambda: copy.visits == 149 and copy.cancelled == 1, RECOVERY_SECONDS)
    assert nothing_was_compared(caplog)
    until(lambda: not copy.stale, RECOVERY_SECONDS)
    assert server.open_streams == 1


@pytest.mark.parametrize("running", [True, False], ids=["stream open", "server away"])
def test_a_forgotten_history_is_made_up_for_by_comparing(
    server: ScriptedMongo, copy: Copy, caplog: pytest.LogCaptureFixture, running: bool
) -> None:
    if running:
        server.hang(30)
    else:
        server.stop()
        until(lambda: copy.stale)
    server.insert(SHOP, "visits", *(new_visit(_id=f"meanwhile {n}") for n in range(10)))
    server.delete(SHOP, "visits", {"_id": {"$in": ["old 1", "old 2"]}})
    server.update(SHOP, "visits", {"_id": "old 3"}, {"$set": {"status": "cancelled"}})
    server.update(SHOP, "users", {"_id": "rep-1"}, {"$set": {"name": "Renamed"}})
    server.delete(SHOP, "facilities", {"_id": "clinic-1"})
    server.forget_history()
    if running:
        server.break_streams(286)
        server.hang(0)
    else:
        server.start()
    until(lambda: copy.visits == 58 and not copy.snapshot.facilities, RECOVERY_SECONDS)
    assert not nothing_was_compared(caplog)
    assert not copy.holds("old 1")
    assert copy.cancelled == 1
    assert copy.snapshot.users["rep-1"].name == "Renamed"
    until(lambda: copy.store.live.mode == "change-stream" and not copy.stale, RECOVERY_SECONDS)
    server.insert(SHOP, "visits", new_visit(_id="afterwards"))
    until(lambda: copy.holds("afterwards"), RECOVERY_SECONDS)


# --- Silence


def longest_read(copy: Copy, done: Callable[[], bool], seconds: float) -> float:
    """The longest time that reading the snapshot took until something happened."""
    longest, deadline = 0.0, time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, "it did not happen"
        began = time.monotonic()
        assert copy.visits == 50
        longest = max(longest, time.monotonic() - began)
        time.sleep(0.005)
    return longest


def test_a_server_that_says_nothing_makes_the_data_stale_and_holds_up_nobody(
    server: ScriptedMongo, copy: Copy
) -> None:
    assert not copy.stale
    server.hang(60)
    assert longest_read(copy, lambda: copy.stale, SILENT_SECONDS) < 0.5
    server.insert(SHOP, "visits", new_visit(_id="meanwhile"))
    server.hang(0)
    until(lambda: copy.holds("meanwhile") and not copy.stale, RECOVERY_SECONDS)


def test_a_network_that_loses_everything_makes_the_data_stale_until_it_is_back(
    server: ScriptedMongo, network: Network, distant: Copy
) -> None:
    assert not distant.stale
    network.freeze(forget=True)
    assert longest_read(distant, lambda: distant.stale, SILENT_SECONDS) < 0.5
    server.insert(SHOP, "visits", new_visit(_id="meanwhile"))
    network.restore()
    until(lambda: distant.holds("meanwhile") and not distant.stale, DEAD_CONNECTION_SECONDS)


def test_a_quiet_stream_is_neither_stale_nor_worth_a_warning(
    copy: Copy, caplog: pytest.LogCaptureFixture
) -> None:
    deadline = time.monotonic() + SILENCE_SECONDS + 1
    while time.monotonic() < deadline:
        assert not copy.stale
        time.sleep(0.05)
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []
