"""The numbers as the contract defines them, by plain loops over raw documents: an executable specification.

Nothing here knows the application. It is slow, exact, and meant to be read beside sections 3 to 5 of the
contract.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from bson import Decimal128

Document = Mapping[str, Any]
Documents = Mapping[str, Sequence[Document]]
Query = Mapping[str, str | list[str]]

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
ZERO = Fraction(0)
UNASSIGNED = "Unassigned"
UNKNOWN = "Unknown"

KINDS = ("visits", "quotations", "orders", "logins")
TIME_FIELD = {"visits": "date", "quotations": "createdAt", "orders": "createdAt", "logins": "at"}
AMOUNT_FIELD = {"quotations": "amount", "orders": "totalAmount"}
STATUSES = {
    "visits": {"scheduled", "successful", "unsuccessful", "cancelled"},
    "quotations": {"draft", "sent", "accepted", "rejected", "expired"},
    "orders": {"placed", "confirmed", "delivered", "cancelled"},
    "logins": {"signed in"},
}
UNKNOWN_COUNTS_AS = {
    "visits": "took place",
    "quotations": "sent",
    "orders": "placed",
    "logins": "signed in",
}
NO_ACTIVITY = {
    "visits": {"scheduled", "cancelled"},
    "quotations": {"draft"},
    "orders": {"cancelled"},
    "logins": set[str](),
}
DEFAULT_DAYS = {"realtime": "1", "users-activity": "7"}


# --- Fields of a document


def text(value: Any) -> str | None:
    """An id, a name, a region: trimmed; None where it is missing or empty."""
    if value is None or isinstance(value, dict | list):
        return None
    return str(value).strip() or None


def word(value: Any) -> str | None:
    """A role: upper or lower case makes no difference."""
    found = text(value)
    return found.lower() if found else None


def time_of(value: Any) -> datetime | None:
    """A BSON date or an ISO-8601 string, UTC without offset, to the millisecond; None where it is neither."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if not isinstance(value, datetime):
        return None
    at: datetime = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def number(value: Any) -> Fraction:
    """An int, long, double, Decimal128 or numeric string; whatever else is 0."""
    if isinstance(value, Decimal128):
        value = value.to_decimal()
    if isinstance(value, str) and re.fullmatch(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?", value.strip()):
        value = Decimal(value.strip())
    if isinstance(value, float):
        value = Decimal(repr(value))
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return ZERO
    return Fraction(value) if Decimal(value).is_finite() else ZERO


def amount(value: Any) -> Fraction:
    """Money to the millionth; 0 where it is negative or no number."""
    return max(ZERO, Fraction(round(number(value) * 1_000_000), 1_000_000))


def is_active(value: Any) -> bool:
    if isinstance(value, str):
        return value.strip().lower() not in {"false", "no", "0"}
    return value is None or bool(value)


def status_of(kind: str, value: Any) -> str:
    """The status in lower case; for one that is not known, what it counts as."""
    name = value.strip().lower() if isinstance(value, str) else None
    return name if name in STATUSES[kind] else UNKNOWN_COUNTS_AS[kind]


def local_day(at: datetime, zone: ZoneInfo) -> date:
    try:
        return at.astimezone(zone).date()
    except OverflowError:  # in the first or last hours that a date can tell, there is no other local time
        return at.date()


# --- What the documents tell


@dataclass(frozen=True)
class Person:
    id: str
    name: str
    role: str | None
    region: str | None
    tier: str | None
    active: bool
    last_login: datetime | None
    last_seen: datetime | None


@dataclass(frozen=True)
class Event:
    """`user` is None for nobody; `on` is the local day."""

    kind: str
    at: datetime
    on: date
    user: str | None
    region: str
    status: str
    amount: Fraction

    @property
    def is_activity(self) -> bool:
        """A counted visit, quotation sent, order or login."""
        return self.status not in NO_ACTIVITY[self.kind]


@dataclass(frozen=True)
class World:
    people: dict[str, Person]
    events: list[Event]
    tiers: list[str]


def person_of(document: Document) -> Person:
    name = text(document.get("name")) or text(document.get("email")) or UNKNOWN
    return Person(
        id=str(document["_id"]),
        name=name,
        role=word(document.get("role")),
        region=text(document.get("region")),
        tier=text(document.get("tier")),
        active=is_active(document.get("active")),
        last_login=time_of(document.get("lastLogin")),
        last_seen=time_of(document.get("lastSeen")),
    )


def world_of(documents: Documents, now: datetime, zone: ZoneInfo, history_days: int) -> World:
    """Everything there is; of events those that have a usable time and are not before the history."""
    people = {person.id: person for person in map(person_of, documents.get("users", ()))}
    facility_region = {str(one["_id"]): text(one.get("region")) for one in documents.get("facilities", ())}
    earliest = local_day(now, zone) - (history_days - 1) * DAY
    events = []
    for kind in KINDS:
        for document in documents.get(kind, ()):
            at = time_of(document.get(TIME_FIELD[kind]))
            if at is None or local_day(at, zone) < earliest:
                continue
            user = text(document.get("userId"))
            facility = text(document.get("facilityId")) if kind != "logins" else None
            user_region = people[user].region if user in people else None
            events.append(
                Event(
                    kind=kind,
                    at=at,
                    on=local_day(at, zone),
                    user=user,
                    region=facility_region.get(facility or "") or user_region or UNASSIGNED,
                    status=status_of(kind, document.get("status")),
                    amount=amount(document.get(AMOUNT_FIELD.get(kind, ""))),
                )
            )
    return World(people, events, tier_names(documents.get("tiers", ())))


def tier_names(documents: Iterable[Document]) -> list[str]:
    """The lowest rank first."""
    ranked = sorted((number(one.get("rank")), text(one.get("name")) or "") for one in documents)
    return [name for _, name in ranked]


def rejected(documents: Documents) -> dict[str, int]:
    """How many events of each kind are left out for want of a usable time."""
    counts = {
        kind: sum(time_of(one.get(TIME_FIELD[kind])) is None for one in documents.get(kind, ()))
        for kind in KINDS
    }
    return {kind: count for kind, count in counts.items() if count}


# --- What is asked for


@dataclass(frozen=True)
class Window:
    """Local days, both included; `until` is the last moment that counts while the last day is running."""

    first: date
    last: date
    until: datetime | None
    zone: ZoneInfo

    @property
    def days(self) -> list[date]:
        return [self.first + n * DAY for n in range((self.last - self.first).days + 1)]

    def holds(self, event: Event) -> bool:
        return self.first <= event.on <= self.last and (self.until is None or event.at <= self.until)

    def previous(self) -> Window:
        """As many days right before, ended at the same time on the clock on the wall."""
        shift = len(self.days) * DAY
        until = self.until
        if until is not None:
            wall = until.astimezone(self.zone).replace(tzinfo=None)
            until = (wall - shift).replace(tzinfo=self.zone).astimezone(UTC)
        return Window(self.first - shift, self.last - shift, until, self.zone)


@dataclass(frozen=True)
class Scope:
    """A window, and the regions and users it is narrowed to (empty: all)."""

    world: World
    window: Window
    regions: list[str]
    users: list[str]

    @property
    def events(self) -> list[Event]:
        return [
            event
            for event in self.world.events
            if self.window.holds(event)
            and (not self.regions or event.region in self.regions)
            and (not self.users or event.user in self.users)
        ]

    def previous(self) -> Scope:
        return Scope(self.world, self.window.previous(), self.regions, self.users)


def listed(value: str | list[str] | None) -> list[str]:
    return [] if value is None else [value] if isinstance(value, str) else value


def window_of(query: Query, default_days: str, now: datetime, zone: ZoneInfo) -> Window:
    today = local_day(now, zone)
    if "from" in query:
        first, last = date.fromisoformat(str(query["from"])), date.fromisoformat(str(query["to"]))
        return Window(first, last, now if last == today else None, zone)
    days = int(str(query.get("daysBack", default_days)))
    return Window(today - (days - 1) * DAY, today, now, zone)


# --- Figures


def of_status(events: Iterable[Event], kind: str, status: str) -> int:
    return sum(event.kind == kind and event.status == status for event in events)


def activities(events: Iterable[Event], kind: str | None = None) -> list[Event]:
    return [event for event in events if event.is_activity and kind in (None, event.kind)]


def count(events: Iterable[Event], kind: str) -> int:
    return len(activities(events, kind))


def revenue(events: Iterable[Event]) -> Fraction:
    return sum((order.amount for order in activities(events, "orders")), ZERO)


def ratio(part: Fraction | int, whole: int) -> Fraction:
    return Fraction(part) / whole if whole else ZERO


def percent(part: int, whole: int) -> Fraction:
    return 100 * ratio(part, whole)


def users_of(events: Iterable[Event]) -> set[str]:
    """Who was active: inactive and unknown users too, nobody not."""
    return {event.user for event in activities(events) if event.user is not None}


# --- Answers


def realtime(scope: Scope) -> dict[str, Any]:
    events = scope.events
    visits, orders = count(events, "visits"), count(events, "orders")
    return {
        "visits_today": visits,
        "orders_today": orders,
        "revenue_today": revenue(events),
        "successful_visits": of_status(events, "visits", "successful"),
        "conversion_rate_today": percent(orders, visits),
        "active_users": len(users_of(events)),
    }


def key_figures(scope: Scope) -> dict[str, Any]:
    events = scope.events
    visits, orders = count(events, "visits"), count(events, "orders")
    return {
        "total_visits": visits,
        "total_orders": orders,
        "total_revenue": revenue(events),
        "conversion_rate": percent(orders, visits),
        "avg_order_value": ratio(revenue(events), orders),
        "successful_visits": of_status(events, "visits", "successful"),
        "pending_quotations": of_status(events, "quotations", "sent"),
    }


def summary(scope: Scope) -> dict[str, Any]:
    return {**key_figures(scope), "previous": key_figures(scope.previous())}


def conversion(scope: Scope) -> dict[str, Any]:
    events = scope.events
    visits, quotations, orders = (count(events, kind) for kind in ("visits", "quotations", "orders"))
    successful = of_status(events, "visits", "successful")
    return {
        "visits": visits,
        "successful_visits": successful,
        "quotations_sent": quotations,
        "orders_placed": orders,
        "visit_success_rate": percent(successful, visits),
        "quotation_conversion": percent(orders, quotations),
        "overall_conversion": percent(orders, visits),
    }


def performance(events: Sequence[Event]) -> dict[str, Any]:
    visits, orders = count(events, "visits"), count(events, "orders")
    return {
        "visit_count": visits,
        "order_count": orders,
        "total_revenue": revenue(events),
        "conversion_rate": percent(orders, visits),
        "avg_order_value": ratio(revenue(events), orders),
    }


def regional(scope: Scope) -> list[dict[str, Any]]:
    done = activities(scope.events, "visits") + activities(scope.events, "orders")
    rows = []
    for region in {event.region for event in done}:
        rows.append({"region": region, **performance([event for event in done if event.region == region])})
    return sorted(rows, key=lambda row: (-row["total_revenue"], -row["visit_count"], row["region"]))


def person(world: World, user_id: str) -> dict[str, Any]:
    known = world.people.get(user_id)
    if known is None:
        return {"userId": user_id, "name": UNKNOWN, "role": None, "region": UNASSIGNED}
    return {
        "userId": user_id,
        "name": known.name,
        "role": known.role,
        "region": known.region or UNASSIGNED,
    }


def top_performers(scope: Scope, limit: int) -> list[dict[str, Any]]:
    done = activities(scope.events, "visits") + activities(scope.events, "orders")
    rows = []
    for user in users_of(done):
        theirs = [event for event in done if event.user == user]
        rows.append({**person(scope.world, user), **performance(theirs)})
    rows.sort(
        key=lambda row: (
            -row["total_revenue"],
            -row["order_count"],
            -row["visit_count"],
            row["name"],
            row["userId"],
        )
    )
    return rows[:limit]


def dashboard(scope: Scope) -> dict[str, Any]:
    return {
        "summary": summary(scope),
        "conversion_funnel": conversion(scope),
        "regional_performance": regional(scope),
        "top_performers": top_performers(scope, 10),
    }


def trends(scope: Scope) -> list[dict[str, Any]]:
    events = scope.events
    rows = []
    for day in scope.window.days:
        of_day = [event for event in events if event.on == day]
        visits, orders = count(of_day, "visits"), count(of_day, "orders")
        rows.append(
            {
                "date": str(day),
                "visits": visits,
                "orders": orders,
                "revenue": revenue(of_day),
                "conversion_rate": percent(orders, visits),
            }
        )
    return rows


def users_activity(scope: Scope) -> dict[str, Any]:
    done = activities(scope.events)
    rows = [
        {**person(scope.world, one.id), **doings([event for event in done if event.user == one.id])}
        for one in scope.world.people.values()
        if is_listed(one, scope, users_of(done))
    ]
    rows.sort(key=lambda row: (-row["activities"], row["name"], row["userId"]))
    return {
        "users": rows,
        "daily": [daily(day, done) for day in scope.window.days],
        "active_users": len(users_of(done)),
        "total_users": len(rows),
    }


def is_listed(one: Person, scope: Scope, acted: set[str]) -> bool:
    """Active, one of those asked for, and of the regions asked for: at home there, or active there."""
    in_region = not scope.regions or (one.region or UNASSIGNED) in scope.regions or one.id in acted
    return one.active and in_region and (not scope.users or one.id in scope.users)


def doings(theirs: Sequence[Event]) -> dict[str, Any]:
    return {
        **{kind: count(theirs, kind) for kind in KINDS},
        "activities": len(theirs),
        "active_days": len({event.on for event in theirs}),
        "last_activity": max((event.at for event in theirs), default=None),
    }


def daily(day: date, done: Iterable[Event]) -> dict[str, Any]:
    of_day = [event for event in done if event.on == day]
    return {"date": str(day), "activities": len(of_day), "active_users": len(users_of(of_day))}


ANSWERS: dict[str, Callable[[Scope], Any]] = {
    "realtime": realtime,
    "summary": summary,
    "conversion": conversion,
    "regional": regional,
    "dashboard": dashboard,
    "users-activity": users_activity,
    "trends": trends,
}
ENDPOINTS = (*ANSWERS, "top-performers")


def answer(
    endpoint: str, documents: Documents, query: Query, *, now: datetime, zone: ZoneInfo, history_days: int
) -> Any:
    """The `data` of the answer to a query, as JSON has it."""
    scope = Scope(
        world_of(documents, now, zone, history_days),
        window_of(query, DEFAULT_DAYS.get(endpoint, "30"), now, zone),
        listed(query.get("region")),
        listed(query.get("userId")),
    )
    if endpoint == "top-performers":
        return put_out(top_performers(scope, int(str(query.get("topN", "10")))))
    return put_out(ANSWERS[endpoint](scope))


# --- The public pulse


def public_realtime(
    documents: Documents,
    now: datetime,
    zone: ZoneInfo,
    online_minutes: int,
    *,
    history_days: int = 3650,
) -> dict[str, Any]:
    """The `metrics`, without the server's own two, and the `chart_data` of the sign-in page."""
    world = world_of(documents, now, zone, history_days)
    done = [event for event in activities(world.events) if event.at <= now]
    members = [one for one in world.people.values() if one.active]
    online_since = now - timedelta(minutes=online_minutes)
    metrics = {
        "total_users": len(members),
        "active_today": len(active_on(local_day(now, zone), world.people.values(), done, zone)),
        "online_now": sum(
            one.last_seen is not None and online_since <= one.last_seen <= now
            for one in world.people.values()
        ),
        "recent_activities": sum(event.at >= now - HOUR for event in done),
        "tier_distribution": {tier: sum(one.tier == tier for one in members) for tier in world.tiers},
    }
    hours = [clock_hour(now - back * HOUR, zone) for back in reversed(range(12))]
    chart_data = [hourly(hour, done, zone) for hour in hours]
    return {"metrics": put_out(metrics), "chart_data": put_out(chart_data)}


def active_on(day: date, people: Iterable[Person], done: Iterable[Event], zone: ZoneInfo) -> set[str]:
    """Who did something on that local day, or signed in, or was seen."""
    traces = [(one.id, at) for one in people for at in (one.last_login, one.last_seen) if at is not None]
    seen = {user for user, at in traces if local_day(at, zone) == day}
    return seen | users_of(event for event in done if event.on == day)


def clock_hour(at: datetime, zone: ZoneInfo) -> datetime:
    """When the hour began that the clock on the wall shows."""
    return at.astimezone(zone).replace(minute=0, second=0, microsecond=0).astimezone(UTC)


def hourly(hour: datetime, done: Iterable[Event], zone: ZoneInfo) -> dict[str, Any]:
    of_hour = [event for event in done if hour <= event.at < hour + HOUR]
    return {
        "time": hour,
        "label": f"{hour.astimezone(zone).hour:02}:00",
        "activities": len(of_hour),
        "active_users": len(users_of(of_hour)),
    }


# --- As the reader gets it


def put_out(value: Any) -> Any:
    """Numbers rounded half up to two decimals, times as ISO-8601 in UTC with milliseconds."""
    if isinstance(value, Fraction):
        return math.floor(value * 100 + Fraction(1, 2)) / 100
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, dict):
        return {key: put_out(item) for key, item in value.items()}
    if isinstance(value, list):
        return [put_out(item) for item in value]
    return value
