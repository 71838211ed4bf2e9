"""The database double, seen through the real driver."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from bson.datetime_ms import DatetimeMS
from pymongo import DeleteOne, MongoClient, UpdateOne
from pymongo.errors import (
    AutoReconnect,
    DuplicateKeyError,
    NetworkTimeout,
    OperationFailure,
    ServerSelectionTimeoutError,
)
from scripted_mongo import ScriptedMongo

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
Client = MongoClient[dict[str, Any]]


@pytest.fixture
def server() -> Iterator[ScriptedMongo]:
    with ScriptedMongo() as server:
        yield server


@pytest.fixture
def client(server: ScriptedMongo) -> Iterator[Client]:
    with _client(server) as client:
        yield client


def _client(server: ScriptedMongo, uri: str | None = None) -> Client:
    return MongoClient(uri or server.uri, tz_aware=True, serverSelectionTimeoutMS=2000, socketTimeoutMS=2000)


def test_round_trip(server: ScriptedMongo, client: Client) -> None:
    visits = client.shop.visits
    visits.create_index("date")
    visits.insert_one({"_id": 1, "date": NOON, "by": {"name": "a"}})
    visits.insert_many([{"_id": n, "date": NOON} for n in range(2, 6)])
    with pytest.raises(DuplicateKeyError):
        visits.insert_one({"_id": 1.0})
    assert visits.update_one({"_id": 1}, {"$set": {"n": 7}}).modified_count == 1
    assert visits.replace_one({"_id": 2}, {"n": 2}).matched_count == 1
    assert visits.update_one({"_id": 9}, {"$set": {"n": 9}}, upsert=True).upserted_id == 9
    assert visits.delete_one({"_id": 3}).deleted_count == 1
    assert visits.bulk_write([UpdateOne({"_id": 4}, {"$set": {"n": 4}}), DeleteOne({"_id": 5})]).deleted_count
    assert client.shop.list_collection_names() == ["visits"]
    assert visits.find_one({"by.name": "a"}) == {"_id": 1, "date": NOON, "by": {"name": "a"}, "n": 7}
    assert server.documents("shop", "visits") == list(visits.find())
    assert list(visits.find({"_id": {"$in": [9, 2, 5]}}, {"n": 1})) == [
        {"_id": 9, "n": 9},
        {"_id": 2, "n": 2},
    ]
    assert visits.count_documents({}) == visits.estimated_document_count() == 4
    assert visits.delete_many({}).deleted_count == 4
    assert visits.count_documents({}) == 0
    assert {"insert", "find", "aggregate", "createIndexes"} <= set(server.commands)


def test_batches(server: ScriptedMongo, client: Client) -> None:
    server.insert("shop", "visits", *({"_id": n} for n in range(250)))
    found = client.shop.visits.find({}, sort=[("_id", -1)], batch_size=100)
    assert [each["_id"] for each in found] == list(range(249, -1, -1))
    assert server.commands.count("getMore") == 2


def test_comparisons_keep_to_one_kind_of_value(server: ScriptedMongo, client: Client) -> None:
    dates = [NOON, NOON - timedelta(days=1), "2024-05-01", None, 17, DatetimeMS(10**15)]
    server.insert("shop", "visits", *({"_id": n, "date": date} for n, date in enumerate(dates)), {"_id": 6})

    def found(query: dict[str, Any]) -> list[int]:
        return [each["_id"] for each in client.shop.visits.find(query, {"_id": 1})]

    assert found({"date": {"$gte": NOON}}) == [0, 5]
    assert found({"date": {"$lt": NOON}}) == [1]
    assert found({"date": {"$not": {"$type": "date"}}}) == [2, 3, 4, 6]
    assert found({"$or": [{"date": {"$gte": NOON}}, {"date": {"$not": {"$type": "date"}}}]}) == [
        0,
        2,
        3,
        4,
        5,
        6,
    ]
    assert found({"date": {"$not": {"$lt": NOON}}, "_id": {"$in": [0, 1, 2]}}) == [0, 2]
    assert found({"date": {"$lt": "2025"}}) == [2]
    assert found({"date": None}) == [3, 6]
    with pytest.raises(OperationFailure, match="unknown operator"):
        found({"date": {"$near": 1}})


def test_as_a_member_of_its_replica_set(server: ScriptedMongo) -> None:
    with _client(server, f"mongodb://127.0.0.1:{server.port}/?replicaSet=rs0") as client:
        client.shop.visits.insert_one({"_id": 1})
        assert client.is_primary


def test_a_stream_tells_at_once(server: ScriptedMongo, client: Client) -> None:
    pipeline = [{"$match": {"ns.coll": {"$in": ["visits"]}}}]
    with client.shop.watch(pipeline, max_await_time_ms=1500) as stream:
        timer = threading.Timer(0.1, server.insert, ("shop", "visits", {"_id": 1, "date": NOON}))
        timer.start()
        began = time.monotonic()
        event = stream.try_next()
        assert time.monotonic() - began < 1
        timer.join()
        assert event is not None
        assert (event["operationType"], event["documentKey"]) == ("insert", {"_id": 1})
        assert event["fullDocument"] == {"_id": 1}
        client.shop.users.insert_one({"_id": 1})
        client.elsewhere.visits.insert_one({"_id": 1})
        client.shop.visits.update_one({"_id": 1}, {"$set": {"n": 1}})
        client.shop.visits.update_one({"_id": 1}, {"$set": {"n": 1}})
        client.shop.visits.replace_one({"_id": 1}, {"n": 2})
        client.shop.visits.delete_one({"_id": 1})
        told = [next(stream)["operationType"] for _ in range(3)]
        assert told == ["update", "replace", "delete"]
        assert server.open_streams == 1
    assert server.open_streams == 0


def test_a_broken_stream_resumes_where_it_was(server: ScriptedMongo, client: Client) -> None:
    with client.shop.watch(max_await_time_ms=100) as stream:
        for n, code in enumerate((43, 10107)):
            server.break_streams(code)
            server.insert("shop", "visits", {"_id": n})
            assert next(stream)["documentKey"] == {"_id": n}
        token = stream.resume_token
    server.insert("shop", "visits", {"_id": 8})
    with client.shop.watch(resume_after=token, max_await_time_ms=100) as stream:
        assert next(stream)["documentKey"] == {"_id": 8}


def test_lost_history(server: ScriptedMongo, client: Client) -> None:
    with client.shop.watch(max_await_time_ms=50) as stream:
        server.forget_history()
        assert stream.try_next() is None
        server.break_streams()
        with pytest.raises(OperationFailure) as failure:
            stream.try_next()
    assert failure.value.code == 286
    with client.shop.watch(max_await_time_ms=50) as stream:
        server.break_streams(286)
        with pytest.raises(OperationFailure) as failure:
            stream.try_next()
    assert failure.value.code == 286
    with client.shop.watch(max_await_time_ms=50) as stream:
        server.break_streams()
        server.insert("shop", "visits", {"_id": 1})
        assert next(stream)["documentKey"] == {"_id": 1}


def test_streams_refused() -> None:
    with ScriptedMongo(refuse_streams=True) as server, _client(server) as client:
        with pytest.raises(OperationFailure) as failure:
            client.shop.watch()
        assert failure.value.code == 40573
        assert "setName" not in client.admin.command("hello")


def test_stop_and_start_keep_the_data(server: ScriptedMongo) -> None:
    with MongoClient[dict[str, Any]](server.uri, serverSelectionTimeoutMS=300) as client:
        with client.shop.watch(max_await_time_ms=50) as stream:
            client.shop.visits.insert_one({"_id": 1})
            server.stop()
            with pytest.raises((AutoReconnect, ServerSelectionTimeoutError)):
                client.shop.visits.find_one()
            server.start()
            assert next(stream)["documentKey"] == {"_id": 1}
        assert client.shop.visits.count_documents({}) == 1


def test_dropped_and_hanging_connections(server: ScriptedMongo) -> None:
    with MongoClient[dict[str, Any]](server.uri, socketTimeoutMS=200, retryReads=False) as client:
        server.insert("shop", "visits", {"_id": 1})
        assert client.shop.visits.count_documents({}) == 1
        server.drop_connections()
        with pytest.raises(AutoReconnect):
            client.shop.visits.find_one()
        assert client.shop.visits.find_one() == {"_id": 1}
        server.hang(30)
        with pytest.raises(NetworkTimeout):
            client.shop.visits.find_one()
        server.hang(0)
        assert client.shop.visits.find_one() == {"_id": 1}
        server.hang(30)
