"""How figures went: by local day, or by hour where the window is a single day."""

from __future__ import annotations

from typing import Any

import numpy as np

from dashapp.domain.numbers import money, percent, ratio
from dashapp.domain.scope import HOUR_MS, Window, moment
from dashapp.domain.tables import Ints
from dashapp.domain.vocabulary import COUNTED, STATUSES
from dashapp.metrics.view import View

Row = dict[str, Any]


def hours_of(window: Window) -> list[int]:
    """Where the hours of the window begin, up to the one that is running; UTC milliseconds."""
    return list(range(window.start_ms, max(window.end_ms, window.start_ms + 1), HOUR_MS))


def slots_of(window: Window) -> list[int]:
    """Where the days of the window begin, or its hours where it is a single day."""
    return window.day_starts() if window.days > 1 else hours_of(window)


def label_of(window: Window, start_ms: int) -> str:
    """The local day, or on a single day the local hour, as ISO text."""
    local = moment(start_ms).astimezone(window.zone)
    return str(local.date()) if window.days > 1 else f"{local:%Y-%m-%d %H:%M}"


def timeline(view: View) -> list[Row]:
    """The key figures of every day or hour, by the keys of the summary, and its `label`."""
    return view.memo("timeline", lambda: performance(view, slots_of(view.window)))


def performance(view: View, starts: list[int]) -> list[Row]:
    """The key figures of every slot."""
    size = len(starts)
    tables = {kind: view.statuses_by(kind, view.slots(kind, starts), size) for kind in COUNTED}
    visits, orders = _counted(tables, "visits"), _counted(tables, "orders")
    successful, pending = _of(tables, "visits", "successful"), _of(tables, "quotations", "sent")
    revenue = view.amounts_by("orders", view.slots("orders", starts), size)
    return [
        {
            "label": label_of(view.window, starts[n]),
            "total_visits": visits[n],
            "total_orders": orders[n],
            "total_revenue": money(revenue[n]),
            "conversion_rate": percent(orders[n], visits[n]),
            "avg_order_value": ratio(money(revenue[n]), orders[n]),
            "successful_visits": successful[n],
            "pending_quotations": pending[n],
        }
        for n in range(size)
    ]


def _counted(tables: dict[str, Ints], kind: str) -> list[int]:
    found: list[int] = tables[kind][:, np.array(COUNTED[kind])].sum(axis=1).tolist()
    return found


def _of(tables: dict[str, Ints], kind: str, status: str) -> list[int]:
    found: list[int] = tables[kind][:, STATUSES[kind].index(status)].tolist()
    return found


def revenue_lines(view: View, column: str, size: int) -> list[list[int]]:
    """For every region or user the revenue of each day or hour, in millionths."""
    starts = slots_of(view.window)
    slot = view.slots("orders", starts)
    group = view.column("orders", column).astype(np.int64)
    cells = np.where(group >= 0, group * len(starts) + slot, -1)
    flat = view.amounts_by("orders", cells, size * len(starts))
    return [flat[n * len(starts) : (n + 1) * len(starts)] for n in range(size)]
