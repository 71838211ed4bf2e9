"""What is answered to each question: figures, lists and their order, by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from builders import NOW, Document, ago, facility, login, order, quotation, snapshot, user, view, visit

from dashapp.domain.scope import Scope, day_range
from dashapp.metrics import answers
from dashapp.metrics.view import View

BERLIN = ZoneInfo("Europe/Berlin")
Documents = dict[str, list[Document]]


def of(rows: list[dict[str, Any]], name: str) -> list[Any]:
    return [row[name] for row in rows]


def many(make: Any, count: int, **fields: Any) -> list[Document]:
    return [make(**fields) for _ in range(count)]


# --- Figures


def test_the_summary_stands_beside_that_of_the_previous_window() -> None:
    data = snapshot(
        visits=[
            *many(visit, 4),
            visit(date=ago(days=8)),
            visit(date=ago(days=7, hours=-1)),
            visit(date=ago(days=14)),
        ],
        orders=[order(totalAmount=10), order(createdAt=ago(days=7), totalAmount=30)],
        quotations=[quotation(), quotation(createdAt=ago(days=9), status="accepted")],
    )
    assert answers.summary(view(data, 7)) == {
        "total_visits": 4,
        "total_orders": 1,
        "total_revenue": 10,
        "conversion_rate": 25,
        "avg_order_value": 10,
        "successful_visits": 4,
        "pending_quotations": 1,
        "previous": {
            "total_visits": 1,
            "total_orders": 1,
            "total_revenue": 30,
            "conversion_rate": 100,
            "avg_order_value": 30,
            "successful_visits": 1,
            "pending_quotations": 0,
        },
    }


def test_filters_apply_to_the_previous_window_too() -> None:
    then = ago(days=8)
    data = snapshot(visits=[visit(userId="a", date=then), visit(userId="b", date=then), visit(userId="b")])
    found = answers.summary(view(data, 7, users=["a"]))
    assert (found["total_visits"], found["previous"]["total_visits"]) == (0, 1)


def test_the_funnel_goes_from_visit_to_order() -> None:
    data = snapshot(
        visits=[*many(visit, 2), visit(status="unsuccessful")],
        quotations=[*many(quotation, 1), quotation(status="draft")],
        orders=many(order, 2),
    )
    assert answers.conversion(view(data)) == {
        "visits": 3,
        "successful_visits": 2,
        "quotations_sent": 1,
        "orders_placed": 2,
        "visit_success_rate": Fraction(200, 3),
        "quotation_conversion": 200,
        "overall_conversion": Fraction(200, 3),
    }


def test_today_is_told_in_its_own_words() -> None:
    data = snapshot(
        visits=[visit(), visit(status="unsuccessful"), visit(date=ago(days=1))],
        orders=[order(totalAmount=12.5)],
    )
    assert answers.realtime(view(data, 1)) == {
        "visits_today": 2,
        "orders_today": 1,
        "revenue_today": Fraction(25, 2),
        "successful_visits": 1,
        "conversion_rate_today": 50,
        "active_users": 1,
    }


def test_the_dashboard_holds_the_four_main_answers() -> None:
    here = view(snapshot(visits=[visit(userId=f"rep-{n}") for n in range(12)], orders=[order()]))
    assert answers.dashboard(here) == {
        "summary": answers.summary(here),
        "conversion_funnel": answers.conversion(here),
        "regional_performance": answers.regional(here),
        "top_performers": answers.top_performers(here, 10),
    }
    assert len(answers.dashboard(here)["top_performers"]) == 10


# --- Regions


def in_region(region: str, visits: int, orders: int = 0, amount: float = 0) -> Documents:
    return {
        "facilities": [facility(_id=region, region=region)],
        "visits": many(visit, visits, facilityId=region),
        "orders": many(order, orders, facilityId=region, totalAmount=amount),
    }


def regional(*parts: Documents) -> list[dict[str, Any]]:
    names = ("facilities", "visits", "orders")
    return answers.regional(
        view(snapshot(**{name: [d for part in parts for d in part[name]] for name in names}))
    )


def test_regions_come_by_revenue_then_visits_then_name() -> None:
    found = regional(
        in_region("Many visits", 9),
        in_region("B", 2, 1, 50),
        in_region("A", 2, 1, 50),
        in_region("C", 3, 2, 25),
        in_region("Rich", 1, 1, 50.01),
        in_region("No visits", 0, 1, 0.01),
    )
    assert of(found, "region") == ["Rich", "C", "A", "B", "No visits", "Many visits"]


def test_a_region_tells_its_figures() -> None:
    assert regional(in_region("Coast", 3, 2, 50)) == [
        {
            "region": "Coast",
            "visit_count": 3,
            "order_count": 2,
            "total_revenue": 100,
            "conversion_rate": Fraction(200, 3),
            "avg_order_value": 50,
        }
    ]


def test_a_region_without_anything_that_counts_is_not_listed() -> None:
    data = snapshot(
        facilities=[facility(), facility(_id="clinic-2", region="Rift")],
        visits=[visit(status="scheduled")],
        orders=[order(facilityId="clinic-2", status="cancelled")],
        quotations=[quotation()],
    )
    assert answers.regional(view(data)) == []


def test_every_region_that_anything_has_is_offered_by_name() -> None:
    data = snapshot(
        users=[user(region="West"), user(_id="u", region=None)],
        facilities=[facility(region="Coast"), facility(_id="f", region="")],
    )
    assert answers.region_names(data) == ["Coast", "Unassigned", "West"]


# --- People


def test_performers_come_by_revenue_orders_visits_name_and_id() -> None:
    data = snapshot(
        users=[user(_id=one, name=name) for one, name in (("u1", "Zoe"), ("u2", "Ann"), ("u3", "Ann"))],
        visits=[
            *many(visit, 2, userId="v2"),
            *(visit(userId=one) for one in ("u1", "u3", "u2", "o1", "o2", "v1")),
        ],
        orders=[
            order(userId="rich", totalAmount=0.02),
            *many(order, 2, userId="o2", totalAmount=0.005),
            order(userId="o1", totalAmount=0.01),
        ],
    )
    best = answers.top_performers(view(data), 100)
    assert of(best, "userId") == ["rich", "o2", "o1", "v2", "u2", "u3", "v1", "u1"]
    assert answers.top_performers(view(data), 3) == best[:3]


def test_a_performer_tells_who_it_is_and_what_it_did() -> None:
    data = snapshot(
        users=[user(role="Manager", region=None, active=False)],
        visits=many(visit, 4),
        orders=[order(totalAmount=1), order(totalAmount=2), order(status="cancelled")],
    )
    assert answers.top_performers(view(data), 10) == [
        {
            "userId": "rep-1",
            "name": "Asha Rep",
            "role": "manager",
            "region": "Unassigned",
            "visit_count": 4,
            "order_count": 2,
            "total_revenue": 3,
            "conversion_rate": 50,
            "avg_order_value": Fraction(3, 2),
        }
    ]


def test_an_unknown_performer_is_called_so_and_nobody_is_none() -> None:
    data = snapshot(visits=[visit(userId="stranger"), visit(userId=None)])
    (found,) = answers.top_performers(view(data), 10)
    assert (found["userId"], found["name"], found["role"], found["region"]) == (
        "stranger",
        "Unknown",
        None,
        "Unassigned",
    )


def test_who_only_wrote_quotations_or_signed_in_is_no_performer() -> None:
    data = snapshot(quotations=[quotation()], logins=[login()], visits=[visit(status="cancelled")])
    assert answers.top_performers(view(data), 10) == []


# --- Days


def test_trends_have_a_row_for_every_local_day() -> None:
    data = snapshot(
        visits=[
            visit(date=ago(hours=15)),
            visit(date=ago(hours=15, milliseconds=1)),
            visit(date=ago(days=2)),
        ],
        orders=[order(createdAt=ago(days=2), totalAmount=7.5), order(status="cancelled")],
    )
    found = answers.trends(view(data, 4))
    assert found[1] == {
        "date": "2026-05-18",
        "visits": 1,
        "orders": 1,
        "revenue": Fraction(15, 2),
        "conversion_rate": 100,
    }
    assert of(found, "date") == ["2026-05-17", "2026-05-18", "2026-05-19", "2026-05-20"]
    assert of(found, "visits") == [0, 1, 1, 1]
    assert of(found, "orders") == [0, 1, 0, 0]
    assert of(found, "conversion_rate") == [0, 100, 0, 0]


def test_trends_put_events_on_the_right_side_of_a_change_of_the_clock() -> None:
    # In Berlin the 25th of October 2026 has 25 hours: from 22:00 the day before to 23:00 in UTC.
    times = [datetime(2026, 10, 24, 21, 59), datetime(2026, 10, 24, 22), datetime(2026, 10, 25, 22, 59)]
    data = snapshot(visits=[visit(date=at) for at in (*times, datetime(2026, 10, 25, 23))])
    window = day_range(date(2026, 10, 24), date(2026, 10, 26), NOW + timedelta(days=365), BERLIN)
    assert of(answers.trends(View(data, Scope(window))), "visits") == [1, 2, 1]


def test_trends_of_nothing_are_zeros() -> None:
    found = answers.trends(view(snapshot(), 2))
    zeros = {"visits": 0, "orders": 0, "revenue": 0, "conversion_rate": 0}
    assert found == [{"date": "2026-05-19", **zeros}, {"date": "2026-05-20", **zeros}]


# --- Activity


def test_the_activity_of_a_user_counts_every_kind_and_the_days() -> None:
    data = snapshot(
        users=[user()],
        visits=[visit(), visit(date=ago(days=2)), visit(status="scheduled", date=ago(minutes=1))],
        quotations=[quotation(createdAt=ago(days=2)), quotation(status="draft", createdAt=ago(days=3))],
        orders=[order(createdAt=ago(hours=2)), order(status="cancelled", createdAt=ago(days=4))],
        logins=[login(at=ago(minutes=30)), login(at=ago(days=6)), login(at=ago(days=7))],
    )
    found = answers.users_activity(view(data, 7))
    assert found["users"] == [
        {
            "userId": "rep-1",
            "name": "Asha Rep",
            "role": "sales",
            "region": "Nairobi",
            "visits": 2,
            "quotations": 1,
            "orders": 1,
            "logins": 2,
            "activities": 6,
            "active_days": 3,
            "last_activity": ago(minutes=30).replace(tzinfo=UTC),
        }
    ]
    assert (found["active_users"], found["total_users"]) == (1, 1)


def test_users_without_any_activity_are_listed_last_with_zeros() -> None:
    data = snapshot(
        users=[
            user(_id="b", name="Idle"),
            user(_id="a", name="Idle"),
            user(_id="z", name="Aaron"),
            user(_id="gone", active=False),
        ],
        visits=[
            visit(userId="b"),
            visit(userId="b"),
            visit(userId="a"),
            visit(userId="gone"),
            visit(userId="stranger"),
        ],
    )
    found = answers.users_activity(view(data, 7))
    assert of(found["users"], "userId") == ["b", "a", "z"]
    assert (found["users"][2]["activities"], found["users"][2]["active_days"]) == (0, 0)
    assert found["users"][2]["last_activity"] is None
    assert (found["active_users"], found["total_users"]) == (4, 3)


def test_users_of_equal_activity_come_by_name_and_id() -> None:
    people = [user(_id="3", name="Ann"), user(_id="2", name="Zoe"), user(_id="1", name="Ann")]
    assert of(answers.users_activity(view(snapshot(users=people)))["users"], "userId") == ["1", "3", "2"]


@pytest.mark.parametrize("marks", [0, 50_000_000])
def test_daily_activity_has_a_row_for_every_day_and_counts_a_user_once_a_day(
    marks: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "MANY_MARKS", marks)
    data = snapshot(
        visits=[visit(), visit(userId=None), visit(userId="b"), visit(date=ago(days=2))],
        logins=[login(), login(at=ago(days=2)), login(userId="c", at=ago(days=2))],
    )
    assert answers.users_activity(view(data, 3))["daily"] == [
        {"date": "2026-05-18", "activities": 3, "active_users": 2},
        {"date": "2026-05-19", "activities": 0, "active_users": 0},
        {"date": "2026-05-20", "activities": 4, "active_users": 2},
    ]


def test_without_people_there_is_no_activity() -> None:
    found = answers.users_activity(view(snapshot(), 1))
    assert found == {
        "users": [],
        "daily": [{"date": "2026-05-20", "activities": 0, "active_users": 0}],
        "active_users": 0,
        "total_users": 0,
    }


def test_a_region_lists_who_belongs_to_it_and_who_was_active_there() -> None:
    data = snapshot(
        users=[
            user(_id="home"),
            user(_id="guest", region="Rift"),
            user(_id="away", region="Rift"),
            user(_id="none", region=None),
        ],
        facilities=[facility(region="Nairobi"), facility(_id="rift", region="Rift")],
        visits=[
            visit(userId="guest"),
            visit(userId="home", facilityId="rift"),
            visit(userId="away", facilityId="rift"),
        ],
    )
    nairobi = answers.users_activity(view(data, regions=["Nairobi"]))
    assert [(row["userId"], row["activities"]) for row in nairobi["users"]] == [("guest", 1), ("home", 0)]
    assert (nairobi["active_users"], nairobi["total_users"]) == (1, 2)
    assert of(answers.users_activity(view(data, regions=["Unassigned"]))["users"], "userId") == ["none"]
    one = answers.users_activity(view(data, regions=["Nairobi"], users=["home", "away"]))
    assert of(one["users"], "userId") == ["home"]
