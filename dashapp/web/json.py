"""How values are written as JSON: exact fractions rounded, times in UTC with milliseconds, no NaN."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Any

from flask.json.provider import JSONProvider

from dashapp.domain.numbers import rounded


def iso(moment: datetime) -> str:
    """Like 2026-05-12T09:30:00.000Z."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def written(value: Any) -> Any:
    if isinstance(value, Fraction):
        return rounded(value)
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no JSON form")


class ExactJSON(JSONProvider):
    def dumps(self, obj: Any, **kwargs: Any) -> str:
        compact = {"default": written, "ensure_ascii": False, "separators": (",", ":")}
        return json.dumps(obj, allow_nan=False, **{**compact, **kwargs})

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        try:
            return json.loads(s, **kwargs)
        except RecursionError:
            raise ValueError("nested too deeply") from None
