"""Numbers as people of the locale read them. The one home of number formats."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction

from babel.dates import format_date, format_datetime
from babel.numbers import format_compact_currency, format_currency, format_decimal

from dashapp.domain.numbers import rounded
from dashapp.metrics.catalog import Unit

Number = int | Fraction | float


@dataclass(frozen=True)
class Formats:
    """Writes numbers for one locale and currency."""

    locale: str
    currency: str

    def exact(self, value: Number, unit: Unit) -> str:
        """All digits that count."""
        number = rounded(value) if isinstance(value, Fraction) else value
        if unit == "money":
            return str(format_currency(number, self.currency, locale=self.locale))
        if unit == "percent":
            return f"{format_decimal(number, format='#,##0.00', locale=self.locale)} %"
        return str(format_decimal(number, format="#,##0", locale=self.locale))

    def compact(self, value: Number, unit: Unit) -> str:
        """What fits on a card."""
        number = rounded(value) if isinstance(value, Fraction) else value
        if unit == "money" and number >= 10_000:
            digits = 2 if number >= 1_000_000 else 1
            short = format_compact_currency(number, self.currency, locale=self.locale, fraction_digits=digits)
            return str(short)
        if unit == "percent":
            return f"{format_decimal(number, format='#,##0.0', locale=self.locale)} %"
        return self.exact(number, unit)

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
        return f"{format_decimal(rounded(abs(value)), format='#,##0.0', locale=self.locale)} %"
