"""Revenue of the next 7 and 30 days: members, weights, what is refused, and why."""

from __future__ import annotations

import json

import numpy as np
import pytest
from builders import facility
from hypothesis import given, settings
from hypothesis import strategies as st
from predicting import TODAY, history, orders_of, predicted, series

from dashapp.metrics.models import members
from dashapp.metrics.models.forecast import (
    EARLY_DAYS,
    MOSTLY_ZERO,
    NOTHING_LATELY,
    NOTHING_SOLD,
    TOO_SHORT,
    combined,
    forecast,
    forecasts,
    rolling,
    trust,
)
from dashapp.metrics.models.learners import Learners, table
from dashapp.metrics.models.outlook import outlook

WEEK = [10.0, 20.0, 30.0, 40.0, 50.0, 0.0, 0.0]  # 150


def noisy(days: int, seed: int = 1) -> list[float]:
    random = np.random.default_rng(seed)
    return (np.resize(WEEK, days) * random.gamma(5, 0.2, days)).tolist()


# --- Members


def test_the_weekday_mean_is_taken_of_the_last_weeks() -> None:
    past = np.array([*([99.0] * 7), *WEEK, *(2 * one for one in WEEK)])
    assert members.weekday_mean(past, 9, 2).tolist() == [15, 30, 45, 60, 75, 0, 0, 15, 30]
    assert members.weekday_mean(np.array([4.0, 8.0]), 2, 4).tolist() == [6, 6]


def test_the_level_follows_weekly_sums_at_its_pace() -> None:
    past = np.concatenate([np.full(7 * 7, 10.0), np.full(7, 20.0)])  # seven weeks of 70, one of 140
    quick = members.quick_level(past, 7)
    assert quick is not None
    assert quick.sum() == pytest.approx(70 + 0.2 * 70)
    assert members.quick_level(past[1:], 7) is None


def test_last_year_turns_half_as_much_as_it_did() -> None:
    past = np.full(420, 10.0)
    past[56:63] = 20.0  # the seven days a year ago, after 56 of ten
    turned = members.last_year_turn(past, 7)
    assert turned is not None
    assert turned.tolist() == [15.0] * 7
    assert members.last_year_turn(past[1:], 7) is None


def test_last_year_comes_back_with_the_growth_since() -> None:
    past = np.concatenate([np.full(364, 10.0), np.full(364, 30.0)])
    again = members.last_year(past, 7)
    # 10 a day a year after the first year would be 30: known for 364 days, growth counts 364 / (364 + 56).
    growth = 1 + 2 * 364 / 420
    week_ago, same, week_on = 10.0, 30.0, 30.0  # neighbours of the first day of last year's window
    assert again is not None
    assert again[0] == pytest.approx((week_ago / 4 + same / 2 + week_on / 4) * growth)
    assert members.last_year(past[:391], 7) is None


def test_members_weigh_less_the_more_they_erred() -> None:
    weights = trust(np.array([[0.1, 0.1, np.nan, np.nan], [0.2, 0.2, 0.2, 0.2], [np.nan] * 4]))
    # The usual error is 0.15; four of that size are taken for granted.
    expected = [(0.2 + 0.6) / 6, (0.8 + 0.6) / 8, 0.6 / 4]
    assert weights.tolist() == pytest.approx([(0.15 / one) ** 4 for one in expected])
    assert trust(np.full((2, 3), np.nan)).tolist() == [1, 1]
    assert trust(np.zeros((2, 3))).tolist() == [1, 1]


def test_weights_come_from_errors_known_by_then() -> None:
    said = np.array([[100.0, 100.0, 100.0], [200.0, 200.0, 200.0]])
    actual, level = np.array([100.0, 100.0, np.nan]), np.full(3, 100.0)
    made = combined(said, actual, level, np.array([0, 7, 14]), days=7)
    assert made[0] == 150  # nothing known
    assert made[1] < made[0]  # the first was right once
    assert made[2] < made[1]
    late = combined(said, actual, level, np.array([0, 7, 14]), days=14)
    assert late[1] == 150  # the window of the first is not over


# --- Learners


def test_features_know_only_the_days_before_their_origin() -> None:
    values = np.array(noisy(500))
    level, features, _ = table(series(values), 7)
    changed = values.copy()
    changed[450:] = 1e6
    level_then, features_then, _ = table(series(changed), 7)
    known = slice(0, 450 - 56 + 1)
    assert level[known].tolist() == level_then[known].tolist()
    assert features[known].tolist() == features_then[known].tolist()


def test_regression_waits_for_a_year() -> None:
    steady = np.resize(WEEK, 800) * (1 + 0.1 * np.sin(np.arange(800) / 9))
    learners = Learners(series(steady), 7)
    assert learners.ridge(364) is None and learners.boosting(364) is None
    assert learners.ridge(800) == pytest.approx(150, rel=0.15)
    assert learners.boosting(800) == pytest.approx(150, rel=0.15)


# --- Forecasts


def test_no_forecast_before_two_weeks() -> None:
    found = forecast(series([100.0] * 13), None)
    assert found["reason"] == TOO_SHORT
    assert found["daily"] == [] and found["horizons"]["next_week"]["forecast"] is None
    assert found["horizons"]["next_week"]["reason"] == TOO_SHORT


def test_the_first_weeks_are_forecast_by_the_weekday_mean_and_marked() -> None:
    found = forecast(series(np.resize(WEEK, 21)), None)
    assert found["early"] and found["reason"] is None
    assert found["horizons"]["next_week"]["forecast"] == pytest.approx(150)
    assert found["horizons"]["next_month"]["forecast"] == pytest.approx(4 * 150 + 30)
    assert found["daily"][:7] == pytest.approx(WEEK)
    assert not forecast(series(np.resize(WEEK, EARLY_DAYS)), None)["early"]


def test_a_constant_series_goes_on() -> None:
    found = forecast(series([100.0] * 800), None, learn=True)
    week, month = found["horizons"]["next_week"], found["horizons"]["next_month"]
    assert week["forecast"] == pytest.approx(700)
    assert month["forecast"] == pytest.approx(3000)
    assert found["daily"] == pytest.approx([100.0] * 30)
    assert {round(check["forecast"], 6) for check in week["checks"]} == {700}
    assert len(week["checks"]) == 56
    assert week["checks"][-1]["made_on"] == "2026-05-13"


def test_all_zero_is_refused_with_a_reason() -> None:
    assert forecast(series([0.0] * 100), None)["reason"] == NOTHING_SOLD


def test_a_closed_business_is_refused_with_a_reason() -> None:
    found = forecast(series([100.0] * 100 + [0.0] * 60), None)
    assert {one["reason"] for one in found["horizons"].values()} == {NOTHING_LATELY}
    assert found["daily"] == []


def test_no_week_is_foretold_where_most_days_are_without_revenue() -> None:
    found = forecast(series(np.resize([70.0, 0, 0, 0, 0, 0, 0], 210)), "Coast")
    assert found["horizons"]["next_week"]["reason"] == MOSTLY_ZERO
    assert found["horizons"]["next_month"]["forecast"] == pytest.approx(4 * 70 + 70)
    assert sum(found["daily"]) == pytest.approx(350)


def test_the_days_add_up_to_the_week_and_the_month() -> None:
    found = forecast(series(noisy(200)), None)
    assert sum(found["daily"][:7]) == pytest.approx(found["horizons"]["next_week"]["forecast"])
    assert sum(found["daily"]) == pytest.approx(found["horizons"]["next_month"]["forecast"])


def test_past_forecasts_are_those_that_were_made() -> None:
    values = noisy(480)
    now = rolling(series(values), 7, learn=True)
    then = rolling(series(values[:-21]), 7, learn=True)
    origin = len(values) - 21
    assert then.made[-1] > 0
    # The series of the tests end today: let the earlier one begin on the same day.
    begun = series(values)
    then = rolling(type(begun)(begun.start, begun.values[:origin]), 7, learn=True)
    assert now.made[now.origin == origin].tolist() == [then.made[-1]]


def test_regions_are_forecast_by_their_revenue() -> None:
    coast = [{**one, "facilityId": "a"} for one in orders_of(range(1, 41), amount=10)]
    found = predicted(
        facilities=[facility(_id="a", region="Coast"), facility(_id="b", region="West")],
        orders=[*coast, *orders_of(range(1, 41), "b", 30)],
    )
    assert list(found.regions) == ["West", "Coast"]
    assert found.regions["Coast"]["horizons"]["next_week"]["forecast"] == pytest.approx(70)
    assert found.total["horizons"]["next_week"]["forecast"] == pytest.approx(280)
    assert found.as_of == str(TODAY)


@settings(max_examples=40, deadline=None)
@given(
    values=st.lists(st.sampled_from([0.0, 0.0, 0.01, 70.0, 1e12]), max_size=130),
    learn=st.booleans(),
)
def test_any_series_has_an_answer_that_can_be_put_out(values: list[float], learn: bool) -> None:
    found = forecast(series(values), None, learn=learn)
    read = outlook([found], str(TODAY))
    json.dumps([found, read], allow_nan=False)
    for figure in (read["next_week"], read["next_month"]):
        assert (figure["revenue"] is None) == bool(figure["reason"])
        low, revenue, high = (figure[name] or 0.0 for name in ("low", "revenue", "high"))
        assert 0 <= low <= revenue * (1 + 1e-9)
        assert figure["high"] is None or revenue <= high * (1 + 1e-9)


def test_nothing_ordered_is_no_forecast() -> None:
    total, regions = forecasts(history([]))
    assert total["reason"] == TOO_SHORT and regions == {}
