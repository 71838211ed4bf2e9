"""A chart before it is drawn: a small table, what it says, and how it wants to look."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, Literal

from dashapp.metrics.catalog import Unit

Form = Literal["columns", "line", "ghost", "bars", "stages", "cells", "calendar"]
Pick = Literal["", "day", "region", "userId", "stage"]
Number = int | Fraction

OVER_TIME: Final = frozenset({"columns", "line", "ghost"})
LINE: Final = "  "  # where a mark may go on in a second line
MOST_TOLD: Final = 5
FEW_LABELS: Final = 5


@dataclass(frozen=True)
class Series:
    """A column of the table: a value per label.

    `texts` say each value exactly; `marks`, where there are any, stand beside the bar or in the cell and
    may be shorter. Over time a value may be None: there is none. A `ghost` is a shadow behind the others,
    such as the window before; `row` is the panel of the series.
    """

    name: str
    unit: Unit
    values: Sequence[Number | None]
    texts: Sequence[str]
    color: str
    marks: Sequence[str] = ()
    row: int = 0
    form: Form = "line"

    @property
    def heights(self) -> list[float]:
        """The values as they are drawn; 0 where there is none."""
        return [float(value or 0) for value in self.values]


@dataclass(frozen=True)
class ChartSpec:
    """`key` is the chart's name in pages and addresses.

    labels   the rows of the table: local days or hours as ISO text over time and in a calendar, else names
    pick     what choosing a label narrows the page to; `ids` name the labels for that where they differ
    even     of cells: whether one scale of colours goes for all columns, else each column has its own
    """

    key: str
    title: str
    note: str
    label_title: str
    labels: Sequence[str]
    series: Sequence[Series]
    empty: str
    pick: Pick = ""
    ids: Sequence[str] = ()
    even: bool = True

    @property
    def form(self) -> Form:
        """That of the first series, which decides how the chart is laid out."""
        return self.series[0].form

    @property
    def is_empty(self) -> bool:
        return not any(any(one.values) for one in self.series)

    @property
    def description(self) -> str:
        """The chart in a sentence, for those who do not see it; its table says the rest."""
        if self.is_empty:
            return f"{self.title}: {self.empty}"
        told = [one for one in self.series if one.form != "ghost"]
        if len(told) > MOST_TOLD:
            best = max(told, key=lambda one: max(one.heights))
            return f"{self.title}: {self._highest(best)}, {best.name}"
        return f"{self.title}. " + "; ".join(f"{one.name}: {self._highest(one)}" for one in told)

    def _highest(self, series: Series) -> str:
        heights = series.heights
        best = max(range(len(self.labels)), key=lambda n: heights[n])
        if len(self.labels) <= FEW_LABELS and len(self.series) <= MOST_TOLD:
            return ", ".join(f"{label} {text}" for label, text in zip(self.labels, series.texts, strict=True))
        return f"highest {series.texts[best]}, {self.labels[best]}"
