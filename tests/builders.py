"""Small documents, snapshots and servers for tests. Defaults are plain; a test names what matters to it."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from dashapp.domain.ports import Changes
from dashapp.domain.scope import Scope, last_days
from dashapp.domain.snapshot import Snapshot
from dashapp.live.ledger import Ledger
from dashapp.metrics.view import View
from dashapp.source.load import cleaned

ROOT = Path(__file__).resolve().parents[1]
NAIROBI = ZoneInfo("Africa/Nairobi")
NOW = datetime(2026, 5, 20, 12, 0, tzinfo=UTC)  # a Wednesday, 15:00 in Nairobi
SECRET = "a secret for tests, long enough to be one"
Document = dict[str, Any]
_numbers = itertools.count(1)


def ago(**parts: float) -> datetime:
    """A naive UTC time so long before NOW."""
    return (NOW - timedelta(**parts)).replace(tzinfo=None)


def visit(**fields: Any) -> Document:
    return (
        {"_id": f"v-{next(_numbers)}", "userId": "rep-1", "facilityId": "clinic-1"}
        | {
            "date": ago(hours=1),
            "status": "successful",
        }
        | fields
    )


def quotation(**fields: Any) -> Document:
    return (
        {"_id": f"q-{next(_numbers)}", "userId": "rep-1", "facilityId": "clinic-1"}
        | {
            "createdAt": ago(hours=1),
            "status": "sent",
            "amount": 100.0,
        }
        | fields
    )


def order(**fields: Any) -> Document:
    return (
        {"_id": f"o-{next(_numbers)}", "userId": "rep-1", "facilityId": "clinic-1"}
        | {
            "createdAt": ago(hours=1),
            "status": "placed",
            "totalAmount": 100.0,
        }
        | fields
    )


def login(**fields: Any) -> Document:
    return {"_id": f"l-{next(_numbers)}", "userId": "rep-1", "at": ago(hours=1)} | fields


def user(**fields: Any) -> Document:
    return (
        {"_id": "rep-1", "email": "rep-1@example.org", "name": "Asha Rep", "role": "sales"}
        | {
            "region": "Nairobi",
            "tier": "Gold",
        }
        | fields
    )


def facility(**fields: Any) -> Document:
    return {"_id": "clinic-1", "name": "First Clinic", "region": "Coast", "type": "clinic"} | fields


def tier(**fields: Any) -> Document:
    return {"_id": "gold", "name": "Gold", "rank": 3} | fields


def ledger(**collections: Sequence[Document]) -> Ledger:
    """A ledger that holds these documents, cleaned as the sources do it."""
    made = Ledger(floor_ms=-(2**62))
    ordered = sorted(collections.items(), key=lambda item: item[0] not in {"users", "facilities", "tiers"})
    made.apply(Changes([cleaned(name, list(documents)) for name, documents in ordered]))  # type: ignore[arg-type]
    return made


def snapshot(**collections: Sequence[Document]) -> Snapshot:
    return ledger(**collections).snapshot()


def view(
    data: Snapshot,
    days: int = 30,
    *,
    now: datetime = NOW,
    zone: ZoneInfo = NAIROBI,
    regions: Sequence[str] | None = None,
    users: Sequence[str] | None = None,
) -> View:
    """The data through the last so many days."""
    scope = Scope(
        last_days(days, now, zone),
        None if regions is None else tuple(regions),
        None if users is None else tuple(users),
    )
    return View(data, scope)


def keys(*numbers: int) -> Any:
    return np.array(numbers, dtype=np.uint64)


# --- Servers


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Answer:
    """An HTTP answer. `json` fails on anything that is no JSON."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def data(self) -> Any:
        return self.json["data"]


class KeepAnswer(urllib.request.HTTPRedirectHandler, urllib.request.HTTPErrorProcessor):
    """Neither follows redirects nor raises: tests look at the answer itself."""

    def http_response(self, _request: Any, response: Any) -> Any:
        return response

    https_response = http_response


OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}), KeepAnswer())


@dataclass
class AppServer:
    """A real server process of the application on a free port of this machine."""

    environment: dict[str, str] = field(default_factory=dict)
    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="live-analytics-")))
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def settings(self) -> dict[str, str]:
        """The environment of the process: nothing of the caller's but what finds programs."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
        limits = {f"RATE_LIMIT_{name}": "off" for name in ("GLOBAL", "USER", "PUBLIC", "LOGIN")}
        return {
            **kept,
            **limits,
            "PORT": str(self.port),
            "DATA_DIR": str(self.folder),
            "DEMO_DATA": "off",
            "JWT_SECRET": SECRET,
            "SECRET_KEY": SECRET,
            "SYNC_SECONDS": "0.2",
            "REFRESH_SECONDS": "1",
            **self.environment,
        }

    def start(self, *, wait_for: str | None = "healthy", seconds: float = 60) -> None:
        self.log = (self.folder / "server.log").open("ab")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "wsgi:app"],
            cwd=ROOT,
            env=self.settings,
            stdout=self.log,
            stderr=subprocess.STDOUT,
        )
        if wait_for:
            self.wait_for(wait_for, seconds)

    def wait_for(self, status: str, seconds: float = 30, *, history: bool = True) -> None:
        """Until /health says so (and, when healthy, the whole history is there)."""
        deadline = time.monotonic() + seconds
        report: Any = None
        while time.monotonic() < deadline:
            assert self.process is None or self.process.poll() is None, self.log_text()
            try:
                report = self.get("/health").json
                if report["status"] == status and (
                    not history or report["history_loaded"] or status != "healthy"
                ):
                    return
            except OSError:
                pass
            time.sleep(0.05)
        raise AssertionError(f"not {status} within {seconds} s: {report}\n{self.log_text()}")

    def log_text(self) -> str:
        return (self.folder / "server.log").read_text(errors="replace")

    def stop(self, how: int = signal.SIGTERM) -> None:
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(timeout=20)
            self.process = None
            self.log.close()

    def request(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float = 30,
    ) -> Answer:
        asked = urllib.request.Request(self.url + path, body, dict(headers or {}), method=method)
        with OPENER.open(asked, timeout=timeout) as answer:
            return Answer(answer.status, answer.headers, answer.read())

    def get(self, path: str, token: str | None = None, **headers: str) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if token is not None:
            named["Authorization"] = f"Bearer {token}"
        return self.request("GET", path, headers=named)

    def post_json(self, path: str, value: Any, headers: Mapping[str, str] | None = None) -> Answer:
        body = value if isinstance(value, bytes) else json.dumps(value).encode()
        return self.request("POST", path, body, {"Content-Type": "application/json", **(headers or {})})

    def sign_in(self, email: str, password: str) -> str:
        """A token."""
        answer = self.post_json("/api/auth/login", {"email": email, "password": password})
        assert answer.status == 200, answer.body
        return str(answer.json["token"])

    def live(self, question: str, token: str) -> Any:
        """The data of an answer of the live API."""
        answer = self.get(f"/api/analytics/live/{question}", token)
        assert answer.status == 200, answer.body
        return answer.data

    def flask(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a command of the application with the settings of this server."""
        done = subprocess.run(
            [sys.executable, "-m", "flask", "--app", "wsgi", *arguments],
            cwd=ROOT,
            env=self.settings,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done


@contextmanager
def app_server(*, wait_for: str | None = "healthy", **environment: str) -> Iterator[AppServer]:
    """A running server with these settings, stopped and removed at the end."""

    server = AppServer(environment)
    try:
        server.start(wait_for=wait_for)
        yield server
    finally:
        server.stop()
        shutil.rmtree(server.folder, ignore_errors=True)
