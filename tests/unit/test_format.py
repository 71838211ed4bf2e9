"""Numbers as people read them: rounded once, half up, from the exact value."""

from __future__ import annotations

from fractions import Fraction

import pytest

from dashapp.charts.format import Formats, Number
from dashapp.metrics.catalog import Unit

KENYA = Formats("en_KE", "KES")
GERMANY = Formats("de_DE", "EUR")
HALF_A_MILLIONTH = Fraction(1, 2_000_000)


def plain(text: str) -> str:
    """With ordinary spaces."""
    return text.replace("\xa0", " ").replace("\u202f", " ")


@pytest.mark.parametrize(
    ("value", "compact", "exact"),
    [
        (Fraction("12.25"), "12.3 %", "12.25 %"),
        (Fraction("12.35"), "12.4 %", "12.35 %"),
        (Fraction("12.2475"), "12.2 %", "12.25 %"),  # not by way of 12.25
        (Fraction("12.245"), "12.2 %", "12.25 %"),
        (Fraction("12.25") - HALF_A_MILLIONTH, "12.2 %", "12.25 %"),
        (Fraction("0.05"), "0.1 %", "0.05 %"),
        (Fraction("99.95"), "100.0 %", "99.95 %"),
        (12.25, "12.3 %", "12.25 %"),
        (1.005, "1.0 %", "1.01 %"),
    ],
)
def test_rates_are_rounded_once_and_half_up(value: Number, compact: str, exact: str) -> None:
    assert (KENYA.compact(value, "percent"), KENYA.exact(value, "percent")) == (compact, exact)


def test_a_change_is_rounded_as_a_rate_is() -> None:
    changes = ["12.25", "-12.25", "12.2475", "-0.05"]
    shown = ["12.3 %", "12.3 %", "12.2 %", "0.1 %"]
    assert [KENYA.signed_percent(Fraction(change)) for change in changes] == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (1_005_000, "Ksh1.01M"),
        (1_004_999, "Ksh1M"),
        (1_015_000, "Ksh1.02M"),
        (1_025_000, "Ksh1.03M"),
        (999_999, "Ksh1M"),
        (999_950, "Ksh1M"),
        (Fraction("999949.99"), "Ksh999.9K"),
        (12_250, "Ksh12.3K"),
        (12_350, "Ksh12.4K"),
        (Fraction("12249.995"), "Ksh12.2K"),
        (Fraction("9999.99"), "Ksh9,999.99"),
        (999_999_999, "Ksh1B"),
        (999_995_000, "Ksh1B"),
        (999_994_999, "Ksh999.99M"),
        (10**15, "Ksh1000T"),
    ],
)
def test_money_is_shortened_from_the_exact_value(value: Number, shown: str) -> None:
    assert KENYA.compact(value, "money") == shown


@pytest.mark.parametrize(
    ("locale", "currency", "value", "shown"),
    [
        ("de_DE", "EUR", 123_456, "123.456 €"),
        ("de_DE", "EUR", Fraction("123456.5"), "123.457 €"),
        ("de_DE", "EUR", Fraction("999999.5"), "1 Mio. €"),
        ("de_DE", "EUR", 1_005_000, "1,01 Mio. €"),
        ("en_IN", "INR", 123_456, "₹1.2L"),
        ("ja_JP", "JPY", 12_345_678, "￥1234.57万"),
        ("sw_KE", "KES", 12_345_678, "Ksh M12.35"),
    ],
)
def test_money_is_shortened_as_the_locale_does_it(
    locale: str, currency: str, value: Number, shown: str
) -> None:
    assert plain(Formats(locale, currency).compact(value, "money")) == shown


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (Fraction("0.005"), "money", "Ksh0.01"),
        (Fraction("1234.565"), "money", "Ksh1,234.57"),
        (Fraction("1234.5649999"), "money", "Ksh1,234.56"),
        (Fraction(5, 2), "count", "3"),
        (1_234_567, "count", "1,234,567"),
    ],
)
def test_exact_numbers_are_rounded_half_up(value: Number, unit: Unit, shown: str) -> None:
    assert KENYA.exact(value, unit) == shown


def test_a_currency_without_cents_is_rounded_to_the_whole() -> None:
    assert Formats("ja_JP", "JPY").exact(Fraction("1234.5"), "money") == "￥1,235"
    assert plain(GERMANY.exact(Fraction("-1234.5"), "money")) == "-1.234,50 €"
