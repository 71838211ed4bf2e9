"""Live demo events: something happens every few seconds, day and night.

The pace is for the eye, the totals are for the figures: an ordinary day of the history has some 270 visits,
while an event every two seconds makes 30,000 a day. So most events only rearrange the agenda or move a
quotation or an order on; visits come slowly enough that a whole day of running is under three ordinary ones.
In the first minutes, when somebody surely looks, they come much faster.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from math import exp
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np

from dashapp.source.demo_agenda import Agenda
from dashapp.source.demo_calendar import moment_of, utc_ms
from dashapp.source.demo_pipeline import Change, Pipeline
from dashapp.source.demo_sessions import Sessions
from dashapp.source.demo_world import World

Document = dict[str, Any]

DAY_HOURS: Final = range(7, 20)  # local
DAY_PAUSE_SECONDS: Final = 2.0  # mean time between events
NIGHT_PAUSE_SECONDS: Final = 6.0
LONGEST_PAUSE_SECONDS: Final = 18.0
ONLINE_BY_DAY: Final = 8  # people online at the fewest
ONLINE_BY_NIGHT: Final = 4
CATCH_UP_SECONDS: Final = 60  # after a longer standstill, what would have happened before is left out

VISIT_CHANCE: Final = 0.019  # that an event is a visit, where nothing else is due
OPENING_VISIT_CHANCE: Final = 0.5  # the same just after the start
OPENING_SECONDS: Final = 1_000.0  # time constant with which the one becomes the other


class Simulator:
    """Draws the demo organisation's present, step by step. Times written are naive UTC."""

    def __init__(self, world: World, seed: int, zone: ZoneInfo) -> None:
        self._zone = zone
        self._rng = np.random.default_rng([seed, 3])
        self._sessions = Sessions(world, self._rng)
        self._agenda = Agenda(world, zone, self._rng, self._new_id)
        self._pipeline = Pipeline(world, self._rng, self._new_id)
        self._written = 0
        self._started_at: int | None = None
        self._next_at = 0

    def step(self, now: datetime) -> list[tuple[str, list[Document]]]:
        """What was written since the last step: whole documents by collection, each in its newest state.

        The first step begins with an event at `now` (aware). Only the date of a planned visit is after `now`.
        """
        now_ms = utc_ms(now)
        self._keep_time(now_ms)
        written: dict[str, dict[str, Document]] = {}
        while self._next_at <= now_ms:
            for collection, document in self._happen(self._next_at):
                newest = document | {"updatedAt": moment_of(now_ms)}
                written.setdefault(collection, {})[document["_id"]] = newest
            self._next_at += self._pause(self._next_at)
        return [(collection, list(documents.values())) for collection, documents in written.items()]

    def presence(self, now: datetime) -> list[tuple[str, Document]]:
        """(user id, fields to set) of those online not written down for half a minute; none before a step."""
        return self._sessions.seen(utc_ms(now))

    def _keep_time(self, now_ms: int) -> None:
        if self._started_at is None:
            self._started_at = self._next_at = now_ms
        # The clock may have been set back, or the process held for hours.
        earliest, latest = now_ms - 1000 * CATCH_UP_SECONDS, now_ms + int(1000 * LONGEST_PAUSE_SECONDS)
        self._next_at = min(max(self._next_at, earliest), latest)

    def _happen(self, at: int) -> Iterator[Change]:
        for user in self._sessions.refresh(at, ONLINE_BY_DAY if self._by_day(at) else ONLINE_BY_NIGHT):
            yield "logins", self._login(user, at)
        step = self._pipeline.next_step(at)
        yield self._reps_own_step(at) if step is None else step

    def _reps_own_step(self, at: int) -> Change:
        reps = self._sessions.reps_online()
        rep = reps[int(self._rng.integers(len(reps)))]
        if self._rng.random() < self._visit_chance(at):
            return self._pipeline.visit(self._agenda.take(rep, at), at)
        return "visits", self._agenda.arrange(rep, at)

    def _visit_chance(self, at: int) -> float:
        elapsed = max(at - (self._started_at or at), 0) / 1000
        return VISIT_CHANCE + (OPENING_VISIT_CHANCE - VISIT_CHANCE) * exp(-elapsed / OPENING_SECONDS)

    def _pause(self, at: int) -> int:
        mean = DAY_PAUSE_SECONDS if self._by_day(at) else NIGHT_PAUSE_SECONDS
        return int(1000 * min(self._rng.exponential(mean), LONGEST_PAUSE_SECONDS)) + 1

    def _by_day(self, at: int) -> bool:
        return moment_of(at).replace(tzinfo=UTC).astimezone(self._zone).hour in DAY_HOURS

    def _login(self, user: str, at: int) -> Document:
        moment = moment_of(at)
        return {
            "_id": self._new_id("l", at),
            "userId": user,
            "at": moment,
            "createdAt": moment,
            "updatedAt": moment,
            "demo": True,
        }

    def _new_id(self, letter: str, at: int) -> str:
        """Unlike the history's ids, and unlike those of earlier runs: their moments have passed."""
        self._written += 1
        return f"demo-{letter}-{at}-{self._written}"
