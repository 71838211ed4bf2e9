"""One contract for every document database: the embedded one, and a MongoDB-compatible server."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import bson
import pytest
from bson import Binary, Decimal128, Int64, ObjectId
from bson.datetime_ms import DatetimeMS
from builders import Document, facility, free_port, tier, user, visit
from scripted_mongo import ScriptedMongo

from dashapp.domain.vocabulary import COLLECTIONS, EVENT_KINDS, EVENT_TIME, Collection
from dashapp.errors import SourceLost
from dashapp.source import embedded, mongo
from dashapp.source.documents import CODEC, PROJECTIONS, DocumentFeed, DocumentStore
from dashapp.source.embedded import EmbeddedStore
from dashapp.source.mongo import MongoStore

SINCE = datetime(2026, 5, 1)
MILLISECOND = timedelta(milliseconds=1)
AWAY_SECONDS = 3.0
PATIENCE_SECONDS = 5.0
IDENTITIES = (7, Int64(2**40), "7", ObjectId("0123456789abcdef01234567"), {"region": "Coast", "number": 1})

Told = tuple[dict[Any, Document], set[Any]]


@pytest.fixture(params=["embedded", "mongo"])
def lost(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[DocumentStore]:
    """A store whose database is away."""
    opened: DocumentStore
    if request.param == "embedded":
        opened = EmbeddedStore(tmp_path)
        remove_files(tmp_path)
    else:
        opened = MongoStore(f"mongodb://127.0.0.1:{free_port()}/")
    yield opened
    opened.close()


def remove_files(folder: Path) -> None:
    for file in folder.iterdir():
        file.unlink()


def now() -> datetime:
    """As writers stamp their changes: naive UTC, to the millisecond."""
    moment = datetime.now(UTC).replace(tzinfo=None)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def fresh(**fields: Any) -> Document:
    return visit(updatedAt=now(), **fields)


def exact(document: Document) -> bytes:
    """A document with the types of its values."""
    return bson.encode(document, codec_options=CODEC)


def read(store: DocumentStore, collection: str, since: datetime | None = None) -> list[Document]:
    return [document for batch in store.read(collection, since) for document in batch]


def ids(store: DocumentStore, collection: str, since: datetime | None = None) -> list[Any]:
    return [one for batch in store.ids(collection, since) for one in batch]


def by_id(documents: Sequence[Document]) -> dict[Any, Document]:
    return {shown(document["_id"]): document for document in documents}


def shown(identity: Any) -> Any:
    return str(identity) if isinstance(identity, dict) else identity


def told(feed: DocumentFeed, collection: str, enough: Callable[[Told], bool]) -> Told:
    """What the feed says about a collection until that is enough."""
    documents: dict[Any, Document] = {}
    deleted: set[Any] = set()
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not enough((documents, deleted)):
        assert time.monotonic() < deadline, (documents, deleted)
        changes = feed.next(0.05)
        documents |= by_id(changes.documents.get(collection, ()))
        deleted |= {shown(one) for one in changes.deleted.get(collection, ())}
    return documents, deleted


def assert_quiet(feed: DocumentFeed) -> None:
    for _ in range(4):
        changes = feed.next(0.05)
        assert not any(changes.documents.values()), changes
        assert not any(changes.deleted.values()), changes


# --- Documents


def test_a_document_comes_back_with_every_type_as_it_went_in(store: DocumentStore) -> None:
    written = {
        "_id": "all",
        "decimal": Decimal128("12.3400"),
        "not a decimal": Decimal128("NaN"),
        "int": 5,
        "long": Int64(5),
        "huge": 2**62,
        "double": 5.0,
        "minus zero": -0.0,
        "nan": float("nan"),
        "infinite": float("-inf"),
        "true": True,
        "nothing": None,
        "id": ObjectId("0123456789abcdef01234567"),
        "text": "Nyeri – Outspan\0 ☀",
        "bytes": Binary(b"\x00\xff", 5),
        "date": datetime(2026, 5, 20, 11, 59, 59, 999000),
        "before 1970": datetime(1969, 12, 31, 23, 59, 59, 1000),
        "first": datetime(1, 1, 1),
        "last": datetime(9999, 12, 31, 23, 59, 59, 999000),
        "before the calendar": DatetimeMS(-(10**15)),
        "after the calendar": DatetimeMS(10**15),
        "nested": {"z": [1, Int64(1), 1.0, {"deep": [[]]}], "a": {}},
    }
    store.write("visits", [written])
    (found,) = store.documents("visits")
    assert exact(found) == exact(written)


def test_a_time_with_an_offset_is_kept_as_the_same_moment(store: DocumentStore) -> None:
    at = datetime(2026, 5, 1, 2, 59, 59, 999000, tzinfo=timezone(timedelta(hours=3)))
    store.write("visits", [visit(_id="late", date=at), visit(_id="in time", date=at + MILLISECOND)])
    assert by_id(list(store.documents("visits")))["late"]["date"] == SINCE - MILLISECOND
    assert ids(store, "visits", SINCE) == ["in time"]


def test_a_document_without_an_id_gets_one(store: DocumentStore) -> None:
    written: Document = {"name": "Gold", "rank": 3}
    store.write("tiers", [written])
    (found,) = store.documents("tiers")
    assert isinstance(found["_id"], ObjectId)
    assert found == written


def test_writing_replaces_whole_documents_and_adds_new_ones_at_once(store: DocumentStore) -> None:
    store.write("facilities", [facility(_id="a", type="clinic"), facility(_id="b")])
    store.write("facilities", [facility(_id="c"), {"_id": "a", "name": "Renamed"}, facility(_id="d")])
    found = by_id(list(store.documents("facilities")))
    assert sorted(found) == ["a", "b", "c", "d"]
    assert found["a"] == {"_id": "a", "name": "Renamed"}


def test_of_one_write_the_last_document_with_an_id_stays(store: DocumentStore) -> None:
    store.write("tiers", [tier(_id="gold", rank=1), tier(_id="silver"), tier(_id="gold", rank=2)])
    assert by_id(list(store.documents("tiers")))["gold"]["rank"] == 2


def test_writing_and_deleting_nothing_changes_nothing(store: DocumentStore) -> None:
    store.write("visits", [])
    store.delete("visits", [])
    store.delete("visits", ["nobody"])
    assert list(store.documents("visits")) == []
    assert store.get("visits", []) == []


def test_an_update_sets_fields_and_leaves_the_others(store: DocumentStore) -> None:
    store.write("users", [user(_id="rep", name="Asha", region="Coast"), user(_id="other", name="Other")])
    assert store.update("users", "rep", {"region": "Nairobi", "tier": None})
    assert not store.update("users", "nobody", {"region": "Nairobi"})
    found = by_id(list(store.documents("users")))
    assert found["rep"] == user(_id="rep", name="Asha", region="Nairobi", tier=None)
    assert found["other"] == user(_id="other", name="Other")
    assert sorted(found) == ["other", "rep"]


def test_an_update_of_its_time_moves_an_event(store: DocumentStore) -> None:
    store.write("visits", [visit(_id="moved", date=SINCE - MILLISECOND)])
    assert store.count("visits", SINCE) == 0
    store.update("visits", "moved", {"date": SINCE})
    assert store.count("visits", SINCE) == 1


def test_what_is_deleted_is_gone_for_every_question(store: DocumentStore) -> None:
    store.write("visits", [visit(_id=name) for name in "abc"])
    store.delete("visits", ["a", "c", "nobody"])
    assert ids(store, "visits") == ["b"]
    assert [document["_id"] for document in read(store, "visits")] == ["b"]
    assert [document["_id"] for document in store.documents("visits")] == ["b"]
    assert [document["_id"] for document in store.find("visits", userId="rep-1")] == ["b"]
    assert store.get("visits", ["a", "c"]) == []
    assert not store.update("visits", "a", {"status": "cancelled"})
    assert store.count("visits", None) == 1
    store.write("visits", [visit(_id="a")])
    assert sorted(ids(store, "visits")) == ["a", "b"]


def test_a_collection_is_kept_apart_from_others(store: DocumentStore) -> None:
    store.write("visits", [visit(_id="same")])
    store.write("users", [user(_id="same")])
    store.delete("visits", ["same"])
    assert ids(store, "users") == ["same"]


def test_ids_of_every_kind_are_told_apart(store: DocumentStore) -> None:
    feed = store.feed()
    store.write("visits", [fresh(_id=one, status=str(n)) for n, one in enumerate(IDENTITIES)])
    assert {exact({"": one}) for one in ids(store, "visits")} == {exact({"": one}) for one in IDENTITIES}
    for n, one in enumerate(IDENTITIES):
        assert [document["status"] for document in store.get("visits", [one])] == [str(n)]
        assert store.update("visits", one, {"status": f"again {n}"})
    documents, _ = told(feed, "visits", lambda so_far: len(so_far[0]) == len(IDENTITIES))
    assert {exact({"": each["_id"]}) for each in documents.values()} == {
        exact({"": one}) for one in IDENTITIES
    }
    store.delete("visits", IDENTITIES[1:])
    assert ids(store, "visits") == [7]
    feed.close()


# --- Finding


@pytest.mark.parametrize("asked", ["asha@example.org", "ASHA@EXAMPLE.ORG", "Asha@Example.org"])
@pytest.mark.parametrize("stored", ["asha@example.org", "Asha@Example.Org"])
def test_an_email_is_found_whatever_its_case(store: DocumentStore, stored: str, asked: str) -> None:
    store.write("users", [user(_id="rep", email=stored), user(_id="other", email="x" + stored)])
    assert [document["_id"] for document in store.find("users", email=asked)] == ["rep"]


@pytest.mark.parametrize(
    "asked", [".*", "asha.r@example+org", "asha.r@example.or", "^asha", "", "asha.r@example.org|x", "[", "\\"]
)
def test_an_email_is_no_pattern(store: DocumentStore, asked: str) -> None:
    store.write("users", [user(_id="rep", email="ashaXr@example.org"), user(_id="none", email=None)])
    assert store.find("users", email=asked) == []


def test_an_email_with_characters_of_patterns_is_found(store: DocumentStore) -> None:
    email = "a.b+c(d)[e]{1}^$*?|\\@example.org"
    store.write("users", [user(_id="odd", email=email), user(_id="plain")])
    assert [document["_id"] for document in store.find("users", email=email.upper())] == ["odd"]


def test_an_email_ends_where_it_ends(store: DocumentStore) -> None:
    store.write("users", [user(_id="rep", email="asha@example.org\n")])
    assert store.find("users", email="asha@example.org") == []


def test_finding_compares_every_field_named_and_brings_whole_documents(store: DocumentStore) -> None:
    kept = user(_id="kept", role="manager", region="Coast", passwordHash="hash", note={"any": 1})
    store.write("users", [kept, user(_id="admin", role="admin"), user(_id="away", role="manager")])
    assert store.find("users", role="manager", region="Coast") == [kept]
    assert store.find("users", role="Manager") == []
    assert sorted(one["_id"] for one in store.find("users")) == ["admin", "away", "kept"]


# --- Reading


def test_any_number_of_documents_is_got_by_id(store: DocumentStore) -> None:
    store.write("visits", [visit(_id=n) for n in range(2_100)])
    found = store.get("visits", [*range(2_100), "none"])
    assert sorted(one["_id"] for one in found) == list(range(2_100))
    assert store.get("visits", []) == []


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_analytics_reads_its_own_fields_only(store: DocumentStore, collection: Collection) -> None:
    wanted = dict.fromkeys(PROJECTIONS[collection], "x")
    private = {"passwordHash": "secret", "notes": "private", "createdBy": {"name": "x"}}
    store.write(collection, [{"_id": "one", **wanted, **private, "updatedAt": now()}])
    projected = {"_id": "one", **wanted}
    assert read(store, collection) == [projected]
    assert store.get(collection, ["one"]) == [projected]
    (whole,) = store.documents(collection)
    assert whole["passwordHash"] == "secret"


def test_a_feed_tells_the_fields_of_analytics_only(store: DocumentStore) -> None:
    feed = store.feed()
    store.write("users", [user(_id="rep", passwordHash="secret", updatedAt=now())])
    documents, _ = told(feed, "users", lambda so_far: "rep" in so_far[0])
    assert documents["rep"] == user(_id="rep")
    feed.close()


@pytest.mark.parametrize("kind", EVENT_KINDS)
def test_older_events_are_left_out_and_those_without_a_date_are_not(store: DocumentStore, kind: str) -> None:
    times = {
        "at the start": SINCE,
        "later": SINCE + timedelta(days=9000),
        "just before": SINCE - MILLISECOND,
        "long before": datetime(1970, 1, 1),
        "far ahead": DatetimeMS(10**15),
        "text": "2020-01-01",
        "text of no date": "soon",
        "number": 17,
        "null": None,
        "object": {"date": SINCE},
    }
    field = EVENT_TIME[kind]
    store.write(kind, [{"_id": name, field: at} for name, at in times.items()] + [{"_id": "missing"}])
    everything = {*times, "missing"}
    since = everything - {"just before", "long before"}
    for asked, expected in ((SINCE, since), (None, everything)):
        assert sorted(ids(store, kind, asked)) == sorted(expected)
        assert sorted(document["_id"] for document in read(store, kind, asked)) == sorted(expected)
        assert store.count(kind, asked) == len(expected)


def test_people_and_places_have_no_age(store: DocumentStore) -> None:
    long_ago = datetime(2001, 1, 1)
    for collection in ("users", "tiers", "facilities"):
        store.write(collection, [{"_id": "old", "createdAt": long_ago, "date": long_ago, "at": long_ago}])
        assert ids(store, collection, SINCE) == ["old"]
        assert store.count(collection, SINCE) == len(read(store, collection, SINCE)) == 1


def test_an_empty_database_answers_with_nothing(store: DocumentStore) -> None:
    for collection in COLLECTIONS:
        assert read(store, collection) == ids(store, collection, SINCE) == []
        assert store.count(collection, None) == store.count(collection, SINCE) == 0
        assert list(store.documents(collection)) == store.find(collection, name="x") == []


def test_many_documents_come_in_batches_each_of_them_once(
    store: DocumentStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (embedded, mongo):
        monkeypatch.setattr(module, "LOAD_BATCH", 7)
    store.write("visits", [visit(_id=n) for n in range(50)])
    batches = list(store.read("visits", None))
    assert max(map(len, batches)) == 7
    assert sorted(document["_id"] for batch in batches for document in batch) == list(range(50))
    assert sorted(ids(store, "visits")) == list(range(50))
    assert sorted(document["_id"] for document in store.documents("visits")) == list(range(50))


def test_indexes_are_made_once_and_again_without_harm(store: DocumentStore) -> None:
    assert store.ensure_indexes() == []
    store.write("visits", [visit()])
    assert store.ensure_indexes() == []
    assert store.count("visits", None) == 1


# --- Feeds


def test_a_feed_tells_inserts_and_updates_as_they_are_now(store: DocumentStore) -> None:
    feed = store.feed()
    store.write("visits", [fresh(_id="a", status="scheduled"), fresh(_id="b")])
    documents, _ = told(feed, "visits", lambda so_far: len(so_far[0]) == 2)
    assert documents["a"]["status"] == "scheduled"
    store.update("visits", "a", {"status": "successful", "updatedAt": now()})
    documents, _ = told(feed, "visits", lambda so_far: bool(so_far[0]))
    assert {name: document["status"] for name, document in documents.items()} == {"a": "successful"}
    store.write("visits", [fresh(_id="b", status="cancelled")])
    documents, _ = told(feed, "visits", lambda so_far: bool(so_far[0]))
    assert {name: document["status"] for name, document in documents.items()} == {"b": "cancelled"}
    feed.close()


def test_a_feed_tells_of_every_collection(store: DocumentStore) -> None:
    feed = store.feed()
    for collection in COLLECTIONS:
        store.write(collection, [{"_id": "new", "updatedAt": now(), "at": now()}])
    left = set(COLLECTIONS)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while left:
        assert time.monotonic() < deadline, left
        left -= {name for name, documents in feed.next(0.05).documents.items() if documents}
    feed.close()


def test_a_complete_feed_tells_deletions(store: DocumentStore) -> None:
    feed = store.feed()
    store.write("visits", [fresh(_id="a"), fresh(_id="b")])
    told(feed, "visits", lambda so_far: len(so_far[0]) == 2)
    store.delete("visits", ["a"])
    if feed.complete:
        documents, deleted = told(feed, "visits", lambda so_far: bool(so_far[1]))
        assert (documents, deleted) == ({}, {"a"})
    assert_quiet(feed)
    feed.close()


def test_a_document_written_and_deleted_between_two_questions_is_not_told_of_as_there(
    store: DocumentStore,
) -> None:
    feed = store.feed()
    store.write("visits", [fresh(_id="brief")])
    store.delete("visits", ["brief"])
    store.write("visits", [fresh(_id="lasting")])
    documents, _ = told(feed, "visits", lambda so_far: "lasting" in so_far[0])
    assert set(documents) == {"lasting"}
    feed.close()


def test_a_feed_tells_nothing_twice(store: DocumentStore) -> None:
    feed = store.feed()
    store.write("visits", [fresh(_id=n) for n in range(20)])
    told(feed, "visits", lambda so_far: len(so_far[0]) == 20)
    assert_quiet(feed)
    feed.close()


def test_a_feed_tells_a_number_that_is_none_only_once(store: DocumentStore) -> None:
    feed = store.feed()
    store.write("orders", [{"_id": "odd", "totalAmount": float("nan"), "updatedAt": now()}])
    told(feed, "orders", lambda so_far: bool(so_far[0]))
    assert_quiet(feed)
    feed.close()


def test_a_feed_is_quiet_when_nothing_happens(store: DocumentStore) -> None:
    store.write("visits", [visit(updatedAt=SINCE)])
    feed = store.feed()
    assert_quiet(feed)
    feed.close()


def test_a_feed_waits_no_longer_than_told(store: DocumentStore) -> None:
    feed = store.feed()
    feed.next(0)
    began = time.monotonic()
    feed.next(0.4)
    assert time.monotonic() - began < 2
    began = time.monotonic()
    feed.next(0)
    assert time.monotonic() - began < 0.4
    feed.close()


def test_feeds_do_not_take_changes_from_each_other(store: DocumentStore) -> None:
    first, second = store.feed(), store.feed()
    store.write("visits", [fresh(_id="a")])
    assert set(told(first, "visits", lambda so_far: bool(so_far[0]))[0]) == {"a"}
    store.write("visits", [fresh(_id="b")])
    assert set(told(second, "visits", lambda so_far: len(so_far[0]) == 2)[0]) == {"a", "b"}
    assert set(told(first, "visits", lambda so_far: bool(so_far[0]))[0]) == {"b"}
    first.close()
    assert_quiet(second)
    second.close()


def test_a_feed_tells_a_change_that_is_larger_than_a_batch(
    store: DocumentStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (embedded, mongo):
        monkeypatch.setattr(module, "LOAD_BATCH", 7)
    monkeypatch.setattr(embedded, "WRITE_BATCH", 5)
    feed = store.feed()
    store.write("visits", [fresh(_id=n) for n in range(50)])
    told(feed, "visits", lambda so_far: len(so_far[0]) == 50)
    assert_quiet(feed)
    feed.close()


def test_nothing_is_missed_while_several_write_at_once(store: DocumentStore) -> None:
    feed = store.feed()

    def write(writer: int) -> None:
        for n in range(15):
            store.write("visits", [fresh(_id=f"{writer} {n} {each}") for each in range(5)])
            store.update("visits", f"{writer} {n} 0", {"status": "cancelled", "updatedAt": now()})

    with ThreadPoolExecutor(3) as pool:
        writing = [pool.submit(write, writer) for writer in range(3)]
        documents, _ = told(
            feed,
            "visits",
            lambda so_far: (
                len(so_far[0]) == 225
                and sum(each["status"] == "cancelled" for each in so_far[0].values()) == 45
            ),
        )
        for each in writing:
            each.result()
    assert documents == by_id(read(store, "visits"))
    feed.close()


# --- Away


def test_every_question_says_soon_that_the_database_is_away(lost: DocumentStore) -> None:
    questions: dict[str, Callable[[], Any]] = {
        "ping": lost.ping,
        "read": lambda: read(lost, "visits", SINCE),
        "ids": lambda: ids(lost, "visits"),
        "get": lambda: lost.get("visits", ["a"]),
        "count": lambda: lost.count("visits", SINCE),
        "feed": lost.feed,
        "documents": lambda: list(lost.documents("users")),
        "find": lambda: lost.find("users", email="a@example.org"),
        "write": lambda: lost.write("visits", [visit()]),
        "update": lambda: lost.update("visits", "a", {"status": "cancelled"}),
        "delete": lambda: lost.delete("visits", ["a"]),
    }

    def seconds(ask: Callable[[], Any]) -> float:
        began = time.monotonic()
        with pytest.raises(SourceLost):
            ask()
        return time.monotonic() - began

    with ThreadPoolExecutor(len(questions)) as pool:
        took = dict(zip(questions, pool.map(seconds, questions.values()), strict=True))
    assert {name: spent for name, spent in took.items() if spent > AWAY_SECONDS} == {}


def test_indexes_cannot_be_made_while_the_server_is_away() -> None:
    away = MongoStore(f"mongodb://127.0.0.1:{free_port()}/")
    with pytest.raises(SourceLost):
        away.ensure_indexes()
    away.close()


def test_what_is_said_about_a_lost_database_names_no_address(lost: DocumentStore) -> None:
    with pytest.raises(SourceLost) as told_of:
        lost.ping()
    assert told_of.value.message == "The database cannot be reached."
    assert told_of.value.status == 503


def test_an_embedded_feed_goes_on_where_it_was_when_the_file_is_back(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    store = EmbeddedStore(folder)
    feed = store.feed()
    store.write("visits", [visit(_id="before")])
    told(feed, "visits", lambda so_far: bool(so_far[0]))
    store.write("visits", [visit(_id="meanwhile")])
    folder.rename(tmp_path / "elsewhere")
    with pytest.raises(SourceLost):
        feed.next(0)
    (tmp_path / "elsewhere").rename(folder)
    assert set(told(feed, "visits", lambda so_far: bool(so_far[0]))[0]) == {"meanwhile"}


def test_a_database_that_is_there_answers_a_ping(store: DocumentStore) -> None:
    store.ping()


# --- One database only


def test_the_embedded_log_of_changes_is_kept_between_operations(tmp_path: Path) -> None:
    store, log = EmbeddedStore(tmp_path), tmp_path / "embedded.sqlite3-wal"
    store.write("visits", [visit(_id="v")])
    assert store.count("visits", None) == 1
    assert log.stat().st_size > 0
    store.close()
    assert not log.exists()
    assert ids(EmbeddedStore(tmp_path), "visits") == ["v"]


def test_a_server_that_hangs_is_not_waited_for_when_documents_are_got_by_id() -> None:
    with ScriptedMongo() as server:
        store = MongoStore(server.uri)
        store.write("visits", [visit(_id="v")])
        server.hang(8)
        with pytest.raises(SourceLost):
            store.get("visits", ["v"])
        store.close()
