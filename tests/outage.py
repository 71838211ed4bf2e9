"""A database that goes away in the middle of the work: a network that fails on cue, and readers all along."""

from __future__ import annotations

import itertools
import json
import socket
import statistics
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, Self

import jwt
from builders import SECRET, AppServer, Document

Failure = Literal["refused", "frozen", "forgotten"]
FAILURES: tuple[Failure, ...] = ("refused", "frozen", "forgotten")

READERS_PER_SECOND = 20
LIVE = "/api/analytics/live/"
PULSE = "/accounts/analytics/realtime/"
QUESTIONS = (
    *(LIVE + name for name in ("dashboard", "summary?daysBack=7", "realtime", "trends", "regional")),
    *(LIVE + name for name in ("users-activity", "top-performers", "conversion?daysBack=90")),
    PULSE,
)


class Network:
    """The way to a server on this machine. What travels can be refused, held back, or swallowed."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._state = threading.Condition()
        self._held = False
        self._sockets: set[socket.socket] = set()
        self._forgotten: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = int(self._listener.getsockname()[1])
        self._listen()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.restore()
        self.refuse()

    def fail(self, how: Failure) -> None:
        if how == "refused":
            self.refuse()
        else:
            self.freeze(forget=how == "forgotten")

    def refuse(self) -> None:
        """Cut every connection and refuse new ones."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._acceptor.join()
        self.cut()

    def cut(self) -> None:
        """Cut every connection; new ones are welcome."""
        with self._state:
            for each in self._sockets:
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
            self._state.notify_all()

    def freeze(self, *, forget: bool = False) -> None:
        """Let nothing through. Later what was on its way arrives; or it never does, and nobody is told."""
        with self._state:
            self._held = True
            if forget:
                self._forgotten |= self._sockets

    def restore(self) -> None:
        with self._state:
            if self._held and self._forgotten:
                self._forgotten |= self._sockets  # those that came meanwhile are lost as well
            self._held = False
            self._state.notify_all()
        if self._listener.fileno() < 0:
            self._listener = socket.create_server(("127.0.0.1", self.port), backlog=128)
            self._listen()

    def _listen(self) -> None:
        self._acceptor = threading.Thread(target=self._accept, args=(self._listener,), daemon=True)
        self._acceptor.start()

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                near, _ = listener.accept()
                far = socket.create_connection(("127.0.0.1", self._target))
                with self._state:
                    self._sockets |= {near, far}
                for one, other in ((near, far), (far, near)):
                    threading.Thread(target=self._carry, args=(one, other), daemon=True).start()

    def _carry(self, one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while data := one.recv(1 << 16):
                with self._state:
                    self._state.wait_for(lambda: not self._held)
                    if one in self._forgotten:
                        continue
                other.sendall(data)
        with self._state:
            self._sockets -= {one, other}
        if one not in self._forgotten:
            for each in (one, other):
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
        one.close()


# --- Readers


@dataclass(frozen=True)
class Reading:
    """An answer: when it was due (monotonic), how long it took, and whether it says its data are old."""

    path: str
    asked_at: float
    seconds: float
    status: int
    stale: bool | None
    body: bytes = field(default=b"", repr=False)


def token() -> str:
    """A manager's, as another program with the secret makes them."""
    claims = {"sub": "a manager", "role": "manager", "exp": datetime.now(UTC) + timedelta(hours=1)}
    return jwt.encode(claims, SECRET, algorithm="HS256")


def ask(server: AppServer, path: str, credentials: str, asked_at: float) -> Reading:
    try:
        answer = server.get(path, None if path == PULSE else credentials)
    except OSError as error:
        return Reading(path, asked_at, time.monotonic() - asked_at, 0, None, repr(error).encode())
    took = time.monotonic() - asked_at
    stale: bool | None = None
    with suppress(ValueError, KeyError):
        stale = answer.json["source"] == "stale" if path == PULSE else answer.json["stale"]
    return Reading(path, asked_at, took, answer.status, stale, answer.body)


def read_for(server: AppServer, seconds: float, per_second: int = READERS_PER_SECOND) -> list[Reading]:
    """Ask at an even pace, however long the answers take; times count from when a question was due."""
    credentials, began = token(), time.monotonic()
    asked = []
    with ThreadPoolExecutor(32) as pool:
        for n, path in zip(range(int(seconds * per_second)), itertools.cycle(QUESTIONS), strict=False):
            due = began + n / per_second
            time.sleep(max(0.0, due - time.monotonic()))
            asked.append(pool.submit(ask, server, path, credentials, due))
        return [each.result() for each in asked]


@contextmanager
def signing_in(server: AppServer, per_second: float) -> Iterator[None]:
    """People try to sign in all along, so many a second."""
    done = threading.Event()

    def attempt() -> None:
        with suppress(OSError):
            server.post_json("/api/auth/login", {"email": "someone@example.org", "password": "a password"})

    def go_on() -> None:
        with ThreadPoolExecutor(64) as pool:
            while not done.wait(1 / per_second):
                pool.submit(attempt)

    thread = threading.Thread(target=go_on)
    if per_second:
        thread.start()
    yield
    done.set()
    if per_second:
        thread.join()


def seconds_until(condition: Callable[[], bool], limit: float) -> float:
    """How long it takes; infinite when it takes longer than that."""
    began = time.monotonic()
    while time.monotonic() - began < limit:
        with suppress(OSError, ValueError, KeyError, AssertionError):
            if condition():
                return time.monotonic() - began
        time.sleep(0.02)
    return float("inf")


# --- The whole story


@dataclass(frozen=True)
class Outage:
    """What readers saw: before the grace was over, and after it; and how long it took to be fresh again."""

    how: Failure
    stale_after_seconds: float
    early: Sequence[Reading]
    readings: Sequence[Reading]
    fresh_after_seconds: float
    written_after_seconds: float
    same_process: bool

    def __str__(self) -> str:
        return (
            f"{self.how}: {len(self.readings)} answers, median {self.typical * 1000:.0f} ms,"
            f" slowest {self.slowest * 1000:.0f} ms; stale after {self.stale_after_seconds:.1f} s;"
            f" back: fresh after {self.fresh_after_seconds:.1f} s, the write after"
            f" {self.written_after_seconds:.1f} s"
        )

    @property
    def slowest(self) -> float:
        return max(reading.seconds for reading in (*self.early, *self.readings))

    @property
    def typical(self) -> float:
        return statistics.median(reading.seconds for reading in self.readings)


def visits_today(server: AppServer) -> int:
    return int(server.live("realtime", token())["visits_today"])


def is_stale(server: AppServer) -> bool:
    return bool(json.loads(server.get(LIVE + "realtime", token()).body)["stale"])


def suffer(
    server: AppServer,
    network: Network,
    how: Failure,
    *,
    grace: float,
    seconds: float,
    write: Callable[[], object],
    patience: float = 60,
) -> Outage:
    """Take the database away for so long after a grace, write a visit meanwhile, bring it back."""
    assert server.process is not None
    process, before = server.process.pid, visits_today(server)
    assert not is_stale(server)
    network.fail(how)
    cut_at = time.monotonic()
    readings = read_for(server, grace + seconds / 2)
    write()
    readings += read_for(server, seconds / 2)
    network.restore()
    with ThreadPoolExecutor(2) as pool:
        fresh = pool.submit(seconds_until, lambda: not is_stale(server), patience)
        written = pool.submit(seconds_until, lambda: visits_today(server) == before + 1, patience)
    told = [reading.asked_at for reading in readings if reading.stale]
    return Outage(
        how,
        min(told, default=float("inf")) - cut_at,
        [reading for reading in readings if reading.asked_at - cut_at < grace],
        [reading for reading in readings if reading.asked_at - cut_at >= grace],
        fresh.result(),
        written.result(),
        server.process.poll() is None and server.process.pid == process,
    )


def organisation(visits: int, now: datetime) -> dict[str, list[Document]]:
    """A small one, with visits and orders over the last month."""
    before = [now - timedelta(minutes=n * 43_000 / visits) for n in range(visits)]
    return {
        "users": [{"_id": f"rep-{n}", "name": f"Rep {n}", "role": "sales"} for n in range(20)],
        "facilities": [{"_id": f"clinic-{n}", "region": f"Region {n % 4}"} for n in range(50)],
        "visits": [
            {"_id": f"v{n}", "userId": f"rep-{n % 20}", "facilityId": f"clinic-{n % 50}"}
            | {"date": at, "updatedAt": at, "status": "successful"}
            for n, at in enumerate(before)
        ],
        "orders": [
            {"_id": f"o{n}", "userId": f"rep-{n % 20}", "facilityId": f"clinic-{n % 50}"}
            | {"createdAt": at, "updatedAt": at, "status": "placed", "totalAmount": 100.0 + n}
            for n, at in enumerate(before[::4])
        ],
    }


def new_visit(**fields: Any) -> Document:
    now = datetime.now(UTC).replace(tzinfo=None)
    return {
        "userId": "rep-1",
        "facilityId": "clinic-1",
        "date": now,
        "updatedAt": now,
        "status": "successful",
    } | fields
