"""All models at once: no look-ahead, an answer with a reason whatever the data, narrowing."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from builders import NAIROBI, Document, facility, order, user, visit
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from predicting import NOON, TODAY, clinics, material, on, orders_of, predicted

from dashapp.metrics.models.fit import predict
from dashapp.metrics.models.predictions import Predictions
from dashapp.metrics.models.scoped import LISTED, NOT_YET, Reading, scoped

REGIONS = ("Coast", "Nairobi", "West")


def organisation(seed: int, facilities: int, days: int) -> dict[str, list[Document]]:
    """Clinics that order at random, some of which stop; reps who visit them."""
    random = np.random.default_rng(seed)
    orders, visits = [], []
    for n in range(facilities):
        stop = int(random.integers(0, days)) if random.random() < 0.5 else 0
        gap = int(random.integers(2, 40))
        for day in range(stop, days, gap):
            hour = float(random.random() * 24)
            name, rep = f"clinic-{n}", f"rep-{n % 4}"
            amount = float(np.round(random.gamma(2, 50), 2))
            orders.append(order(facilityId=name, userId=rep, createdAt=on(day - 1, hour), totalAmount=amount))
            visits.append(visit(facilityId=name, userId=rep, date=on(day, hour)))
    return {
        "users": [user(_id=f"rep-{n}", name=f"Rep {n}", region=REGIONS[n % 3]) for n in range(4)],
        "facilities": [
            facility(_id=f"clinic-{n}", name=f"Clinic {n}", region=REGIONS[n % 3]) for n in range(facilities)
        ],
        "orders": orders,
        "visits": visits,
    }


def told(found: Predictions) -> dict[str, Any]:
    return asdict(Predictions.from_json(found.to_json()))


# --- No look-ahead


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    seed=st.integers(0, 1000),
    facilities=st.integers(1, 40),
    days=st.sampled_from([20, 80, 200, 470]),
    hours_ago=st.floats(0, 24 * 60),
)
def test_what_came_after_the_cut_off_changes_nothing(
    seed: int, facilities: int, days: int, hours_ago: float
) -> None:
    everything = organisation(seed, facilities, days)
    cut_off = NOON - timedelta(hours=hours_ago)
    naive = cut_off.replace(tzinfo=None)
    known = {
        **everything,
        "orders": [one for one in everything["orders"] if one["createdAt"] <= naive],
        "visits": [one for one in everything["visits"] if one["date"] <= naive],
    }
    full = predict(material(**everything), cut_off, NAIROBI)
    truncated = predict(material(**known), cut_off, NAIROBI)
    assert told(full) == told(truncated)


# --- Whatever the data


@pytest.mark.parametrize(
    "documents",
    [
        {},
        {"orders": orders_of([3])},
        {"orders": orders_of(range(1, 100), amount=0)},
        {"orders": orders_of(range(1, 100), amount=70)},
        {"orders": orders_of([1, 2, 3, 250, 251, 252])},
        {"orders": [order(facilityId=None, userId=None, createdAt=on(day)) for day in range(1, 80)]},
        {"orders": orders_of([-5, -3])},
        {"orders": orders_of(range(100, 400, 3)), "facilities": clinics(1), "users": [user()]},
        {"orders": orders_of([8000, 1])},
        {"orders": [order(createdAt=on(day), totalAmount=9e12) for day in range(1, 70)]},
    ],
    ids=[
        "nothing",
        "one order",
        "all zero",
        "constant",
        "gaps",
        "nobody",
        "future",
        "closed",
        "long ago",
        "huge",
    ],
)
@pytest.mark.filterwarnings("error")
def test_there_is_an_answer_with_a_reason(documents: dict[str, list[Document]]) -> None:
    found = predicted(**documents)
    read = scoped(Reading.of(found), str(TODAY))
    for figure in (read["outlook"]["next_week"], read["outlook"]["next_month"]):
        assert (figure["revenue"] is None) == bool(figure["reason"])
        assert (figure["low"] is None) == (figure["revenue"] is None or bool(figure["interval_reason"]))
    assert bool(read["key_accounts"]) != bool(read["opportunities_reason"])
    assert bool(read["churn"]["rows"]) != bool(read["churn"]["reason"])


def test_a_cut_off_in_the_future_forecasts_from_there() -> None:
    later = predicted(NOON + timedelta(days=40), orders=orders_of(range(1, 100)))
    assert later.as_of == "2026-06-29"
    assert later.total["weeks"][-1] == 0
    assert later.trained_on["last_on"] == "2026-05-19"


def test_predictions_survive_being_written_and_nothing_else_is_read() -> None:
    found = predict(material(**organisation(1, 5, 100)), NOON, NAIROBI)
    assert Predictions.from_json(found.to_json()) == Predictions.from_json(found.to_json())
    assert asdict(Predictions.from_json(found.to_json())) == asdict(found)
    for text in ("[]", "{}", '{"format":0}', '{"format":1}', "null", "nonsense"):
        with pytest.raises(ValueError, match=r"."):
            Predictions.from_json(text)


def test_what_they_learnt_from_is_told() -> None:
    found = predicted(orders=[*orders_of([40], amount=5), *orders_of([2], "clinic-2", 7)])
    assert found.trained_on == {
        "first_on": "2026-04-10",
        "last_on": "2026-05-18",
        "days": 40,
        "orders": 2,
        "revenue": 12.0,
        "facilities": 2,
    }
    assert found.computed_at == "2026-05-20T12:00:00.000Z"


# --- Narrowed


@pytest.fixture(scope="module")
def reading() -> Reading:
    return Reading.of(predict(material(**organisation(7, 40, 300)), NOON, NAIROBI))


def test_before_the_first_run_everything_is_empty_with_a_reason() -> None:
    read = scoped(None, str(TODAY))
    assert read["reason"] == NOT_YET == read["outlook"]["reason"] == read["churn"]["reason"]
    assert read["key_accounts"] == [] == read["inactivity"]["rows"]
    assert read["outlook"]["next_week"]["revenue"] is None
    assert read["outlook"]["next_month"]["reason"] == NOT_YET


def test_regions_narrow_everything(reading: Reading) -> None:
    whole, west = scoped(reading, str(TODAY)), scoped(reading, str(TODAY), regions=["West"])
    assert {row["region"] for row in whole["churn"]["rows"]} == set(REGIONS)
    assert {row["region"] for row in west["churn"]["rows"]} == {"West"}
    assert {row["region"] for row in west["inactivity"]["rows"]} == {"West"}
    assert {row["region"] for row in [*west["key_accounts"], *west["due_and_quiet"]]} == {"West"}
    assert {row["region"] for one in west["past"] for row in one["picked"]} == {"West"}
    assert all(one["capture"] is None for one in west["past"])
    assert west["outlook"] == reading.regions["West"]
    assert [one["regions"] for one in west["regions"]] == [["West"]]
    assert west["trained_on"] is not None and "revenue" not in west["trained_on"]
    assert "West" not in str(scoped(reading, str(TODAY), regions=["Coast", "Nairobi"]))
    assert west["churn"]["calibration"] == reading.predictions.churn["calibrations"]["West"]


def test_all_regions_together_are_calibrated_like_the_whole(reading: Reading) -> None:
    whole = scoped(reading, str(TODAY))["churn"]["calibration"]
    together = scoped(reading, str(TODAY), regions=REGIONS)["churn"]["calibration"]
    assert together["scored"] == whole["scored"] > 0
    assert together["brier"] == pytest.approx(whole["brier"], abs=2e-4)
    assert together["ece"] == pytest.approx(whole["ece"], abs=2e-4)
    assert [one["count"] for one in together["bins"]] == [one["count"] for one in whole["bins"]]


def test_users_narrow_the_lists_but_not_the_forecast(reading: Reading) -> None:
    read = scoped(reading, str(TODAY), users=["rep-1"])
    assert {row["userId"] for row in read["churn"]["rows"]} == {"rep-1"}
    assert {row["userId"] for row in read["inactivity"]["rows"]} == {"rep-1"}
    assert {row["userId"] for row in read["key_accounts"]} == {"rep-1"}
    assert read["outlook"] == reading.total


def test_a_selection_of_nothing_is_empty_with_reasons(reading: Reading) -> None:
    read = scoped(reading, str(TODAY), regions=["Nowhere"])
    assert read["outlook"]["reason"] and read["churn"]["reason"] and read["opportunities_reason"]
    assert read["past"] == [] and read["regions"] == []


def test_who_ordered_since_is_neither_quiet_nor_gone(reading: Reading) -> None:
    quiet = scoped(reading, str(TODAY))["due_and_quiet"]
    first = quiet[0]["facilityId"]
    assert 0 < len(quiet) <= LISTED
    left = scoped(reading, str(TODAY), ordered_since={first})
    assert first not in [row["facilityId"] for row in left["due_and_quiet"]]
    assert first not in [row["facilityId"] for row in left["churn"]["rows"]]


def test_the_models_stay_out_of_the_reading_process() -> None:
    code = (
        "import sys, dashapp.background, dashapp.web.app;"
        "sys.exit(any(name in sys.modules for name in ('sklearn', 'scipy')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_times_are_told_in_utc() -> None:
    cut_off = datetime(2026, 5, 20, 15, 0, tzinfo=NAIROBI)
    assert predict(material(), cut_off, NAIROBI).computed_at == "2026-05-20T12:00:00.000Z"
    assert datetime(2026, 5, 20, 12, tzinfo=UTC) == NOON
