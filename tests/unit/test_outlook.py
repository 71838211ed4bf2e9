"""Forecasts as people read them: intervals, confidence, trend, several regions together."""

from __future__ import annotations

import pytest
from predicting import series

from dashapp.metrics.models.forecast import forecast
from dashapp.metrics.models.outlook import (
    FEW_CHECKS,
    added,
    outlook,
    quantile,
    reach,
    trend,
    trust,
    with_intervals,
)
from dashapp.metrics.models.rows import Check


def check(made_on: str, actual: float, forecast: float = 100.0, scale: float = 100.0) -> Check:
    return {"made_on": made_on, "forecast": forecast, "actual": actual, "scale": scale}


def weekly(actuals: list[float]) -> list[Check]:
    days = [f"2026-{1 + n // 4:02}-{1 + 7 * (n % 4):02}" for n in range(len(actuals))]
    return [check(day, actual) for day, actual in zip(days, actuals, strict=True)]


def test_the_interval_holds_eight_in_ten_of_the_past_errors() -> None:
    errors = [10.0, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110]
    checks = weekly([100 + error for error in errors])
    assert reach(checks, []) == pytest.approx(0.9)
    assert reach(checks[:7], []) is None
    assert quantile([1.0, 2.0, 4.0], 0.75) == 3.0


def test_the_aim_moves_half_as_far_as_past_intervals_missed_it() -> None:
    checks = weekly([100.0 + error for error in range(101)][:26])
    errors = [n / 100 for n in range(26)]
    always = reach(checks, [True] * 26)
    assert always == pytest.approx(quantile(errors, 0.8 - 0.5 * 0.2 * 26 / 30))
    never = reach(checks, [False] * 26)
    assert never == pytest.approx(quantile(errors, 0.95))


def test_past_intervals_know_only_checks_that_were_over() -> None:
    checks = weekly([110.0] * 8 + [120.0])
    told = with_intervals(checks, 7)
    assert [one["low"] for one in told[:8]] == [None] * 8
    assert (told[8]["low"], told[8]["high"], told[8]["inside"]) == (90, pytest.approx(110), False)
    assert told[8]["last_on"] == "2026-03-07"
    assert with_intervals(checks, 30)[8]["low"] is None


def test_confidence_is_the_share_of_close_checks() -> None:
    share, typical, words = trust(weekly([100, 125, 75]))
    assert share == 2 / 3  # 25 of 125 is a fifth, 25 of 75 is more
    assert typical == 50 / 300
    assert words == "typical error ±17 %; within ±20 % in 2 of the last 3 checks"
    assert trust([]) == (0.0, None, "not checked yet")
    assert trust([check("2026-01-01", 0, forecast=0)])[:2] == (1.0, None)


def test_a_trend_is_called_outside_the_noise_only() -> None:
    up = trend([[100, 102, 98, 100, 150, 148, 152, 150]])
    assert (up["direction"], up["change"], up["words"]) == (
        "increasing",
        0.5,
        "up 50 % on the 28 days before",
    )
    assert trend([[100, 102, 98, 100, 80, 79, 81, 80]])["direction"] == "decreasing"
    assert trend([[100, 20, 180, 100, 150, 60, 240, 110]])["direction"] == "stable"
    assert trend([[100.0] * 8])["direction"] == "stable"
    assert trend([[0.0] * 4 + [10.0] * 4])["change"] is None
    assert trend([])["words"] == "too early to tell"
    assert trend([[0.0] * 8])["direction"] == "stable"


def test_regions_together_add_up_their_errors() -> None:
    east = [check("2026-01-01", 110), check("2026-01-08", 90)]
    west = [check("2026-01-08", 120)]
    assert added([east, west]) == [
        check("2026-01-01", 110),
        check("2026-01-08", 210, forecast=200.0, scale=200.0),
    ]
    one, other = (forecast(series([amount] * 100), name) for amount, name in ((10.0, "East"), (30.0, "West")))
    both = outlook([one, other], "2026-05-20")
    assert both["next_week"]["revenue"] == pytest.approx(280)
    assert both["next_week"]["low"] == pytest.approx(280) == both["next_week"]["high"]
    assert both["next_week"]["first_on"] == "2026-05-20" and both["next_week"]["last_on"] == "2026-05-26"
    assert both["next_week"]["confidence"] == 1.0
    assert both["next_week"]["coverage"] is not None
    assert both["regions"] == ["East", "West"]
    assert both["daily"][0] == {"date": "2026-05-20", "revenue": pytest.approx(40)}


def test_what_is_refused_has_a_reason() -> None:
    young = outlook([forecast(series([10.0] * 30), None)], "2026-05-20")
    assert young["early"] and young["next_week"]["low"] is None
    assert young["next_week"]["interval_reason"] == FEW_CHECKS
    nothing = outlook([forecast(series([]), None)], "2026-05-20")
    assert nothing["reason"] and nothing["next_week"]["revenue"] is None
    assert nothing["next_week"]["reason"] == nothing["reason"]
    assert outlook([], "2026-05-20")["reason"]


def test_a_refused_region_does_not_silence_the_others() -> None:
    one, other = forecast(series([10.0] * 100), "East"), forecast(series([10.0] * 5), "West")
    both = outlook([one, other], "2026-05-20")
    assert both["reason"] is None and both["next_week"]["revenue"] == pytest.approx(70)
