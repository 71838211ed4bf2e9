"""Where a picture's axes have their marks, and what stands beside them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from math import ceil, floor, log10
from typing import Final

FEW_DAYS: Final = 8
MONTHS_FROM: Final = 100  # days from which on an axis counts in months
MANY_WEEKS: Final = 106
PREFIXES: Final = ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k"))


def ticks(most: float, wanted: int, *, whole: bool = False) -> list[float]:
    """Round numbers from 0 to the first not below `most`, about as many steps as wanted."""
    if most <= 0:
        return [0.0, 1.0]
    rough = most / wanted
    power = 10.0 ** floor(log10(rough))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough * 0.999999)
    if whole:
        step = max(1.0, float(ceil(step)))
    return [n * step for n in range(ceil(most / step - 1e-9) + 1)]


def measured(value: float, most: float) -> str:
    """A number on an axis that ends at `most`, as short as can be: 0, 500, 1.5k, 2M."""
    size, prefix = next((one for one in PREFIXES if most >= one[0]), (1.0, ""))
    if not value:
        return "0"
    return f"{value / size:.6g}{prefix}"


def time_labels(
    labels: Sequence[str], width: Callable[[str], float], slot: float
) -> Iterator[tuple[int, str]]:
    """Which of the days or hours are named, and how, so that the names stand clear of each other."""
    for names in _densities(labels):
        if all(
            (second - first) * slot >= (width(one) + width(other)) / 2
            for (first, one), (second, other) in pairwise(names)
        ):
            yield from names
            return


def _densities(labels: Sequence[str]) -> Iterator[list[tuple[int, str]]]:
    """Ever fewer names."""
    if len(labels[0]) > len("2026-05-31"):
        for step in (1, 2, 3, 4, 6, 12):
            yield [(n, f"{datetime.fromisoformat(labels[n]):%H:%M}") for n in range(0, len(labels), step)]
        return
    days = [date.fromisoformat(label) for label in labels]
    if len(days) < MONTHS_FROM:
        for step in (1, 2, 3, 5, 7, 10, 14, 21, 28):
            # Counted from the end: today is what one looks for.
            yield [(n, f"{days[n].day} {days[n]:%b}") for n in range(len(days) - 1, -1, -step)][::-1]
    firsts = [(n, day) for n, day in enumerate(days) if day.day == 1]
    for step in (1, 2, 3, 4, 6):
        yield [
            (n, f"{day:%b %Y}" if day.month == 1 else f"{day:%b}")
            for n, day in firsts
            if (day.month - 1) % step == 0
        ]
    for years in (1, 2, 5, 10):
        yield [(n, f"{day:%Y}") for n, day in firsts if day.month == 1 and day.year % years == 0]
    yield []


def months(first: date, offset: int, weeks: int) -> Iterator[tuple[int, str]]:
    """The columns of a calendar in which a month begins, with its name; of many weeks, those of the years."""
    before = None
    for week in range(weeks):
        begins = first + timedelta(days=max(0, 7 * week - offset))
        if (begins.year, begins.month) != before:
            if weeks <= MANY_WEEKS:
                yield week, f"{begins:%b %Y}" if begins.month == 1 else f"{begins:%b}"
            elif begins.month == 1:
                yield week, f"{begins:%Y}"
        before = (begins.year, begins.month)
