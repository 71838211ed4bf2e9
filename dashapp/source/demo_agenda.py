"""The visits that demo reps have planned: a handful each, now and then moved to another day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np
from numpy.random import Generator

from dashapp.source import demo_trade as trade
from dashapp.source.demo_calendar import moment_of, openness, utc_ms
from dashapp.source.demo_world import Person, Place, World

Document = dict[str, Any]
NewId = Callable[[str, int], str]

PLANNED_PER_REP: Final = 3
DAYS_AHEAD: Final = 5


class Agenda:
    """Planned visits by rep; `new_id` names a visit first written at so many UTC milliseconds."""

    def __init__(self, world: World, zone: ZoneInfo, rng: Generator, new_id: NewId) -> None:
        self._zone = zone
        self._rng = rng
        self._new_id = new_id
        self._planned: dict[str, list[Document]] = {}
        self._places = {region: [p for p in world.places if p.region == region] for region in world.regions}
        self._pull = {region: _pull(places) for region, places in self._places.items()}

    def arrange(self, rep: Person, at: int) -> Document:
        """One more visit planned, or one of enough planned visits moved; missed ones first."""
        planned = self._planned.setdefault(rep.id, [])
        if len(planned) < PLANNED_PER_REP:
            planned.append(self._new_visit(rep, at))
            return planned[-1]
        earliest = min(planned, key=_date)
        missed = _date(earliest) <= moment_of(at)
        moved = earliest if missed else planned[int(self._rng.integers(len(planned)))]
        moved["date"] = self._free_slot(at)
        return moved

    def take(self, rep: Person, at: int) -> Document:
        """The visit the rep makes next, off the agenda."""
        planned = self._planned.get(rep.id)
        if not planned:
            return self._new_visit(rep, at)
        earliest = min(planned, key=_date)
        planned.remove(earliest)
        return earliest

    def _new_visit(self, rep: Person, at: int) -> Document:
        region = str(rep.region)
        number = np.searchsorted(self._pull[region], self._rng.random(), side="right")
        created = moment_of(at)
        return {
            "_id": self._new_id("v", at),
            "userId": rep.id,
            "facilityId": self._places[region][int(number)].id,
            "date": self._free_slot(at),
            "status": "scheduled",
            "createdAt": created,
            "updatedAt": created,
            "demo": True,
        }

    def _free_slot(self, at: int) -> datetime:
        """A quarter of an hour in the office hours of the coming days."""
        today = moment_of(at).replace(tzinfo=UTC).astimezone(self._zone).date()
        day = today + timedelta(days=int(self._rng.integers(DAYS_AHEAD)))
        clock = time(int(self._rng.integers(8, 17)), 15 * int(self._rng.integers(4)))
        slot = datetime.combine(day, clock, self._zone)
        while openness(slot.date()) < 1 or utc_ms(slot) <= at:
            slot += timedelta(days=1)
        return moment_of(utc_ms(slot))


def _pull(places: list[Place]) -> trade.Floats:
    """Upper bounds of each place's share of the visits, adding up to 1."""
    pull = np.array([_frequency(place) for place in places])
    return np.asarray(np.cumsum(pull) / pull.sum())


def _frequency(place: Place) -> float:
    return (1.0 if place.stopped_days_ago is None else trade.STOPPED_VISITS) / place.rhythm_days


def _date(visit: Document) -> datetime:
    date: datetime = visit["date"]
    return date
