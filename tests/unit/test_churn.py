"""Who will stay away: BG/NBD against published figures, the regression, what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from predicting import clinics, history, orders_of, predicted

from dashapp.metrics.models import bgnbd
from dashapp.metrics.models.bgnbd import Parameters, Repeats
from dashapp.metrics.models.calibration import auc, bins, calibration
from dashapp.metrics.models.churn import (
    BOTH,
    FIXED,
    Churn,
    features,
    fixed,
    logistic,
    power_for,
    scorable,
    sigmoid,
)
from dashapp.metrics.models.customers import Customers

# Fader, Hardie, Lee (2005), table 2: the CDNOW sample in weeks.
CDNOW = Parameters(r=0.243, alpha=4.414, a=0.793, b=2.426)


def repeats(count: float, last: float, age: float) -> Repeats:
    return Repeats(np.array([count]), np.array([last]), np.array([age]))


def organisation(count: int = 40, days: int = 400) -> list[dict[str, object]]:
    """Half of the clinics order every 5 to 14 days; the others stop 100 days ago or earlier."""
    found = []
    for n in range(count):
        stop = 1 if n % 2 else 100 + 5 * (n % 20)
        found += orders_of(range(stop, days, 5 + n % 10), f"clinic-{n}", 50.0 + n)
    return found


# --- BG/NBD


def test_expected_orders_are_those_published() -> None:
    """The customer of the authors' note: 38.86 weeks old, 2 repeats, the last in week 30.43; 39 weeks on."""
    assert bgnbd.expected_within(CDNOW, repeats(2, 30.43, 38.86), 39)[0] == pytest.approx(1.226, abs=0.001)


def test_who_never_repeated_is_there_for_sure_and_comes_by_chance() -> None:
    once = repeats(0, 0, 38.86)
    assert bgnbd.still_there(CDNOW, once)[0] == 1
    assert bgnbd.none_within(CDNOW, once, 10)[0] == pytest.approx(
        ((4.414 + 38.86) / (4.414 + 48.86)) ** 0.243
    )


def test_no_order_means_gone_or_silent() -> None:
    customer = repeats(2, 30.43, 38.86)
    there = bgnbd.still_there(CDNOW, customer)[0]
    odds = 0.793 / (2.426 + 1) * ((4.414 + 38.86) / (4.414 + 30.43)) ** 2.243
    assert there == pytest.approx(1 / (1 + odds))
    silent = ((4.414 + 38.86) / (4.414 + 48.86)) ** 2.243
    assert bgnbd.none_within(CDNOW, customer, 10)[0] == pytest.approx(1 - there + there * silent)
    assert bgnbd.none_within(CDNOW, customer, 0)[0] == pytest.approx(1)


def test_the_fit_finds_the_parameters_customers_were_made_with() -> None:
    random = np.random.default_rng(3)
    rows = []
    for _ in range(3000):
        rate, leaves, at, count = random.gamma(0.8, 1 / 20), random.beta(1.0, 3.0), 0.0, 0
        while True:
            step = random.exponential(1 / rate)
            if at + step > 300:
                break
            at, count = at + step, count + 1
            if random.random() < leaves:
                break
        rows.append((count, at if count else 0.0, 300.0))
    found = bgnbd.fit(Repeats(*(np.array(column, dtype=float) for column in zip(*rows, strict=True))))
    assert found is not None
    assert found.r / found.alpha == pytest.approx(0.8 / 20, rel=0.1)
    assert found.a / (found.a + found.b) == pytest.approx(0.25, abs=0.03)


def test_too_few_customers_are_not_fitted() -> None:
    assert bgnbd.fit(repeats(3, 10, 20)) is None
    assert bgnbd.fit(Repeats(np.zeros(50), np.zeros(50), np.ones(50))) is None


# --- Regression


def test_five_features_tell_how_a_facility_orders() -> None:
    known = history([*orders_of([100, 95, 40], "a", 10), *orders_of([10], "b", 30)])
    found = features(Customers.of(known))
    usual = 20.0
    assert found[0].tolist() == pytest.approx(
        [np.log(10.2 / 20.2), np.log1p(2), 2 / 4, np.log1p(1), np.sqrt(40)]
    )
    assert found[1].tolist() == pytest.approx(
        [np.log(30.2 / (1.01 * usual)), np.log1p(1), 1.0, np.log1p(1), np.sqrt(10)]
    )


def test_the_regression_separates_what_can_be_separated() -> None:
    rows = np.array([[0.0], [1.0], [2.0], [3.0]] * 25)
    scorer = logistic(rows, (rows[:, 0] > 1.5).astype(float))
    assert scorer is not None
    low, high = scorer(np.array([[0.0], [3.0]]))
    assert low < 0.1 and high > 0.9
    assert logistic(rows, np.ones(100)) is None
    assert sigmoid(np.array([-1e9, 0.0])).tolist() == pytest.approx([0.0, 0.5])


def test_fixed_coefficients_fear_silence() -> None:
    steady, silent = fixed(np.array([[0.0, 2.4, 1.0, 2.0, 2.0], [0.0, 1.1, 0.2, 0.0, 15.0]]))
    assert 0 < steady < 0.2 < 0.6 < silent < 1


# --- Scores


def test_those_who_stopped_are_scored_higher() -> None:
    known = history(organisation())
    scores = Churn(known).scores(known.cut)
    customers = Customers.of(known)
    assert scores.method == BOTH
    stopped = customers.silent > 90
    assert scores.probability[stopped].min() > scores.probability[~stopped].max()


@pytest.mark.parametrize("days_ago", [20, 45, 90, 200])
def test_scores_of_a_past_day_know_nothing_later(days_ago: int) -> None:
    random = np.random.default_rng(days_ago)
    known = history(
        [
            one
            for n in range(40)
            for one in orders_of(random.choice(np.arange(1, 400), 12, replace=False).tolist(), f"clinic-{n}")
        ]
    )
    then = known.cut - days_ago
    seen_from_now = Churn(known).scores(then).probability
    seen_then = Churn(known.before(then)).scores(then).probability
    assert seen_from_now.tolist() == seen_then.tolist()


def test_the_power_brings_probabilities_to_a_mean() -> None:
    quarter = np.array([0.25, 0.25])
    assert power_for(quarter, 0.5) == pytest.approx(0.5)
    assert power_for(quarter, 0.0625) == pytest.approx(2)
    assert power_for(quarter, 0.99) == pytest.approx(0.5)  # no further
    assert power_for(np.array([0.5, 0.1]), 0.3) == pytest.approx(1)


def test_scores_learn_half_of_what_the_last_check_taught() -> None:
    """For 60 days most stayed away, which their regular orders until then gave no reason to expect."""
    steady = [one for n in range(10) for one in orders_of(range(1, 400, 9), f"steady-{n}")]
    left = [one for n in range(40) for one in orders_of(range(62 + n % 9, 400, 9), f"left-{n}")]
    taught = history([*steady, *left])
    model = Churn(taught)
    plain = model._plain(taught.cut).probability
    assert model._lesson(taught.cut) < 1
    assert model.scores(taught.cut).probability.mean() > plain.mean()
    young = taught.before(taught.cut - 280)
    assert Churn(young)._lesson(young.cut) == 1


def test_few_facilities_are_scored_by_fixed_coefficients() -> None:
    found = predicted(facilities=clinics(20), orders=organisation(20))
    assert found.churn["method"] == FIXED
    assert len(found.churn["rows"]) == 20


def test_reasons_are_told_in_words() -> None:
    found = predicted(facilities=clinics(3), orders=[*orders_of([101, 83, 65, 47], "clinic-1")])
    (row,) = found.churn["rows"]
    assert row["reason"] == "usually every 18 days, silent for 47"
    assert (row["facility_name"], row["region"], row["orders"]) == ("Clinic 1", "Coast", 4)
    assert (row["last_order_on"], row["days_since"], row["usual_gap_days"]) == ("2026-04-03", 47, 18)
    assert row["revenue_last_year"] == 400


def test_too_little_is_refused_and_counted() -> None:
    orders = [
        *orders_of([100, 50], "few"),
        *orders_of([9, 6, 3], "young"),
        *orders_of([100, 50, 9], "enough"),
    ]
    found = predicted(facilities=clinics(1), orders=orders)
    assert [row["facilityId"] for row in found.churn["rows"]] == ["enough"]
    assert found.churn["refused"] == {
        "fewer than 3 days with orders": {"Unassigned": 1},
        "known for fewer than 60 days": {"Unassigned": 1},
    }


def test_facilities_are_scorable_with_three_orders_and_sixty_days() -> None:
    known = history(
        [*orders_of([60, 30, 2], "a"), *orders_of([59, 30, 2], "b"), *orders_of([70, 30, 30], "c")]
    )
    assert scorable(Customers.of(known)).tolist() == [True, False, False]


# --- How it came out


def test_auc_is_the_chance_of_the_right_order() -> None:
    outcome, score = np.array([1.0, 0, 1, 0]), np.array([0.9, 0.1, 0.4, 0.4])
    assert auc(outcome, score) == 3.5 / 4
    assert auc(np.ones(3), np.arange(3.0)) is None


def test_calibration_goes_by_tenths() -> None:
    outcome, probability = np.array([1.0, 0, 1]), np.array([0.05, 0.05, 1.0])
    assert bins(outcome, probability) == [
        {"low": 0.0, "high": 0.1, "count": 2, "predicted": 0.05, "observed": 0.5},
        {"low": 0.9, "high": 1.0, "count": 1, "predicted": 1.0, "observed": 1.0},
    ]
    found = calibration(["2026-01-01"], probability, outcome)
    assert found["ece"] == pytest.approx(2 / 3 * 0.45)
    assert found["brier"] == pytest.approx((0.95**2 + 0.05**2) / 3)
    assert calibration([], np.empty(0), np.empty(0))["ece"] is None


def test_past_scores_are_checked_against_what_came() -> None:
    found = predicted(facilities=clinics(40), orders=organisation()).churn["calibration"]
    assert len(found["cut_offs"]) == 6 and found["cut_offs"][-1] == "2026-03-21"
    assert found["scored"] == 6 * 40
    assert found["auc"] is not None and found["auc"] > 0.9
