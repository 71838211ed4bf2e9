"""When things happen: by weekday and hour of the local clock."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd

from dashapp.domain.tables import Ints
from dashapp.domain.vocabulary import EVENT_KINDS
from dashapp.metrics.view import View

WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
HOURS: Final = 24


def weekdays(view: View, kind: str) -> Ints:
    """For every row in scope its local weekday, Monday 0."""
    weekday: Ints = (view.days(kind) + view.window.first_on.weekday()) % 7
    return weekday


def hours(view: View, kind: str) -> Ints:
    """For every row in scope the hour of the local clock, 0 to 23, also where the clock is changed."""
    times = pd.DatetimeIndex(view.column(kind, "at").astype("datetime64[ms]")).tz_localize("UTC")
    hour: Ints = np.asarray(times.tz_convert(view.window.zone.key).hour, dtype=np.int64)
    return hour


def visits_by_region_and_weekday(view: View) -> list[dict[str, Any]]:
    """The regions with a visit, by visits, then name; `visits` has a number per weekday."""
    names = view.snapshot.region_names
    cells = view.column("visits", "region").astype(np.int64) * 7 + weekdays(view, "visits")
    table = view.counts_by("visits", cells, len(names) * 7).reshape(-1, 7)
    rows = [{"region": names[n], "visits": table[n].tolist()} for n in range(len(names)) if table[n].any()]
    return sorted(rows, key=lambda row: (-sum(row["visits"]), row["region"]))


def activities_by_weekday_and_hour(view: View) -> list[list[int]]:
    """Activities of every kind: a row per weekday, a number per hour."""

    def count() -> list[list[int]]:
        total = np.zeros(7 * HOURS, dtype=np.int64)
        for kind in EVENT_KINDS:
            total += view.counts_by(kind, weekdays(view, kind) * HOURS + hours(view, kind), 7 * HOURS)
        rows: list[list[int]] = total.reshape(7, HOURS).tolist()
        return rows

    return view.memo("rhythm", count)
