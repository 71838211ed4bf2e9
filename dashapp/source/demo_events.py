"""The demo organisation's past as columns: visits, the quotations and orders that came of them, sign-ins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from dashapp.source import demo_trade as trade
from dashapp.source.demo_calendar import HOUR, LATEST_SAME_DAY, Calendar, office_seconds
from dashapp.source.demo_world import World

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

VISITS_A_DAY: Final = 7.5  # of a rep with an effort of 1, on a weekday
ABSENCE: Final = 0.05
PLANNED_SHARE: Final = 0.5  # how much of the coming days is planned already
PLANNED_DAYS: Final = 7


@dataclass(frozen=True)
class Visits:
    """Rows in order of `at` (UTC milliseconds, as everywhere here).

    day   row of the calendar, `second` the seconds after its midnight
    due   the facility is found in need of an order
    """

    rep: Ints
    place: Ints
    day: Ints
    second: Ints
    at: Ints
    successful: Bools
    cancelled: Bools
    due: Bools

    def __len__(self) -> int:
        return len(self.at)

    def take(self, rows: Ints | Bools) -> Visits:
        return Visits(**{name: column[rows] for name, column in vars(self).items()})


@dataclass(frozen=True)
class Quotations:
    """Rows in order of `at`; `visit` is a row of the visits, `decided_at` when the customer would answer."""

    visit: Ints
    at: Ints
    draft: Bools
    won: Bools
    lapsing: Bools
    decided_at: Ints
    amount: Floats

    def __len__(self) -> int:
        return len(self.at)

    def take(self, rows: Ints | Bools) -> Quotations:
        return Quotations(**{name: column[rows] for name, column in vars(self).items()})


@dataclass(frozen=True)
class Orders:
    """Rows in order of `at`; `quotation` is a row of the quotations."""

    quotation: Ints
    at: Ints
    amount: Floats


@dataclass(frozen=True)
class Logins:
    """Rows in order of `at`; `person` is a position in the world's people."""

    person: Ints
    at: Ints


def draw_visits(world: World, calendar: Calendar, rng: Generator) -> Visits:
    """Every visit of the calendar's days, the planned ones of the coming days included."""
    rep, day = _visiting_days(world, calendar, rng)
    place = _destinations(world, calendar, rng, rep, day)
    second = office_seconds(rng, len(rep))
    cancelled = rng.random(len(rep)) < trade.CANCELLED_VISITS
    successful = ~cancelled & (rng.random(len(rep)) < trade.SUCCESSFUL_VISITS)
    nothing_due = np.zeros(len(rep), dtype=np.bool_)
    visits = Visits(rep, place, day, second, calendar.moment(day, second), successful, cancelled, nothing_due)
    visits = visits.take(np.argsort(visits.at, kind="stable"))
    visits.due[:] = _finds_order_due(world, calendar, rng, visits)
    return visits


def _visiting_days(world: World, calendar: Calendar, rng: Generator) -> tuple[Ints, Ints]:
    effort = np.array([rep.effort(calendar.days_ago) for rep in world.reps])
    planned = np.where(calendar.days_ago < 0, PLANNED_SHARE, 1.0) * (calendar.days_ago >= -PLANNED_DAYS)
    present = rng.random(effort.shape) >= ABSENCE
    counts = rng.poisson(VISITS_A_DAY * effort * present * calendar.volume * planned)
    rep, day = np.nonzero(counts)
    return np.repeat(rep, counts[rep, day]), np.repeat(day, counts[rep, day])


def _destinations(world: World, calendar: Calendar, rng: Generator, rep: Ints, day: Ints) -> Ints:
    """Facilities in the rep's region, the often-ordering ones more often, those that stopped seldom."""
    stopped = _stopped_days_ago(world)
    place = _any_destination(world, rng, rep)
    given_up = (calendar.days_ago[day] < stopped[place]) & (rng.random(len(rep)) >= trade.STOPPED_VISITS)
    place[given_up] = _any_destination(world, rng, rep[given_up])
    return place


def _any_destination(world: World, rng: Generator, rep: Ints) -> Ints:
    region_of_rep = np.array([person.region for person in world.reps])[rep]
    region_of_place = np.array([place.region for place in world.places])
    pull = np.array([1 / place.rhythm_days for place in world.places])
    chosen = np.zeros(len(rep), dtype=np.int64)
    for region in world.regions:
        here, rows = np.flatnonzero(region_of_place == region), np.flatnonzero(region_of_rep == region)
        chosen[rows] = rng.choice(here, len(rows), p=pull[here] / pull[here].sum())
    return chosen


def _finds_order_due(world: World, calendar: Calendar, rng: Generator, visits: Visits) -> Bools:
    """Whether a visit is the first successful one of the facility's ordering cycle.

    Cycles run on the organisation's volume of business, not on the clock: none pass over Christmas.
    """
    elapsed = np.cumsum(calendar.volume) / calendar.volume[calendar.days_ago >= 0].mean()
    rhythm = np.array([place.rhythm_days for place in world.places])
    start = rng.uniform(0, rhythm)
    cycle = ((elapsed[visits.day] + start[visits.place]) // rhythm[visits.place]).astype(np.int64)
    rows = np.flatnonzero(visits.successful & ~_has_stopped(world, calendar, visits))
    rows = rows[np.argsort(visits.place[rows], kind="stable")]
    first = np.ones(len(rows), dtype=np.bool_)
    first[1:] = (np.diff(visits.place[rows]) != 0) | (np.diff(cycle[rows]) != 0)
    due = np.zeros(len(visits), dtype=np.bool_)
    due[rows[first]] = True
    return due


def _has_stopped(world: World, calendar: Calendar, visits: Visits) -> Bools:
    return np.asarray(calendar.days_ago[visits.day] < _stopped_days_ago(world)[visits.place])


def _stopped_days_ago(world: World) -> Floats:
    return np.array(
        [-np.inf if place.stopped_days_ago is None else place.stopped_days_ago for place in world.places]
    )


def draw_quotations(world: World, calendar: Calendar, rng: Generator, visits: Visits) -> Quotations:
    """What came of the successful visits, as if all of them had taken place already."""
    chance = trade.quotation_chance(visits.due) * visits.successful
    rows = np.flatnonzero(rng.random(len(visits)) < chance)
    source = visits.take(rows)
    winning = np.array([rep.winning(calendar.days_ago) for rep in world.reps])[source.rep, source.day]
    winning *= ~_has_stopped(world, calendar, source)
    draft = rng.random(len(rows)) < trade.DRAFT_QUOTATIONS
    won = ~draft & (rng.random(len(rows)) < trade.winning_chance(source.due, winning))
    lapsing = ~won & (rng.random(len(rows)) < trade.LAPSING_QUOTATIONS)
    size = np.array([place.size for place in world.places])[source.place]
    amount = trade.quoted_amounts(rng, size * trade.price_level(calendar.days_ago[source.day]))
    day, second = _later(calendar, rng, source.day, source.second, _waits(rng, source.due))
    answer = calendar.moment(*_later(calendar, rng, day, second, _waits(rng, source.due)))
    drawn = Quotations(rows, calendar.moment(day, second), draft, won, lapsing, answer, amount)
    return drawn.take(np.argsort(drawn.at, kind="stable"))


def draw_orders(rng: Generator, quotations: Quotations) -> Orders:
    """An order per quotation won, entered within two hours of the answer."""
    rows = np.flatnonzero(quotations.won)
    at = quotations.decided_at[rows] + rng.integers(60_000, 2 * HOUR * 1000, len(rows))
    amount = trade.ordered_amounts(rng, quotations.amount[rows])
    sequence = np.argsort(at, kind="stable")
    return Orders(rows[sequence], at[sequence], amount[sequence])


def draw_logins(world: World, calendar: Calendar, rng: Generator, visits: Visits) -> Logins:
    """One to three sign-ins for every rep and day with visits; the office signs in on most open days."""
    days = calendar.days_ago.shape[0]
    working = np.zeros((len(world.people), days), dtype=np.bool_)
    position = np.flatnonzero([person.role == "sales" for person in world.people])
    working[position[visits.rep], visits.day] = True
    office = np.flatnonzero([person.role != "sales" for person in world.people])
    working[office] = rng.random((len(office), days)) < 0.9 * calendar.openness
    person, day = np.nonzero(working)
    early = (rng.uniform(6.7, 8.6, len(person)) * HOUR).astype(np.int64)
    again = rng.binomial(2, 0.4, len(person))
    person, day = (
        np.concatenate([person, np.repeat(person, again)]),
        np.concatenate([day, np.repeat(day, again)]),
    )
    at = calendar.moment(day, np.concatenate([early, office_seconds(rng, len(day) - len(early))]))
    sequence = np.argsort(at, kind="stable")
    return Logins(person[sequence], at[sequence])


def _waits(rng: Generator, due: Bools) -> Ints:
    """Whole days until somebody acts: what is needed goes quickly, the rest takes days, a few times weeks."""
    usual = np.minimum(rng.geometric(np.where(due, 0.7, 0.45)) - 1, 10)
    slow = rng.random(len(due)) < np.where(due, 0.01, 0.08)
    return np.where(slow, rng.integers(7, 24, len(due)), usual)


def _later(calendar: Calendar, rng: Generator, day: Ints, second: Ints, waits: Ints) -> tuple[Ints, Ints]:
    """So many days later in working hours; with no wait some hours later, unless the day is over by then."""
    soon = second + rng.integers(HOUR // 3, 4 * HOUR, len(day))
    today = (waits == 0) & (soon < LATEST_SAME_DAY)
    another_day = calendar.settle(rng, day + np.maximum(waits, 1))
    return np.where(today, day, another_day), np.where(today, soon, office_seconds(rng, len(day)))
