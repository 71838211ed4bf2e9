"""Marks of opportunities in both databases."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from builders import facility, free_port

from dashapp.domain.marks import Mark
from dashapp.errors import SourceLost
from dashapp.source.documents import DocumentStore
from dashapp.source.load import CleanSource
from dashapp.source.marks import COLLECTION, Marks
from dashapp.source.mongo import MongoStore

MAY = datetime(2026, 5, 12, 9, 30, 15, 123_999, tzinfo=UTC)
MAY_MS = 1_778_578_215_123


def test_a_mark_is_kept_with_who_and_when(store: DocumentStore) -> None:
    made = Marks(store).add("clinic-1", "planned", "ada", MAY)
    assert made == Mark("clinic-1", "planned", "ada", MAY_MS)
    again = Marks(store)
    assert again.newest == {}
    again.refresh()
    assert again.newest == {"clinic-1": made}
    (document,) = store.documents(COLLECTION)
    assert (document["facilityId"], document["mark"], document["userId"]) == ("clinic-1", "planned", "ada")
    assert document["at"] == datetime(2026, 5, 12, 9, 30, 15, 123_000)


def test_the_newest_mark_counts_and_the_older_ones_stay(store: DocumentStore) -> None:
    marks = Marks(store)
    marks.add("clinic-1", "planned", "ada", MAY)
    before = marks.version
    marks.add("clinic-1", "won", "mona", MAY.replace(day=20))
    assert marks.version != before
    marks.refresh()
    assert marks.newest["clinic-1"].mark == "won"
    assert len(list(store.documents(COLLECTION))) == 2


def test_documents_that_are_no_marks_are_passed_over(store: DocumentStore) -> None:
    store.write(
        COLLECTION,
        [
            {"_id": 1},
            {"_id": 2, "facilityId": "a", "mark": "maybe", "at": datetime(2026, 5, 1)},
            {"_id": 3, "facilityId": "a", "mark": "won", "at": "some day"},
            {"_id": 4, "facilityId": "b", "mark": "won", "at": "2026-05-01T00:00:00Z"},
        ],
    )
    marks = Marks(store)
    marks.refresh()
    assert list(marks.newest) == ["b"]


def test_a_mark_is_no_change_of_the_data(store: DocumentStore) -> None:
    feed = CleanSource(store).feed()
    Marks(store).add("clinic-1", "planned", "ada", MAY)
    store.write("facilities", [facility(updatedAt=datetime.now(UTC).replace(tzinfo=None))])
    collections = [batch.collection for _ in range(3) for batch in feed.next(0.2).batches]
    feed.close()
    assert set(collections) == {"facilities"}


def test_marks_need_the_database() -> None:
    away = MongoStore(f"mongodb://127.0.0.1:{free_port()}/")
    marks = Marks(away)
    with pytest.raises(SourceLost):
        marks.add("clinic-1", "planned", "ada", MAY)
    assert marks.newest == {}
    away.close()
