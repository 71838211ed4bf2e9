"""Marks of opportunities in the database: collection `opportunityMarks`, one document for every mark made."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from threading import Lock
from typing import Any, Final

from bson import ObjectId

from dashapp.domain.marks import MARKS, Mark
from dashapp.domain.scope import epoch_ms
from dashapp.source.documents import DocumentStore
from dashapp.source.mapping import text_of, time_of

COLLECTION: Final = "opportunityMarks"


def mark_of(document: Mapping[str, Any]) -> Mark | None:
    """The mark of a document; None for one that is none."""
    facility, user = text_of(document.get("facilityId")), text_of(document.get("userId"))
    made, at = document.get("mark"), time_of(document.get("at"))
    if facility is None or made not in MARKS or at is None:
        return None
    return Mark(facility, made, user or "", at)


class Marks:
    """The newest of each facility, held in memory; `refresh` brings in what other processes wrote."""

    def __init__(self, documents: DocumentStore) -> None:
        self._documents = documents
        self._newest: dict[str, Mark] = {}
        self._lock = Lock()

    @property
    def newest(self) -> Mapping[str, Mark]:
        """By facility id."""
        return self._newest

    @property
    def version(self) -> int:
        """Changes when a mark does."""
        return hash(frozenset(self._newest.values()))

    def refresh(self) -> None:
        """Read what is there. Raises SourceLost."""
        found = [mark_of(document) for document in self._documents.documents(COLLECTION)]
        self._take(mark for mark in found if mark is not None)

    def add(self, facility_id: str, mark: str, user_id: str, at: datetime) -> Mark:
        """Write a mark down, to the millisecond. Raises SourceLost."""
        made = Mark(facility_id, mark, user_id, epoch_ms(at))
        document = {
            "_id": ObjectId(),
            "facilityId": facility_id,
            "mark": mark,
            "userId": user_id,
            "at": at.replace(microsecond=at.microsecond // 1000 * 1000),
        }
        self._documents.write(COLLECTION, [document])
        self._take([made])
        return made

    def _take(self, marks: Any) -> None:
        with self._lock:
            newest = dict(self._newest)
            for mark in marks:
                known = newest.get(mark.facility_id)
                if known is None or known.at <= mark.at:
                    newest[mark.facility_id] = mark
            self._newest = newest
