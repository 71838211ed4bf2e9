"""A chart before it is drawn: what it shows, in numbers and words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from dashapp.metrics.catalog import Unit

Form = Literal["columns", "line", "bars", "stages"]


@dataclass(frozen=True)
class Series:
    """Values of one figure, one per label.

    `texts` say each exactly; `marks`, where there are any, stand beside the bars and may be shorter.
    """

    name: str
    unit: Unit
    values: Sequence[int | Fraction]
    texts: Sequence[str]
    color: str
    marks: Sequence[str] = ()
    row: int = 0
    form: Form = "line"


@dataclass(frozen=True)
class ChartSpec:
    """`key` is its name in pages and addresses. Rows are panels above each other that share the labels."""

    key: str
    title: str
    note: str
    labels: Sequence[str]
    series: Sequence[Series]
    empty: str

    @property
    def is_empty(self) -> bool:
        return not any(any(one.values) for one in self.series)

    @property
    def description(self) -> str:
        """The chart in a sentence, for those who do not see it."""
        if self.is_empty:
            return f"{self.title}: {self.empty}"
        parts = [
            f"{one.name}: "
            + ", ".join(f"{label} {text}" for label, text in zip(self.labels, one.texts, strict=True))
            for one in self.series
        ]
        return f"{self.title}. " + "; ".join(parts)
