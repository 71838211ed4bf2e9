"""What the charts have in common: series of catalogue figures, and the words where there is nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dashapp.charts.format import Formats
from dashapp.charts.spec import Form, Series
from dashapp.metrics.catalog import BY_KEY
from dashapp.metrics.view import View


def series(
    rows: Sequence[Mapping[str, Any]],
    key: str,
    formats: Formats,
    color: str,
    *,
    row: int = 0,
    form: Form = "line",
    name: str = "",
) -> Series:
    """A figure of the catalogue over rows that hold it under its key."""
    metric = BY_KEY[key]
    values = [one[key] for one in rows]
    texts = [formats.exact(value, metric.unit) for value in values]
    marks = [formats.compact(value, metric.unit) for value in values] if form in {"bars", "cells"} else ()
    return Series(name or metric.title, metric.unit, values, texts, color, marks, row, form)


def counts(values: Sequence[int], name: str, formats: Formats, color: str, form: Form = "cells") -> Series:
    """Plain counts."""
    texts = [formats.exact(value, "count") for value in values]
    return Series(name, "count", values, texts, color, texts, form=form)


def nothing(view: View, what: str) -> str:
    """Why a chart is empty."""
    label = view.window.label
    if label == "Today":
        reason = f"No {what} today so far"
    elif label.startswith("Last"):
        reason = f"No {what} in the {label[0].lower()}{label[1:]}"
    else:
        reason = f"No {what}: {label}"
    narrowed = view.scope.regions is not None or view.scope.users is not None
    return f"{reason} for what is chosen" if narrowed else reason
