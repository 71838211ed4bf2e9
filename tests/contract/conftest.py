"""An organisation small enough to be worked out by hand, servers over it, and what every answer promises."""

from __future__ import annotations

import json
import re
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock_time
from functools import cache
from typing import Any, Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import bcrypt
import jwt
import pytest
from argon2 import PasswordHasher
from bson import Decimal128, Int64, ObjectId
from builders import SECRET, Answer, AppServer, Document

from dashapp.source.embedded import EmbeddedStore

Documents = dict[str, list[Document]]

ADA: Final = ObjectId("aaaaaaaaaaaaaaaaaaaaaaaa")
MONA: Final = ObjectId("bbbbbbbbbbbbbbbbbbbbbbbb")
ASHA: Final = ObjectId("cccccccccccccccccccccccc")
CLINIC: Final = ObjectId("ffffffffffffffffffffffff")
PASSWORD: Final = "correct horse battery staple"

MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
INTERNAL: Final = re.compile(
    rb"traceback|exception|\w+error:|mongodb://|sqlite|/usr/|/tmp/|/home/|\.py\b|dashapp|gunicorn|werkzeug",
    re.I,
)


# --- Where and when


@dataclass(frozen=True)
class Here:
    """A time zone in which it is early afternoon now, so that no midnight passes during the tests."""

    zone: ZoneInfo
    today: date

    @classmethod
    def now(cls) -> Here:
        ahead = 13 - datetime.now(UTC).hour
        zone = ZoneInfo(f"Etc/GMT{-ahead:+d}")  # those names count westwards
        return cls(zone, datetime.now(zone).date())

    def day(self, days_ago: int) -> str:
        return str(self.today - timedelta(days=days_ago))

    def at(self, days_ago: int, clock: str = "12:00") -> datetime:
        """The naive UTC time at which the clocks here showed this."""
        shown = datetime.combine(
            self.today - timedelta(days=days_ago), clock_time.fromisoformat(clock), self.zone
        )
        return shown.astimezone(UTC).replace(tzinfo=None)

    def iso(self, days_ago: int, clock: str) -> str:
        return self.at(days_ago, clock).isoformat(timespec="milliseconds") + "Z"


@pytest.fixture(scope="session")
def here() -> Here:
    return Here.now()


# --- The organisation


@cache
def hashes() -> tuple[str, str]:
    """The password as argon2id and as bcrypt, of the cheap sort: they differ in the time they take."""
    argon2id = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    return argon2id.hash(PASSWORD), bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(9)).decode()


def people() -> list[Document]:
    argon2id, bcrypted = hashes()
    asha = {"name": "Asha Rep", "role": "sales", "region": "Nairobi", "tier": "Silver"}
    bo = {"name": "Bo Rep", "role": "sales", "region": "Coast", "tier": "Silver", "active": True}
    mona = {"name": "Mona Manager", "role": "Manager", "region": "Nairobi", "tier": "Gold"}
    lena = {"name": "Lena Limited", "role": "manager", "region": "Coast", "regions": ["Coast"]}
    gone = {"name": "Gone Manager", "role": "manager", "region": "Coast", "tier": "Gold", "active": False}
    return [
        {"_id": ASHA, "email": "asha@example.org", "passwordHash": argon2id, **asha},
        {
            "_id": ADA,
            "email": "Ada@Example.org",
            "name": "Ada Admin",
            "role": "admin",
            "passwordHash": argon2id,
        },
        {"_id": MONA, "email": "mona@example.org", "passwordHash": bcrypted, **mona},
        {"_id": "lena", "email": "lena@example.org", "tier": "Gold", "passwordHash": argon2id, **lena},
        {"_id": "gone", "email": "gone@example.org", "passwordHash": argon2id, **gone},
        {"_id": "bo", "email": "bo@example.org", **bo},
        {"_id": "cy", "email": "cy@example.org", "name": "Cy Rep", "role": "sales"},
    ]


def places() -> Documents:
    return {
        "tiers": [
            {"_id": "t3", "name": "Gold", "rank": 3},
            {"_id": "t1", "name": "Bronze", "rank": 1},
            {"_id": "t4", "name": "Platinum", "rank": 4},
            {"_id": "t2", "name": "Silver", "rank": 2},
        ],
        "facilities": [
            {"_id": CLINIC, "name": "First Clinic", "region": "Coast", "type": "clinic"},
            {"_id": "market", "name": "Market Pharmacy", "region": "Nairobi", "type": "pharmacy"},
            {"_id": "hall", "name": "Town Hall", "type": "other"},
        ],
    }


def visits(here: Here) -> list[Document]:
    rows: list[tuple[Any, Any, int, str, str]] = [
        (ASHA, CLINIC, 0, "09:00", "successful"),  # Coast
        (ASHA, "market", 0, "10:00", "unsuccessful"),  # Nairobi
        ("bo", CLINIC, 0, "11:00", "cancelled"),
        ("bo", CLINIC, 0, "23:30", "scheduled"),
        ("bo", "market", 1, "15:00", "Successful"),  # Nairobi
        (ASHA, "hall", 2, "00:30", "successful"),  # Nairobi: the hall has no region, Asha has
        ("cy", "hall", 3, "10:00", "postponed"),  # Unassigned; an unknown status
        ("bo", CLINIC, 4, "10:00", "unsuccessful"),  # Coast
        (ASHA, CLINIC, 8, "10:00", "successful"),
        ("bo", "market", 7, "09:00", "unsuccessful"),
        ("bo", "market", 7, "23:00", "successful"),  # a week ago, later in the day than now
        (ASHA, CLINIC, 20, "10:00", "successful"),
        (ASHA, CLINIC, -1, "09:00", "successful"),  # tomorrow
    ]
    written = [
        {"userId": user, "facilityId": facility, "date": here.at(days, clock), "status": status}
        for user, facility, days, clock, status in rows
    ]
    text = here.at(6, "00:00").isoformat()
    return [
        *written,
        {"userId": "ghost", "facilityId": "nowhere", "date": text, "status": "unsuccessful"},  # Unassigned
        {"userId": "bo", "facilityId": CLINIC, "status": "successful"},
        {"userId": "bo", "facilityId": CLINIC, "date": "soon", "status": "successful"},
    ]


def quotations(here: Here) -> list[Document]:
    rows: list[tuple[Any, Any, int, str, str, Any]] = [
        (ASHA, CLINIC, 0, "09:30", "sent", 100),
        ("bo", CLINIC, 1, "10:00", "draft", 10.0),
        (ASHA, "market", 2, "10:00", "accepted", 250.5),
        ("cy", "hall", 3, "11:00", "expired", "a lot"),
        ("bo", "market", 9, "10:00", "SENT", 30.0),
        ("bo", CLINIC, 22, "10:00", "lost", 20.0),  # an unknown status counts as sent
    ]
    return [
        {
            "userId": user,
            "facilityId": place,
            "createdAt": here.at(days, at),
            "status": status,
            "amount": amount,
        }
        for user, place, days, at, status, amount in rows
    ]


def orders(here: Here) -> list[Document]:
    rows: list[tuple[Any, Any, int, str, str, Any]] = [
        (ASHA, CLINIC, 0, "09:45", "placed", 100.10),
        ("bo", CLINIC, 1, "10:00", "cancelled", 999.0),
        ("bo", "market", 1, "16:00", "Delivered", "250.25"),
        (str(ASHA), "hall", 2, "10:00", "confirmed", Decimal128("1000.015")),
        ("cy", "hall", 3, "12:00", "on hold", float("nan")),
        (ASHA, CLINIC, 4, "10:00", "placed", Int64(40)),
        ("ghost", None, 6, "00:00", "placed", -50.0),
        ("bo", "market", 7, "10:00", "cancelled", 5.0),
        ("bo", "market", 7, "23:00", "placed", 77.0),
        (ASHA, CLINIC, 8, "11:00", "placed", 200.0),
        (ASHA, CLINIC, 20, "11:00", "delivered", 300.0),
    ]
    written = [
        {
            "userId": user,
            "facilityId": place,
            "createdAt": here.at(days, clock),
            "status": status,
            "totalAmount": amount,
        }
        for user, place, days, clock, status, amount in rows
    ]
    return [*written, {"userId": "bo", "facilityId": CLINIC, "status": "placed", "totalAmount": 1_000_000.0}]


def logins(here: Here) -> list[Document]:
    rows: list[tuple[Any, int]] = [(ASHA, 0), ("gone", 2), ("bo", 3), ("ghost", 6), (ASHA, 20)]
    written: list[Document] = [{"userId": user, "at": here.at(days, "08:00")} for user, days in rows]
    return [*written, {"userId": MONA, "at": here.at(0, "08:30")}, {"userId": MONA, "at": None}]


def organisation(here: Here) -> Documents:
    return {
        **places(),
        "users": people(),
        "visits": visits(here),
        "quotations": quotations(here),
        "orders": orders(here),
        "logins": logins(here),
    }


# --- Servers over it


def write(server: AppServer, documents: Mapping[str, Sequence[Document]]) -> None:
    store = EmbeddedStore(server.folder)
    for collection, some in documents.items():
        store.write(collection, [dict(one) for one in some])


@contextmanager
def running(server: AppServer) -> Iterator[AppServer]:
    """The server, started, and in the end stopped and removed."""
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(server.folder, ignore_errors=True)


@contextmanager
def server_over(
    documents: Mapping[str, Sequence[Document]], here: Here, **environment: str
) -> Iterator[AppServer]:
    """A running server over an embedded database with these documents, where it is early afternoon."""
    server = AppServer({"TIMEZONE": here.zone.key, **environment})
    write(server, documents)
    with running(server):
        yield server


@pytest.fixture(scope="session")
def server(here: Here) -> Iterator[AppServer]:
    """The organisation. For questions only: whatever changes data has a server of its own."""
    with server_over(organisation(here), here) as started:
        yield started


# --- Credentials


def signed(secret: str = SECRET, algorithm: str = "HS256", **claims: Any) -> str:
    """A token of another backend with these claims."""
    now = datetime.now(UTC)
    return jwt.encode({"iat": now, "exp": now + timedelta(hours=1), **claims}, secret, algorithm)


def manager_token() -> str:
    """Of somebody who is not in the database, so that asking leaves no trace in the data."""
    return signed(sub="a manager from elsewhere", role="manager")


@pytest.fixture(scope="session")
def token() -> str:
    return manager_token()


def session_cookie(answer: Answer) -> str:
    """The session cookie an answer sets, as a browser sends it back."""
    for cookie in answer.headers.get_all("Set-Cookie") or ():  # type: ignore[attr-defined]
        if cookie.startswith("session="):
            return str(cookie).split(";")[0]
    raise AssertionError("no session cookie")


def post_form(
    server: AppServer, path: str, headers: Mapping[str, str] | None = None, **fields: str
) -> Answer:
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    return server.request("POST", path, urlencode(fields).encode(), {**kind, **(headers or {})})


# --- What every answer promises


def strict(text: bytes) -> Any:
    """JSON as the standard has it: no NaN, no Infinity."""

    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is not JSON")

    return json.loads(text, parse_constant=refuse)


def assert_refused(answer: Answer, *statuses: int) -> dict[str, str]:
    """The answer is an error with one of these statuses, in the one shape, and tells nothing internal."""
    assert answer.status in statuses, (answer.status, answer.body[:300])
    assert answer.headers["Content-Type"].split(";")[0] == "application/json", answer.body[:300]
    body = strict(answer.body)
    assert set(body) == {"success", "error", "timestamp"}
    assert body["success"] is False
    assert set(body["error"]) == {"code", "message"}
    assert re.fullmatch(r"[a-z_]+", body["error"]["code"])
    assert isinstance(body["error"]["message"], str) and body["error"]["message"]
    assert MOMENT.fullmatch(body["timestamp"])
    assert not INTERNAL.search(answer.body), answer.body
    if answer.status == 401:
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    error: dict[str, str] = body["error"]
    return error


def eventually(holds: Callable[[], bool], seconds: float = 2.0) -> bool:
    """Whether it comes true within so many seconds."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.03)
    return True
