"""Folders of documents in and out: what is taken, what is reported, and that nothing is lost on the way."""

from __future__ import annotations

import gzip
import math
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from bson import Binary, Code, Decimal128, Int64, MaxKey, MinKey, ObjectId, Regex, Timestamp
from bson.datetime_ms import DatetimeMS
from builders import NOW, Document
from hypothesis import given
from hypothesis import strategies as st

from dashapp.errors import InvalidParameter
from dashapp.source.embedded import EmbeddedStore
from dashapp.source.transfer import Outcome, export_folder, import_folder, weeks_to

HEX = "65f0c0ffee65f0c0ffee65f0"
WEEK = timedelta(weeks=1)


@pytest.fixture
def store(tmp_path: Path) -> EmbeddedStore:
    return EmbeddedStore(tmp_path / "database")


def put(folder: Path, name: str, *lines: str | bytes) -> Path:
    """A file of these lines, compressed where its name says so; returns the folder."""
    content = b"".join((line if isinstance(line, bytes) else line.encode()) + b"\n" for line in lines)
    (folder / name).write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    return folder


def held(store: EmbeddedStore, collection: str = "visits") -> dict[Any, Document]:
    return {document["_id"]: document for document in store.documents(collection)}


def visit_at(time: str, document_id: str = "v") -> str:
    return f'{{"_id": "{document_id}", "date": {time}}}'


def on(day: str) -> str:
    return f'{{"$date": "{day}T10:00:00Z"}}'


# --- Reading


def test_plain_and_compressed_files_are_read(tmp_path: Path, store: EmbeddedStore) -> None:
    put(tmp_path, "visits.ndjson", '{"_id": "a"}', "", '{"_id": "b"}')
    put(tmp_path, "orders.ndjson.gz", '{"_id": "o"}')
    put(tmp_path, "notes.ndjson", "not ours")
    assert import_folder(store, tmp_path) == Outcome({"visits": 2, "orders": 1}, [])
    assert (set(held(store)), set(held(store, "orders"))) == ({"a", "b"}, {"o"})


def test_relaxed_and_canonical_values_have_their_types(tmp_path: Path, store: EmbeddedStore) -> None:
    line = (
        f'{{"_id": {{"$oid": "{HEX}"}}, "n": 5, "l": {{"$numberLong": "5"}}, "f": 5.0,'
        ' "d": {"$numberDouble": "NaN"},'
        ' "m": {"$numberDecimal": "1.10"}, "at": {"$date": "2026-05-20T15:00:00+03:00"},'
        ' "ms": {"$date": {"$numberLong": "1779278400000"}}}'
    )
    import_folder(store, put(tmp_path, "visits.ndjson", line))
    (found,) = store.documents("visits")
    assert math.isnan(found.pop("d"))
    noon = datetime(2026, 5, 20, 12)
    expected = {
        "_id": ObjectId(HEX),
        "n": 5,
        "l": Int64(5),
        "f": 5.0,
        "m": Decimal128("1.10"),
        "at": noon,
        "ms": noon,
    }
    assert found == expected
    assert {name: type(value) for name, value in found.items()} == {n: type(v) for n, v in expected.items()}


def test_documents_are_replaced_by_their_ids(tmp_path: Path, store: EmbeddedStore) -> None:
    store.write("visits", [{"_id": "a", "old": True, "status": "scheduled"}, {"_id": "b", "kept": True}])
    put(tmp_path, "visits.ndjson", '{"_id": "a", "status": "first"}', '{"_id": "a", "status": "last"}')
    assert import_folder(store, tmp_path).problems == []
    assert held(store) == {"a": {"_id": "a", "status": "last"}, "b": {"_id": "b", "kept": True}}
    import_folder(store, tmp_path)
    assert len(held(store)) == 2


def test_ids_that_differ_in_type_are_different_documents(tmp_path: Path, store: EmbeddedStore) -> None:
    put(
        tmp_path,
        "visits.ndjson",
        f'{{"_id": "{HEX}"}}',
        f'{{"_id": {{"$oid": "{HEX}"}}}}',
        '{"_id": 1}',
        '{"_id": "1"}',
    )
    import_folder(store, tmp_path)
    assert set(held(store)) == {HEX, ObjectId(HEX), 1, "1"}


def test_a_folder_without_any_of_the_files_is_refused(tmp_path: Path, store: EmbeddedStore) -> None:
    put(tmp_path, "visits.json", '{"_id": 1}')
    with pytest.raises(InvalidParameter, match=r"holds none of tiers\.ndjson, .*logins\.ndjson"):
        import_folder(store, tmp_path)


def test_progress_is_told_as_documents_are_written(tmp_path: Path, store: EmbeddedStore) -> None:
    put(tmp_path, "visits.ndjson", *(f'{{"_id": {n}}}' for n in range(2_001)))
    told: list[tuple[str, int]] = []
    outcome = import_folder(
        store, tmp_path, progress=lambda collection, count: told.append((collection, count))
    )
    assert (outcome.written, told) == ({"visits": 2_001}, [("visits", 2_000), ("visits", 1)])
    assert len(held(store)) == 2_001


# --- Trouble


@pytest.mark.parametrize("name", ["visits.ndjson", "visits.ndjson.gz"])
@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{oops", "not JSON"),
        ("[1, 2]", "not a document"),
        ('"text"', "not a document"),
        ('{"status": "scheduled"}', "no _id"),
        (b'{"_id": "x", "name": "caf\xe9"}', "not UTF-8"),
        ('{"_id": {"$oid": "short"}}', "'short' is not a valid ObjectId"),
        ('{"_id": 1, "date": {"$date": "yesterday"}}', ""),
        ('{"_id": 1, "amount": {"$numberDecimal": "many"}}', ""),
        ('{"_id": 1, "date": {"$date": {"$numberLong": "soon"}}}', ""),
    ],
)
def test_a_bad_line_is_reported_with_its_number_and_the_rest_goes_on(
    tmp_path: Path, store: EmbeddedStore, name: str, line: str | bytes, said: str
) -> None:
    outcome = import_folder(store, put(tmp_path, name, '{"_id": "a"}', "", line, '{"_id": "b"}'))
    (problem,) = outcome.problems
    assert problem.startswith(f"{name}:3: {said}")
    assert (outcome.written, set(held(store))) == ({"visits": 2}, {"a", "b"})


@pytest.mark.parametrize("value", ["99999999999999999999", '"\\ud800"'])
def test_a_document_that_no_database_can_hold_is_reported_and_the_rest_goes_on(
    tmp_path: Path, store: EmbeddedStore, value: str
) -> None:
    put(tmp_path, "visits.ndjson", '{"_id": "a"}', "", f'{{"_id": "bad", "n": {value}}}', '{"_id": "b"}')
    outcome = import_folder(store, tmp_path)
    assert (len(outcome.problems), outcome.written, set(held(store))) == (1, {"visits": 2}, {"a", "b"})
    assert outcome.problems[0].startswith("visits.ndjson:3: ")


def test_of_a_file_cut_short_what_is_there_is_taken(tmp_path: Path, store: EmbeddedStore) -> None:
    lines = [f'{{"_id": {n}, "noise": "{n * 7919 % 10007}"}}' for n in range(5_000)]
    put(tmp_path, "visits.ndjson.gz", *lines)
    put(tmp_path, "orders.ndjson", '{"_id": "o"}')
    whole = (tmp_path / "visits.ndjson.gz").read_bytes()
    (tmp_path / "visits.ndjson.gz").write_bytes(whole[: len(whole) // 2])
    outcome = import_folder(store, tmp_path)
    count = outcome.written["visits"]
    assert 1_000 < count < 4_000
    assert set(held(store)) == set(range(count))
    assert outcome.problems == [f"visits.ndjson.gz:{count + 1}: the file is damaged from here on"]
    assert set(held(store, "orders")) == {"o"}


def test_a_file_that_is_not_compressed_as_its_name_says_is_reported(
    tmp_path: Path, store: EmbeddedStore
) -> None:
    (tmp_path / "visits.ndjson.gz").write_bytes(b'{"_id": "a"}\n')
    outcome = import_folder(store, tmp_path)
    assert outcome == Outcome({"visits": 0}, ["visits.ndjson.gz:1: the file is damaged from here on"])


# --- Shifted dates


def test_all_dates_move_by_the_same_whole_weeks(tmp_path: Path, store: EmbeddedStore) -> None:
    put(tmp_path, "visits.ndjson", visit_at(on("2026-04-30"), "newest"), visit_at(on("2025-12-31"), "old"))
    seen, more = on("2026-04-29"), on("2026-04-01")
    person = f'{{"_id": "u", "lastSeen": {seen}, "name": "2026-04-29", "more": [{{"at": {more}}}]}}'
    put(tmp_path, "users.ndjson", person)
    assert import_folder(store, tmp_path, shift_dates=True, now=NOW).problems == []
    assert {one["_id"]: one["date"] for one in held(store).values()} == {
        "newest": datetime(2026, 5, 14, 10),  # two weeks later; a third would be tomorrow
        "old": datetime(2026, 1, 14, 10),
    }
    assert held(store, "users")["u"] == {
        "_id": "u",
        "lastSeen": datetime(2026, 5, 13, 10),
        "name": "2026-04-29",
        "more": [{"at": datetime(2026, 4, 15, 10)}],
    }


@pytest.mark.parametrize(
    ("time", "moved"),
    [
        ('"2026-04-30T10:00:00Z"', "2026-05-14T10:00:00.000Z"),
        ('"2026-04-30T13:00:00.250+03:00"', "2026-05-14T10:00:00.250Z"),
        ('"2026-04-30"', "2026-05-14T00:00:00.000Z"),
    ],
)
def test_an_event_time_that_is_a_text_moves_too(
    tmp_path: Path, store: EmbeddedStore, time: str, moved: str
) -> None:
    put(tmp_path, "visits.ndjson", visit_at(time), visit_at('"soon"', "unusable"))
    import_folder(store, tmp_path, shift_dates=True, now=NOW)
    assert {one["_id"]: one["date"] for one in held(store).values()} == {"v": moved, "unusable": "soon"}


@pytest.mark.parametrize("never", ["9999-12-31", "0001-01-01", "2999-12-31", "1000-01-01"])
@pytest.mark.parametrize("write", [on, lambda day: f'"{day}T10:00:00Z"'], ids=["date", "text"])
def test_a_date_that_stands_for_never_neither_decides_nor_moves(
    tmp_path: Path, store: EmbeddedStore, never: str, write: Callable[[str], str]
) -> None:
    lines = [visit_at(write(never), "never"), visit_at(on("2026-04-30"), "newest")]
    put(tmp_path, "visits.ndjson", *lines)
    put(tmp_path, "users.ndjson", f'{{"_id": "u", "lastSeen": {write(never)}, "more": [{on(never)}]}}')
    before = EmbeddedStore(tmp_path / "plain")
    import_folder(before, tmp_path)
    assert import_folder(store, tmp_path, shift_dates=True, now=NOW).problems == []
    assert held(store)["newest"]["date"] == datetime(2026, 5, 14, 10)
    assert held(store)["never"] == held(before)["never"]
    assert held(store, "users") == held(before, "users")


def test_what_was_done_after_the_newest_event_is_not_moved_into_the_future(
    tmp_path: Path, store: EmbeddedStore
) -> None:
    put(tmp_path, "visits.ndjson", visit_at(on("2026-05-01")))  # moves to 15 May, five days ago
    later, earlier, text = on("2026-05-07"), on("2026-05-04"), '"2026-05-07T10:00:00Z"'
    fields = f'"lastSeen": {later}, "lastLogin": {earlier}, "updatedAt": {text}, "dueOn": {later}'
    put(tmp_path, "users.ndjson", f'{{"_id": "u", {fields}}}')
    import_folder(store, tmp_path, shift_dates=True, now=NOW)
    assert held(store, "users")["u"] == {
        "_id": "u",
        "lastSeen": datetime(2026, 5, 20, 12),
        "lastLogin": datetime(2026, 5, 18, 10),
        "updatedAt": "2026-05-20T12:00:00.000Z",
        "dueOn": datetime(2026, 5, 21, 10),
    }


def test_the_newest_event_of_any_kind_decides(tmp_path: Path, store: EmbeddedStore) -> None:
    put(tmp_path, "visits.ndjson", visit_at(on("2026-04-01")))
    put(tmp_path, "logins.ndjson.gz", f'{{"_id": "l", "at": {on("2026-05-05")}}}')
    import_folder(store, tmp_path, shift_dates=True, now=NOW)
    assert held(store, "logins")["l"]["at"] == datetime(2026, 5, 19, 10)
    assert held(store)["v"]["date"] == datetime(2026, 4, 15, 10)


def test_events_of_the_future_move_back(tmp_path: Path, store: EmbeddedStore) -> None:
    import_folder(
        store, put(tmp_path, "visits.ndjson", visit_at(on("2026-06-11"))), shift_dates=True, now=NOW
    )
    assert held(store)["v"]["date"] == datetime(2026, 5, 14, 10)


TIMELESS = f'{{"_id": "v", "date": "soon", "createdAt": {on("2026-04-01")}}}'


@pytest.mark.parametrize("line", [visit_at(on("2026-05-20")), visit_at(on("2026-05-14")), TIMELESS])
def test_what_is_of_this_week_already_or_has_no_time_stays(
    tmp_path: Path, store: EmbeddedStore, line: str
) -> None:
    import_folder(store, put(tmp_path, "visits.ndjson", line))
    before = held(store)
    import_folder(store, tmp_path, shift_dates=True, now=NOW)
    assert held(store) == before


def test_a_bad_line_is_reported_once_when_dates_are_shifted(tmp_path: Path, store: EmbeddedStore) -> None:
    put(tmp_path, "visits.ndjson", "{oops", visit_at(on("2026-04-30")))
    assert len(import_folder(store, tmp_path, shift_dates=True, now=NOW).problems) == 1


@given(ago_ms=st.integers(-400 * 86_400_000, 4_000 * 86_400_000))
def test_the_newest_event_comes_to_lie_in_the_last_seven_days_and_never_in_the_future(
    tmp_path_factory: pytest.TempPathFactory, ago_ms: int
) -> None:
    newest = NOW.replace(tzinfo=None) - timedelta(milliseconds=ago_ms)
    folder = tmp_path_factory.getbasetemp()
    line = f'{{"_id": 1, "date": {{"$date": "{newest.isoformat(timespec="milliseconds")}Z"}}}}'
    shift = weeks_to(NOW, {"visits": put(folder, "visits.ndjson", line) / "visits.ndjson"})
    assert shift % WEEK == timedelta(0)
    assert timedelta(0) <= NOW.replace(tzinfo=None) - (newest + shift) < WEEK


# --- There and back

EVERY_TYPE: Document = {
    "_id": ObjectId(HEX),
    "int32": [0, -1, 2**31 - 1],
    "int64": [Int64(0), Int64(5), 2**31, -(2**63)],
    "double": [1.0, -0.0, 0.1, 1e300, 5e-324, math.nan, math.inf, -math.inf],
    "decimal": [Decimal128("1.10"), Decimal128("-0"), Decimal128("NaN"), Decimal128("1E+6000")],
    "dates": [datetime(2026, 5, 20, 12, 0, 0, 123_000), datetime(1901, 1, 1), DatetimeMS(2**52)],
    "text": ["", "Zoë", "line\nbreak\r", "\u2028\u0085", '"\\', "nul \0", "2026-05-20T12:00:00Z"],
    "other": [
        None,
        True,
        False,
        b"bytes",
        Binary(b"\1" * 16, 4),
        Regex("^a", "i"),
        Timestamp(5, 1),
        MinKey(),
        MaxKey(),
    ],
    "code": Code("f()"),
    "nested": {"z": {"y": [{"x": []}, {}]}, "a": 1, "": 2},
}
IDS: list[Any] = [
    "text",
    7,
    Int64(2**40),
    7.5,
    None,
    True,
    datetime(2026, 5, 20),
    {"a": 1, "b": ObjectId(HEX)},
    HEX,
]


def bodies(folder: Path) -> list[tuple[str, bytes, bytes]]:
    """Everything that is in the database of a folder, byte by byte."""
    with closing(sqlite3.connect(folder / "embedded.sqlite3")) as connection:
        return connection.execute(
            "SELECT collection, id, body FROM document ORDER BY collection, id"
        ).fetchall()


def test_an_export_and_its_import_are_the_same_byte_by_byte(tmp_path: Path) -> None:
    first, second = EmbeddedStore(tmp_path / "first"), EmbeddedStore(tmp_path / "second")
    first.write("visits", [EVERY_TYPE, *({"_id": one, "n": n} for n, one in enumerate(IDS))])
    first.write("users", [{"_id": n, "passwordHash": f"$2b${n}"} for n in range(2_500)])
    told: list[tuple[str, int]] = []
    exported = export_folder(
        first, tmp_path / "new" / "export", lambda name, count: told.append((name, count))
    )
    imported = import_folder(second, tmp_path / "new" / "export")
    counts = {
        "tiers": 0,
        "facilities": 0,
        "users": 2_500,
        "visits": 10,
        "quotations": 0,
        "orders": 0,
        "logins": 0,
    }
    assert exported == imported == Outcome(counts, [])
    assert len(bodies(tmp_path / "first")) == 2_510
    assert bodies(tmp_path / "second") == bodies(tmp_path / "first")
    assert [entry for entry in told if entry[0] == "users"] == [("users", 2_000), ("users", 500)]


def test_what_is_deleted_is_not_exported(tmp_path: Path, store: EmbeddedStore) -> None:
    store.write("visits", [{"_id": "kept"}, {"_id": "gone"}])
    store.delete("visits", ["gone"])
    assert export_folder(store, tmp_path / "export").written["visits"] == 1
    with gzip.open(tmp_path / "export" / "visits.ndjson.gz", "rt") as file:
        assert file.read() == '{"_id": "kept"}\n'
