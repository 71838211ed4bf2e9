"""The demo organisation's documents: its people and facilities, and a year and a half of their work."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from dashapp.source import demo_trade as trade
from dashapp.source.demo_calendar import DAY_SECONDS, make_calendar, utc_ms
from dashapp.source.demo_events import (
    Logins,
    Orders,
    Quotations,
    Visits,
    draw_logins,
    draw_orders,
    draw_quotations,
    draw_visits,
)
from dashapp.source.demo_world import Person, World

Document = dict[str, Any]
Batch = tuple[str, list[Document]]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

HISTORY_DAYS: Final = 545
COMING_DAYS: Final = 75  # room in the calendar for what follows from the last visits
BATCH_SIZE: Final = 5_000
MINUTE_MS: Final = 60_000
DAY_MS: Final = 1000 * DAY_SECONDS
EXPIRY_DAYS: Final = 30


def history(world: World, now: datetime, zone: ZoneInfo) -> Iterator[Batch]:
    """Batches of (collection, documents), people and places first. Times are naive UTC.

    Nothing but the date of a planned visit lies after `now` (aware).
    """
    rng = np.random.default_rng([world.seed, 2])
    calendar = make_calendar(now, zone, HISTORY_DAYS, COMING_DAYS)
    now_ms = utc_ms(now)
    visits = draw_visits(world, calendar, rng)
    logins = draw_logins(world, calendar, rng, visits)
    logins = Logins(logins.person[logins.at <= now_ms], logins.at[logins.at <= now_ms])
    yield "tiers", _tiers(world, now_ms)
    yield "users", _users(world, now_ms, rng, visits, logins)
    yield "facilities", _facilities(world, now_ms, rng)
    quotations = draw_quotations(world, calendar, rng, visits)
    quotations = quotations.take(quotations.at <= now_ms)
    orders = draw_orders(rng, quotations)
    yield from _visits(world, now_ms, rng, visits)
    yield from _quotations(world, now_ms, rng, visits, quotations)
    yield from _orders(world, now_ms, rng, visits, quotations, orders)
    yield from _logins(world, logins)


def naive_utc(milliseconds: Ints) -> list[datetime]:
    """The moments as BSON dates are written: naive UTC."""
    moments: list[datetime] = milliseconds.astype("datetime64[ms]").tolist()
    return moments


def _tiers(world: World, now_ms: int) -> list[Document]:
    created = naive_utc(np.array([now_ms - 1500 * DAY_MS]))[0]
    return [
        {"_id": f"demo-t-{rank}", "name": name, "rank": rank, **_stamps(created, created)}
        for rank, name in enumerate(world.tiers, 1)
    ]


def _users(world: World, now_ms: int, rng: Generator, visits: Visits, logins: Logins) -> list[Document]:
    past = visits.at <= now_ms
    rep_position = np.flatnonzero([person.role == "sales" for person in world.people])
    login_at = np.zeros(len(world.people), dtype=np.int64)
    np.maximum.at(login_at, logins.person, logins.at)
    trace_at = login_at.copy()
    np.maximum.at(trace_at, rep_position[visits.rep[past]], visits.at[past])
    seen_at = np.minimum(trace_at + rng.integers(MINUTE_MS, 25 * MINUTE_MS, len(trace_at)), now_ms)
    tenure = np.array([_tenure_days(person, rng) for person in world.people])
    created_at = (now_ms - DAY_MS * tenure).astype(np.int64)
    updated_at = np.where(login_at > 0, seen_at, created_at)
    times = zip(*map(naive_utc, (created_at, updated_at, login_at, seen_at)), strict=True)
    return [
        _user(person, created, updated, {"lastLogin": login, "lastSeen": seen} if login.year > 1970 else {})
        for person, (created, updated, login, seen) in zip(world.people, times, strict=True)
    ]


def _tenure_days(person: Person, rng: Generator) -> float:
    if person.joined_days_ago is not None:
        return float(person.joined_days_ago + rng.uniform(2, 10))
    return float(rng.uniform(700, 1400))


def _user(person: Person, created: datetime, updated: datetime, traces: Document) -> Document:
    optional = {
        "region": person.region,
        "tier": person.tier,
        "passwordHash": person.password_hash,
        "regions": [person.region] if person.role == "manager" and person.region else None,
    }
    return {
        "_id": person.id,
        "email": person.email,
        "name": person.name,
        "role": person.role,
        "active": person.left_days_ago is None,
        **{name: value for name, value in optional.items() if value is not None},
        **traces,
        **_stamps(created, updated),
    }


def _facilities(world: World, now_ms: int, rng: Generator) -> list[Document]:
    created = naive_utc(now_ms - rng.integers(600 * DAY_MS, 1400 * DAY_MS, len(world.places)))
    return [
        {"_id": place.id, "name": place.name, "region": place.region, "type": place.type, **_stamps(at, at)}
        for place, at in zip(world.places, created, strict=True)
    ]


def _visits(world: World, now_ms: int, rng: Generator, visits: Visits) -> Iterator[Batch]:
    ahead = visits.at > now_ms
    status = np.select([ahead, visits.cancelled, visits.successful], [0, 1, 2], 3)
    lead = (rng.exponential(3.0, len(visits)) * DAY_MS).astype(np.int64) + 20 * MINUTE_MS
    planned_at = np.minimum(visits.at, now_ms) - lead
    given_up_at = visits.at - (lead * rng.random(len(visits))).astype(np.int64)
    left_at = np.minimum(visits.at + rng.integers(10 * MINUTE_MS, 75 * MINUTE_MS, len(visits)), now_ms)
    updated_at = np.select([ahead, visits.cancelled], [planned_at, given_up_at], left_at)
    yield from _batches(
        "visits",
        {
            "_id": lambda rows: _ids("v", rows),
            "userId": _named([rep.id for rep in world.reps], visits.rep),
            "facilityId": _named([place.id for place in world.places], visits.place),
            "date": _dated(visits.at),
            "status": _named(["scheduled", "cancelled", "successful", "unsuccessful"], status),
            "createdAt": _dated(planned_at),
            "updatedAt": _dated(updated_at),
        },
        len(visits),
    )


def _quotations(
    world: World, now_ms: int, rng: Generator, visits: Visits, quotations: Quotations
) -> Iterator[Batch]:
    expires_at = quotations.at + EXPIRY_DAYS * DAY_MS
    ends_at = np.where(quotations.lapsing, expires_at, quotations.decided_at)
    opened = quotations.draft | (ends_at > now_ms)
    status = np.select(
        [quotations.draft, opened, quotations.won, quotations.lapsing],
        [0, 1, 2, 3],
        4,
    )
    touched_at = np.minimum(quotations.at + rng.integers(0, 30 * MINUTE_MS, len(quotations)), now_ms)
    yield from _batches(
        "quotations",
        {
            "_id": lambda rows: _ids("q", rows),
            "userId": _named([rep.id for rep in world.reps], visits.rep[quotations.visit]),
            "facilityId": _named([place.id for place in world.places], visits.place[quotations.visit]),
            "visitId": lambda rows: _ids("v", quotations.visit[rows]),
            "amount": lambda rows: quotations.amount[rows].tolist(),
            "status": _named(["draft", "sent", "accepted", "expired", "rejected"], status),
            "createdAt": _dated(quotations.at),
            "updatedAt": _dated(np.where(opened, touched_at, ends_at)),
        },
        len(quotations),
    )


def _orders(
    world: World, now_ms: int, rng: Generator, visits: Visits, quotations: Quotations, orders: Orders
) -> Iterator[Batch]:
    count = int(np.searchsorted(orders.at, now_ms, side="right"))
    at, source = orders.at[:count], visits.take(quotations.visit[orders.quotation[:count]])
    confirmed_at = at + rng.integers(DAY_MS // 24, 2 * DAY_MS, count)
    delivered_at = confirmed_at + rng.integers(DAY_MS, 8 * DAY_MS, count)
    withdrawn = rng.random(count) < trade.CANCELLED_ORDERS
    reached = [confirmed_at > now_ms, withdrawn, delivered_at > now_ms]
    status = np.select(reached, [0, 1, 2], 3)
    yield from _batches(
        "orders",
        {
            "_id": lambda rows: _ids("o", rows),
            "userId": _named([rep.id for rep in world.reps], source.rep),
            "facilityId": _named([place.id for place in world.places], source.place),
            "quotationId": lambda rows: _ids("q", orders.quotation[rows]),
            "totalAmount": lambda rows: orders.amount[rows].tolist(),
            "status": _named(["placed", "cancelled", "confirmed", "delivered"], status),
            "createdAt": _dated(at),
            "updatedAt": _dated(np.select(reached, [at, confirmed_at, confirmed_at], delivered_at)),
        },
        count,
    )


def _logins(world: World, logins: Logins) -> Iterator[Batch]:
    at = _dated(logins.at)
    person = _named([person.id for person in world.people], logins.person)
    fields: Fields = {"_id": lambda rows: _ids("l", rows), "userId": person}
    yield from _batches("logins", fields | {"at": at, "createdAt": at, "updatedAt": at}, len(logins.at))


Column = Callable[[slice], list[Any]]
Fields = dict[str, Column]


def _batches(collection: str, fields: Fields, count: int) -> Iterator[Batch]:
    names = (*fields, "demo")
    for start in range(0, count, BATCH_SIZE):
        rows = slice(start, min(start + BATCH_SIZE, count))
        columns = [column(rows) for column in fields.values()]
        flags = [True] * (rows.stop - start)
        yield collection, [dict(zip(names, row, strict=True)) for row in zip(*columns, flags, strict=True)]


def _ids(letter: str, rows: slice | Ints) -> list[str]:
    numbers = range(rows.start, rows.stop) if isinstance(rows, slice) else rows.tolist()
    return [f"demo-{letter}-{number:07d}" for number in numbers]


def _named(names: Sequence[str], codes: Ints) -> Column:
    def column(rows: slice) -> list[str]:
        return [names[code] for code in codes[rows].tolist()]

    return column


def _dated(milliseconds: Ints) -> Column:
    return lambda rows: naive_utc(milliseconds[rows])


def _stamps(created: datetime, updated: datetime) -> Document:
    return {"createdAt": created, "updatedAt": updated, "demo": True}
