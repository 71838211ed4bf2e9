"""How often anyone may ask. A trusted proxy tells the client address, so that every test has its own."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from pathlib import Path
from socket import socket
from typing import Any, Final
from uuid import uuid4

import pymongo
import pytest
from builders import Answer, AppServer, free_port
from contract.conftest import (
    PASSWORD,
    Here,
    assert_refused,
    eventually,
    organisation,
    post_form,
    server_over,
    session_cookie,
    signed,
)

SUMMARY: Final = "/api/analytics/live/summary"
REALTIME: Final = "/api/analytics/live/realtime"
HEALTH: Final = "/api/analytics/live/health"
PULSE: Final = "/accounts/analytics/realtime/"
LIVE_USERS: Final = "/accounts/analytics/live-users/"
LOGIN: Final = "/api/auth/login"
GLOBAL, USER, PUBLIC, FAILURES = 12, 5, 4, 3
ADA, LENA = "ada@example.org", "lena@example.org"
_addresses = (f"198.51.100.{number}" for number in itertools.count(1))
_managers = (f"manager {number}" for number in itertools.count(1))


@pytest.fixture(scope="module")
def limited(here: Here) -> Iterator[AppServer]:
    limits = {
        "RATE_LIMIT_GLOBAL": f"{GLOBAL} per 15 minutes",
        "RATE_LIMIT_USER": f"{USER} per minute",
        "RATE_LIMIT_PUBLIC": f"{PUBLIC} per minute",
        "RATE_LIMIT_LOGIN": f"{FAILURES} per 15 minutes",
    }
    with server_over(organisation(here), here, TRUSTED_PROXIES="1", **limits) as started:
        yield started


class Client:
    """Somebody at an address of their own."""

    def __init__(self, server: AppServer, address: str | None = None) -> None:
        self.server = server
        self.address = address or next(_addresses)
        self.headers = {"X-Forwarded-For": self.address}

    def ask(self, path: str, token: str = "", method: str = "GET") -> Answer:
        credentials = {"Authorization": f"Bearer {token}"} if token else {}
        return self.server.request(method, path, headers={**self.headers, **credentials})

    def sign_in(self, email: str, password: str) -> Answer:
        return self.server.post_json(LOGIN, {"email": email, "password": password}, self.headers)

    def fill_in(self, email: str, password: str) -> Answer:
        return post_form(self.server, "/auth/login", self.headers, email=email, password=password)

    def use_up(self) -> None:
        for _ in range(GLOBAL):
            assert self.ask("/api/openapi.json").status == 200
        assert self.ask("/api/openapi.json").status == 429


def manager() -> str:
    """A token of a manager who has not asked before."""
    return signed(sub=next(_managers), role="manager")


def assert_too_many(answer: Answer, within: int) -> None:
    assert assert_refused(answer, 429)["code"] == "too_many_requests"
    assert 1 <= int(answer.headers["Retry-After"]) <= within + 1


# --- Per address


def test_requests_of_every_kind_count_together_per_address(limited: AppServer) -> None:
    client = Client(limited)
    answers = [client.ask(path) for path in (SUMMARY, "/api/nothing", "/accounts/nothing", PULSE, LIVE_USERS)]
    answers += [client.ask(SUMMARY, token) for token in ("broken", signed(sub="bo"), manager())]
    answers += [client.ask(PULSE, method="DELETE"), client.ask("/api/openapi.json", method="HEAD")]
    answers += [client.ask(HEALTH), client.sign_in("nobody@example.org", "wrong")]
    statuses = [answer.status for answer in answers]
    assert statuses == [401, 404, 404, 200, 200, 401, 403, 200, 405, 200, 200, 401]
    assert len(statuses) == GLOBAL
    for path in (
        SUMMARY,
        "/api/nothing",
        PULSE,
        "/accounts/nothing",
        "/api/openapi.json",
        HEALTH,
    ):
        assert_too_many(client.ask(path), 15 * 60)
    assert_too_many(client.ask(SUMMARY, manager()), 15 * 60)
    assert_too_many(client.sign_in(ADA, PASSWORD), 15 * 60)
    assert Client(limited).ask(SUMMARY, manager()).status == 200


def test_pages_and_their_polling_go_on(limited: AppServer) -> None:
    client = Client(limited)
    for _ in range(GLOBAL):
        assert client.ask("/login/pulse").status == 200
        assert client.ask("/_dash-update-component", method="POST").status == 401
    client.use_up()
    for path in ("/login", "/login/pulse", "/health", "/assets/1-app.css"):
        assert client.ask(path).status == 200
    assert client.ask("/").status == 302
    answer = client.fill_in(ADA, PASSWORD)
    assert answer.status == 303
    page = limited.request("GET", "/", headers={**client.headers, "Cookie": session_cookie(answer)})
    assert page.status == 200


def test_polling_is_held_back_against_abuse(limited: AppServer) -> None:
    client = Client(limited)
    statuses = [client.ask("/login/pulse").status for _ in range(605)]
    assert statuses[:600] == [200] * 600
    assert statuses[600:] == [429] * 5
    assert Client(limited).ask("/login/pulse").status == 200


def test_an_office_polls_per_session(limited: AppServer) -> None:
    office = Client(limited)
    cookies = [session_cookie(office.fill_in(email, PASSWORD)) for email in (ADA, LENA)]

    def poll(cookie: str) -> int:
        headers = {**office.headers, "Cookie": cookie}
        return limited.request("GET", "/login/pulse", headers=headers).status

    for _ in range(600):
        poll(cookies[0])
    assert poll(cookies[0]) == 429
    assert poll(cookies[1]) == 200
    assert office.ask("/login/pulse").status == 200


# --- Per user


def test_a_user_is_counted_wherever_they_are(limited: AppServer) -> None:
    token, client = manager(), Client(limited)
    for path in (SUMMARY, REALTIME, SUMMARY):
        assert client.ask(path, token).status == 200
    assert client.ask(f"{SUMMARY}?daysBack=0", token).status == 400
    assert client.ask("/api/nothing", token).status == 404
    assert_too_many(client.ask(SUMMARY, token), 60)
    assert_too_many(Client(limited).ask(SUMMARY, token), 60)
    assert client.ask(SUMMARY, manager()).status == 200  # somebody else


def test_a_user_is_counted_by_token_and_session_together(limited: AppServer) -> None:
    client = Client(limited)
    cookie = session_cookie(client.fill_in("mona@example.org", PASSWORD))
    token = signed(sub="b" * 24)
    for _ in range(USER):
        assert client.ask(SUMMARY, token).status == 200
    answer = limited.request("GET", SUMMARY, headers={**client.headers, "Cookie": cookie})
    assert_too_many(answer, 60)


# --- The public pulse


def test_the_public_addresses_count_together(limited: AppServer) -> None:
    client = Client(limited)
    for path in (PULSE, LIVE_USERS, PULSE.rstrip("/"), LIVE_USERS):
        assert client.ask(path).status == 200
    for path in (PULSE, LIVE_USERS):
        assert_too_many(client.ask(path), 60)
    assert Client(limited).ask(PULSE).status == 200
    assert client.ask(SUMMARY, manager()).status == 200


# --- Signing in


def test_failures_count_over_form_and_json_together(limited: AppServer) -> None:
    client = Client(limited)
    assert client.fill_in(LENA, "wrong").status == 401
    assert client.sign_in(LENA, "wrong").status == 401
    assert client.sign_in(f" {LENA.upper()} ", "wrong").status == 401
    assert_too_many(client.sign_in(LENA, PASSWORD), 15 * 60)
    form = client.fill_in(LENA, PASSWORD)
    assert form.status == 429
    assert 1 <= int(form.headers["Retry-After"]) <= 15 * 60 + 1
    assert "Set-Cookie" not in form.headers
    assert "Too many failed sign-ins. Try again in 15 minutes." in form.body.decode()
    assert f'value="{LENA}"' in form.body.decode()
    assert client.sign_in(ADA, PASSWORD).status == 200  # another e-mail
    assert Client(limited).sign_in(LENA, PASSWORD).status == 200  # another address


def test_unknown_addresses_are_held_back_as_well(limited: AppServer) -> None:
    client = Client(limited)
    statuses = [client.sign_in("nobody@example.org", "wrong").status for _ in range(FAILURES + 1)]
    assert statuses == [401] * FAILURES + [429]


def test_signing_in_well_does_not_count(limited: AppServer) -> None:
    client = Client(limited)
    assert [client.sign_in(ADA, PASSWORD).status for _ in range(FAILURES + 2)] == [200] * (FAILURES + 2)
    assert client.sign_in(ADA, "wrong").status == 401


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'{"email": {"$ne": null}, "password": 1}',
        b'{"email": "\\ud800", "password": "x"}',
        b"[" * 50000,
    ],
)
def test_what_is_no_attempt_is_refused_as_ever(limited: AppServer, body: bytes) -> None:
    client = Client(limited)
    for _ in range(FAILURES + 1):
        assert_refused(limited.post_json(LOGIN, body, client.headers), 400)


# --- Settings


@pytest.fixture(scope="module")
def partly_off(here: Here) -> Iterator[AppServer]:
    limits = {"RATE_LIMIT_USER": "3 per minute", "RATE_LIMIT_PUBLIC": "4 per minute"}
    with server_over(organisation(here), here, **limits) as started:
        yield started


def test_a_limit_that_is_off_limits_nothing(partly_off: AppServer) -> None:
    assert {partly_off.get(HEALTH).status for _ in range(1001)} == {200}
    for _ in range(12):
        answer = partly_off.post_json(LOGIN, {"email": "nobody@example.org", "password": "wrong"})
        assert answer.status == 401


def test_the_other_limits_stay_on(partly_off: AppServer) -> None:
    token = manager()
    assert [partly_off.get(SUMMARY, token).status for _ in range(4)] == [200, 200, 200, 429]


FORWARDED: Final[tuple[Mapping[str, str], ...]] = (
    {"X-Forwarded-For": "203.0.113.1"},
    {"X-Forwarded-For": "203.0.113.2"},
    {"X-Real-IP": "203.0.113.3"},
    {"Forwarded": "for=203.0.113.4"},
    {},
)


def test_nobody_chooses_their_address(partly_off: AppServer) -> None:
    statuses = [partly_off.request("GET", PULSE, headers=headers).status for headers in FORWARDED]
    assert statuses == [200, 200, 200, 200, 429]


def test_a_trusted_proxy_is_believed_one_hop_far(limited: AppServer) -> None:
    last = next(_addresses)
    for number in range(PUBLIC):
        headers = {"X-Forwarded-For": f"203.0.113.{number}, {last}"}
        assert limited.request("GET", PULSE, headers=headers).status == 200
    assert_too_many(limited.request("GET", PULSE, headers={"X-Forwarded-For": last}), 60)


def test_the_limits_of_the_contract_hold_by_default(here: Here) -> None:
    unset = {f"RATE_LIMIT_{name}": "" for name in ("GLOBAL", "USER", "PUBLIC", "LOGIN")}
    with server_over({}, here, **unset) as server:
        token = manager()
        assert [server.get(REALTIME, token).status for _ in range(61)] == [200] * 60 + [429]
        assert [server.get(LIVE_USERS).status for _ in range(121)] == [200] * 120 + [429]
        wrong = {"email": "nobody@example.org", "password": "wrong"}
        assert [server.post_json(LOGIN, wrong).status for _ in range(11)] == [401] * 10 + [429]
        left = 1000 - 60 - 120 - 10
        statuses = [server.get(HEALTH).status for _ in range(left + 1)]
        assert statuses[: left - 3] == [200] * (left - 3)  # whether refused ones count is left open
        assert statuses[left] == 429


# --- Where requests are counted


def test_several_processes_count_together(here: Here, mongo_uri: str) -> None:
    shared = {"RATE_LIMIT_STORAGE": mongo_uri, "WORKERS": "2", "RATE_LIMIT_USER": f"{USER} per day"}
    token = signed(sub=f"manager {uuid4()}", role="manager")
    with server_over({}, here, **shared) as server:
        statuses = [server.get(REALTIME, token).status for _ in range(USER + 7)]
    with pymongo.MongoClient[dict[str, Any]](mongo_uri) as client:
        client.drop_database("limits")
    assert statuses == [200] * USER + [429] * 7


@pytest.mark.parametrize("kind", ["redis", "mongodb"])
def test_a_storage_that_is_away_holds_nobody_up(kind: str, tmp_path: Path) -> None:
    away = f"{kind}://127.0.0.1:{free_port()}/0"
    server = AppServer({"RATE_LIMIT_STORAGE": away, "RATE_LIMIT_USER": "3 per hour"}, tmp_path)
    server.start(wait_for=None)
    try:
        assert eventually(lambda: answers(server), seconds=10), server.log_text()
        # Unhealthy, 503, for the moment the first load takes.
        assert eventually(lambda: health(server) == 200, seconds=10), server.log_text()
        headers = {"Authorization": f"Bearer {manager()}"}
        statuses = [server.request("GET", REALTIME, headers=headers, timeout=5).status for _ in range(4)]
        assert statuses == [200, 200, 200, 429]  # counted here meanwhile
    finally:
        server.stop()


def health(server: AppServer) -> int:
    return server.request("GET", "/health", timeout=5).status


def answers(server: AppServer) -> bool:
    assert server.process is not None and server.process.poll() is None, server.log_text()
    with socket() as probe:
        return probe.connect_ex(("127.0.0.1", server.port)) == 0
