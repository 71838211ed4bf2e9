"""What predictions are made from: complete local days before the cut-off, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
from builders import NAIROBI, order, user
from predicting import NOON, TODAY, history, material, on, orders_of

from dashapp.metrics.models.customers import Customers
from dashapp.metrics.models.history import daily_revenue, date_of, day_number, happened


def test_only_counted_orders_of_complete_days_are_known() -> None:
    known = history(
        [
            order(createdAt=on(1, 23.9), totalAmount=10),
            order(createdAt=on(0, 0), totalAmount=20),  # today is not over
            order(createdAt=on(2), totalAmount=30, status="cancelled"),
            order(createdAt=on(-3), totalAmount=40),
        ]
    )
    assert known.amount.tolist() == [10.0]
    assert known.day.tolist() == [day_number(TODAY) - 1]
    assert known.cut == day_number(TODAY)


def test_days_are_those_of_the_time_zone() -> None:
    data = material(orders=[order(createdAt=datetime(2026, 5, 18, 21, 30))])  # half past midnight in Nairobi
    known = happened(data, "orders", NOON, NAIROBI)
    assert [str(date_of(int(day))) for day in known.day] == ["2026-05-19"]
    midnight = datetime(2026, 5, 19, 21, 0, tzinfo=UTC)  # the 20th begins in Nairobi
    assert len(happened(data, "orders", midnight, NAIROBI)) == 1
    assert len(happened(data, "orders", midnight.replace(hour=20), NAIROBI)) == 0


def test_names_are_numbered_by_what_occurs() -> None:
    data = material(
        users=[user(_id="zoe"), user(_id="ann")],
        orders=[
            order(userId="zoe", facilityId="b", createdAt=on(3)),
            order(userId="ann", facilityId="a", createdAt=on(2)),
            order(userId=None, facilityId=None, createdAt=on(1)),
            order(userId="later", facilityId="0", createdAt=on(0)),
        ],
    )
    known = happened(data, "orders", NOON, NAIROBI)
    assert known.facility_ids == ("a", "b")
    assert known.facility.tolist() == [1, 0, -1]
    assert known.user_ids == ("ann", "zoe")
    assert known.user.tolist() == [1, 0, -1]


def test_before_forgets_what_came_later() -> None:
    known = history(orders_of([5, 3, 1]))
    earlier = known.before(day_number(TODAY) - 3)
    assert len(earlier) == 1
    assert earlier.cut == day_number(TODAY) - 3


def test_daily_revenue_has_no_gaps() -> None:
    revenue = daily_revenue(history([*orders_of([4], amount=10), *orders_of([4], amount=5), *orders_of([2])]))
    assert revenue.values.tolist() == [15.0, 0.0, 100.0, 0.0]
    assert str(date_of(revenue.start)) == "2026-05-16"


def test_a_pause_of_half_a_year_begins_a_new_history() -> None:
    assert len(daily_revenue(history(orders_of([700, 400, 3])))) == 3
    assert len(daily_revenue(history(orders_of([170, 3])))) == 170


def test_nothing_ordered_is_an_empty_series() -> None:
    assert len(daily_revenue(history([]))) == 0


def test_customers_are_told_by_days_with_orders() -> None:
    known = history(
        [
            *orders_of([40, 30, 30, 10], "b", 10),
            *orders_of([5], "a", 7),
        ]
    )
    customers = Customers.of(known)
    assert customers.count.tolist() == [1, 3]
    assert customers.silent.tolist() == [5, 10]
    assert customers.age.tolist() == [5, 40]
    assert customers.revenue.tolist() == [7, 40]
    assert np.isnan(customers.gap[0]) and customers.gap[1] == 15.0  # the median of 10 and 20
    assert customers.repeats.count.tolist() == [0, 2]
    assert customers.repeats.last.tolist() == [0, 30]
    assert customers.per_facility(since=known.cut - 10).tolist() == [1, 1]


def test_what_came_after_is_counted_for_those_known_before() -> None:
    known = history([*orders_of([40, 8], "b", 10), *orders_of([35], "a"), *orders_of([6], "new")])
    customers = Customers.of(known.before(known.cut - 20))
    came, revenue = customers.ordered_in(known, 15)
    assert came.tolist() == [0, 1]
    assert revenue.tolist() == [0, 10]


def test_the_season_compares_the_coming_days_a_year_ago_with_that_year() -> None:
    # An order every fourth day for a year: 91. In the 28 days a year ago one a day: 21 more, 112 in all.
    days = sorted({*range(4, 365, 4), *range(337, 365)}, reverse=True)
    customers = Customers.of(history(orders_of([*days, 400])))
    usual = len([day for day in days if day <= 364]) * 28 / 364
    assert customers.season(28) == (28 + 25) / (usual + 25)
    assert Customers.of(history(orders_of([300, 2]))).season(28) == 1.0


def test_a_turn_compares_past_days_with_those_before() -> None:
    customers = Customers.of(history(orders_of([*range(10, 110, 2), *range(1, 10)])))
    day = customers.cut - 10
    # Ten orders in the ten days from then on; in the 98 days before 49, or five in ten days.
    assert customers.turn(day, 10) == (10 + 25) / (5 + 25)
