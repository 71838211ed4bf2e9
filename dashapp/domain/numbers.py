"""Exact numbers. Money is kept in whole millionths, rates are fractions; rounding comes last."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Final

MICROS: Final = 1_000_000
MAX_MICROS: Final = 2**63 - 1
ZERO: Final = Fraction(0)


def money(micros: int) -> Fraction:
    """An amount in currency units from its millionths."""
    return Fraction(micros, MICROS)


def ratio(part: Fraction | int, whole: int) -> Fraction:
    """`part / whole`, exactly; 0 over zero."""
    return Fraction(part) / whole if whole else ZERO


def percent(part: int, whole: int) -> Fraction:
    """Part of whole in per cent, exactly; 0 over zero."""
    return Fraction(100 * part, whole) if whole else ZERO


def rounded(value: Fraction) -> float:
    """The number as it is put out: two decimals, half up."""
    hundredths = (200 * value.numerator + value.denominator) // (2 * value.denominator)
    return hundredths / 100


def put_out(value: Any) -> Any:
    """The same structure with every exact fraction rounded for the reader."""
    if isinstance(value, Fraction):
        return rounded(value)
    if isinstance(value, dict):
        return {key: put_out(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [put_out(item) for item in value]
    return value
