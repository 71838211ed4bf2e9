"""The newest events, the places, and when it all began."""

from __future__ import annotations

from datetime import UTC
from fractions import Fraction
from typing import Any

import pytest
from builders import ago, facility, login, order, quotation, snapshot, user, view, visit

from dashapp.metrics.newest import facilities, first_event_ms, newest_events
from dashapp.metrics.view import View


def told(here: View, limit: int = 20) -> list[tuple[str, Any]]:
    """Kind and status of the newest events."""
    return [(one["kind"], one["status"]) for one in newest_events(here, limit)]


# --- Events


def test_an_event_tells_what_who_where_and_how_much() -> None:
    data = snapshot(users=[user()], facilities=[facility()], orders=[order(totalAmount=12.5)])
    assert newest_events(view(data), 5) == [
        {
            "kind": "orders",
            "at": ago(hours=1).replace(tzinfo=UTC),
            "status": "placed",
            "person": {"userId": "rep-1", "name": "Asha Rep", "role": "sales", "region": "Nairobi"},
            "facility": {
                "facilityId": "clinic-1",
                "name": "First Clinic",
                "region": "Coast",
                "kind": "clinic",
            },
            "amount": Fraction(25, 2),
        }
    ]


def test_the_newest_come_first_whatever_their_kind() -> None:
    data = snapshot(
        visits=[visit(date=ago(hours=5)), visit(date=ago(hours=1), status="unsuccessful")],
        quotations=[quotation(createdAt=ago(hours=2))],
        orders=[order(createdAt=ago(hours=4), status="delivered")],
        logins=[login(at=ago(hours=3))],
    )
    assert told(view(data)) == [
        ("visits", "unsuccessful"),
        ("quotations", "sent"),
        ("logins", "done"),
        ("orders", "delivered"),
        ("visits", "successful"),
    ]


def test_of_events_of_one_moment_the_later_step_and_the_later_row_come_first() -> None:
    at = ago(hours=1)
    data = snapshot(
        visits=[visit(date=at, status="successful"), visit(date=at, status="unsuccessful")],
        quotations=[quotation(createdAt=at)],
        orders=[order(createdAt=at)],
        logins=[login(at=at)],
    )
    assert [kind for kind, _ in told(view(data))] == ["logins", "orders", "quotations", "visits", "visits"]
    assert [status for kind, status in told(view(data)) if kind == "visits"] == ["unsuccessful", "successful"]


def test_no_more_are_told_than_asked_for_and_always_the_newest() -> None:
    data = snapshot(
        visits=[visit(date=ago(hours=2 * n + 2)) for n in range(6)],
        orders=[order(createdAt=ago(hours=2 * n + 1), totalAmount=n) for n in range(6)],
    )
    assert [kind for kind, _ in told(view(data), 3)] == ["orders", "visits", "orders"]
    assert [one["amount"] for one in newest_events(view(data), 4)] == [0, None, 1, None]
    assert len(newest_events(view(data), 12)) == len(newest_events(view(data), 100)) == 12
    assert newest_events(view(data), 0) == []


def test_what_did_not_happen_or_not_yet_or_elsewhere_is_not_told() -> None:
    data = snapshot(
        facilities=[facility(), facility(_id="far", region="Rift")],
        visits=[
            visit(status="scheduled"),
            visit(status="cancelled"),
            visit(date=ago(hours=-1)),
            visit(date=ago(days=40)),
            visit(facilityId="far", status="unsuccessful"),
            visit(userId="other", status="on hold"),
        ],
        quotations=[quotation(status="draft")],
        orders=[order(status="cancelled")],
    )
    assert sorted(told(view(data))) == [("visits", "unknown"), ("visits", "unsuccessful")]
    assert told(view(data, regions=["Rift"])) == [("visits", "unsuccessful")]
    assert told(view(data, users=["other"])) == [("visits", "unknown")]


def test_rows_left_out_do_not_take_the_places_of_others() -> None:
    never = [visit(date=ago(minutes=n), status="cancelled") for n in range(30)]
    data = snapshot(visits=[*never, visit(date=ago(days=2))])
    assert told(view(data), 5) == [("visits", "successful")]


def test_unknown_and_missing_people_and_places_are_said_to_be_so() -> None:
    data = snapshot(visits=[visit(userId="ghost", facilityId="nowhere")], logins=[login(userId=None)])
    signed_in, visited = sorted(newest_events(view(data), 5), key=lambda one: one["kind"])
    assert (signed_in["person"], signed_in["facility"], signed_in["amount"]) == (None, None, None)
    assert visited["person"] == {
        "userId": "ghost",
        "name": "Unknown",
        "role": None,
        "region": "Unassigned",
    }
    assert visited["facility"] == {
        "facilityId": "nowhere",
        "name": "Unknown",
        "region": "Unassigned",
        "kind": None,
    }


# --- Places


def test_a_place_tells_its_figures_and_its_last_visit() -> None:
    data = snapshot(
        facilities=[facility()],
        visits=[visit(date=ago(days=3)), visit(date=ago(days=2)), visit(status="scheduled")],
        orders=[order(totalAmount=3), order(totalAmount=4), order(status="cancelled")],
    )
    assert facilities(view(data), 10) == [
        {
            "facilityId": "clinic-1",
            "name": "First Clinic",
            "region": "Coast",
            "kind": "clinic",
            "visit_count": 2,
            "order_count": 2,
            "total_revenue": 7,
            "conversion_rate": 100,
            "avg_order_value": Fraction(7, 2),
            "last_visit": ago(days=2).replace(tzinfo=UTC),
        }
    ]


def test_places_come_by_revenue_then_visits_then_name_and_id() -> None:
    named = {"a": "Same", "b": "Same", "c": "Another", "rich": "Z", "busy": "Z", "ordered": "Z"}
    data = snapshot(
        facilities=[facility(_id=one, name=name) for one, name in named.items()],
        visits=[visit(facilityId=one) for one in ("b", "a", "c", "busy", "busy", "unknown")],
        orders=[order(facilityId="rich", totalAmount=2), order(facilityId="ordered", totalAmount=1)],
        quotations=[quotation(facilityId="quoted")],
    )
    found = facilities(view(data), 10)
    ids = [row["facilityId"] for row in found]
    assert ids == ["rich", "ordered", "busy", "c", "a", "b", "unknown"]
    assert [row["last_visit"] is None for row in found] == [True, True, *[False] * 5]
    assert facilities(view(data), 2) == found[:2]


def test_the_last_visit_is_one_of_those_in_scope() -> None:
    data = snapshot(
        visits=[
            visit(date=ago(days=20)),
            visit(date=ago(days=5)),
            visit(date=ago(days=1), userId="other"),
            visit(facilityId=None),
        ]
    )
    (row,) = facilities(view(data, users=["rep-1"]), 10)
    assert (row["visit_count"], row["last_visit"]) == (2, ago(days=5).replace(tzinfo=UTC))
    (only,) = facilities(view(data, 3), 10)
    assert only["last_visit"] == ago(days=1).replace(tzinfo=UTC)


def test_a_place_without_a_region_is_unassigned_though_its_events_are_not() -> None:
    data = snapshot(users=[user()], facilities=[facility(region=None, type=None)], visits=[visit()])
    (row,) = facilities(view(data, regions=["Nairobi"]), 10)
    assert (row["region"], row["kind"], row["visit_count"]) == ("Unassigned", None, 1)


def test_of_nothing_there_are_no_places_and_no_events() -> None:
    for here in (view(snapshot()), view(snapshot(visits=[visit()]), regions=[])):
        assert facilities(here, 10) == newest_events(here, 10) == []


# --- The beginning


@pytest.mark.parametrize(
    ("kind", "document"),
    [
        ("visits", visit(date=ago(days=9), status="cancelled")),
        ("quotations", quotation(createdAt=ago(days=9))),
        ("orders", order(createdAt=ago(days=9))),
        ("logins", login(at=ago(days=9))),
    ],
)
def test_the_oldest_event_of_any_kind_is_the_beginning(kind: str, document: dict[str, Any]) -> None:
    later: dict[str, list[dict[str, Any]]] = {"visits": [visit()], "orders": [order()]}
    data = snapshot(**{**later, kind: [*later.get(kind, []), document]})
    nine_days_ago = int(ago(days=9).replace(tzinfo=UTC).timestamp() * 1000)
    assert first_event_ms(data) == nine_days_ago


def test_nothing_never_began() -> None:
    assert first_event_ms(snapshot(users=[user()])) is None
