"""Everybody with a visit or an order, searched and sorted."""

from __future__ import annotations

from typing import Any

from dashapp.metrics.answers import top_performers
from dashapp.metrics.view import View


def members(view: View, search: str, key: str, *, descending: bool) -> list[dict[str, Any]]:
    """Those whose name, region or id holds the text, sorted by a field; the best first among equals."""
    wanted = search.strip().casefold()
    found = [
        row
        for row in everybody(view)
        if not wanted or any(wanted in row[one].casefold() for one in ("name", "region", "userId"))
    ]
    if found and isinstance(found[0][key], str):
        return sorted(found, key=lambda row: row[key].casefold(), reverse=descending)
    return sorted(found, key=lambda row: row[key], reverse=descending)


def everybody(view: View) -> list[dict[str, Any]]:
    """Everybody with a visit or an order, the best first, with their tier."""

    def compute() -> list[dict[str, Any]]:
        users = view.snapshot.users
        return [
            {**row, "tier": (user.tier or "") if (user := users.get(row["userId"])) else ""}
            for row in top_performers(view, len(view.snapshot.user_ids))
        ]

    return view.memo("everybody", compute)
