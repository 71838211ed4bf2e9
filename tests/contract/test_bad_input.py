"""Whatever is sent, the answer is a refusal in the one shape: never a failure, never something internal."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote

import pytest
from builders import Answer, AppServer
from contract.conftest import PASSWORD, Here, assert_refused, strict

LIVE: Final = "/api/analytics/live"
LOGIN: Final = "/api/auth/login"
WINDOWED: Final = (
    "summary",
    "conversion",
    "regional",
    "top-performers",
    "dashboard",
    "users-activity",
    "trends",
)
NEVER: Final = "daysBack=7"  # a window that is right on its own


def refused(server: AppServer, token: str, asked: str) -> dict[str, str]:
    return assert_refused(server.get(f"{LIVE}/{asked}", token), 400)


# --- The query string


@pytest.mark.parametrize("question", WINDOWED)
@pytest.mark.parametrize(
    "value",
    ["0", "-1", "3651", "1e3", "1.5", "", "9" * 20, "%EF%BC%97", "%2B7", "+7", "0x10", "seven", "7;8", "%00"],
)
def test_days_back_is_a_whole_number_within_the_history(
    server: AppServer, token: str, question: str, value: str
) -> None:
    error = refused(server, token, f"{question}?daysBack={value}")
    assert error["code"] == "invalid_parameter"
    assert "daysBack" in error["message"]
    assert "3650" in error["message"]


@pytest.mark.parametrize(
    "asked",
    ["daysBack=7&daysBack=7", "daysBack=7&daysBack=8", "from=2026-01-01&from=2026-01-01&to=2026-01-02"],
)
def test_a_parameter_is_given_once(server: AppServer, token: str, asked: str) -> None:
    refused(server, token, f"summary?{asked}")


@pytest.mark.parametrize("value", ["0", "101", "-1", "1.5", "", "ten", "1&topN=1"])
def test_top_n_is_a_whole_number_from_1_to_100(server: AppServer, token: str, value: str) -> None:
    refused(server, token, f"top-performers?topN={value}")


@pytest.mark.parametrize(
    "value",
    [
        "",
        "today",
        "2026-1-1",
        "20260101",
        "2026-02-30",
        "01.02.2026",
        "2026-01-01T00:00",
        "1767225600",
        "٢٠٢٦-٠١-٠١",
    ],
)
@pytest.mark.parametrize("name", ["from", "to"])
def test_dates_are_written_in_full(server: AppServer, token: str, here: Here, name: str, value: str) -> None:
    dates = {"from": here.day(3), "to": here.day(0), name: quote(value)}
    refused(server, token, f"summary?from={dates['from']}&to={dates['to']}")


def test_dates_lie_in_order_within_the_history_and_not_ahead(
    server: AppServer, token: str, here: Here
) -> None:
    for first, last in ((1, 2), (0, -1), (-1, -2), (3650, 0), (40000, 0)):
        refused(server, token, f"summary?from={here.day(first)}&to={here.day(last)}")


def test_from_and_to_belong_together_and_exclude_days_back(server: AppServer, token: str, here: Here) -> None:
    first, last = f"from={here.day(3)}", f"to={here.day(0)}"
    for asked in (first, last, f"{first}&{last}&daysBack=4", f"{first}&daysBack=4", f"{last}&daysBack=4"):
        refused(server, token, f"summary?{asked}")


@pytest.mark.parametrize(
    "asked",
    [
        "region[$ne]=",
        "region%5B%24ne%5D=x",
        "userId[$gt]=",
        "$where=1",
        "Region=Coast",
        "user_id=bo",
        "topN=3",
        "days=7",
        "callback=f",
        "=1",
        "%FF=1",
        ";",
    ],
)
def test_unknown_parameters_are_refused(server: AppServer, token: str, asked: str) -> None:
    error = refused(server, token, f"summary?{asked}")
    assert "daysBack" in error["message"]  # what would be right


def test_realtime_takes_no_window(server: AppServer, token: str, here: Here) -> None:
    for asked in ("daysBack=1", f"from={here.day(0)}&to={here.day(0)}"):
        refused(server, token, f"realtime?{asked}")


@pytest.mark.parametrize(
    "asked", ["region=", "userId=", "region=Coast&region=", "region=%20", "region=" + "x" * 3000]
)
def test_filters_hold_something_of_a_sensible_length(server: AppServer, token: str, asked: str) -> None:
    refused(server, token, f"summary?{asked}")


@pytest.mark.parametrize(
    "value",
    [
        "%7B%22%24ne%22%3Anull%7D",
        "%24ne",
        "%00",
        "%FF",
        "%ED%A0%80",
        "'%20OR%201=1--",
        ".*",
        "%F0%9F%98%80",
        "null",
    ],
)
@pytest.mark.parametrize("name", ["region", "userId"])
def test_odd_filter_values_match_nothing(server: AppServer, token: str, name: str, value: str) -> None:
    answer = server.get(f"{LIVE}/summary?{name}={value}", token)
    assert answer.status == 200
    assert answer.data["total_visits"] == 0


def test_a_refused_question_does_not_tell_who_may_ask(server: AppServer) -> None:
    assert_refused(server.get(f"{LIVE}/summary?daysBack=0"), 401)


def test_many_filter_values_are_either_taken_or_refused(server: AppServer, token: str) -> None:
    asked = "&".join(f"region=R{number}{'x' * 100}" for number in range(50))
    answer = server.get(f"{LIVE}/summary?{asked}", token)
    if answer.status != 200:
        assert_refused(answer, 400, 414)


def test_a_very_long_path_is_refused(server: AppServer) -> None:
    assert_refused(server.get("/api/" + "x" * 6000), 400, 404, 414)


# --- Bodies


ONE: Final = "asha@example.org"
OPERATORS: Final[tuple[Any, ...]] = (
    {"$ne": None},
    {"$gt": ""},
    {"$regex": ".*"},
    ["asha@example.org"],
    [],
    {},
    0,
    1.5,
    True,
    None,
    "",
)


@pytest.mark.parametrize("value", OPERATORS, ids=repr)
def test_credentials_are_texts(server: AppServer, value: Any) -> None:
    for body in ({"email": value, "password": PASSWORD}, {"email": ONE, "password": value}):
        assert_refused(server.post_json(LOGIN, body), 400)
    assert_refused(server.post_json(LOGIN, {"email": value, "password": value}), 400)


@pytest.mark.parametrize(
    "body", [{}, {"email": ONE}, {"password": PASSWORD}, {"Email": ONE, "password": "x"}]
)
def test_credentials_are_complete(server: AppServer, body: dict[str, str]) -> None:
    assert_refused(server.post_json(LOGIN, body), 400)


@pytest.mark.parametrize("sign", [r"\ud800", r"\udfff", r"\u0000"])
def test_credentials_are_plain_text(server: AppServer, sign: str) -> None:
    for body in (
        f'{{"email": "{ONE}{sign}", "password": "{PASSWORD}"}}',
        f'{{"email": "{ONE}", "password": "{PASSWORD}{sign}"}}',
    ):
        assert_refused(server.post_json(LOGIN, body.encode()), 400, 401)


def test_very_long_credentials_are_refused(server: AppServer) -> None:
    for body in (
        {"email": "a" * 100_000 + "@example.org", "password": PASSWORD},
        {"email": ONE, "password": "p" * 100_000},
    ):
        assert_refused(server.post_json(LOGIN, body), 400, 401)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"nothing",
        b"{'email': 'a'}",
        b"\xff\xfe\x00",
        b"[]",
        b'["email", "password"]',
        b"1",
        b"-1.5e3",
        b"null",
        b"true",
        b'"email"',
        b"NaN",
        b'{"email": NaN, "password": Infinity}',
        b'{"email": 1' + b"0" * 5000 + b"}",
    ],
    ids=lambda body: body[:20],
)
def test_a_body_is_a_json_object(server: AppServer, body: bytes) -> None:
    assert_refused(server.post_json(LOGIN, body), 400)


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"email":' * 50_000], ids=["lists", "objects"])
def test_a_deeply_nested_body_is_refused(server: AppServer, body: bytes) -> None:
    assert_refused(server.post_json(LOGIN, body), 400, 413)


@pytest.mark.parametrize(
    "kind",
    ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "klingon"],
)
def test_a_body_says_that_it_is_json(server: AppServer, kind: str) -> None:
    body = b'{"email": "asha@example.org", "password": "correct horse battery staple"}'
    assert_refused(server.request("POST", LOGIN, body, {"Content-Type": kind}), 400, 415)


def test_a_huge_body_is_refused(server: AppServer) -> None:
    body = b'{"email": "' + b"a" * 2_000_000 + b'", "password": "x"}'
    assert_refused(server.post_json(LOGIN, body), 413)
    assert_refused(server.post_json("/api/nothing", body), 404, 413)


# --- Addresses and methods


NOWHERE: Final = (
    "/api",
    "/accounts",
    "/accounts//x",
    "/api/",
    "/api/x",
    "/api//x",
    "/api/x/",
    "/api/%00",
    "/api/%ff",
    "/api/%2e%2e/%2e%2e/etc/passwd",
    "/api/../health",
    "/api/_dash-layout",
    "/api/auth",
    "/api/auth/login/",
    "/api/auth/logout",
    "/api/analytics",
    "/api/analytics/live",
    "/api/analytics/live/",
    "/api/analytics/live/nothing",
    "/api/analytics/live/summary/",
    "/api/analytics/live/summary/x",
    "/api/analytics/live/SUMMARY",
    "/api/openapi.yaml",
    "/accounts/",
    "/accounts/x",
    "/accounts/login",
    "/accounts/analytics/",
    "/accounts/analytics/realtime/x",
    "/accounts/analytics/Realtime/",
    "/accounts/_dash-layout",
    "/accounts/../_dash-layout",
)
METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")
READ_ONLY: Final = (
    *(f"{LIVE}/{name}" for name in (*WINDOWED, "realtime", "health")),
    "/api/openapi.json",
    "/accounts/analytics/realtime/",
    "/accounts/analytics/live-users/",
)


def final(server: AppServer, method: str, path: str, headers: dict[str, str] | None = None) -> Answer:
    """The answer, or what it leads to where it only tells how the address is written."""
    answer = server.request(method, path, headers=headers)
    if answer.status == 308:
        return server.request(method, answer.headers["Location"].removeprefix(server.url), headers=headers)
    return answer


@pytest.mark.parametrize("path", NOWHERE)
def test_unknown_addresses_are_not_found(server: AppServer, token: str, path: str) -> None:
    for method in METHODS:
        answer = final(server, method, path, {"Authorization": f"Bearer {token}"})
        assert assert_refused(answer, 404)["code"] == "not_found"


@pytest.mark.parametrize("path", NOWHERE)
def test_unknown_addresses_are_not_found_by_anybody(server: AppServer, path: str) -> None:
    for method in METHODS:
        assert_refused(final(server, method, path), 401, 404)


@pytest.mark.parametrize("path", READ_ONLY)
def test_addresses_to_read_take_no_other_method(server: AppServer, token: str, path: str) -> None:
    for method in METHODS[1:]:
        answer = server.request(method, path, b"", {"Authorization": f"Bearer {token}"})
        assert assert_refused(answer, 405)["code"] == "method_not_allowed"
        allowed = set(answer.headers["Allow"].replace(" ", "").split(","))
        assert "GET" in allowed
        assert not allowed & set(METHODS[1:])


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_signing_in_takes_post_only(server: AppServer, method: str) -> None:
    answer = server.request(method, LOGIN)
    assert_refused(answer, 405)
    allowed = set(answer.headers["Allow"].replace(" ", "").split(","))
    assert "POST" in allowed
    assert not allowed & {"GET", "PUT", "PATCH", "DELETE"}


@pytest.mark.parametrize("method", ["TRACE", "PROPFIND"])
@pytest.mark.parametrize("path", [f"{LIVE}/summary", "/accounts/analytics/realtime/"])
def test_strange_methods_are_told_what_is_allowed(
    server: AppServer, token: str, method: str, path: str
) -> None:
    answer = server.request(method, path, headers={"Authorization": f"Bearer {token}"})
    assert_refused(answer, 405)
    allowed = set(answer.headers["Allow"].replace(" ", "").split(","))
    assert not allowed & {"POST", "PUT", "PATCH", "DELETE"}


# --- Other headers


def test_what_is_refused_before_it_is_understood_has_the_shape_too(server: AppServer) -> None:
    assert_refused(server.get(f"{LIVE}/summary", "x" * 20_000), 400, 401, 431)
    assert_refused(server.request("get", f"{LIVE}/summary"), 400, 405)


@pytest.mark.parametrize("origin", ["http://[", "null", "//", "evil", "http://evil.example:port"])
def test_an_unreadable_origin_is_refused(server: AppServer, origin: str) -> None:
    body = {"email": ONE, "password": PASSWORD}
    assert_refused(server.post_json(LOGIN, body, {"Origin": origin}), 403)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("If-None-Match", "nonsense"),
        ("If-None-Match", '"' + "x" * 3000),
        ("If-Modified-Since", "yesterday"),
        ("Range", "bytes=0-1"),
        ("Range", "nonsense"),
        ("Accept", "text/klingon"),
        ("Accept-Encoding", "klingon"),
        ("Cookie", "session=nonsense"),
        ("Cookie", "session=.eJw; session=\xff"),
        ("Forwarded", "for=x"),
        ("X-HTTP-Method-Override", "DELETE"),
    ],
)
def test_odd_headers_change_nothing(server: AppServer, token: str, name: str, value: str) -> None:
    answer = server.request(
        "GET", f"{LIVE}/summary?{NEVER}", headers={"Authorization": f"Bearer {token}", name: value}
    )
    assert answer.status == 200
    assert strict(answer.body)["data"] == server.live(f"summary?{NEVER}", token)
