"""Every metric worked out by hand on data small enough to count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from typing import Any

import pytest
from builders import (
    NOW,
    Document,
    ago,
    facility,
    ledger,
    login,
    order,
    quotation,
    snapshot,
    user,
    view,
    visit,
)

from dashapp.domain.numbers import put_out
from dashapp.domain.ports import Changes
from dashapp.domain.snapshot import Snapshot
from dashapp.domain.tables import COLUMNS
from dashapp.domain.vocabulary import EVENT_KINDS
from dashapp.errors import NotReady
from dashapp.metrics.catalog import BY_KEY, METRICS, Metric, computed
from dashapp.metrics.view import View
from dashapp.source.load import cleaned

Documents = dict[str, Sequence[Document]]


def statuses(make: Any, *names: object) -> list[Document]:
    return [make(status=name) for name in names]


def month() -> Documents:
    """Four visits that count, two successful; five quotations sent; three orders, worth 100 in all."""
    return {
        "visits": statuses(
            visit, "successful", "successful", "unsuccessful", "moved", "scheduled", "cancelled"
        ),
        "quotations": statuses(quotation, "sent", "sent", "accepted", "rejected", "expired", "draft"),
        "orders": [
            order(totalAmount=33.34),
            order(totalAmount=33.33, status="confirmed"),
            order(totalAmount=33.33, status="delivered"),
            order(totalAmount=1000.0, status="cancelled"),
        ],
        "logins": [login(userId="rep-2")],
    }


EXPECTED: dict[str, int | Fraction] = {
    "total_visits": 4,
    "successful_visits": 2,
    "quotations_sent": 5,
    "pending_quotations": 2,
    "total_orders": 3,
    "total_revenue": Fraction(100),
    "avg_order_value": Fraction(100, 3),
    "conversion_rate": Fraction(75),
    "visit_success_rate": Fraction(50),
    "quotation_conversion": Fraction(60),
    "active_users": 2,
}


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.key)
def test_every_metric_counts_what_its_definition_says(metric: Metric) -> None:
    assert metric.compute(view(snapshot(**month()))) == EXPECTED[metric.key]


@pytest.mark.parametrize(
    ("key", "names"),
    [
        ("total_visits", ("visit_count", "visits", "visits_today")),
        ("total_orders", ("order_count", "orders_placed", "orders_today")),
        ("total_revenue", ("revenue", "revenue_today")),
        ("conversion_rate", ("overall_conversion", "conversion_rate_today")),
    ],
)
def test_one_metric_has_the_same_value_under_all_its_names(key: str, names: tuple[str, ...]) -> None:
    found = computed(view(snapshot(**month())), names)
    assert found == dict.fromkeys(names, EXPECTED[key])


# --- What counts


@pytest.mark.parametrize(
    ("collection", "document"),
    [
        ("visits", visit(status="scheduled")),
        ("visits", visit(status="Cancelled ")),
        ("quotations", quotation(status="DRAFT")),
        ("orders", order(status="cancelled")),
    ],
)
def test_what_did_not_happen_counts_nowhere(collection: str, document: Document) -> None:
    here = view(snapshot(**{collection: [document]}))
    assert {metric.key: put_out(metric.compute(here)) for metric in METRICS} == {m.key: 0 for m in METRICS}


def test_an_unknown_status_counts_as_took_place_sent_or_placed() -> None:
    here = view(
        snapshot(
            visits=statuses(visit, "moved", None),
            quotations=statuses(quotation, "lost"),
            orders=statuses(order, "paid", 5),
        )
    )
    visits = computed(here, ("total_visits", "successful_visits", "visit_success_rate"))
    assert list(visits.values()) == [2, 0, 0]
    assert computed(here, ("quotations_sent", "pending_quotations")) == {
        "quotations_sent": 1,
        "pending_quotations": 1,
    }
    assert computed(here, ("total_orders", "total_revenue")) == {"total_orders": 2, "total_revenue": 200}


def test_events_after_now_do_not_count_and_one_right_now_does() -> None:
    times = [ago(), ago(milliseconds=-1), ago(days=-1)]
    assert computed(view(snapshot(visits=[visit(date=at) for at in times]), 1), ("visits",)) == {"visits": 1}


def test_the_first_millisecond_of_the_window_counts_and_the_one_before_does_not() -> None:
    midnight = ago(hours=15)  # 00:00 in Nairobi
    data = snapshot(orders=[order(createdAt=midnight), order(createdAt=midnight - timedelta(milliseconds=1))])
    assert computed(view(data, 1), ("total_orders",)) == {"total_orders": 1}
    assert computed(view(data, 2), ("total_orders",)) == {"total_orders": 2}


def test_sums_are_exact_where_floats_are_not() -> None:
    data = snapshot(
        orders=[order(totalAmount=0.1) for _ in range(10)]
        + [order(totalAmount=9e12), order(totalAmount=0.03)]
    )
    assert computed(view(data), ("total_revenue",)) == {"total_revenue": Fraction(900_000_000_000_103, 100)}


def test_an_unusable_amount_counts_as_zero_and_its_order_as_an_order() -> None:
    data = snapshot(orders=[order(totalAmount=-5), order(totalAmount=None), order(totalAmount=7)])
    keys = ("total_orders", "total_revenue", "avg_order_value")
    assert list(computed(view(data), keys).values()) == [3, 7, Fraction(7, 3)]


def test_each_kind_of_activity_makes_a_user_active_and_each_user_counts_once() -> None:
    data = snapshot(
        visits=[visit(userId="a"), visit(userId="a"), visit(userId="x", status="scheduled")],
        quotations=[quotation(userId="b"), quotation(userId="x", status="draft")],
        orders=[order(userId="c"), order(userId="a"), order(userId="x", status="cancelled")],
        logins=[login(userId="d"), login(userId="x", at=ago(days=40))],
    )
    assert computed(view(data), ("active_users",)) == {"active_users": 4}


def test_events_of_nobody_count_in_totals_and_make_nobody_active() -> None:
    data = snapshot(visits=[visit(userId=None, facilityId=None), visit(userId="")])
    assert computed(view(data), ("visits", "active_users")) == {"visits": 2, "active_users": 0}


# --- Filters


def places() -> Snapshot:
    """A visit in each region: its facility's, else its user's, else Unassigned."""
    return snapshot(
        users=[user(_id="north", region="Nairobi"), user(_id="lost", region=None)],
        facilities=[facility(_id="sea", region="Coast"), facility(_id="bare", region=" ")],
        visits=[
            visit(userId="north", facilityId="sea"),
            visit(userId="north", facilityId="bare"),
            visit(userId="north", facilityId="unheard of"),
            visit(userId="lost", facilityId=None),
            visit(userId=None, facilityId="sea"),
        ],
    )


@pytest.mark.parametrize(
    ("regions", "users", "visits"),
    [
        (None, None, 5),
        (["Coast"], None, 2),
        (["Nairobi"], None, 2),
        (["Unassigned"], None, 1),
        (["Coast", "Nairobi"], None, 4),
        (["coast"], None, 0),
        ([], None, 0),
        (None, ["north"], 3),
        (None, ["north", "lost"], 4),
        (None, ["nobody"], 0),
        (["Coast"], ["north"], 1),
        (["Unassigned"], ["north"], 0),
    ],
)
def test_filters_keep_the_events_of_these_regions_and_users(
    regions: list[str] | None, users: list[str] | None, visits: int
) -> None:
    here = view(places(), regions=regions, users=users)
    assert computed(here, ("total_visits",)) == {"total_visits": visits}


def test_a_filter_that_matches_nothing_gives_zeros() -> None:
    here = view(snapshot(**month()), users=["nobody"])
    assert {metric.key: put_out(metric.compute(here)) for metric in METRICS} == {m.key: 0 for m in METRICS}


def test_filters_do_not_leak_into_each_other() -> None:
    data = places()
    asked = [view(data, users=users) for users in (None, ["north"], None, ["lost"], ["north"])]
    assert [computed(one, ("visits",))["visits"] for one in asked] == [5, 3, 5, 1, 3]


# --- The whole catalogue


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.key)
class TestEveryMetric:
    def test_has_a_title_a_unit_and_a_definition_in_a_sentence(self, metric: Metric) -> None:
        assert metric.title.strip()
        assert metric.unit in {"count", "money", "percent"}
        assert metric.definition.endswith(".")
        assert len(metric.definition) > 20

    def test_is_zero_on_empty_tables(self, metric: Metric) -> None:
        value = put_out(metric.compute(view(snapshot())))
        assert value == 0
        assert isinstance(value, int if metric.unit == "count" else float)

    def test_leaves_the_snapshot_as_it_was(self, metric: Metric) -> None:
        data = snapshot(users=[user()], facilities=[facility()], **month())
        before = contents(data)
        metric.compute(view(data, regions=["Coast"], users=["rep-1", "rep-2"]))
        metric.compute(view(data, 1))
        assert contents(data) == before


def contents(data: Snapshot) -> list[object]:
    tables = [getattr(getattr(data, kind), name).tolist() for kind in EVENT_KINDS for name in COLUMNS]
    return [*tables, dict(data.users), dict(data.facilities), data.tiers, data.user_ids, data.region_names]


def test_every_name_belongs_to_one_metric() -> None:
    assert len(BY_KEY) == sum(len(metric.keys) for metric in METRICS)
    assert set(EXPECTED) == {metric.key for metric in METRICS}


# --- Views


def test_the_key_of_a_view_names_the_rows_and_not_the_clock() -> None:
    data = snapshot(visits=[visit(date=ago(hours=1))])
    a_second_later = view(data, now=NOW + timedelta(seconds=1))
    assert view(data).key == a_second_later.key
    others = [view(data, 7), view(data, now=NOW - timedelta(hours=2)), view(data, users=["rep-1"])]
    others += [view(data, regions=["rep-1"]), view(data, now=NOW + timedelta(days=1))]
    assert len({view(data).key, *(other.key for other in others)}) == 6


def test_a_figure_is_computed_anew_from_a_newer_snapshot() -> None:
    held = ledger(visits=[visit()])
    first = held.snapshot()
    held.apply(Changes([cleaned("visits", [visit()])]))
    assert [
        computed(View(one, view(first).scope), ("visits",))["visits"] for one in (first, held.snapshot())
    ] == [1, 2]


def test_older_windows_have_to_wait_while_the_history_is_being_loaded() -> None:
    data = replace(snapshot(), partial=True, loaded_from=view(snapshot(), 35).window.start_ms)
    assert view(data, 35).require_loaded()
    with pytest.raises(NotReady) as refused:
        view(data, 36).require_loaded()
    assert refused.value.retry_after_seconds == 2
    with pytest.raises(NotReady):
        view(data, 30).previous()
    assert view(replace(data, partial=False), 36).require_loaded()
