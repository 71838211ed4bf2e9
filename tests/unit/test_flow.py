"""From visit to quotation to order: stages, losses, and how long the ways took."""

from __future__ import annotations

from dataclasses import asdict
from fractions import Fraction
from typing import Any

import pytest
from bson import ObjectId
from builders import Document, ago, facility, order, quotation, snapshot, user, view, visit

from dashapp.metrics.answers import conversion
from dashapp.metrics.flow import STAGES, Passage, by_person, by_region, losing, passages
from dashapp.metrics.view import View

HOUR = 3_600_000
Documents = dict[str, list[Document]]


def many(make: Any, count: int, **fields: Any) -> list[Document]:
    return [make(**fields) for _ in range(count)]


def ways(here: View) -> dict[str, Passage]:
    return {one.key: one for one in passages(here)}


def way(documents: Documents, key: str = "visit_to_quotation", **narrowed: Any) -> dict[str, Any]:
    found = asdict(ways(view(snapshot(**documents), **narrowed))[key])
    return {name: value for name, value in found.items() if name not in {"key", "title"}}


def numbers(
    arrived: int, linked: int, before_it: int = 0, median: float | None = None, p90: float | None = None
) -> dict[str, Any]:
    return {
        "arrived": arrived,
        "linked": linked,
        "before_it": before_it,
        "median_ms": None if median is None else median * HOUR,
        "p90_ms": None if p90 is None else p90 * HOUR,
    }


# --- Stages


def business() -> Documents:
    """On the coast ten visits, six of them successful; in the rift more orders than visits."""
    coast: dict[str, Any] = {"facilityId": "coast", "userId": "asha"}
    return {
        "users": [user(_id="asha", name="Asha"), user(_id="bo", name="Bo")],
        "facilities": [facility(_id="coast"), facility(_id="rift", region="Rift")],
        "visits": [
            *many(visit, 6, **coast),
            *many(visit, 3, status="unsuccessful", **coast),
            visit(status="on hold", **coast),
            *many(visit, 2, status="scheduled", **coast),
            *many(visit, 2, facilityId="rift", userId="bo"),
        ],
        "quotations": [*many(quotation, 4, **coast), quotation(status="draft", **coast)],
        "orders": [
            order(**coast),
            order(status="cancelled", **coast),
            *many(order, 3, facilityId="rift", userId="bo"),
        ],
    }


COAST = {
    "visits": 10,
    "successful_visits": 6,
    "quotations_sent": 4,
    "orders_placed": 1,
    "lost_successful_visits": 4,
    "lost_quotations_sent": 2,
    "lost_orders_placed": 3,
    "overall_conversion": 10,
}
RIFT = {
    "visits": 2,
    "successful_visits": 2,
    "quotations_sent": 0,
    "orders_placed": 3,
    "lost_successful_visits": 0,
    "lost_quotations_sent": 2,
    "lost_orders_placed": 0,  # more came than the stage before held: nothing was lost
    "overall_conversion": 150,
}


def test_every_region_has_its_stages_and_what_each_lost() -> None:
    found = by_region(view(snapshot(**business())))
    assert found == [{"region": "Coast", **COAST}, {"region": "Rift", **RIFT}]


def test_everybody_has_their_stages_and_what_each_lost() -> None:
    asha = {"userId": "asha", "name": "Asha", "role": "sales", "region": "Nairobi"}
    bo = {"userId": "bo", "name": "Bo", "role": "sales", "region": "Nairobi"}
    assert by_person(view(snapshot(**business()))) == [{**asha, **COAST}, {**bo, **RIFT}]


def test_the_stages_of_all_regions_are_those_of_the_funnel() -> None:
    here = view(snapshot(**business()))
    whole = conversion(here)
    for rows in (by_region(here), by_person(here)):
        assert {key: sum(row[key] for row in rows) for key in STAGES} == {key: whole[key] for key in STAGES}


def test_the_stages_are_those_of_the_filters() -> None:
    data = snapshot(**business())
    assert by_region(view(data, regions=["Rift"])) == [{"region": "Rift", **RIFT}]
    assert [row["userId"] for row in by_person(view(data, regions=["Coast"]))] == ["asha"]
    assert by_region(view(data, users=["asha"], regions=["Rift"])) == []


def test_who_has_quotations_only_is_listed_and_who_has_drafts_only_is_not() -> None:
    data = snapshot(
        quotations=[quotation(userId="quoting"), quotation(userId="drafting", status="draft")],
        visits=[visit(userId="planning", status="scheduled")],
        orders=[order(userId="cancelling", status="cancelled")],
    )
    assert [row["userId"] for row in by_person(view(data))] == ["quoting"]


def test_rows_come_by_visits_then_name_and_id() -> None:
    data = snapshot(
        users=[user(_id="z", name="Ann"), user(_id="a", name="Ann"), user(_id="b", name="Abe")],
        facilities=[facility(_id=name, region=name) for name in ("West", "East")],
        visits=[
            *(visit(userId=one, facilityId="West") for one in ("z", "a", "b")),
            *many(visit, 2, userId="most", facilityId="East"),
            visit(userId=None, facilityId="East"),
        ],
    )
    assert [row["userId"] for row in by_person(view(data))] == ["most", "b", "a", "z"]
    assert [row["region"] for row in by_region(view(data))] == ["East", "West"]


def test_nothing_has_no_stages() -> None:
    assert by_region(view(snapshot())) == by_person(view(snapshot())) == []


# --- Losses


def row(name: str, **counts: int) -> dict[str, Any]:
    every = dict.fromkeys(STAGES, 0) | {f"lost_{stage}": 0 for stage in STAGES[1:]}
    return {"region": name, **every, **counts}


def test_who_loses_most_comes_first_then_who_loses_the_larger_part() -> None:
    rows = [
        row("few of many", visits=100, lost_successful_visits=4),
        row("half", visits=8, lost_successful_visits=4),
        row("most", visits=20, lost_successful_visits=5),
        row("none", visits=50),
        row("elsewhere", successful_visits=9, lost_quotations_sent=9),
    ]
    found = losing(rows, "successful_visits", 8)
    assert [(one["region"], one["lost"], one["lost_share"]) for one in found] == [
        ("most", 5, 25),
        ("half", 4, 50),
        ("few of many", 4, 4),
    ]
    assert losing(rows, "successful_visits", 1) == found[:1]
    assert [one["region"] for one in losing(rows, "quotations_sent", 8)] == ["elsewhere"]
    assert losing(rows, "orders_placed", 8) == []


@pytest.mark.parametrize(
    ("stage", "share"),
    [("successful_visits", 40), ("quotations_sent", Fraction(100, 3)), ("orders_placed", 75)],
)
def test_the_share_lost_is_that_of_the_stage_before(stage: str, share: Fraction) -> None:
    rows = by_region(view(snapshot(**business()), regions=["Coast"]))
    assert losing(rows, stage, 8)[0]["lost_share"] == share


# --- Passages


def chain() -> Documents:
    """A visit four hours ago, its quotation three hours ago, the order an hour ago."""
    return {
        "visits": [visit(_id="v", date=ago(hours=4))],
        "quotations": [quotation(_id="q", visitId="v", createdAt=ago(hours=3))],
        "orders": [order(_id="o", quotationId="q", createdAt=ago(hours=1))],
    }


def test_the_ways_lead_from_visit_to_quotation_to_order() -> None:
    assert [(one.key, one.title, one.median_ms) for one in passages(view(snapshot(**chain())))] == [
        ("visit_to_quotation", "Visit to quotation", HOUR),
        ("quotation_to_order", "Quotation to order", 2 * HOUR),
        ("visit_to_order", "Visit to order", 3 * HOUR),
    ]


def test_half_of_them_and_nine_in_ten_are_between_those_that_were() -> None:
    # 0, 10, 20, 30 and 40 hours: half of them took 20; nine tenths of the way from first to last is 36.
    documents: Documents = {
        "visits": [visit(_id=f"v{n}", date=ago(hours=100)) for n in range(5)],
        "quotations": [quotation(visitId=f"v{n}", createdAt=ago(hours=100 - 10 * n)) for n in range(5)],
    }
    assert way(documents) == numbers(5, 5, median=20, p90=36)
    documents["quotations"].pop()
    assert way(documents) == numbers(4, 4, median=15, p90=27)


@pytest.mark.parametrize("as_text", [True, False])
def test_an_id_names_the_same_document_as_its_text(as_text: bool) -> None:
    visited, quoted = ObjectId("5" * 24), ObjectId("6" * 24)
    documents: Documents = {
        "visits": [visit(_id=visited, date=ago(hours=4))],
        "quotations": [quotation(_id=quoted, visitId=str(visited) if as_text else visited)],
        "orders": [order(quotationId=str(quoted) if as_text else quoted, createdAt=ago())],
    }
    assert way(documents) == numbers(1, 1, median=3, p90=3)
    assert way(documents, "quotation_to_order") == numbers(1, 1, median=1, p90=1)
    assert way(documents, "visit_to_order") == numbers(1, 1, median=4, p90=4)


def test_stages_that_were_skipped_are_counted_and_have_no_time() -> None:
    documents: Documents = {
        "visits": [visit(_id="v", date=ago(hours=4))],
        "quotations": [
            quotation(_id="q", visitId="v", createdAt=ago(hours=3)),
            quotation(_id="unvisited", createdAt=ago(hours=3)),
            quotation(_id="lost", visitId="nowhere", createdAt=ago(hours=3)),
        ],
        "orders": [
            order(quotationId="q", createdAt=ago(hours=2)),
            order(quotationId="unvisited", createdAt=ago(hours=1)),
            order(quotationId="nowhere"),
            order(),
            order(quotationId=None),
        ],
    }
    found = ways(view(snapshot(**documents)))
    assert {key: (one.arrived, one.linked, one.skipped) for key, one in found.items()} == {
        "visit_to_quotation": (3, 1, 2),
        "quotation_to_order": (5, 2, 3),
        "visit_to_order": (5, 1, 4),
    }
    assert found["quotation_to_order"].median_ms == 1.5 * HOUR
    assert found["visit_to_order"].median_ms == 2 * HOUR


def test_what_is_dated_before_that_which_led_to_it_is_linked_and_has_no_time() -> None:
    documents: Documents = {
        "visits": [visit(_id="late", date=ago(hours=1)), visit(_id="v", date=ago(hours=9))],
        "quotations": [
            quotation(visitId="late", createdAt=ago(hours=2)),
            quotation(visitId="v", createdAt=ago(hours=7)),
            quotation(visitId="v", createdAt=ago(hours=9)),
        ],
    }
    assert way(documents) == numbers(3, 3, 1, median=1, p90=1.8)
    documents["quotations"] = documents["quotations"][:1]
    assert way(documents) == numbers(1, 1, 1)


def test_drafts_and_cancelled_orders_have_not_arrived() -> None:
    documents = chain()
    documents["quotations"] += [quotation(visitId="v", status="draft")]
    documents["orders"] += [order(quotationId="q", status="cancelled", createdAt=ago())]
    assert way(documents) == numbers(1, 1, median=1, p90=1)
    assert way(documents, "quotation_to_order") == numbers(1, 1, median=2, p90=2)
    assert way(documents, "visit_to_order") == numbers(1, 1, median=3, p90=3)


def test_what_led_to_it_may_lie_before_the_window_or_be_of_others() -> None:
    documents: Documents = {
        "facilities": [facility(), facility(_id="far", region="Rift")],
        "visits": [
            visit(_id="long ago", date=ago(days=40), facilityId="far", userId="other"),
            visit(_id="not counted", date=ago(hours=3), status="scheduled"),
        ],
        "quotations": [
            quotation(visitId="long ago", createdAt=ago(days=1)),
            quotation(visitId="not counted", createdAt=ago(hours=1)),
        ],
    }
    # They took 936 hours and 2.
    expected = pytest.approx(numbers(2, 2, median=469, p90=842.6))
    for narrowed in ({"days": 7}, {"regions": ["Coast"]}, {"users": ["rep-1"]}):
        assert way(documents, **narrowed) == expected


def test_the_window_and_the_filters_say_what_arrived() -> None:
    documents = chain()
    documents["facilities"] = [facility(_id="far", region="Rift")]
    documents["orders"] += [
        order(quotationId="q", facilityId="far", userId="other", createdAt=ago()),
        order(quotationId="q", createdAt=ago(days=-1)),
    ]
    key = "quotation_to_order"
    assert way(documents, key) == numbers(2, 2, median=2.5, p90=2.9)
    assert way(documents, key, regions=["Rift"]) == numbers(1, 1, median=3, p90=3)
    assert way(documents, key, users=["rep-1"]) == numbers(1, 1, median=2, p90=2)
    assert way(documents, key, users=["nobody"]) == numbers(0, 0)
    documents["orders"] += [order(quotationId="q", createdAt=ago(days=2))]
    assert way(documents, key, days=1)["arrived"] == 2
    assert way(documents, key)["before_it"] == 1


def test_where_nothing_is_linked_there_is_no_time() -> None:
    documents: Documents = {"visits": [visit()], "quotations": [quotation()], "orders": [order()]}
    for key in ("visit_to_quotation", "quotation_to_order", "visit_to_order"):
        assert way(documents, key) == numbers(1, 0)
        assert way({}, key) == numbers(0, 0)
        assert way({"visits": [visit()]}, key) == numbers(0, 0)


def test_orders_without_any_quotation_at_all_skipped_it() -> None:
    assert way({"orders": [order(quotationId="q")]}, "visit_to_order") == numbers(1, 0)
    documents: Documents = {"visits": [visit(_id="q")], "orders": [order(quotationId="q")]}
    assert way(documents, "quotation_to_order") == numbers(1, 0)  # a visit is no quotation


def test_several_orders_may_come_from_one_quotation() -> None:
    documents = chain()
    documents["orders"] += [order(quotationId="q", createdAt=ago(hours=2))]
    assert way(documents, "quotation_to_order") == numbers(2, 2, median=1.5, p90=1.9)
