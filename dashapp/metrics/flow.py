"""From visit to quotation to order: who passes on how much, how long it takes, who skips a stage."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np

from dashapp.domain.numbers import percent
from dashapp.domain.tables import Ints
from dashapp.domain.vocabulary import STATUSES
from dashapp.metrics.answers import person
from dashapp.metrics.view import View

STAGES: Final = ("visits", "successful_visits", "quotations_sent", "orders_placed")


def by_region(view: View) -> list[dict[str, Any]]:
    """The stages of every region that has any, by visits, then name."""
    names = view.snapshot.region_names
    rows = [{"region": names[n], **stages} for n, stages in _stages(view, "region", len(names))]
    return sorted(rows, key=lambda row: (-row["visits"], row["region"]))


def by_person(view: View) -> list[dict[str, Any]]:
    """The stages of everybody who has any, by visits, then name and id."""
    size = len(view.snapshot.user_ids)
    rows = [{**person(view, view.user_id(n)), **stages} for n, stages in _stages(view, "user", size)]
    return sorted(rows, key=lambda row: (-row["visits"], row["name"], row["userId"]))


def _stages(view: View, column: str, size: int) -> list[tuple[int, dict[str, Any]]]:
    successful = STATUSES["visits"].index("successful")
    table = [
        view.counts_by("visits", view.column("visits", column), size),
        view.statuses_by("visits", view.column("visits", column), size)[:, successful],
        view.counts_by("quotations", view.column("quotations", column), size),
        view.counts_by("orders", view.column("orders", column), size),
    ]
    present = np.flatnonzero(np.sum(table, axis=0)).tolist()
    return [(n, _passed({key: int(row[n]) for key, row in zip(STAGES, table, strict=True)})) for n in present]


def _passed(counts: dict[str, int]) -> dict[str, Any]:
    """The counts with what each stage lost of the one before, and the overall rate."""
    lost = {f"lost_{key}": max(0, counts[before] - counts[key]) for before, key in pairwise(STAGES)}
    return {**counts, **lost, "overall_conversion": percent(counts["orders_placed"], counts["visits"])}


def losing(rows: list[dict[str, Any]], stage: str, limit: int) -> list[dict[str, Any]]:
    """Who lost most on the way to a stage, and which part of the stage before that was."""
    before = STAGES[STAGES.index(stage) - 1]
    found = [
        {**row, "lost": row[f"lost_{stage}"], "lost_share": percent(row[f"lost_{stage}"], row[before])}
        for row in rows
        if row[f"lost_{stage}"]
    ]
    return sorted(found, key=lambda row: (-row["lost"], -row["lost_share"]))[:limit]


@dataclass(frozen=True)
class Passage:
    """The way from one stage to the next, of the events in scope that arrived.

    arrived     how many there are
    linked      how many of them name an event of the stage before that is known
    before_it   how many of those are dated before the event they name, and so have no time
    median_ms, p90_ms   the time the others took; None without any
    """

    key: str
    title: str
    arrived: int
    linked: int
    before_it: int
    median_ms: float | None
    p90_ms: float | None

    @property
    def skipped(self) -> int:
        """How many name no known event of the stage before."""
        return self.arrived - self.linked


def passages(view: View) -> list[Passage]:
    """Visit to quotation, quotation to order, and visit to order over the quotation."""
    return view.memo("passages", lambda: _passages(view))


def _passages(view: View) -> list[Passage]:
    snapshot = view.snapshot
    quotations, orders = view.rows("quotations"), view.rows("orders")
    visits = snapshot.visits.named(snapshot.quotations.link[quotations])
    quoted = snapshot.quotations.named(snapshot.orders.link[orders])
    # A quotation may lie outside of the scope while its order is within.
    visited = snapshot.visits.named(np.append(snapshot.quotations.link, np.uint64(0))[quoted])
    visit_at, quotation_at = snapshot.visits.at, snapshot.quotations.at
    order_at = snapshot.orders.at[orders]
    return [
        _passage(
            "visit_to_quotation",
            "Visit to quotation",
            quotation_at[quotations],
            visits,
            visit_at,
        ),
        _passage("quotation_to_order", "Quotation to order", order_at, quoted, quotation_at),
        _passage("visit_to_order", "Visit to order", order_at, visited, visit_at),
    ]


def _passage(key: str, title: str, arrived_at: Ints, came_from: Ints, begun_at: Ints) -> Passage:
    linked = came_from >= 0
    took = arrived_at[linked] - begun_at[came_from[linked]]
    timed = took[took >= 0]
    median, p90 = np.quantile(timed, (0.5, 0.9)).tolist() if len(timed) else (None, None)
    return Passage(key, title, len(arrived_at), int(linked.sum()), int((took < 0).sum()), median, p90)
