"""The public pulse: counts for anybody, and what is said when there is nothing to count."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest
from builders import Answer, AppServer, app_server, free_port
from contract.conftest import (
    MOMENT,
    Documents,
    Here,
    assert_refused,
    eventually,
    manager_token,
    places,
    server_over,
    strict,
    write,
)

PULSE: Final = "/accounts/analytics/realtime/"
LIVE_USERS: Final = "/accounts/analytics/live-users/"
SUMMARY: Final = "/api/analytics/live/summary"
HOUR: Final = timedelta(hours=1)


def now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


def organisation_today(here: Here) -> Documents:
    """What happened at given hours of today, and who was seen how long ago."""
    seen = now()
    people: list[dict[str, Any]] = [
        {"_id": "here-now", "tier": "Gold", "lastSeen": seen + timedelta(seconds=-5)},
        {"_id": "here-soon", "tier": "Gold", "lastSeen": seen + timedelta(minutes=-2)},
        {"_id": "seen-today", "tier": "Silver", "lastSeen": here.at(0, "00:10")},
        {"_id": "came-today", "tier": "Silver", "lastLogin": here.at(0, "00:00")},
        {"_id": "seen-yesterday", "tier": "Silver", "lastSeen": here.at(1, "23:59"), "lastLogin": here.at(9)},
        {"_id": "seen-tomorrow", "tier": "Lost", "lastSeen": here.at(-1)},
        {"_id": "never", "lastSeen": None},
        {"_id": "left", "active": False, "tier": "Gold"},
    ]
    for number, one in enumerate(people):
        one |= {"email": f"p{number}@example.org", "name": f"Person {number}", "role": "sales"}
    base = {"userId": "busy", "facilityId": "hall"}
    return {
        **places(),
        "users": people,
        "visits": [
            {**base, "date": here.at(0, "09:00"), "status": "successful"},
            {**base, "date": here.at(0, "09:59"), "status": "postponed"},
            {**base, "date": here.at(0, "09:30"), "status": "cancelled"},
            {**base, "date": here.at(0, "09:40"), "status": "scheduled"},
            {**base, "date": here.at(0, "03:00"), "status": "successful", "userId": None},
            {**base, "date": here.at(1, "12:00"), "status": "successful", "userId": "yesterday"},
            {**base, "date": here.at(0, "23:59"), "status": "successful", "userId": "tonight"},
        ],
        "quotations": [
            {**base, "createdAt": here.at(0, "09:10"), "status": "sent", "userId": "other"},
            {**base, "createdAt": here.at(0, "09:15"), "status": "draft", "userId": "drafting"},
        ],
        "orders": [
            {**base, "createdAt": here.at(0, "10:00"), "status": "placed"},
            {**base, "createdAt": here.at(0, "10:30"), "status": "cancelled"},
        ],
        "logins": [{"userId": "other", "at": here.at(0, "11:30")}],
    }


@pytest.fixture(scope="module")
def pulse_server(here: Here) -> Iterator[AppServer]:
    with server_over(organisation_today(here), here, ONLINE_MINUTES="60") as started:
        yield started


def pulse(server: AppServer) -> dict[str, Any]:
    answer = server.get(PULSE)
    assert answer.status == 200
    body: dict[str, Any] = strict(answer.body)
    return body


# --- Shapes


def test_the_pulse_has_the_keys_of_the_contract(pulse_server: AppServer) -> None:
    body = pulse(pulse_server)
    assert {"status", "source", "chart_data", "metrics", "timestamp", "data_as_of"} <= set(body)
    assert (body["status"], body["source"]) == ("success", "live")
    assert MOMENT.fullmatch(body["timestamp"])
    assert MOMENT.fullmatch(body["data_as_of"])
    metrics = body["metrics"]
    for name in ("total_users", "active_today", "online_now", "recent_activities"):
        assert type(metrics[name]) is int
    assert metrics["server_uptime_seconds"] > 0
    assert 0 <= metrics["response_time_ms"] < 1000


def test_live_users_is_the_short_form(pulse_server: AppServer) -> None:
    body = strict(pulse_server.get(LIVE_USERS).body)
    assert {"status", "online_users", "active_users", "total_users", "timestamp"} <= set(body)
    assert MOMENT.fullmatch(body["timestamp"])
    metrics = pulse(pulse_server)["metrics"]
    assert body["status"] == "success"
    assert body["online_users"] == metrics["online_now"]
    assert body["active_users"] == metrics["active_today"]
    assert body["total_users"] == metrics["total_users"]


@pytest.mark.parametrize("path", [PULSE, LIVE_USERS])
def test_the_last_slash_may_be_left_out(pulse_server: AppServer, path: str) -> None:
    answer = pulse_server.get(path.rstrip("/"))
    if answer.status == 308:
        assert answer.headers["Location"].endswith(path)
    else:
        assert answer.json.keys() == pulse_server.get(path).json.keys()


@pytest.mark.parametrize("path", [PULSE, LIVE_USERS])
def test_the_pulse_tells_counts_only(pulse_server: AppServer, path: str) -> None:
    told = pulse_server.get(path).body
    for private in (b"Person", b"example.org", b"here-now", b"hall", b"Town", b"revenue"):
        assert private not in told


# --- The numbers, worked out by hand


def test_the_people_are_counted(pulse_server: AppServer) -> None:
    metrics = pulse(pulse_server)["metrics"]
    assert metrics["total_users"] == 7  # all but the one who left
    assert metrics["online_now"] == 2
    # here-now, here-soon, seen-today, came-today; by what they did busy and other
    assert metrics["active_today"] == 6


def test_tiers_come_by_rank_the_empty_ones_too(pulse_server: AppServer) -> None:
    tiers = pulse(pulse_server)["metrics"]["tier_distribution"]
    assert list(tiers.items()) == [("Bronze", 0), ("Silver", 3), ("Gold", 2), ("Platinum", 0)]


def test_twelve_local_hours_end_with_the_running_one(pulse_server: AppServer, here: Here) -> None:
    body = pulse(pulse_server)
    starts = [datetime.fromisoformat(hour["time"]) for hour in body["chart_data"]]
    assert len(starts) == 12
    assert all(later - earlier == HOUR for earlier, later in pairwise(starts))
    assert timedelta(0) <= datetime.fromisoformat(body["timestamp"]) - starts[-1] < HOUR
    for start, hour in zip(starts, body["chart_data"], strict=True):
        assert MOMENT.fullmatch(hour["time"])
        assert hour["label"] == start.astimezone(here.zone).strftime("%H:00")


def test_every_hour_counts_its_activities_and_people(pulse_server: AppServer) -> None:
    hours = {
        hour["label"]: (hour["activities"], hour["active_users"])
        for hour in pulse(pulse_server)["chart_data"]
    }
    assert hours["03:00"] == (1, 0)  # a visit of nobody in particular
    assert hours["09:00"] == (3, 2)  # two visits, a quotation sent
    assert hours["10:00"] == (1, 1)
    assert hours["11:00"] == (1, 1)
    assert sum(activities for activities, _ in hours.values()) == 6


@pytest.fixture(scope="module")
def quiet_server() -> Iterator[AppServer]:
    """An empty database, where the clocks are 5:45 ahead."""
    with app_server(TIMEZONE="Asia/Kathmandu") as started:
        yield started


def test_an_empty_database_is_told_as_it_is(quiet_server: AppServer) -> None:
    body = pulse(quiet_server)
    assert (body["status"], body["source"]) == ("success", "live")
    assert {hour["activities"] for hour in body["chart_data"]} == {0}
    assert body["metrics"]["total_users"] == 0
    assert body["metrics"]["tier_distribution"] == {}


def test_hours_begin_where_the_clock_says_so(quiet_server: AppServer) -> None:
    for hour in pulse(quiet_server)["chart_data"]:
        local = datetime.fromisoformat(hour["time"]).astimezone(ZoneInfo("Asia/Kathmandu"))
        assert (local.minute, local.strftime("%H:00")) == (0, hour["label"])


def test_the_last_sixty_minutes_are_told_apart(quiet_server: AppServer) -> None:
    base = {"userId": "busy", "status": "successful"}
    times = [timedelta(minutes=-61), timedelta(minutes=-59), timedelta(seconds=-1), timedelta(minutes=1)]
    write(quiet_server, {"visits": [{**base, "date": now() + time} for time in times]})
    assert eventually(lambda: pulse(quiet_server)["metrics"]["recent_activities"] == 2)


def test_whoever_was_seen_counts_as_online_for_five_minutes(quiet_server: AppServer) -> None:
    def online() -> Any:
        return strict(quiet_server.get(LIVE_USERS).body)["online_users"]

    people = [
        {"_id": minutes, "email": f"{minutes}@example.org", "lastSeen": now() - timedelta(minutes=minutes)}
        for minutes in (0, 1, 4, 6, 60)
    ]
    write(quiet_server, {"users": people})
    assert eventually(lambda: online() == 3)
    write(quiet_server, {"users": [{**people[4], "lastSeen": now()}]})
    assert eventually(lambda: online() == 4)


# --- When the database goes away


def freshness(answer: Answer) -> list[bytes]:
    return re.findall(rb'data-freshness="(\w+)"', answer.body)


def test_the_last_known_numbers_stay_and_say_so(pulse_server: AppServer) -> None:
    before, figures = pulse(pulse_server), pulse_server.live("summary", manager_token())
    database = pulse_server.folder / "embedded.sqlite3"
    away = database.rename(pulse_server.folder / "away")
    try:
        pulse_server.wait_for("degraded")
        assert_stale(pulse_server, before, figures)
    finally:
        away.rename(database)
    pulse_server.wait_for("healthy")
    assert pulse(pulse_server)["source"] == "live"
    assert freshness(pulse_server.get("/login")) == [b"live"]


def assert_stale(server: AppServer, before: dict[str, Any], figures: dict[str, Any]) -> None:
    health = server.get("/health")
    assert (health.status, health.json["database"]["connected"]) == (200, False)
    body = pulse(server)
    assert (body["status"], body["source"]) == ("success", "stale")
    assert body["data_as_of"] < body["timestamp"]
    known = ("total_users", "active_today", "online_now", "tier_distribution")
    assert {key: body["metrics"][key] for key in known} == {key: before["metrics"][key] for key in known}
    answer = server.get(SUMMARY, manager_token())
    assert (answer.status, answer.json["stale"], answer.data) == (200, True, figures)
    assert freshness(server.get("/login")) == [b"stale"]
    refused = server.post_json("/api/auth/login", {"email": "p1@example.org", "password": "whatever"})
    assert_refused(refused, 503)
    assert int(refused.headers["Retry-After"]) > 0


@pytest.fixture(scope="module")
def lost_server() -> Iterator[AppServer]:
    """A server whose database never answered."""
    with app_server(MONGODB_URI=f"mongodb://127.0.0.1:{free_port()}/x", wait_for="unhealthy") as started:
        yield started


@pytest.mark.parametrize("path", ["/health", "/api/analytics/live/health"])
def test_without_any_data_the_service_is_unhealthy(lost_server: AppServer, path: str) -> None:
    answer = lost_server.get(path)
    assert answer.status == 503
    assert int(answer.headers["Retry-After"]) > 0
    body = strict(answer.body)
    assert (body["status"], body["service"]) == ("unhealthy", "Analytics API")
    assert body["database"]["connected"] is False
    assert (body["data_as_of"], body["lag_seconds"]) == (None, None)


def test_without_any_data_the_figures_are_not_made_up(lost_server: AppServer) -> None:
    for question in ("realtime", "summary", "dashboard", "users-activity"):
        answer = lost_server.get(f"/api/analytics/live/{question}", manager_token())
        assert_refused(answer, 503)
        assert int(answer.headers["Retry-After"]) > 0
    assert_refused(lost_server.get(SUMMARY), 401)


def test_without_any_data_the_pulse_is_a_sample_and_says_so(lost_server: AppServer) -> None:
    body = pulse(lost_server)
    assert (body["status"], body["source"]) == ("fallback", "sample")
    assert body["data_as_of"] is None
    assert len(body["chart_data"]) == 12
    assert {"total_users", "active_today", "online_now", "recent_activities", "tier_distribution"} <= set(
        body["metrics"]
    )
    assert strict(lost_server.get(LIVE_USERS).body)["status"] == "fallback"


def test_without_any_data_the_sign_in_page_says_sample(lost_server: AppServer) -> None:
    for path in ("/login", "/login/pulse"):
        answer = lost_server.get(path)
        assert (answer.status, freshness(answer)) == (200, [b"sample"])
        assert b"sample" in re.sub(rb"<[^>]*>", b"", answer.body).lower()  # in words as well
