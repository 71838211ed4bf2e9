"""The refresher, turn by turn, on a database that does as it is told."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from builders import NAIROBI, NOW, Document, ago, facility, login, order, tier, user, view, visit

from dashapp.domain.ports import Batch, Changes, FeedBroken, Mode
from dashapp.domain.snapshot import Snapshot
from dashapp.domain.tables import Keys
from dashapp.domain.vocabulary import COLLECTIONS, EVENT_TIME, Collection
from dashapp.errors import NotReady, SourceLost
from dashapp.live import refresher as module
from dashapp.live.refresher import Refresher
from dashapp.live.store import Store
from dashapp.source.load import cleaned
from dashapp.source.mapping import key_of

HISTORY_DAYS = 90


def keys_of(ids: Sequence[Any]) -> Keys:
    return cleaned("tiers", [{"_id": one} for one in ids]).seen


class Database:
    """A source and its own feed. `after_reading` comes between reading a collection and handing it over."""

    mode: Mode = "change-stream"

    def __init__(self, *, complete: bool = True, **documents: Sequence[Document]) -> None:
        self.complete = complete
        self.documents = {name: {one["_id"]: one for one in documents.get(name, ())} for name in COLLECTIONS}
        self.news: list[Changes | Exception] = []
        self.away = False
        self.feeds = self.closed = 0
        self.loaded: list[Collection] = []
        self.after_reading: Callable[[Collection], None] = lambda _collection: None

    def put(self, collection: Collection, *documents: Document, told: bool = True) -> None:
        self.documents[collection] |= {one["_id"]: one for one in documents}
        if told:
            self.news.append(Changes([cleaned(collection, documents)]))

    def take(self, collection: Collection, document_id: Any, *, told: bool = True) -> None:
        del self.documents[collection][document_id]
        if told:
            self.news.append(Changes(deleted={collection: keys_of([document_id])}))

    def _found(self, collection: Collection, since: datetime | None) -> list[Document]:
        if self.away:
            raise SourceLost("away")
        name = EVENT_TIME.get(collection, "")
        documents = list(self.documents[collection].values())
        return [one for one in documents if since is None or name not in one or one[name] >= since]

    # Source

    def feed(self) -> Database:
        self._found("users", None)
        self.feeds += 1
        return self

    def load(self, collection: Collection, since: datetime | None) -> Iterator[Batch]:
        self.loaded.append(collection)
        batches = [cleaned(collection, [one]) for one in self._found(collection, since)]
        self.after_reading(collection)
        yield from batches

    def keys(self, collection: Collection, since: datetime | None) -> Iterator[tuple[Keys, Sequence[object]]]:
        for one in self._found(collection, since):
            yield keys_of([one["_id"]]), [one["_id"]]

    def fetch(self, collection: Collection, ids: Sequence[object]) -> Batch:
        return cleaned(collection, [one for one in self._found(collection, None) if one["_id"] in ids])

    def count(self, collection: Collection, since: datetime | None) -> int:
        return len(self._found(collection, since))

    # Feed

    def next(self, wait_seconds: float) -> Changes:
        self._found("users", None)
        time.sleep(min(wait_seconds, 0.001))
        if not self.news:
            return Changes()
        if isinstance(self.news[0], Exception):
            raise self.news.pop(0)  # type: ignore[misc]
        return self.news.pop(0)  # type: ignore[return-value]

    def close(self) -> None:
        self.closed += 1


class Published(Store):
    """A store that remembers every snapshot, with a clock of its own."""

    def __init__(self) -> None:
        self.now = NOW
        self.snapshots: list[Snapshot] = []
        super().__init__(clock=lambda: self.now)

    def publish(self, snapshot: Snapshot) -> None:
        self.snapshots.append(snapshot)
        super().publish(snapshot)

    def ids(self, collection: str = "visits") -> set[int]:
        return set(getattr(self.snapshot(), collection).key.tolist())


def started(database: Database) -> tuple[Refresher, Published]:
    """A refresher after its first turn."""
    store = Published()
    made = Refresher(database, store, zone=NAIROBI, history_days=HISTORY_DAYS, sync_seconds=0.01)
    made.refresh_once()
    return made, store


def ids(*names: Any) -> set[int]:
    return {key_of(name) for name in names}


@pytest.fixture(params=["keeping up", "afterwards"])
def pace(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Changes are asked for after every batch of a load, or only when it is done."""
    monkeypatch.setattr(module, "KEEP_UP_SECONDS", -1.0 if request.param == "keeping up" else 60.0)


# --- Loading


def test_the_newest_days_are_shown_first_and_then_the_whole_history() -> None:
    times = {"now": ago(hours=1), "old": ago(days=40), "ancient": ago(days=HISTORY_DAYS + 1)}
    database = Database(visits=[visit(_id=name, date=at) for name, at in times.items()], users=[user()])
    _, store = started(database)
    recent, whole = store.snapshots
    assert (recent.partial, set(recent.visits.key.tolist())) == (True, ids("now"))
    assert (whole.partial, set(whole.visits.key.tolist())) == (False, ids("now", "old"))
    assert set(recent.users) == set(whole.users) == {"rep-1"}


def test_while_only_the_newest_days_are_there_older_windows_have_to_wait() -> None:
    _, store = started(Database(visits=[visit()]))
    recent, whole = store.snapshots
    assert view(recent, 35).require_loaded()
    assert view(whole, HISTORY_DAYS).require_loaded()
    for asked in (view(recent, 36).require_loaded, view(recent, 30).previous):
        with pytest.raises(NotReady):
            asked()


def test_before_the_first_load_there_is_no_snapshot() -> None:
    database = Database(visits=[visit(_id="v")])
    database.away = True
    refresher, store = started(database)
    with pytest.raises(NotReady):
        store.snapshot()
    database.away = False
    assert refresher.refresh_once()
    assert store.ids() == ids("v")


def test_a_load_that_breaks_off_is_begun_again() -> None:
    database = Database(visits=[visit(_id="v")], orders=[order(_id="o")])

    def lose(collection: Collection) -> None:
        database.after_reading = lambda _collection: None
        raise SourceLost("away")

    database.after_reading = lose
    refresher, store = started(database)
    assert store.snapshots == []
    assert refresher.refresh_once()
    assert [one.partial for one in store.snapshots] == [True, False]
    assert (store.ids(), store.ids("orders")) == (ids("v"), ids("o"))


@pytest.mark.usefixtures("pace")
def test_changes_during_a_load_are_not_lost() -> None:
    database = Database(visits=[visit(_id=name) for name in ("same", "changed", "gone")], users=[user()])

    def change(collection: Collection) -> None:
        if collection == "visits" and database.loaded.count("visits") == 2:  # while the history is read
            database.put(
                "visits", visit(_id="changed", status="cancelled"), visit(_id="new", status="cancelled")
            )
            database.take("visits", "gone")
            database.put("users", user(name="Renamed"))

    database.after_reading = change
    refresher, store = started(database)
    for _ in range(3):
        assert refresher.refresh_once()
    assert store.ids() == ids("same", "changed", "new")
    assert sorted(store.snapshot().visits.status.tolist()) == [1, 3, 3]
    assert store.snapshot().users["rep-1"].name == "Renamed"


# --- Changes


def test_what_the_feed_tells_is_published_in_the_next_turn() -> None:
    database = Database(visits=[visit(_id="a")])
    refresher, store = started(database)
    database.put("visits", visit(_id="b"))
    assert refresher.refresh_once()
    assert store.ids() == ids("a", "b")
    database.take("visits", "a")
    assert refresher.refresh_once()
    assert store.ids() == ids("b")


def test_nothing_is_published_when_nothing_changed() -> None:
    database = Database(visits=[visit(_id="v")], users=[user()], facilities=[facility()], complete=False)
    refresher, store = started(database)
    published = len(store.snapshots)
    database.put("visits", visit(_id="v"))
    database.put("users", user())
    for _ in range(3):
        assert refresher.refresh_once()
    refresher._counting.hasten()
    refresher._comparing.hasten()
    assert refresher.refresh_once()
    assert len(store.snapshots) == published


def test_every_turn_confirms_that_the_data_are_current() -> None:
    refresher, store = started(Database())
    store.now = NOW + timedelta(seconds=30)
    assert store.live.is_stale(store.now)
    assert refresher.refresh_once()
    assert (store.live.data_as_of, store.live.mode) == (store.now, "change-stream")
    assert not store.live.is_stale(store.now)


# --- Trouble


def test_when_the_database_is_away_the_last_known_data_stay_and_are_marked_stale() -> None:
    database = Database(visits=[visit(_id="a")])
    refresher, store = started(database)
    known, database.away = store.snapshot(), True
    store.now = NOW + timedelta(seconds=1)
    assert not refresher.refresh_once()
    assert not refresher.refresh_once()
    assert store.snapshot() is known
    assert (store.live.connected, store.live.data_as_of) == (False, NOW)
    assert store.live.is_stale(store.now)


def test_when_the_database_is_back_it_goes_on_where_it_was() -> None:
    database = Database(visits=[visit(_id="a")])
    refresher, store = started(database)
    published, database.away = len(store.snapshots), True
    refresher.refresh_once()
    database.away = False
    database.put("visits", visit(_id="b"))
    assert refresher.refresh_once()
    assert store.ids() == ids("a", "b")
    assert (len(store.snapshots), database.feeds) == (published + 1, 1)
    assert not store.live.is_stale(NOW)


def test_when_the_feed_is_broken_everything_is_compared() -> None:
    database = Database(visits=[visit(_id=name) for name in ("edited", "gone")], logins=[login(_id="l")])
    refresher, store = started(database)
    database.put("visits", visit(_id="edited", status="cancelled"), visit(_id="new"), told=False)
    database.take("visits", "gone", told=False)
    database.news = [FeedBroken()]
    assert not refresher.refresh_once()
    assert database.closed == 1
    assert refresher.refresh_once()
    assert database.feeds == 2
    assert (store.ids(), store.ids("logins")) == (ids("edited", "new"), ids("l"))
    assert sorted(store.snapshot().visits.status.tolist()) == [1, 3]


def test_after_a_broken_feed_the_data_are_not_current_before_everything_was_compared() -> None:
    database = Database(visits=[visit(_id="v")], orders=[order(_id="o")])
    refresher, store = started(database)
    database.put("visits", visit(_id="missed"), told=False)
    database.news = [FeedBroken(), Changes([cleaned("visits", [visit(_id="told")])])]
    assert not refresher.refresh_once()
    store.now = NOW + timedelta(minutes=1)
    seen: list[tuple[datetime | None, bool, bool]] = []

    def look(_collection: Collection) -> None:
        seen.append((store.live.data_as_of, store.live.connected, store.live.is_stale(store.now)))

    database.after_reading = look
    assert refresher.refresh_once()
    assert set(seen) == {(NOW, True, True)}
    assert store.ids() == ids("v", "missed")
    assert (store.live.data_as_of, store.live.is_stale(store.now)) == (store.now, False)


def test_a_comparison_in_the_course_of_things_leaves_the_data_current() -> None:
    database = Database(visits=[visit(_id="v")])
    refresher, store = started(database)
    stale: list[bool] = []
    database.after_reading = lambda _collection: stale.append(store.live.is_stale(store.now))
    refresher._comparing.hasten()
    assert refresher.refresh_once()
    assert set(stale) == {False}


def test_after_an_unexpected_error_everything_is_loaded_anew() -> None:
    database = Database(visits=[visit(_id="a")])
    refresher, store = started(database)
    known, published = store.snapshot(), len(store.snapshots)
    database.put("visits", visit(_id="b"), told=False)
    database.news = [ZeroDivisionError("nobody thought of this")]
    assert not refresher.refresh_once()
    assert store.snapshot() is known
    assert (store.live.is_stale(NOW), database.closed) == (True, 1)
    assert refresher.refresh_once()
    assert [one.partial for one in store.snapshots[published:]] == [False]
    assert store.ids() == ids("a", "b")
    assert not store.live.is_stale(NOW)


# --- Comparing


def test_a_comparison_finds_what_nobody_told() -> None:
    database = Database(visits=[visit(_id=name) for name in ("same", "edited", "gone")], tiers=[tier()])
    refresher, store = started(database)
    database.put(
        "visits", visit(_id="edited", status="cancelled"), visit(_id="new", status="cancelled"), told=False
    )
    database.take("visits", "gone", told=False)
    database.put("tiers", tier(name="Platinum"), told=False)
    assert refresher.refresh_once()
    assert store.ids() == ids("same", "edited", "gone")
    refresher._comparing.hasten()
    assert refresher.refresh_once()
    assert store.ids() == ids("same", "edited", "new")
    assert sorted(store.snapshot().visits.status.tolist()) == [1, 3, 3]
    assert [one.name for one in store.snapshot().tiers] == ["Platinum"]


@pytest.mark.usefixtures("pace")
def test_what_was_read_before_a_change_does_not_overwrite_it() -> None:
    database = Database(visits=[visit(_id=name) for name in ("first", "edited", "gone")])
    refresher, store = started(database)

    def change(collection: Collection) -> None:
        if collection == "visits":
            database.after_reading = lambda _collection: None
            database.put(
                "visits", visit(_id="edited", status="cancelled"), visit(_id="new", status="cancelled")
            )
            database.take("visits", "gone")

    database.after_reading = change
    refresher._comparing.hasten()
    for _ in range(3):
        assert refresher.refresh_once()
    assert store.ids() == ids("first", "edited", "new")
    assert sorted(store.snapshot().visits.status.tolist()) == [1, 3, 3]


def test_a_comparison_forgets_events_that_have_left_the_history() -> None:
    times = {"in": ago(days=HISTORY_DAYS - 2), "out": ago(days=HISTORY_DAYS - 1)}
    refresher, store = started(Database(visits=[visit(_id=name, date=at) for name, at in times.items()]))
    assert store.ids() == ids("in", "out")
    store.now = NOW + timedelta(days=1)
    refresher._comparing.hasten()
    assert refresher.refresh_once()
    assert store.ids() == ids("in")
    assert store.snapshot().loaded_from == view(store.snapshot(), HISTORY_DAYS, now=store.now).window.start_ms


@pytest.mark.parametrize("complete", [False, True])
def test_a_feed_that_does_not_tell_of_deletions_is_checked_by_counting(complete: bool) -> None:
    database = Database(visits=[visit(_id=n) for n in range(3)], users=[user()], complete=complete)
    refresher, store = started(database)
    database.take("visits", 1, told=False)
    database.put("visits", visit(_id="a"), visit(_id="b"), told=False)
    database.take("users", "rep-1", told=False)
    refresher._counting.hasten()
    assert refresher.refresh_once()
    assert store.ids() == (ids(0, 1, 2) if complete else ids(0, 2, "a", "b"))
    assert set(store.snapshot().users) == ({"rep-1"} if complete else set())


def test_counting_takes_rejected_documents_and_old_events_for_what_they_are() -> None:
    visits = [visit(_id="v"), visit(_id="old", date=ago(days=HISTORY_DAYS + 1))]
    database = Database(visits=visits, orders=[{"_id": "timeless"}], complete=False)
    refresher, _store = started(database)
    asked = list[Collection]()
    database.keys = lambda collection, since: asked.append(collection) or iter(())  # type: ignore
    refresher._counting.hasten()
    assert refresher.refresh_once()
    assert asked == []


def test_what_comes_while_counting_is_not_looked_for() -> None:
    database = Database(visits=[visit(_id="a")], complete=False)
    refresher, store = started(database)
    asked, count = list[Collection](), database.count
    database.keys = lambda collection, since: asked.append(collection) or iter(())  # type: ignore

    def late(collection: Collection, since: datetime | None) -> int:
        if collection == "tiers":
            database.put("visits", visit(_id="b"))
        return count(collection, since)

    database.count = late  # type: ignore[method-assign]
    refresher._counting.hasten()
    assert refresher.refresh_once()
    assert (asked, store.ids()) == ([], ids("a", "b"))


def test_counting_and_comparing_are_not_done_in_every_turn() -> None:
    database = Database(visits=[visit(_id="a")], complete=False)
    refresher, _store = started(database)
    assert database.loaded.count("visits") == 2  # the newest days, the history
    counted, count = list[Collection](), database.count
    database.count = lambda collection, since: counted.append(collection) or count(collection, since)  # type: ignore
    for _ in range(3):
        assert refresher.refresh_once()
    assert (counted, database.loaded.count("visits")) == ([], 2)
    refresher._counting.hasten()
    refresher._comparing.hasten()
    for _ in range(3):
        assert refresher.refresh_once()
    assert (counted, database.loaded.count("visits")) == (list(COLLECTIONS), 3)


# --- The thread


def test_the_thread_keeps_the_copy_current_until_it_is_stopped() -> None:
    database, store = Database(visits=[visit(_id="a")]), Published()
    refresher = Refresher(database, store, zone=NAIROBI, history_days=HISTORY_DAYS, sync_seconds=0.01)
    refresher.start()
    database.put("visits", visit(_id="b"))
    deadline = time.monotonic() + 10
    while (store.live.snapshot is None or store.ids() != ids("a", "b")) and time.monotonic() < deadline:
        time.sleep(0.005)
    refresher.stop()
    assert store.ids() == ids("a", "b")
    assert database.closed == 1
    published = len(store.snapshots)
    database.put("visits", visit(_id="c"))
    time.sleep(0.02)
    assert len(store.snapshots) == published


def test_the_age_of_the_data_is_told_in_seconds() -> None:
    store = Store(clock=lambda: NOW)
    assert store.live.lag_seconds(NOW) is None
    assert store.live.is_stale(NOW)
    store.confirm("polling")  # asked, but nothing loaded yet
    assert store.live.is_stale(NOW)
    _, published = started(Database())
    store.publish(published.snapshot())
    assert not store.live.is_stale(NOW)
    live, later = published.live, NOW + timedelta(seconds=5)
    assert (live.lag_seconds(later), live.is_stale(later)) == (5.0, False)
    assert live.is_stale(later + timedelta(milliseconds=1))
    assert live.lag_seconds(NOW.astimezone(UTC) - timedelta(hours=1)) == 0.0


@pytest.mark.parametrize("error", [SourceLost("away"), FeedBroken()])
def test_a_history_load_that_breaks_off_is_begun_again(error: Exception) -> None:
    old = [visit(_id=n, date=ago(days=60)) for n in range(3)]
    database = Database(visits=[visit(_id="new"), *old])

    def lose(_collection: Collection) -> None:
        if database.loaded.count("visits") == 2:
            database.after_reading = lambda _collection: None
            raise error

    database.after_reading = lose
    refresher, store = started(database)
    assert refresher.refresh_once()
    assert not store.snapshot().partial
    assert store.ids() == ids("new", 0, 1, 2)
