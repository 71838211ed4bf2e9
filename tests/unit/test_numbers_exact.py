"""Exact numbers, and the one rounding at the end."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dashapp.domain.numbers import money, percent, put_out, ratio, rounded


@pytest.mark.parametrize(
    ("part", "whole", "expected"),
    [
        (1, 3, Fraction(1, 3)),
        (Fraction(1, 10), 3, Fraction(1, 30)),
        (7, 2, Fraction(7, 2)),
        (0, 5, Fraction(0)),
        (5, 0, Fraction(0)),
        (0, 0, Fraction(0)),
    ],
)
def test_a_ratio_is_exact_and_zero_over_zero(part: Fraction | int, whole: int, expected: Fraction) -> None:
    assert ratio(part, whole) == expected
    assert isinstance(ratio(part, whole), Fraction)


@pytest.mark.parametrize(
    ("part", "whole", "expected"),
    [
        (1, 4, Fraction(25)),
        (1, 3, Fraction(100, 3)),
        (3, 2, Fraction(150)),
        (0, 9, Fraction(0)),
        (4, 0, Fraction(0)),
    ],
)
def test_per_cent_is_exact_and_zero_over_zero(part: int, whole: int, expected: Fraction) -> None:
    assert percent(part, whole) == expected
    assert isinstance(percent(part, whole), Fraction)


def test_money_is_counted_in_millionths() -> None:
    assert money(12_340_000) == Fraction(1234, 100)
    assert money(1) == Fraction(1, 1_000_000)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Fraction(5, 1000), 0.01),
        (Fraction(4_999_999, 10**9), 0.0),
        (Fraction(1_005, 1000), 1.01),
        (Fraction(2_675, 1000), 2.68),
        (Fraction(1_115, 1000), 1.12),
        (Fraction(99_995, 1000), 100.0),
        (Fraction(200, 3), 66.67),
        (Fraction(100, 3), 33.33),
        (Fraction(0), 0.0),
        (Fraction(10**15 * 1000 + 125, 1000), 1_000_000_000_000_000.13),
    ],
)
def test_numbers_are_put_out_with_two_decimals_half_up(value: Fraction, expected: float) -> None:
    assert rounded(value) == expected
    assert isinstance(rounded(value), float)


@given(units=st.integers(0, 10**18), digits=st.integers(0, 9))
@example(units=1_005, digits=3)
@example(units=8_345, digits=3)
def test_rounding_is_that_of_decimals_half_up(units: int, digits: int) -> None:
    expected = Decimal(units).scaleb(-digits).quantize(Decimal("0.01"), ROUND_HALF_UP)
    assert rounded(Fraction(units, 10**digits)) == float(expected)


@given(hundredths=st.integers(0, 10**13))
def test_half_a_hundredth_always_goes_up(hundredths: int) -> None:
    expected = Decimal(10 * hundredths + 5).scaleb(-3).quantize(Decimal("0.01"), ROUND_HALF_UP)
    assert rounded(Fraction(10 * hundredths + 5, 1000)) == float(expected) == (hundredths + 1) / 100


def test_putting_out_rounds_every_fraction_and_leaves_the_rest_alone() -> None:
    exact = {
        "rate": Fraction(200, 3),
        "count": 3,
        "rows": [(Fraction(1, 2), "a"), None],
        "on": {"x": Fraction(4)},
    }
    put = put_out(exact)
    assert put == {"rate": 66.67, "count": 3, "rows": [[0.5, "a"], None], "on": {"x": 4.0}}
    assert isinstance(put["count"], int)
    assert isinstance(put["on"]["x"], float)
    assert exact["rate"] == Fraction(200, 3)
