"""Folders of `<collection>.ndjson[.gz]` in and out: Extended JSON, one document a line."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, TextIO

from bson import json_util
from bson.codec_options import DatetimeConversion
from bson.errors import BSONError

from dashapp.domain.vocabulary import COLLECTIONS, EVENT_TIME
from dashapp.errors import InvalidParameter
from dashapp.source.documents import Document, DocumentStore
from dashapp.source.mapping import EPOCH, MILLISECOND, time_of

UNREADABLE: Final = (ValueError, TypeError, KeyError, ArithmeticError, RecursionError, BSONError)
BATCH: Final = 2_000
WEEK: Final = timedelta(weeks=1)
# Dates outside of these stand for "never" or "always": they neither count as the newest nor move.
EARLIEST: Final = datetime(1900, 1, 1)
LATEST: Final = datetime(2200, 1, 1)
# What has happened by the time it is written down, beside the events' own times.
TRACES: Final = ("createdAt", "updatedAt", "lastSeen", "lastLogin")
SUFFIXES: Final = (".ndjson", ".ndjson.gz")
OPTIONS: Final = json_util.JSONOptions(
    json_mode=json_util.JSONMode.CANONICAL,
    tz_aware=False,
    datetime_conversion=DatetimeConversion.DATETIME_AUTO,
)
Progress = Callable[[str, int], None]


@dataclass
class Outcome:
    """Documents written per collection, and every line that could not be."""

    written: dict[str, int] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def files_of(folder: Path) -> dict[str, Path]:
    """The file of each collection that the folder has; raises InvalidParameter where there is none."""
    found: dict[str, Path] = {
        name: path
        for name in COLLECTIONS
        for suffix in reversed(SUFFIXES)
        if (path := folder / f"{name}{suffix}").is_file()
    }
    if not found:
        names = ", ".join(f"{name}.ndjson" for name in COLLECTIONS)
        raise InvalidParameter(f"{folder} holds none of {names} (.gz or not)")
    return found


@contextmanager
def reading(path: Path) -> Iterator[TextIO]:
    opener: Any = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8", errors="surrogateescape") as file:
        yield file


def documents_of(path: Path, problems: list[str]) -> Iterator[tuple[str, Document]]:
    """Each document and its place in the file; a line that is none is noted, and the rest goes on."""
    with reading(path) as file:
        number = 0
        try:
            for number, line in enumerate(file, start=1):
                if not line.strip():
                    continue
                try:
                    yield f"{path.name}:{number}", document_of(line)
                except UNREADABLE as error:
                    problems.append(f"{path.name}:{number}: {reason(error)}")
        except (EOFError, OSError, zlib.error):
            problems.append(f"{path.name}:{number + 1}: the file is damaged from here on")


def document_of(line: str) -> Document:
    document = json_util.loads(line, json_options=OPTIONS)
    if not isinstance(document, dict):
        raise ValueError("not a document")
    if "_id" not in document:
        raise ValueError("no _id")
    line.encode()  # refuses bytes that are not UTF-8
    return document


def reason(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"not JSON ({error.msg})"
    if isinstance(error, UnicodeError):
        return "not UTF-8"
    return str(error) or type(error).__name__


def import_folder(
    store: DocumentStore,
    folder: Path,
    *,
    shift_dates: bool = False,
    now: datetime | None = None,
    progress: Progress = lambda _collection, _count: None,
) -> Outcome:
    """Write the folder's documents, replacing by _id. With shifted dates the newest event is of this week."""
    files = files_of(folder)
    now = now or datetime.now(UTC)
    shift = weeks_to(now, files) if shift_dates else timedelta(0)
    outcome = Outcome()
    for collection, path in files.items():
        outcome.written[collection] = 0
        batch: list[tuple[str, Document]] = []
        for place, document in documents_of(path, outcome.problems):
            batch.append((place, shifted(collection, document, shift, now) if shift else document))
            if len(batch) == BATCH:
                flush(store, collection, batch, outcome, progress)
        flush(store, collection, batch, outcome, progress)
    return outcome


def flush(
    store: DocumentStore,
    collection: str,
    batch: list[tuple[str, Document]],
    outcome: Outcome,
    progress: Progress,
) -> None:
    """Write what has gathered; a document the database refuses is noted with its place."""
    try:
        store.write(collection, [document for _, document in batch])
        outcome.written[collection] += len(batch)
    except (InvalidParameter, BSONError, OverflowError, ValueError):
        for place, document in batch:
            try:
                store.write(collection, [document])
                outcome.written[collection] += 1
            except (InvalidParameter, BSONError, OverflowError, ValueError) as error:
                outcome.problems.append(f"{place}: {error}")
    progress(collection, len(batch))
    batch.clear()


def weeks_to(now: datetime, files: dict[str, Path]) -> timedelta:
    """The whole weeks that bring the newest event into the last seven days."""
    newest = max(
        (
            at
            for collection, name in EVENT_TIME.items()
            if collection in files
            for _, document in documents_of(files[collection], [])
            if (at := moment_of(document.get(name))) is not None
        ),
        default=None,
    )
    return timedelta(0) if newest is None else ((naive(now) - newest) // WEEK) * WEEK


def naive(now: datetime) -> datetime:
    return now.astimezone(UTC).replace(tzinfo=None)


def moment_of(value: Any) -> datetime | None:
    """The UTC time of a date or of a text that is one; None where it is no date that can be meant."""
    ms = time_of(value)
    at = None if ms is None else EPOCH + ms * MILLISECOND
    return at if at is not None and EARLIEST <= at < LATEST else None


def shifted(collection: str, document: Document, shift: timedelta, now: datetime) -> Document:
    """The document with every date moved.

    The event's own time and the traces of what was done move also where they are texts, and no further than
    now: somebody was seen, or a document changed, after the newest event.
    """
    moved: Document = {name: moved_value(value, shift) for name, value in document.items()}
    for name in {EVENT_TIME.get(collection, ""), *TRACES}:
        at = moment_of(document.get(name))
        if at is not None:
            at = min(at + shift, naive(now))
            text = isinstance(document[name], str)
            moved[name] = at.isoformat(timespec="milliseconds") + "Z" if text else at
    return moved


def moved_value(value: Any, shift: timedelta) -> Any:
    if isinstance(value, datetime):
        return value + shift if EARLIEST <= value < LATEST else value
    if isinstance(value, dict):
        return {name: moved_value(one, shift) for name, one in value.items()}
    if isinstance(value, list):
        return [moved_value(one, shift) for one in value]
    return value


def export_folder(
    store: DocumentStore, folder: Path, progress: Progress = lambda _collection, _count: None
) -> Outcome:
    """Write every document, types included, to `<collection>.ndjson.gz`."""
    folder.mkdir(parents=True, exist_ok=True)
    outcome = Outcome()
    for collection in COLLECTIONS:
        count = 0
        with gzip.open(folder / f"{collection}.ndjson.gz", "wt", encoding="utf-8") as file:
            for count, document in enumerate(store.documents(collection), start=1):
                file.write(json_util.dumps(document, json_options=OPTIONS, ensure_ascii=False) + "\n")
                if count % BATCH == 0:
                    progress(collection, BATCH)
        progress(collection, count % BATCH)
        outcome.written[collection] = count
    return outcome
