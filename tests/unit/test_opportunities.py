"""Where revenue is to be expected, and who should act."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from builders import user, visit
from predicting import clinics, history, on, orders_of, predicted

from dashapp.metrics.models import opportunities
from dashapp.metrics.models.customers import Customers
from dashapp.metrics.models.words import advice, day_count


def customers(*documents: list[dict[str, object]]) -> Customers:
    return Customers.of(history([one for some in documents for one in some]))


def test_the_plain_rate_is_that_of_the_last_year() -> None:
    known = customers(orders_of([400, 300, 200, 100], "a"), orders_of([20, 10], "b"))
    assert opportunities.plain_rate(known).tolist() == [3 / 365, 2 / 50]


def test_the_fading_rate_forgets() -> None:
    known = customers(orders_of([180, 90], "a"), orders_of([10], "b"))
    whole = 90 * (1 - np.exp(-2.0))
    month = 90 * (1 - np.exp(-1 / 3))
    assert opportunities.fading_rate(known).tolist() == pytest.approx(
        [(np.exp(-2) + np.exp(-1)) / whole, np.exp(-1 / 9) / month]
    )


def test_the_worth_of_an_order_is_drawn_towards_the_usual() -> None:
    known = customers(orders_of([10], "a", 100), orders_of([10], "b", 500))
    weight = np.exp(-10 / 365)
    assert opportunities.order_value(known).tolist() == pytest.approx(
        [(weight * 100 + 300) / (weight + 1), (weight * 500 + 300) / (weight + 1)]
    )


def test_expected_revenue_is_the_geometric_mean_rate_times_the_worth() -> None:
    known = customers(orders_of([65, 35, 5], "a"))  # too few facilities for BG/NBD
    found = opportunities.expected(known)
    rate = np.sqrt(opportunities.plain_rate(known) * opportunities.fading_rate(known))
    assert found.orders.tolist() == pytest.approx((30 * rate).tolist())
    assert found.revenue.tolist() == pytest.approx((30 * rate * 100).tolist())


def test_the_best_are_chosen_among_those_allowed() -> None:
    score = np.array([5.0, 9.0, 5.0, 0.0])
    assert opportunities.best(score, np.array([True, False, True, True]), 2) == [0, 2]
    assert opportunities.best(score, np.array([False] * 4)) == []


def test_quiet_means_more_than_thirty_days_without_an_order() -> None:
    known = customers(orders_of([60, 31], "a"), orders_of([60, 30], "b"))
    assert opportunities.quiet(known).tolist() == [True, False]


def test_a_row_tells_what_to_do_and_who_is_to_do_it() -> None:
    found = predicted(
        users=[user(), user(_id="rep-2", name="Bo Rep"), user(_id="gone", active=False)],
        facilities=clinics(2),
        visits=[
            visit(facilityId="clinic-1", userId="rep-2", date=on(20)),
            visit(facilityId="clinic-1", userId="gone", date=on(10)),
            visit(facilityId="clinic-1", userId="rep-1", date=on(5), status="cancelled"),
        ],
        orders=[*orders_of([150, 120, 90], "clinic-1"), *orders_of([25, 15, 5], "clinic-0", 10)],
    )
    rows = {row["facilityId"]: row for row in found.opportunities["rows"]}
    row, other = rows["clinic-1"], rows["clinic-0"]
    assert row["quiet"]
    assert (row["userId"], row["user_name"], row["last_visit"]) == ("rep-2", "Bo Rep", "2026-05-10")
    assert row["recommendation"] == (
        "Visit soon: usually every 30 days, silent for 90 days; last visited on 10 May 2026."
    )
    assert (other["quiet"], other["last_visit"], other["days_since"]) == (False, None, 5)
    assert other["recommendation"] == (
        "Keep in touch: the next order is due about 25 May 2026; no visit on record."
    )
    assert other["potential_revenue"] == pytest.approx(other["expected_orders"] * other["order_value"])


def test_advice_follows_the_rhythm() -> None:
    due = advice(10, 12, None, date(2026, 5, 18), date(2026, 5, 20))
    assert due == "Call: an order is due (usually every 10 days, silent for 12); no visit on record."
    assert [day_count(0.5), day_count(1), day_count(2.4)] == ["day", "day", "2 days"]


def test_few_orders_are_left_out_and_counted() -> None:
    found = predicted(orders=orders_of([9, 5], "clinic-1")).opportunities
    assert found["rows"] == [] and found["reason"] == "No facility has ordered often enough yet."
    assert found["refused"] == {"fewer than 3 days with orders": {"Unassigned": 1}}


def test_past_lists_stand_beside_what_came() -> None:
    orders = [*orders_of(range(2, 300, 7), "steady", 10), *orders_of(range(160, 300, 7), "left", 1000)]
    past = predicted(orders=orders).opportunities["past"]
    newest = past[-2:]
    assert [one["list"] for one in newest] == ["key accounts", "due and quiet"]
    assert newest[0]["made_on"] == "2026-04-20"
    steady = next(one for one in newest[0]["picked"] if one["facilityId"] == "steady")
    assert steady["actual"] == 50  # days 30, 23, 16, 9 and 2
    assert (newest[0]["actual"], newest[0]["best"], newest[0]["capture"], newest[0]["hits"]) == (50, 50, 1, 1)
    assert (newest[1]["actual"], newest[1]["capture"], newest[1]["hits"]) == (0, None, 0)
    assert [one["facilityId"] for one in newest[1]["picked"]] == ["left"]
