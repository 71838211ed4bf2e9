"""The live API answers with the numbers of the contract, in its envelope."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from builders import AppServer
from contract.conftest import (
    ASHA,
    MOMENT,
    Here,
    eventually,
    manager_token,
    organisation,
    server_over,
    signed,
    strict,
    write,
)

LIVE: Final = "/api/analytics/live"
QUESTIONS: Final = (
    "realtime",
    "summary",
    "conversion",
    "regional",
    "top-performers",
    "dashboard",
    "users-activity",
    "trends",
)
SUMMARY: Final = {
    "total_visits": int,
    "total_orders": int,
    "total_revenue": float,
    "conversion_rate": float,
    "avg_order_value": float,
    "successful_visits": int,
    "pending_quotations": int,
}
ZEROS: Final = {key: kind(0) for key, kind in SUMMARY.items()}


def figures(*values: float) -> dict[str, float]:
    """Key figures in the order of SUMMARY."""
    return dict(zip(SUMMARY, values, strict=True))


def row(*values: Any) -> dict[str, Any]:
    """Performance in the order of the contract."""
    names = ("visit_count", "order_count", "total_revenue", "conversion_rate", "avg_order_value")
    return dict(zip(names, values, strict=True))


NAIROBI: Final = {"region": "Nairobi", **row(3, 2, 1250.27, 66.67, 625.13)}
COAST: Final = {"region": "Coast", **row(2, 2, 140.10, 100.0, 70.05)}
UNASSIGNED: Final = {"region": "Unassigned", **row(2, 2, 0.0, 100.0, 0.0)}
PERFORMERS: Final = [
    {"userId": str(ASHA), "name": "Asha Rep", "role": "sales", "region": "Nairobi"}
    | row(3, 3, 1140.12, 100.0, 380.04),
    {"userId": "bo", "name": "Bo Rep", "role": "sales", "region": "Coast"} | row(2, 1, 250.25, 50.0, 250.25),
    {"userId": "cy", "name": "Cy Rep", "role": "sales", "region": "Unassigned"} | row(1, 1, 0.0, 100.0, 0.0),
    {"userId": "ghost", "name": "Unknown", "role": None, "region": "Unassigned"} | row(1, 1, 0.0, 100.0, 0.0),
]
WEEK: Final = figures(7, 6, 1390.37, 85.71, 231.73, 3, 1)
WEEK_BEFORE: Final = figures(2, 1, 200.0, 50.0, 200.0, 1, 1)
COAST_WEEK: Final = figures(2, 2, 140.10, 100.0, 70.05, 1, 1)
COAST_WEEK_BEFORE: Final = figures(1, 1, 200.0, 100.0, 200.0, 1, 0)


# --- The envelope


@pytest.mark.parametrize("question", QUESTIONS)
def test_every_answer_comes_in_the_envelope(server: AppServer, token: str, question: str) -> None:
    answer = server.get(f"{LIVE}/{question}", token)
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/json"
    body = strict(answer.body)
    assert {"success", "data", "timestamp", "period", "data_as_of", "stale"} <= set(body)
    assert body["success"] is True
    assert body["stale"] is False
    for name in ("timestamp", "data_as_of"):
        assert MOMENT.fullmatch(body[name])
        age = datetime.now(UTC) - datetime.fromisoformat(body[name])
        assert timedelta(0) <= age < timedelta(seconds=5)
    assert body["data_as_of"] <= body["timestamp"]


@pytest.mark.parametrize(("asked", "period"), [("", "Last 30 days"), ("?daysBack=7", "Last 7 days")])
def test_the_period_is_named(server: AppServer, token: str, asked: str, period: str) -> None:
    assert server.get(f"{LIVE}/summary{asked}", token).json["period"] == period


@pytest.mark.parametrize("question", QUESTIONS)
def test_head_answers_like_get_without_a_body(server: AppServer, token: str, question: str) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    got = server.get(f"{LIVE}/{question}", token)
    head = server.request("HEAD", f"{LIVE}/{question}", headers=headers)
    assert (head.status, head.body) == (200, b"")
    assert head.headers["ETag"] == got.headers["ETag"]
    assert head.headers["Content-Type"] == got.headers["Content-Type"]


@pytest.mark.parametrize("question", [one for one in QUESTIONS if one != "realtime"])
def test_the_default_window_is_the_one_of_the_contract(server: AppServer, token: str, question: str) -> None:
    days = 7 if question == "users-activity" else 30
    assert server.live(question, token) == server.live(f"{question}?daysBack={days}", token)


# --- The numbers, worked out by hand


def test_realtime_counts_today(server: AppServer, token: str, here: Here) -> None:
    body = server.get(f"{LIVE}/realtime", token).json
    assert body["date"] == here.day(0)
    assert body["data"] == {
        "visits_today": 2,
        "orders_today": 1,
        "revenue_today": 100.10,
        "successful_visits": 1,
        "conversion_rate_today": 50.0,
        "active_users": 2,
    }


def test_summary_compares_a_week_with_the_one_before(server: AppServer, token: str) -> None:
    assert server.live("summary?daysBack=7", token) == {**WEEK, "previous": WEEK_BEFORE}


def test_summary_of_thirty_days_has_nothing_to_compare_with(server: AppServer, token: str) -> None:
    data = server.live("summary", token)
    assert data.pop("previous") == ZEROS
    assert {**data, "pending_quotations": 0} == figures(11, 9, 1967.37, 81.82, 218.60, 6, 0)


def test_a_quotation_of_an_unknown_status_counts_as_sent(server: AppServer, token: str) -> None:
    assert server.live("conversion", token)["quotations_sent"] == 5
    assert server.live("summary", token)["pending_quotations"] == 3


def test_counts_are_whole_numbers_and_amounts_are_not(server: AppServer, token: str) -> None:
    for asked in ("summary?daysBack=7", "summary?region=Nowhere"):
        data = server.live(asked, token)
        for part in (data, data["previous"]):
            assert {key: type(part[key]) for key in SUMMARY} == SUMMARY


def test_conversion_follows_the_funnel(server: AppServer, token: str) -> None:
    assert server.live("conversion?daysBack=7", token) == {
        "visits": 7,
        "successful_visits": 3,
        "quotations_sent": 3,
        "orders_placed": 6,
        "visit_success_rate": 42.86,
        "quotation_conversion": 200.0,
        "overall_conversion": 85.71,
    }


def test_regions_come_by_revenue_then_visits_then_name(server: AppServer, token: str) -> None:
    assert server.live("regional?daysBack=7", token) == [NAIROBI, COAST, UNASSIGNED]


def test_performers_come_by_revenue_and_ties_by_name(server: AppServer, token: str) -> None:
    assert server.live("top-performers?daysBack=7", token) == PERFORMERS


def test_top_n_cuts_the_list(server: AppServer, token: str) -> None:
    assert server.live("top-performers?daysBack=7&topN=2", token) == PERFORMERS[:2]
    assert server.live("top-performers?daysBack=7&topN=100", token) == PERFORMERS


def test_trends_have_every_day(server: AppServer, token: str, here: Here) -> None:
    days = [
        (6, 1, 1, 0.0, 100.0),
        (5, 0, 0, 0.0, 0.0),
        (4, 1, 1, 40.0, 100.0),
        (3, 1, 1, 0.0, 100.0),
        (2, 1, 1, 1000.02, 100.0),
        (1, 1, 1, 250.25, 100.0),
        (0, 2, 1, 100.10, 50.0),
    ]
    names = ("visits", "orders", "revenue", "conversion_rate")
    assert server.live("trends?daysBack=7", token) == [
        {"date": here.day(ago), **dict(zip(names, values, strict=True))} for ago, *values in days
    ]


def test_users_activity_lists_every_active_user(server: AppServer, token: str, here: Here) -> None:
    names = ("visits", "quotations", "orders", "logins", "activities", "active_days", "last_activity")
    rows: list[tuple[Any, ...]] = [
        ("Asha Rep", "sales", "Nairobi", 3, 2, 3, 1, 9, 3, here.iso(0, "10:00")),
        ("Bo Rep", "sales", "Coast", 2, 0, 1, 1, 4, 3, here.iso(1, "16:00")),
        ("Cy Rep", "sales", "Unassigned", 1, 1, 1, 0, 3, 1, here.iso(3, "12:00")),
        ("Mona Manager", "manager", "Nairobi", 0, 0, 0, 1, 1, 1, here.iso(0, "08:30")),
        ("Ada Admin", "admin", "Unassigned", 0, 0, 0, 0, 0, 0, None),
        ("Lena Limited", "manager", "Coast", 0, 0, 0, 0, 0, 0, None),
    ]
    data = server.live("users-activity", token)
    ids = [one.pop("userId") for one in data["users"]]
    assert ids == [str(ASHA), "bo", "cy", "b" * 24, "a" * 24, "lena"]
    assert data["users"] == [dict(zip(("name", "role", "region", *names), one, strict=True)) for one in rows]


def test_users_activity_counts_everybody_who_did_something(server: AppServer, token: str, here: Here) -> None:
    data = server.live("users-activity", token)
    days = [(6, 3, 1), (5, 0, 0), (4, 2, 2), (3, 4, 2), (2, 4, 2), (1, 2, 1), (0, 6, 2)]
    assert data["daily"] == [
        {"date": here.day(ago), "activities": activities, "active_users": users}
        for ago, activities, users in days
    ]
    assert (data["active_users"], data["total_users"]) == (6, 6)


@pytest.mark.parametrize("asked", ["", "?daysBack=7", "?daysBack=7&region=Coast", "?userId=bo"])
def test_the_dashboard_is_its_four_parts(server: AppServer, token: str, asked: str) -> None:
    assert server.live(f"dashboard{asked}", token) == {
        "summary": server.live(f"summary{asked}", token),
        "conversion_funnel": server.live(f"conversion{asked}", token),
        "regional_performance": server.live(f"regional{asked}", token),
        "top_performers": server.live(f"top-performers{asked}", token),
    }


# --- Windows and filters


def test_from_and_to_take_whole_past_days(server: AppServer, token: str, here: Here) -> None:
    data = server.live(f"summary?from={here.day(8)}&to={here.day(7)}", token)
    before = figures(0, 0, 0.0, 0.0, 0.0, 0, 1)
    assert data == {**figures(3, 2, 277.0, 66.67, 138.5, 2, 0), "previous": before}


@pytest.mark.parametrize("question", ["summary", "trends", "users-activity", "dashboard", "regional"])
def test_from_and_to_up_to_today_equal_days_back(
    server: AppServer, token: str, here: Here, question: str
) -> None:
    dated = server.live(f"{question}?from={here.day(6)}&to={here.day(0)}", token)
    assert dated == server.live(f"{question}?daysBack=7", token)


def test_the_longest_window_is_the_whole_history(server: AppServer, token: str, here: Here) -> None:
    assert server.live("summary?daysBack=3650", token)["total_visits"] == 11
    assert len(server.live("trends?daysBack=3650", token)) == 3650
    assert server.live(f"summary?from={here.day(3649)}&to={here.day(0)}", token)["total_visits"] == 11


@pytest.mark.parametrize(
    ("filters", "now", "before"),
    [
        ("region=Coast", COAST_WEEK, COAST_WEEK_BEFORE),
        (
            "region=Coast&region=Unassigned",
            figures(4, 4, 140.10, 100.0, 35.03, 1, 1),
            COAST_WEEK_BEFORE,
        ),
        ("userId=bo", figures(2, 1, 250.25, 50.0, 250.25, 1, 0), figures(1, 0, 0.0, 0.0, 0.0, 0, 1)),
        (
            f"userId={ASHA}&region=Coast",
            figures(1, 2, 140.10, 200.0, 70.05, 1, 1),
            COAST_WEEK_BEFORE,
        ),
        ("userId=ghost&userId=cy", figures(2, 2, 0.0, 100.0, 0.0, 0, 0), ZEROS),
        ("region=coast", ZEROS, ZEROS),
        ("userId=nobody", ZEROS, ZEROS),
        ("region=Coast&userId=cy", ZEROS, ZEROS),
    ],
)
def test_filters_narrow_both_windows(
    server: AppServer, token: str, filters: str, now: dict[str, float], before: dict[str, float]
) -> None:
    assert server.live(f"summary?daysBack=7&{filters}", token) == {**now, "previous": before}


def test_a_filter_that_matches_nothing_gives_empty_lists(server: AppServer, token: str) -> None:
    for question in ("regional", "top-performers"):
        assert server.live(f"{question}?region=Atlantis", token) == []
    activity = server.live("users-activity?region=Atlantis", token)
    assert (activity["users"], activity["active_users"], activity["total_users"]) == ([], 0, 0)
    assert {day["activities"] for day in activity["daily"]} == {0}
    assert len(server.live("trends?daysBack=7&region=Atlantis", token)) == 7


def test_realtime_takes_filters(server: AppServer, token: str) -> None:
    coast = server.live("realtime?region=Coast", token)
    assert (coast["visits_today"], coast["orders_today"], coast["active_users"]) == (1, 1, 1)
    assert server.live("realtime?userId=bo", token)["visits_today"] == 0


# --- A manager limited to regions


@pytest.fixture(scope="module")
def lena() -> str:
    return signed(sub="lena")


def test_a_limited_manager_sees_their_regions_only(server: AppServer, lena: str) -> None:
    assert server.live("summary?daysBack=7", lena) == {**COAST_WEEK, "previous": COAST_WEEK_BEFORE}
    assert server.live("regional?daysBack=7", lena) == [COAST]
    assert server.live("realtime", lena)["visits_today"] == 1
    assert sum(day["visits"] for day in server.live("trends?daysBack=7", lena)) == 2
    people = {one["userId"]: one["visit_count"] for one in server.live("top-performers?daysBack=7", lena)}
    assert people == {str(ASHA): 1, "bo": 1}


def test_a_limited_manager_sees_the_people_of_their_regions_only(server: AppServer, lena: str) -> None:
    users = server.live("users-activity", lena)["users"]
    told = {one["userId"]: one["activities"] for one in users}
    assert told == {"bo": 2, str(ASHA): 4, "lena": 0}


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_limited_manager_gets_nothing_of_other_regions(
    server: AppServer, lena: str, token: str, question: str
) -> None:
    nothing = server.live(f"{question}?region=Atlantis", token)
    assert server.live(f"{question}?region=Nairobi", lena) == nothing
    assert server.live(f"{question}?region=Unassigned&region=Nairobi", lena) == nothing


def test_a_limited_manager_keeps_their_part_of_what_is_asked(server: AppServer, lena: str) -> None:
    both = server.live("summary?daysBack=7&region=Nairobi&region=Coast", lena)
    assert both == {**COAST_WEEK, "previous": COAST_WEEK_BEFORE}
    assert server.live("summary?daysBack=7&userId=cy", lena) == {**ZEROS, "previous": ZEROS}


# --- Unchanged answers


@pytest.mark.parametrize("question", QUESTIONS)
def test_what_is_known_is_not_sent_again(server: AppServer, token: str, question: str) -> None:
    first = server.get(f"{LIVE}/{question}", token)
    assert first.headers["ETag"].startswith('W/"')
    again = server.get(f"{LIVE}/{question}", token, If_None_Match=first.headers["ETag"])
    assert (again.status, again.body) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    assert server.get(f"{LIVE}/{question}", token, If_None_Match='W/"another"').status == 200


def test_tags_do_not_change_with_the_clock(server: AppServer, token: str) -> None:
    before = {question: server.get(f"{LIVE}/{question}", token) for question in QUESTIONS}
    time.sleep(1.1)
    for question, first in before.items():
        later = server.get(f"{LIVE}/{question}", token)
        assert later.headers["ETag"] == first.headers["ETag"]
        assert later.json["timestamp"] > first.json["timestamp"]


def test_tags_tell_windows_and_filters_apart(server: AppServer, token: str) -> None:
    asked = ("daysBack=7", "daysBack=30", "daysBack=7&region=Coast", "daysBack=7&userId=bo")
    tags = {server.get(f"{LIVE}/summary?{one}", token).headers["ETag"] for one in asked}
    assert len(tags) == len(asked)


@pytest.fixture
def changing(here: Here) -> Iterator[AppServer]:
    with server_over(organisation(here), here) as started:
        yield started


def test_tags_change_with_the_numbers(changing: AppServer, here: Here) -> None:
    token = manager_token()
    week = changing.get(f"{LIVE}/summary?daysBack=7", token).headers["ETag"]
    month = changing.get(f"{LIVE}/summary", token).headers["ETag"]
    order = {"userId": "bo", "facilityId": "market", "status": "placed", "totalAmount": 0.01}
    write(changing, {"orders": [{**order, "createdAt": here.at(25)}]})
    assert eventually(lambda: changing.live("summary", token)["total_revenue"] == 1967.38)
    assert changing.get(f"{LIVE}/summary", token, If_None_Match=month).status == 200
    assert changing.get(f"{LIVE}/summary?daysBack=7", token, If_None_Match=week).status == 304


# --- Health, and the description


@pytest.mark.parametrize("path", ["/health", f"{LIVE}/health"])
def test_health_is_told_to_anybody(server: AppServer, path: str) -> None:
    answer = server.get(path)
    assert answer.status == 200
    body = strict(answer.body)
    assert (body["status"], body["service"]) == ("healthy", "Analytics API")
    assert set(body["pythonApi"]) == {"status", "timestamp", "service"}
    assert body["pythonApi"]["status"] == "healthy"
    assert body["database"] == {"connected": True, "mode": "polling"}
    for moment in (body["timestamp"], body["data_as_of"], body["pythonApi"]["timestamp"]):
        assert MOMENT.fullmatch(moment)
    assert 0 <= body["lag_seconds"] < 5
    assert body["uptime_seconds"] > 0
    assert isinstance(body["version"], str)
    assert server.request("HEAD", path).status == 200


def test_health_counts_what_was_left_out_and_corrected(server: AppServer) -> None:
    quality = server.get("/health").json["data_quality"]
    counted = {
        kind: {name: sum(reasons.values()) for name, reasons in quality[kind].items()} for kind in quality
    }
    assert counted["rejected"] == {"visits": 2, "orders": 1, "logins": 1}
    assert counted["repaired"] == {"visits": 1, "quotations": 2, "orders": 3}


def test_the_description_names_every_address(server: AppServer) -> None:
    answer = server.get("/api/openapi.json")
    assert answer.status == 200
    described = strict(answer.body)
    assert described["openapi"].startswith("3.")
    expected = {f"{LIVE}/{question}" for question in QUESTIONS} | {
        "/health",
        f"{LIVE}/health",
        "/api/openapi.json",
        "/api/auth/login",
        "/accounts/analytics/realtime/",
        "/accounts/analytics/live-users/",
    }
    assert expected <= set(described["paths"])
