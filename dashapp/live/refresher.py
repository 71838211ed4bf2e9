"""The thread that keeps the live copy current: load, apply changes, compare, report."""

from __future__ import annotations

import logging
import time
from datetime import UTC, datetime
from threading import Event, Thread
from typing import Final
from zoneinfo import ZoneInfo

from dashapp.domain.ports import Batch, Changes, Feed, FeedBroken, Source
from dashapp.domain.scope import last_days, moment
from dashapp.domain.tables import Events, Keys
from dashapp.domain.vocabulary import COLLECTIONS, EVENT_KINDS, Collection
from dashapp.errors import SourceLost
from dashapp.live.ledger import Ledger
from dashapp.live.store import Store

log = logging.getLogger(__name__)

RECENT_DAYS: Final = 35
KEEP_UP_SECONDS: Final = 1.0
RETRY_SECONDS: Final = 0.5
FETCH_IDS: Final = 1_000


class Pace:
    """When a recurring task is due: never closer than `seconds`, nor busier than one part in `spared`."""

    def __init__(self, seconds: float, spared: int) -> None:
        self._seconds, self._spared = seconds, spared
        self.postpone()

    @property
    def due(self) -> bool:
        return time.monotonic() >= self._due_at

    def postpone(self, took_seconds: float = 0.0) -> None:
        self._due_at = time.monotonic() + max(self._seconds, self._spared * took_seconds)

    def hasten(self) -> None:
        self._due_at = 0.0


class Refresher:
    """Owns the ledger and the feed. `refresh_once` is one turn of the loop and never raises."""

    def __init__(
        self, source: Source, store: Store, *, zone: ZoneInfo, history_days: int, sync_seconds: float
    ) -> None:
        self._source, self._store = source, store
        self._zone, self._history_days, self._sync_seconds = zone, history_days, sync_seconds
        self._ledger: Ledger | None = None
        self._feed: Feed | None = None
        self._touched: dict[str, set[int]] | None = None  # keys the feed told of while comparing
        self._kept_up_at = 0.0
        self._counting = Pace(5, spared=20)
        self._comparing = Pace(120, spared=30)
        self._stopping = Event()
        self._thread: Thread | None = None
        self._was_lost = False

    # --- The thread

    def start(self) -> None:
        self._thread = Thread(target=self._run, name="refresher", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(timeout=self._sync_seconds + 10)

    def _run(self) -> None:
        while not self._stopping.is_set():
            if not self.refresh_once():
                self._stopping.wait(RETRY_SECONDS)
        if self._feed is not None:
            self._feed.close()

    def refresh_once(self) -> bool:
        """Bring the published snapshot up to date; False, having logged why, if that failed."""
        try:
            self._refresh()
        except SourceLost as error:
            self._store.lose()
            if not self._was_lost:
                log.warning("The database is away; serving the last known data. (%s)", error.__cause__)
            self._was_lost = True
            return False
        except FeedBroken:
            log.warning("Changes may have been missed; comparing everything.")
            self._close_feed()
            return False
        except Exception:
            log.exception("Refreshing failed; loading anew.")
            self._store.lose()
            self._ledger = None
            self._close_feed()
            return False
        if self._was_lost:
            log.info("The database is back.")
            self._was_lost = False
        return True

    def _refresh(self) -> None:
        if self._feed is None:
            self._feed = self._source.feed()  # before loading, so that nothing is missed in between
            self._comparing.hasten()
            if self._ledger is not None:
                self._store.doubt()
        if self._ledger is None or self._ledger.partial:
            self._load()
        self._keep_up(self._sync_seconds)
        if not self._feed.complete and self._counting.due:
            self._count()
        if self._comparing.due:
            self._compare_everything()

    def _close_feed(self) -> None:
        if self._feed is not None:
            self._feed.close()
        self._feed = None

    # --- Loading

    def _load(self) -> None:
        """The newest days first, so that there is something to show, then the whole history."""
        started = time.monotonic()
        if self._store.live.snapshot is None:
            self._ledger = self._loaded(min(RECENT_DAYS, self._history_days), partial=True)
            self._publish()
        self._ledger = self._loaded(self._history_days)
        self._store.trust()
        self._publish()
        self._comparing.postpone(time.monotonic() - started)
        log.info("Loaded the history in %.1f s.", time.monotonic() - started)

    def _loaded(self, days: int, *, partial: bool = False) -> Ledger:
        ledger = Ledger(last_days(days, self._store.clock(), self._zone).start_ms, partial=partial)
        missed = []
        for collection in COLLECTIONS:
            parts: list[Events] = []
            for batch in self._source.load(collection, since(ledger)):
                if collection in EVENT_KINDS:
                    parts.append(ledger.encode(batch))
                else:
                    ledger.apply_batch(batch)
                if self._late():
                    missed.append(self._keep_up(0))
            if collection in EVENT_KINDS:
                ledger.fill(collection, parts)
        for changes in missed:
            ledger.apply(changes)
        return ledger

    # --- Changes

    def _late(self) -> bool:
        return time.monotonic() - self._kept_up_at > KEEP_UP_SECONDS

    def _keep_up(self, wait_seconds: float) -> Changes:
        """Apply and publish what the feed tells."""
        assert self._feed is not None
        changes = self._feed.next(wait_seconds)
        self._kept_up_at = time.monotonic()
        if self._touched is not None:
            for batch in changes.batches:
                self._touched[batch.collection].update(batch.seen.tolist())
            for collection, keys in changes.deleted.items():
                self._touched[collection].update(keys.tolist())
        if self._ledger is not None:
            if self._ledger.apply(changes):
                self._publish()
            self._store.confirm(self._feed.mode)
        return changes

    def _publish(self) -> None:
        assert self._ledger is not None
        self._store.publish(self._ledger.snapshot())

    # --- Comparing: what a feed by time of change cannot tell

    def _count(self) -> None:
        """Compare how many documents there are with how many are held; look closer where that differs."""
        assert self._ledger is not None
        started = time.monotonic()
        floor = since(self._ledger)
        before = {name: self._ledger.size(name) for name in COLLECTIONS}
        counts = {name: self._source.count(name, floor) for name in COLLECTIONS}
        self._keep_up(0)
        self._counting.postpone(time.monotonic() - started)
        for name in COLLECTIONS:
            held = sorted((before[name], self._ledger.size(name)))
            if not held[0] <= counts[name] <= held[1]:
                self._compare_keys(name)

    def _compare_keys(self, collection: Collection) -> None:
        """Fetch the documents that are not held, drop those that are gone."""
        assert self._ledger is not None
        self._touched = {name: set() for name in COLLECTIONS}
        seen = []
        unknown: list[object] = []
        held = set(self._ledger.known(collection).tolist())
        for keys, ids in self._source.keys(collection, since(self._ledger)):
            seen.append(keys)
            unknown += [one for key, one in zip(keys.tolist(), ids, strict=True) if key not in held]
            if self._late():
                self._keep_up(0)
        for first in range(0, len(unknown), FETCH_IDS):
            self._bring_in(self._source.fetch(collection, unknown[first : first + FETCH_IDS]))
        self._drop_missing(collection, seen)

    def _compare_everything(self) -> None:
        """Read every document again and bring in every difference."""
        assert self._ledger is not None
        started = time.monotonic()
        self._ledger.floor_ms = last_days(self._history_days, self._store.clock(), self._zone).start_ms
        for collection in COLLECTIONS:
            self._touched = {name: set() for name in COLLECTIONS}
            seen = []
            for batch in self._source.load(collection, since(self._ledger)):
                seen.append(batch.seen)
                self._bring_in(batch)
                if self._late():
                    self._keep_up(0)
            self._drop_missing(collection, seen)
        complete = self._feed is not None and self._feed.complete
        self._comparing.postpone(max(time.monotonic() - started, 120.0 if complete else 0.0))
        self._store.trust()
        self._keep_up(0)

    def _bring_in(self, batch: Batch) -> None:
        """Apply a batch that was read a while ago: what the feed told since then is newer."""
        assert self._ledger is not None and self._touched is not None
        if self._ledger.apply_batch(batch, skip=self._touched[batch.collection]):
            self._publish()

    def _drop_missing(self, collection: Collection, seen: list[Keys]) -> None:
        assert self._ledger is not None and self._touched is not None
        gone = self._ledger.missing(collection, seen)
        gone = gone[[key not in self._touched[collection] for key in gone.tolist()]]
        self._touched = None
        if len(gone) and self._ledger.remove(collection, gone):
            self._publish()


def since(ledger: Ledger) -> datetime:
    """The start of what the ledger holds, as databases compare it: naive UTC."""
    return moment(ledger.floor_ms).astimezone(UTC).replace(tzinfo=None)
