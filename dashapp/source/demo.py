"""Demo data in a database: filled, kept alive, removed."""

from __future__ import annotations

import fcntl
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import Final
from zoneinfo import ZoneInfo

from dashapp.domain.vocabulary import COLLECTIONS
from dashapp.errors import SourceLost
from dashapp.source.accounts import password_hash
from dashapp.source.demo_history import history
from dashapp.source.demo_live import Simulator
from dashapp.source.demo_world import DEMO_ACCOUNTS, make_world
from dashapp.source.documents import DocumentStore

log = logging.getLogger(__name__)

SEED: Final = 2026
STEP_SECONDS: Final = 1.0
DELETE_BATCH: Final = 5_000


def is_empty(documents: DocumentStore) -> bool:
    return not any(documents.count(collection, None) for collection in COLLECTIONS)


def holds_demo(documents: DocumentStore) -> bool:
    """Whether there is demo data and nothing but demo data has been brought in beside it."""
    return bool(documents.find("tiers", demo=True))


def seed(
    documents: DocumentStore,
    zone: ZoneInfo,
    progress: Callable[[str, int], None] = lambda _collection, _count: None,
    number: int = SEED,
) -> dict[str, int]:
    """Write a year and a half of demo data, the same for the same number; how many of each collection."""
    written: dict[str, int] = dict.fromkeys(COLLECTIONS, 0)
    world = make_world(number, password_hash)
    batches = list(history(world, datetime.now(UTC), zone))
    # The tiers come last: they mark the demo data as complete.
    for collection, batch in sorted(batches, key=lambda item: item[0] == "tiers"):
        documents.write(collection, batch)
        written[collection] += len(batch)
        progress(collection, len(batch))
    return written


def seed_if_empty(documents: DocumentStore, zone: ZoneInfo, folder: Path) -> bool:
    """Fill an empty database, by one process at a time; whether it was empty."""
    with (folder / "demo.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not is_empty(documents):
            return False
        seed(documents, zone)
        return True


def clear(documents: DocumentStore) -> int:
    """Remove all demo data, and the sign-ins of demo accounts; how many documents."""
    removed = 0
    people = {one["_id"] for one in documents.find("users", demo=True)}
    for collection in COLLECTIONS:
        ids = [
            one["_id"]
            for one in documents.documents(collection)
            if one.get("demo") is True or (collection == "logins" and one.get("userId") in people)
        ]
        for first in range(0, len(ids), DELETE_BATCH):
            documents.delete(collection, ids[first : first + DELETE_BATCH])
        removed += len(ids)
    return removed


def simulate(documents: DocumentStore, zone: ZoneInfo, stopping: Event, number: int = SEED) -> None:
    """Write what the demo organisation does, as it does it, until told to stop or the demo data are gone."""
    simulator = Simulator(make_world(number, lambda _password: ""), number, zone)
    while not stopping.is_set():
        try:
            if not holds_demo(documents):
                return
            now = datetime.now(UTC)
            for collection, batch in simulator.step(now):
                documents.write(collection, batch)
            for user_id, fields in simulator.presence(now):
                documents.update("users", user_id, fields)
        except SourceLost:
            log.debug("The demo organisation waits for the database.")
        stopping.wait(STEP_SECONDS)


def simulate_alone(documents: DocumentStore, zone: ZoneInfo, stopping: Event, folder: Path) -> None:
    """As `simulate`, unless another process does it for this folder."""
    with (folder / "demo-live.lock").open("w") as lock:
        while not stopping.is_set():
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                stopping.wait(STEP_SECONDS * 5)
        simulate(documents, zone, stopping)


def sign_ins() -> list[tuple[str, str]]:
    """The e-mail addresses and passwords of the demo accounts."""
    return [(email, password) for email, password, *_ in DEMO_ACCOUNTS]
