"""The small interface of a document database, whichever it is. The only calls the rest relies on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Protocol

from bson.codec_options import CodecOptions, DatetimeConversion

from dashapp.domain.ports import Mode
from dashapp.domain.vocabulary import AMOUNT, EVENT_TIME, LINK

Document = dict[str, Any]

# Times come as naive UTC; those outside the years 1 to 9999 as bare milliseconds instead of an error.
CODEC: Final[CodecOptions[Document]] = CodecOptions(
    datetime_conversion=DatetimeConversion.DATETIME_AUTO, unicode_decode_error_handler="replace"
)
LOAD_BATCH: Final = 20_000

# What analytics reads of each collection; nothing else leaves the database, password hashes least of all.
PROJECTIONS: Final[dict[str, tuple[str, ...]]] = {
    "users": ("email", "name", "role", "region", "tier", "active", "regions", "lastLogin", "lastSeen"),
    "tiers": ("name", "rank"),
    "facilities": ("name", "region", "type"),
    "visits": ("userId", "facilityId", EVENT_TIME["visits"], "status"),
    **{
        kind: ("userId", "facilityId", LINK[kind], EVENT_TIME[kind], AMOUNT[kind], "status")
        for kind in ("quotations", "orders")
    },
    "logins": ("userId", EVENT_TIME["logins"]),
}

# The times a change leaves behind, by which polling finds it.
CHANGE_TIMES: Final[dict[str, tuple[str, ...]]] = {
    "users": ("updatedAt", "lastSeen", "lastLogin"),
    "tiers": ("updatedAt",),
    "facilities": ("updatedAt",),
    "visits": ("updatedAt",),
    "quotations": ("updatedAt",),
    "orders": ("updatedAt",),
    "logins": ("at",),
}


@dataclass(frozen=True)
class DocumentChanges:
    """Documents as they are now, and the ids of those that are gone."""

    documents: Mapping[str, Sequence[Document]] = field(default_factory=dict)
    deleted: Mapping[str, Sequence[Any]] = field(default_factory=dict)


class DocumentFeed(Protocol):
    """See domain.ports.Feed; the same promises about raw documents."""

    mode: Mode
    complete: bool

    def next(self, wait_seconds: float) -> DocumentChanges: ...

    def close(self) -> None: ...


class DocumentStore(Protocol):
    """Every method raises SourceLost when the database is away. Times are naive UTC datetimes."""

    def ping(self) -> None: ...

    def ensure_indexes(self) -> list[str]:
        """Make the indexes that polling and loading need; what could not be made, in words."""
        ...

    def read(self, collection: str, since: datetime | None) -> Iterator[list[Document]]:
        """Projected documents; of events those since then and those whose time is no date."""
        ...

    def ids(self, collection: str, since: datetime | None) -> Iterator[list[Any]]:
        """The ids of what `read` would bring."""
        ...

    def get(self, collection: str, ids: Sequence[Any]) -> list[Document]:
        """Those of the documents that exist, projected."""
        ...

    def count(self, collection: str, since: datetime | None) -> int:
        """How many documents `read` would bring."""
        ...

    def feed(self) -> DocumentFeed: ...

    def documents(self, collection: str) -> Iterator[Document]:
        """Every document, whole."""
        ...

    def find(self, collection: str, **equals: Any) -> list[Document]:
        """Whole documents whose fields equal these; `email` compares in lower case."""
        ...

    def write(self, collection: str, documents: Sequence[Document]) -> None:
        """Insert, or replace by _id."""
        ...

    def update(self, collection: str, document_id: Any, fields: Mapping[str, Any]) -> bool:
        """Set these fields of one document; whether there is one."""
        ...

    def delete(self, collection: str, ids: Sequence[Any]) -> None: ...

    def close(self) -> None: ...
