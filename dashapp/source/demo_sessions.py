"""Who of the demo organisation is online."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.random import Generator

from dashapp.source.demo_calendar import moment_of
from dashapp.source.demo_world import Person, World

Document = dict[str, Any]

SESSION_MINUTES: Final = (15, 45)
SIGN_IN_SHARE: Final = 0.45  # the others come back with a session that still holds
JOIN_CHANCE: Final = 0.01  # that somebody beyond the fewest comes online, per event
OFFICE_SHARE: Final = 0.15
SEEN_SECONDS: Final = 30  # how often somebody online is written down as seen


class Sessions:
    """People online, without the accounts that real people sign in with. Times are UTC milliseconds."""

    def __init__(self, world: World, rng: Generator) -> None:
        self._rng = rng
        self._reps = {rep.id: rep for rep in world.reps if rep.left_days_ago is None}
        self._effort = {rep.id: float(rep.effort(np.zeros(1))[0]) for rep in self._reps.values()}
        self._office = [p.id for p in world.people if p.role != "sales" and p.password_hash is None]
        self._until: dict[str, int] = {}
        self._seen_at: dict[str, int] = {}
        self._login_at: dict[str, int] = {}

    def refresh(self, at: int, fewest: int) -> Iterator[str]:
        """End sessions and begin others; the ids of those who signed in for it."""
        self._until = {user: until for user, until in self._until.items() if until > at}
        while len(self._until) < fewest or not self.reps_online():
            yield from self._come_online(at)
        if self._rng.random() < JOIN_CHANCE:
            yield from self._come_online(at)

    def reps_online(self) -> list[Person]:
        """In the order in which they came."""
        return [self._reps[user] for user in self._until if user in self._reps]

    def seen(self, now: int) -> list[tuple[str, Document]]:
        """The fields to set on users seen since they were last written down."""
        stamp = moment_of(now)
        online = [user for user, until in self._until.items() if until > now]
        due = [user for user in online if now - self._seen_at.get(user, 0) >= 1000 * SEEN_SECONDS]
        self._seen_at |= dict.fromkeys(due, now)
        return [(user, {"lastSeen": stamp, "updatedAt": stamp, **self._last_login(user)}) for user in due]

    def _last_login(self, user: str) -> Document:
        at = self._login_at.pop(user, None)
        return {} if at is None else {"lastLogin": moment_of(at)}

    def _come_online(self, at: int) -> Iterator[str]:
        user = self._somebody_offline()
        minutes = self._rng.uniform(*SESSION_MINUTES)
        self._until[user] = at + int(60_000 * minutes)
        if self._rng.random() < SIGN_IN_SHARE:
            self._login_at[user] = at
            self._seen_at.pop(user, None)
            yield user

    def _somebody_offline(self) -> str:
        office = [user for user in self._office if user not in self._until]
        reps = [user for user in self._reps if user not in self._until]
        if not reps or (office and self.reps_online() and self._rng.random() < OFFICE_SHARE):
            return office[int(self._rng.integers(len(office)))]
        effort = np.array([self._effort[user] for user in reps])
        return reps[int(self._rng.choice(len(reps), p=effort / effort.sum()))]
