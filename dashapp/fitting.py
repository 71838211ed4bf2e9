"""Keeps the predictions current: a thread that has the models run in a process of their own.

They run when the local day changes or the past does, never in a request. Results are kept in a file, which a
restart reads at once, and which several processes of one server share.
"""

from __future__ import annotations

import fcntl
import json
import logging
import pickle
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from threading import Event, Thread
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np

from dashapp import VERSION
from dashapp.domain.scope import midnight_ms
from dashapp.domain.snapshot import Snapshot
from dashapp.domain.vocabulary import COUNTED
from dashapp.live.store import Store
from dashapp.metrics.models.history import Material
from dashapp.metrics.models.latest import Latest
from dashapp.metrics.models.predictions import Predictions

log = logging.getLogger(__name__)

PROJECT: Final = Path(__file__).resolve().parents[1]
LOOK_SECONDS: Final = 5.0
FIRST_SECONDS: Final = 1.0
LONGEST_SECONDS: Final = 900.0
SPARED: Final = 20  # the models rest so many times as long as they ran
LEAST_REST_SECONDS: Final = 60.0
AFTER_FAILURE_SECONDS: Final = 300.0
MATERIAL: Final = 0.01  # a change of the past by one part in a hundred

Runner = Callable[[Material, datetime, ZoneInfo], str]


class FitFailed(Exception):
    """The models could not be run; the message is for the log."""


@dataclass(frozen=True)
class Basis:
    """What predictions were made from: enough to see whether they are still worth having."""

    database: str
    zone: str
    as_of: str
    orders: int
    revenue: int
    code: str = VERSION

    def serves(self, now: Basis) -> bool:
        """Whether predictions made from this are as good as new ones."""
        if (self.database, self.zone, self.as_of, self.code) != (now.database, now.zone, now.as_of, now.code):
            return False
        orders, revenue = abs(self.orders - now.orders), abs(self.revenue - now.revenue)
        return orders <= MATERIAL * now.orders and revenue <= MATERIAL * now.revenue


def basis(snapshot: Snapshot, now: datetime, zone: ZoneInfo, database: str) -> Basis:
    """Counted orders before the local day, and their millionths."""
    today = now.astimezone(zone).date()
    rows = snapshot.orders.between(0, midnight_ms(today, zone))[1]
    counts = np.array(COUNTED["orders"])[snapshot.orders.status[:rows]]
    revenue = float(snapshot.orders.amount[:rows][counts].sum(dtype=np.float64))
    return Basis(database, zone.key, str(today), int(counts.sum()), int(revenue))


class Shelf:
    """The file that keeps the newest predictions and what they were made from."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "predictions.json"
        self._lock = folder / "predictions.lock"

    def written_at(self) -> float:
        """When it was written; 0 if there is none."""
        try:
            return self._path.stat().st_mtime
        except OSError:
            return 0.0

    def read(self) -> tuple[Basis, Predictions] | None:
        """What is kept; None if there is nothing of use."""
        try:
            head, _, body = self._path.read_text(encoding="utf-8").partition("\n")
            return Basis(**json.loads(head)), Predictions.from_json(body)
        except (OSError, ValueError, TypeError):
            return None

    def write(self, made_from: Basis, predictions: str) -> None:
        """Replace the file in one go, readable by its owner only. Raises OSError."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        beside = self._path.with_suffix(".new")
        beside.touch(mode=0o600)
        beside.write_text(f"{json.dumps(asdict(made_from))}\n{predictions}", encoding="utf-8")
        beside.replace(self._path)

    @contextmanager
    def alone(self) -> Iterator[bool]:
        """Whether no other process is running the models; none will while this lasts."""
        self._lock.parent.mkdir(parents=True, exist_ok=True)
        with self._lock.open("a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                yield False
                return
            yield True


class Child:
    """Runs the models in a process of their own, which can be stopped."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def __call__(self, material: Material, cut_off: datetime, zone: ZoneInfo) -> str:
        """The predictions as JSON; raises FitFailed."""
        process = self._process = subprocess.Popen(
            [sys.executable, "-m", "dashapp.metrics.models"],
            cwd=PROJECT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        try:
            asked = pickle.dumps((material, cut_off, zone), protocol=5)
            out, errors = process.communicate(asked, timeout=LONGEST_SECONDS)
        except subprocess.TimeoutExpired:
            self.stop()
            raise FitFailed(f"not done in {LONGEST_SECONDS:.0f} s") from None
        if process.returncode:
            said = errors.decode(errors="replace").strip().splitlines()
            raise FitFailed(said[-1] if said else f"ended with {process.returncode}")
        return out.decode()

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.kill()


class Fitter:
    """One turn of its loop is `look`, which never raises and says when to look again."""

    def __init__(
        self,
        live: Store,
        latest: Latest,
        *,
        zone: ZoneInfo,
        folder: Path,
        database: str,
        run: Runner | None = None,
    ) -> None:
        self._live, self._latest = live, latest
        self._zone, self._database = zone, database
        self._shelf = Shelf(folder)
        self._child = Child()
        self._run_models = run or self._child
        self._made_from: Basis | None = None
        self._read_at = 0.0
        self._seen: tuple[object, ...] = ()
        self._rest_until = 0.0
        self._stopping = Event()

    def start(self) -> None:
        Thread(target=self._loop, name="predictions", daemon=True).start()

    def stop(self) -> None:
        self._stopping.set()
        self._child.stop()

    def _loop(self) -> None:
        self.take_kept()
        self._stopping.wait(FIRST_SECONDS)
        while not self._stopping.is_set():
            self._stopping.wait(self.look())

    def look(self) -> float:
        """Have the models run if what they know has changed; seconds until the next look."""
        try:
            self._look()
        except FitFailed as error:
            if not self._stopping.is_set():
                log.warning("The predictions could not be computed: %s", error)
            self._rest_until = time.monotonic() + AFTER_FAILURE_SECONDS
        except Exception:
            log.exception("The predictions could not be computed.")
            self._rest_until = time.monotonic() + AFTER_FAILURE_SECONDS
        return LOOK_SECONDS if self._made_from is not None else FIRST_SECONDS

    def take_kept(self) -> None:
        """Publish what the file holds, if it is of this database."""
        written_at = self._shelf.written_at()
        if written_at in (0.0, self._read_at):
            return
        self._read_at = written_at
        kept = self._shelf.read()
        if kept is not None and (kept[0].database, kept[0].zone) == (self._database, self._zone.key):
            self._made_from = kept[0]
            self._latest.publish(kept[1])

    def _look(self) -> None:
        snapshot = self._live.live.snapshot
        if snapshot is None or snapshot.partial or time.monotonic() < self._rest_until:
            return
        now = self._live.clock()
        seen = (snapshot.orders, str(now.astimezone(self._zone).date()))
        if self._seen and self._seen[0] is seen[0] and self._seen[1] == seen[1]:
            return
        wanted = basis(snapshot, now, self._zone, self._database)
        with self._shelf.alone() as alone:
            self.take_kept()
            current = self._made_from is not None and self._made_from.serves(wanted)
            if not current and alone:
                self._fit(snapshot, now, wanted)
            if current or alone:
                self._seen = seen

    def _fit(self, snapshot: Snapshot, now: datetime, wanted: Basis) -> None:
        started = time.monotonic()
        text = self._run_models(Material.of(snapshot), now, self._zone)
        self._latest.publish(Predictions.from_json(text))
        self._made_from = wanted
        took = time.monotonic() - started
        self._rest_until = time.monotonic() + max(LEAST_REST_SECONDS, SPARED * took)
        log.info("Computed the predictions in %.1f s.", took)
        try:
            self._shelf.write(wanted, text)
            self._read_at = self._shelf.written_at()
        except OSError as error:
            log.warning("The predictions could not be kept: %s", error.strerror)
