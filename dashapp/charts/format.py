"""Numbers as people of the locale read them. The one home of number formats."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Final

from babel import Locale
from babel.dates import format_date, format_datetime
from babel.numbers import format_currency, format_decimal, get_currency_precision, parse_pattern

from dashapp.metrics.catalog import Unit

Number = int | Fraction | float
SHORTENED_FROM: Final = 10_000
REMEMBERED: Final = 32_768
TWO_DIGITS_FROM: Final = 1_000_000


def half_up(value: Number, digits: int) -> Decimal:
    """The value with so many decimals, rounded once; a float is taken for the number it is written as."""
    exact = Fraction(str(value)) if isinstance(value, float) else Fraction(value)
    whole = (2 * exact.numerator * 10**digits + exact.denominator) // (2 * exact.denominator)
    return Decimal(f"{whole}e-{digits}")


@dataclass(frozen=True)
class Formats:
    """Writes numbers for one locale and currency."""

    locale: str
    currency: str

    def exact(self, value: Number, unit: Unit) -> str:
        """All digits that count."""
        return _exact(self, value, unit)

    def _exactly(self, value: Number, unit: Unit) -> str:
        if unit == "money":
            amount = half_up(value, get_currency_precision(self.currency))
            return str(format_currency(amount, self.currency, locale=self.locale))
        return self._percent(value, 2) if unit == "percent" else self._decimal(value, 0)

    def compact(self, value: Number, unit: Unit) -> str:
        """What fits on a card."""
        return _compact(self, value, unit)

    def _shortly(self, value: Number, unit: Unit) -> str:
        if unit == "money" and value >= SHORTENED_FROM:
            return self._short_money(value)
        return self._percent(value, 1) if unit == "percent" else self.exact(value, unit)

    def _short_money(self, value: Number) -> str:
        """Like Ksh1.01M, in the units of the locale; where it has none, the whole number."""
        number, pattern = half_up(value, 6), ""
        for _ in range(2):  # once more, as rounding may have reached the next unit: 999,999
            pattern, unit = self._unit(number)
            digits = (2 if number >= TWO_DIGITS_FROM else 1) if unit > 1 else 0
            number = half_up(Fraction(value) / unit, digits) * unit
        written = parse_pattern(pattern).apply(
            number / unit,
            self.locale,
            currency=self.currency,
            currency_digits=False,
            decimal_quantization=False,
        )
        return str(written)

    def _unit(self, number: Decimal) -> tuple[str, int]:
        """How the locale writes amounts of this size, and what one unit of them is."""
        locale = Locale.parse(self.locale)
        forms = locale.compact_currency_formats["short"]
        sizes = [int(size) for size in forms["other"] if int(size) <= number]
        if sizes:
            size = max(sizes)
            # A pattern may bring a second one, for negative amounts.
            pattern = forms["other"][str(size)].pattern.partition(";")[0]
            if "¤" in pattern:
                return pattern, size // 10 ** (pattern.count("0") - 1)
        return locale.currency_formats["standard"].pattern.partition(";")[0].replace(".00", ""), 1

    def _percent(self, value: Number, digits: int) -> str:
        return f"{self._decimal(value, digits)} %"

    def _decimal(self, value: Number, digits: int) -> str:
        pattern = "#,##0" + (f".{digits * '0'}" if digits else "")
        return str(format_decimal(half_up(value, digits), format=pattern, locale=self.locale))

    def day(self, on: date) -> str:
        """A local day."""
        return str(format_date(on, "d MMM y", locale=self.locale))

    def month(self, on: date) -> str:
        """The month of a day."""
        return str(format_date(on, "LLLL y", locale=self.locale))

    def moment(self, at: datetime) -> str:
        """A local time, with its day."""
        return str(format_datetime(at, "d MMM y, HH:mm", locale=self.locale))

    def duration(self, milliseconds: float) -> str:
        """How long something took, in the unit that says most."""
        minutes = milliseconds / 60_000
        for name, size in (("days", 1440), ("hours", 60)):
            if minutes >= 2 * size:
                return f"{format_decimal(minutes / size, format='#,##0.#', locale=self.locale)} {name}"
        return f"{format_decimal(minutes, format='#,##0', locale=self.locale)} minutes"

    def signed_percent(self, value: Fraction) -> str:
        """A change in per cent, without its sign."""
        return self._percent(abs(value), 1)


# A page writes the same thousands of numbers again and again, and each takes a while to write.
@lru_cache(REMEMBERED)
def _exact(formats: Formats, value: Number, unit: Unit) -> str:
    return formats._exactly(value, unit)


@lru_cache(REMEMBERED)
def _compact(formats: Formats, value: Number, unit: Unit) -> str:
    return formats._shortly(value, unit)
