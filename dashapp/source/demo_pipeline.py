"""From a live demo visit to its delivery: days of business in the course of minutes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from heapq import heappop, heappush
from typing import Any, Final

import numpy as np
from numpy.random import Generator

from dashapp.source import demo_trade as trade
from dashapp.source.demo_calendar import moment_of
from dashapp.source.demo_world import World

Document = dict[str, Any]
Change = tuple[str, Document]
Step = Callable[[int], Change]

# Seconds until the next step, from and to.
QUOTING: Final = (6, 75)
ANSWERING: Final = (12, 180)
ORDERING: Final = (4, 40)
CONFIRMING: Final = (60, 400)
DELIVERING: Final = (600, 2_400)
EXPIRING: Final = (3_600, 10_800)


class Pipeline:
    """What is going to happen next to the visits made. A step gives the collection and document it wrote."""

    def __init__(self, world: World, rng: Generator, new_id: Callable[[str, int], str]) -> None:
        self._rng = rng
        self._new_id = new_id
        self._steps: list[tuple[int, int, Step]] = []
        self._pushed = 0
        self._places = {place.id: place for place in world.places}
        self._winning = {rep.id: float(rep.winning(np.zeros(1))[0]) for rep in world.reps}

    def __len__(self) -> int:
        return len(self._steps)

    def next_step(self, at: int) -> Change | None:
        """Take the step that is due at this moment (UTC milliseconds); None where there is none."""
        if not self._steps or self._steps[0][0] > at:
            return None
        return heappop(self._steps)[2](at)

    def visit(self, visit: Document, at: int) -> Change:
        """The planned visit takes place now, or is called off."""
        if self._rng.random() < trade.CANCELLED_VISITS:
            visit["status"] = "cancelled"
            return "visits", visit
        successful = self._rng.random() < trade.SUCCESSFUL_VISITS
        visit |= {"date": moment_of(at), "status": "successful" if successful else "unsuccessful"}
        trading = self._places[visit["facilityId"]].stopped_days_ago is None
        due = np.array([trading and self._rng.random() < trade.DUE_SHARE])
        if successful and self._rng.random() < trade.quotation_chance(due)[0]:
            winning = np.array([self._winning[visit["userId"]] * trading])
            won = bool(self._rng.random() < trade.winning_chance(due, winning)[0])
            self._follow(at, QUOTING, partial(self._quote, visit, won))
        return "visits", visit

    def _quote(self, visit: Document, won: bool, at: int) -> Change:
        size = np.array([self._places[visit["facilityId"]].size])
        draft = self._rng.random() < trade.DRAFT_QUOTATIONS
        quotation = {
            "_id": self._new_id("q", at),
            "userId": visit["userId"],
            "facilityId": visit["facilityId"],
            "visitId": visit["_id"],
            "amount": float(trade.quoted_amounts(self._rng, size)[0]),
            **_first_written(at, "draft" if draft else "sent"),
        }
        if won and not draft:
            self._follow(at, ANSWERING, partial(self._accept, quotation))
        elif not draft:
            lapsing = self._rng.random() < trade.LAPSING_QUOTATIONS
            wait, status = (EXPIRING, "expired") if lapsing else (ANSWERING, "rejected")
            self._follow(at, wait, partial(_set_status, "quotations", quotation, status))
        return "quotations", quotation

    def _accept(self, quotation: Document, at: int) -> Change:
        self._follow(at, ORDERING, partial(self._order, quotation))
        return _set_status("quotations", quotation, "accepted", at)

    def _order(self, quotation: Document, at: int) -> Change:
        order = {
            "_id": self._new_id("o", at),
            "userId": quotation["userId"],
            "facilityId": quotation["facilityId"],
            "quotationId": quotation["_id"],
            "totalAmount": float(trade.ordered_amounts(self._rng, np.array([quotation["amount"]]))[0]),
            **_first_written(at, "placed"),
        }
        withdrawn = self._rng.random() < trade.CANCELLED_ORDERS
        cancel = partial(_set_status, "orders", order, "cancelled")
        self._follow(at, CONFIRMING, cancel if withdrawn else partial(self._confirm, order))
        return "orders", order

    def _confirm(self, order: Document, at: int) -> Change:
        self._follow(at, DELIVERING, partial(_set_status, "orders", order, "delivered"))
        return _set_status("orders", order, "confirmed", at)

    def _follow(self, at: int, seconds: tuple[int, int], step: Step) -> None:
        self._pushed += 1  # keeps steps of the same moment in order, and steps themselves from being compared
        wait = int(1000 * self._rng.uniform(*seconds))
        heappush(self._steps, (at + wait, self._pushed, step))


def _first_written(at: int, status: str) -> Document:
    return {"status": status, "createdAt": moment_of(at), "updatedAt": moment_of(at), "demo": True}


def _set_status(collection: str, document: Document, status: str, at: int) -> Change:
    document |= {"status": status, "updatedAt": moment_of(at)}
    return collection, document
