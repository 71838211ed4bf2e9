"""Small data sets as dirty as they get in the field, and questions about them, for property tests.

Strategies draw recipes: small numbers and samples. Plain code turns a recipe into documents, which keeps
drawing fast and shrinking useful. Times are picked from a list that begins with the plain ones and goes on
with those where off-by-one errors live: local midnights, changes of the clock, the cuts of this window and
the previous one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from functools import cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from bson import Decimal128, Int64, ObjectId
from bson.datetime_ms import DatetimeMS
from hypothesis import strategies as st

Document = dict[str, Any]
Documents = dict[str, list[Document]]
Query = dict[str, str | list[str]]

MISSING: Final = object()
DAY: Final = timedelta(days=1)
HOUR: Final = timedelta(hours=1)
MILLISECOND: Final = timedelta(milliseconds=1)
ONLINE: Final = timedelta(minutes=5)

ZONES: Final = tuple(
    ZoneInfo(name)
    for name in ("Africa/Nairobi", "Europe/Berlin", "America/Santiago", "Asia/Kathmandu", "UTC")
)
CHANGING_ZONES: Final = (ZONES[1], ZONES[2])
DAYS_BACK: Final = (1, 2, 7, 30, 31, 90, 365)
HISTORY_DAYS: Final = (3650, 365, 31, 2)
COLLECTIONS: Final = ("tiers", "users", "facilities", "visits", "quotations", "orders", "logins")

MOST_USERS: Final = 12
MOST_FACILITIES: Final = 6
MOST_EVENTS: Final = 25


# --- Ids


def object_id(kind: int, number: int) -> ObjectId:
    return ObjectId(f"5{kind:01x}{number:022x}")


def ids(kind: int, how_many: int) -> list[Any]:
    """Object ids, words, numbers, and strings that look like an object id."""
    forms: tuple[Callable[[int], Any], ...] = (
        lambda n: object_id(kind, n),
        lambda n: f"{'abcdef'[kind]}-{n}",
        lambda n: str(object_id(kind, n)),
        lambda n: 100 * kind + n,
    )
    return [forms[n % len(forms)](n) for n in range(how_many)]


def event_ids(how_many: int) -> list[Any]:
    """As above; besides, two documents may have ids that read the same and differ in type."""
    forms: tuple[Callable[[int], Any], ...] = (
        lambda n: object_id(5, n),
        lambda n: str(object_id(5, n - 1)),
        lambda n: n,
        lambda n: str(n - 1),
    )
    return [forms[n % len(forms)](n) for n in range(how_many)]


# A few more ids than documents: those stay orphans.
USER_IDS: Final = ids(1, MOST_USERS + 3)
FACILITY_IDS: Final = ids(2, MOST_FACILITIES + 2)
EVENT_IDS: Final = event_ids(2 * MOST_EVENTS)
NO_REFERENCE: Final = (None, MISSING, "")


def references(known: Sequence[Any]) -> list[Any]:
    """Every way to refer to each id: as it is, as a string, as an object id, as a longer number."""
    found = list(known)
    for one in known:
        if isinstance(one, ObjectId | int):
            found.append(str(one))
        if isinstance(one, int):
            found.append(Int64(one))
        if isinstance(one, str) and ObjectId.is_valid(one):
            found.append(ObjectId(one))
    return found


USER_REFERENCES: Final = references(USER_IDS)
FACILITY_REFERENCES: Final = references(FACILITY_IDS)
LINKS: Final = (*references(EVENT_IDS[:6]), *references(EVENT_IDS), *NO_REFERENCE)


# --- Values


def as_number(form: str, micros: int) -> Any:
    """An amount of so many millionths as one of the types in which numbers come."""
    exact = Decimal(micros).scaleb(-6)
    whole = micros // 1_000_000
    return {
        "float": micros / 1_000_000,
        "decimal": Decimal128(exact),
        "string": f"{exact:f}",
        "exponent": f"{exact:+e}",
        "int": whole,
        "long": Int64(whole),
        "whole decimal": Decimal128(f"{whole}E+0"),
    }[form]


UNUSUAL_AMOUNTS: Final = (
    None,
    MISSING,
    math.nan,
    math.inf,
    -math.inf,
    -0.0,
    True,
    False,
    "",
    "twelve",
    "12,50",
    "1_000",
    "0x1F",
    "NaN",
    "Infinity",
    "+12.50",
    "1e3",
    "1.5E-3",
    "2.5e+2",
    Decimal128("NaN"),
    Decimal128("-Infinity"),
    Decimal128("1E+3"),
    Decimal128("0.000001"),
    {"value": 5},
    [5],
    datetime(2024, 5, 1),
)
NEGATIVE_AMOUNTS: Final = (-0.01, -0.5, -5, Int64(-(2**40)), "-3.5", Decimal128("-7.5"))
AWKWARD_MICROS: Final = (1_000_000, 5_000, 15_000, 1_005_000, 125_000, 1, 4_999, 333_333, 999_999_999_999_999)
MICROS = st.one_of(
    st.sampled_from(AWKWARD_MICROS),
    st.integers(0, 10**11 - 1).map(lambda cents: 10_000 * cents),
    st.integers(0, 10**15 - 1),
)
NUMBER_FORMS = st.sampled_from(("float", "decimal", "string", "exponent", "int", "long", "whole decimal"))
PLAIN_AMOUNTS = st.builds(as_number, st.just("float"), MICROS)
AMOUNTS = st.one_of(
    PLAIN_AMOUNTS,
    st.builds(as_number, NUMBER_FORMS, MICROS),
    st.sampled_from(UNUSUAL_AMOUNTS),
    st.sampled_from(NEGATIVE_AMOUNTS),
)

UNUSUAL_STATUSES: Final = ("done", "", None, MISSING, 5, True, "unknown")
VISIT_STATUSES: Final = (
    *("successful", "unsuccessful", "scheduled", "cancelled", "successful", "Successful", " CANCELLED "),
    *("Scheduled", "sent", "took place", *UNUSUAL_STATUSES),
)
QUOTATION_STATUSES: Final = (
    *("sent", "accepted", "draft", "rejected", "expired", "sent", "Draft", "SENT ", "Accepted"),
    *("placed", "cancelled", *UNUSUAL_STATUSES),
)
ORDER_STATUSES: Final = (
    *("placed", "confirmed", "delivered", "cancelled", "placed", "Cancelled", " delivered", "CANCELLED"),
    *("canceled", "draft", *UNUSUAL_STATUSES),
)
STATUSES: Final = {
    "visits": st.sampled_from(VISIT_STATUSES),
    "quotations": st.sampled_from(QUOTATION_STATUSES),
    "orders": st.sampled_from(ORDER_STATUSES),
    "logins": st.just(MISSING),
}

REGIONS: Final = ("Coast", "Nairobi", " Nairobi", "nairobi", "Zürich ", "Unassigned", "", "  ", None, MISSING)
NAMES: Final = ("Ann", "Ben", "Ann", " Ann ", "ann", "Unknown", "Zoë", "", " ", None, MISSING)
EMAILS: Final = ("a@x.org", "B@x.org ", "", None, MISSING)
ROLES: Final = ("sales", "manager", "admin", "Sales", " ADMIN ", "wizard", "", None, MISSING)
TIERS: Final = ("Gold", "Silver", " Gold", "gold", "Lost", "", None, MISSING)
ACTIVE: Final = (True, MISSING, None, True, 1, "true", "yes", False, 0, 0.0, "false", "False", "no", "0")
RANKS: Final = (1, 2, 3, 10, Int64(2), 2.0, "3", "10", Decimal128("1"), None, MISSING)
TIER_NAMES: Final = ("Gold", "Silver", "Bronze ", "Gold", "gold", "Amber")


# --- Times

NO_TIMES: Final = (
    *(None, MISSING, "", "yesterday", "2024-13-01", "2024-02-30T10:00:00Z", 1_700_000_000_000, True),
    *(Int64(1_700_000_000), 1.5, DatetimeMS(2**52), {"$date": "2024-05-01T10:00:00Z"}, ["2024-05-01"]),
)
ODD_TIMES: Final = (
    *(datetime(1, 1, 1), "0001-01-01T00:00:00", "1900-01-01", datetime(1969, 12, 31, 23, 59, 59)),
    *(datetime(9999, 12, 31, 23, 59, 59, 999000), "9999-12-31T23:59:59Z"),
)
EAST: Final = timezone(timedelta(hours=3))
WEST: Final = timezone(-timedelta(hours=4, minutes=30))


def iso(at: datetime, zone: timezone | ZoneInfo) -> str:
    return at.astimezone(zone).isoformat(timespec="milliseconds")


TimeForm = Callable[[datetime], Any]
TIME_FORMS: Final[tuple[TimeForm, ...]] = (
    *(lambda at: at.replace(tzinfo=None),) * 4,
    lambda at: iso(at, UTC).replace("+00:00", "Z"),
    lambda at: iso(at, EAST),
    lambda at: iso(at, WEST),
    lambda at: at.replace(tzinfo=None).isoformat(),
    lambda at: at.replace(tzinfo=None).isoformat(sep=" ", timespec="seconds"),
    lambda at: at.date().isoformat(),
)


@cache
def clock_changes(zone: ZoneInfo) -> tuple[datetime, ...]:
    """When the zone's clocks were or will be set, 2021 to 2031."""
    days = [datetime(2021, 1, 1, tzinfo=UTC) + n * DAY for n in range(11 * 365)]
    offsets = [day.astimezone(zone).utcoffset() for day in days]
    return tuple(
        _change_after(day, zone)
        for day, before, after in zip(days, offsets, offsets[1:], strict=False)
        if before != after
    )


def _change_after(day: datetime, zone: ZoneInfo) -> datetime:
    """The change in the 24 hours from `day` on, to the quarter of an hour."""
    before = day.astimezone(zone).utcoffset()
    quarters = (day + n * HOUR / 4 for n in range(1, 97))
    return next(at for at in quarters if at.astimezone(zone).utcoffset() != before)


def local(day: date, clock: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, clock, tzinfo=zone).astimezone(UTC)


def around(at: datetime) -> list[datetime]:
    return [at, at - MILLISECOND, at + MILLISECOND, at - HOUR, at + HOUR, at + 11 * HOUR]


def interesting_times(now: datetime, zone: ZoneInfo, history_days: int, days: int) -> list[datetime]:
    """Times worth an event for questions about so many days, all of them UTC; the plain ones first."""
    found = [now - HOUR, now - 3 * HOUR, now - DAY, now - days * DAY, now - 10 * DAY, now + 3 * DAY]
    found += [*around(now), *around(now - HOUR), *around(now - ONLINE), now - 10 * HOUR]
    found += around(now.replace(minute=0, second=0, microsecond=0))
    wall = now.astimezone(zone).replace(tzinfo=None)
    found += 2 * around((wall - days * DAY).replace(tzinfo=zone).astimezone(UTC))
    today = now.astimezone(zone).date()
    for back in (-1, 0, days - 1, days, 2 * days - 1, history_days - 1):
        found += around(local(today - back * DAY, time(), zone))
    earliest = now - 2 * days * DAY
    for odd in (*clock_changes(zone), local(date(2028, 2, 29), time(), zone)):
        if earliest < odd < now:
            found += around(odd)
    return [*found, now - (history_days + 40) * DAY]


@st.composite
def moments(draw: st.DrawFn, zone: ZoneInfo, days: int) -> datetime:
    """A present: any, or one where the calendar or the clock is odd, or was so many days ago."""
    kind = draw(st.integers(0, 3))
    if kind == 0:
        return datetime(2022, 1, 1, tzinfo=UTC) + draw(st.integers(0, 9 * 365 * 86_400_000)) * MILLISECOND
    if kind == 1 or not clock_changes(zone):
        return draw(st.sampled_from(leap_times(zone))) + draw(st.sampled_from((0, 1, -1))) * MILLISECOND
    # On the wall, so that the same time of day is told twice or not at all where the clock is set.
    change = draw(st.sampled_from(clock_changes(zone))).astimezone(zone).replace(tzinfo=None)
    wall = change + draw(st.integers(-75, 75)) * timedelta(minutes=1)
    later = wall + draw(st.sampled_from((days, 0))) * DAY
    return later.replace(tzinfo=zone, fold=draw(st.integers(0, 1))).astimezone(UTC)


@cache
def leap_times(zone: ZoneInfo) -> tuple[datetime, ...]:
    return (
        local(date(2028, 2, 29), time(12), zone),
        local(date(2028, 2, 29), time(), zone),
        local(date(2028, 3, 1), time(9, 30), zone),
        local(date(2029, 2, 28), time(23, 59, 59, 999000), zone),
    )


# --- Documents


@dataclass(frozen=True)
class Case:
    """Documents as they are, and documents as they were before; `now` has whole milliseconds.

    Many of the times are chosen for questions about `days` days.
    """

    zone: ZoneInfo
    now: datetime
    history_days: int
    days: int
    documents: Documents
    before: Documents


PICKS = st.integers(0, 2**16)  # positions in a list of times, taken round and round
TIME_RECIPES = st.one_of(
    st.tuples(PICKS, st.sampled_from(TIME_FORMS)),
    st.tuples(PICKS, st.sampled_from(TIME_FORMS)),
    st.tuples(PICKS, st.sampled_from(TIME_FORMS)),
    st.tuples(st.none(), st.sampled_from((*NO_TIMES, *ODD_TIMES))),
)
REFERENCE_RECIPES = st.one_of(
    # Mostly to the first few, so that events meet and documents exist.
    st.tuples(st.sampled_from(USER_IDS[:4]), st.sampled_from(FACILITY_IDS[:3])),
    st.tuples(st.sampled_from(USER_REFERENCES), st.sampled_from(FACILITY_REFERENCES)),
    st.tuples(st.sampled_from(USER_REFERENCES), st.sampled_from(NO_REFERENCE)),
    st.tuples(st.sampled_from(NO_REFERENCE), st.sampled_from(FACILITY_REFERENCES)),
)


def recipes(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(fields)


USERS = st.lists(
    recipes(
        name=st.sampled_from(NAMES),
        email=st.sampled_from(EMAILS),
        role=st.sampled_from(ROLES),
        region=st.sampled_from(REGIONS),
        tier=st.sampled_from(TIERS),
        active=st.sampled_from(ACTIVE),
        lastLogin=TIME_RECIPES,
        lastSeen=TIME_RECIPES,
    ),
    max_size=MOST_USERS,
)
FACILITIES = st.lists(
    recipes(name=st.sampled_from(NAMES), region=st.sampled_from(REGIONS)), max_size=MOST_FACILITIES
)
TIER_RECIPES = st.lists(
    recipes(name=st.sampled_from(TIER_NAMES), rank=st.sampled_from(RANKS)), max_size=len(TIER_NAMES)
)
LINK_FIELD: Final = {"quotations": "visitId", "orders": "quotationId"}
EVENT_FIELDS: Final = {  # time, amount
    "visits": ("date", None),
    "quotations": ("createdAt", "amount"),
    "orders": ("createdAt", "totalAmount"),
    "logins": ("at", None),
}


def _event_recipes(kind: str) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Dirty or clean ones: what is all of one type may be read by another path."""
    time_field, amount_field = EVENT_FIELDS[kind]
    fields = {time_field: TIME_RECIPES, "references": REFERENCE_RECIPES, "status": STATUSES[kind]}
    if kind in LINK_FIELD:
        fields[LINK_FIELD[kind]] = st.sampled_from(LINKS)
    clean_fields = {**fields, time_field: st.tuples(PICKS, st.just(TIME_FORMS[0]))}
    if amount_field:
        fields[amount_field], clean_fields[amount_field] = AMOUNTS, PLAIN_AMOUNTS
    dirty, clean = recipes(**fields), recipes(**clean_fields)
    return st.one_of(
        st.lists(dirty, max_size=MOST_EVENTS),
        st.lists(dirty, min_size=8, max_size=MOST_EVENTS),
        st.lists(clean, min_size=4, max_size=MOST_EVENTS),
    )


DATA = st.fixed_dictionaries(
    {
        "tiers": TIER_RECIPES,
        "users": USERS,
        "facilities": FACILITIES,
        **{kind: _event_recipes(kind) for kind in EVENT_FIELDS},
    }
)
ID_POOLS: Final[dict[str, list[Any]]] = {
    "tiers": ids(3, len(TIER_NAMES)),
    "users": USER_IDS,
    "facilities": FACILITY_IDS,
    **dict.fromkeys(EVENT_FIELDS, EVENT_IDS),
}
TIME_FIELDS: Final = frozenset({"lastLogin", "lastSeen", "date", "createdAt", "at"})


def documents_of(
    data: Mapping[str, list[dict[str, Any]]], times: Sequence[datetime], first_ids: Mapping[str, int]
) -> Documents:
    """The documents of drawn recipes; their ids are taken from the pools in order, from a position on."""
    return {
        collection: [
            {"_id": document_id, **_document(recipe, times)}
            for document_id, recipe in zip(ID_POOLS[collection][first_ids[collection] :], made, strict=False)
        ]
        for collection, made in data.items()
    }


def _document(recipe: Mapping[str, Any], times: Sequence[datetime]) -> Document:
    fields: Document = {}
    for name, value in recipe.items():
        if name == "references":
            fields["userId"], fields["facilityId"] = value
        elif name in TIME_FIELDS:
            fields[name] = _time(value, times)
        else:
            fields[name] = value
    return {name: value for name, value in fields.items() if value is not MISSING}


def _time(recipe: tuple[int | None, Any], times: Sequence[datetime]) -> Any:
    pick, form = recipe
    return form if pick is None else form(times[pick % len(times)])


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Documents at some time in some zone; nothing was there before."""
    return _case(draw, DATA)


def _case(draw: st.DrawFn, data: st.SearchStrategy[Any]) -> Case:
    zone = draw(st.sampled_from((*ZONES, *CHANGING_ZONES)))
    history_days = draw(st.sampled_from(HISTORY_DAYS))
    days = draw(st.sampled_from([days for days in DAYS_BACK if days <= history_days]))
    now = draw(moments(zone, days))
    times = interesting_times(now, zone, history_days, days)
    documents = documents_of(draw(data), times, dict.fromkeys(COLLECTIONS, 0))
    return Case(zone, now, history_days, days, documents, {})


FEWER_FIRST = st.fixed_dictionaries(
    {name: st.integers(0, 1 if name == "tiers" else 3) for name in COLLECTIONS}
)
KEPT = st.integers(0, 2**16 - 1)  # a bit per document


@st.composite
def changing_cases(draw: st.DrawFn) -> Case:
    """As above; before, one field was different, or many documents were different, missing or more."""
    case = _case(draw, DATA)
    if draw(st.booleans()):
        return replace(case, before=_one_field_other(draw, case.documents))
    times = interesting_times(case.now, case.zone, case.history_days, case.days)
    before = documents_of(draw(DATA), times, draw(FEWER_FIRST))
    kept = draw(KEPT)
    for collection, documents in before.items():
        now_there = {repr(one["_id"]): one for one in case.documents[collection]}
        for n, document in enumerate(documents):
            if kept >> (n % 16) & 1:
                documents[n] = now_there.get(repr(document["_id"]), document)
    return replace(case, before=before)


def _one_field_other(draw: st.DrawFn, documents: Documents) -> Documents:
    """The same documents, but for one field that is as in another document, or missing."""
    before = {collection: list(some) for collection, some in documents.items()}
    some = before[draw(st.sampled_from((*COLLECTIONS, "users", "facilities")))]
    if some:
        n, other = draw(PICKS) % len(some), draw(PICKS) % len(some)
        names = ["name", *(name for name in some[n] if name != "_id")]
        name = draw(st.sampled_from([*names, *(4 * ["region"] if "region" in names else [])]))
        fields = {key: value for key, value in some[n].items() if key != name}
        some[n] = fields | {key: value for key, value in some[other].items() if key == name and other != n}
    return before


# --- Questions

REGION_FILTERS: Final[st.SearchStrategy[list[str]]] = st.one_of(
    st.just([]),
    st.lists(
        st.sampled_from(("Nairobi", "Coast", "nairobi", "Zürich", "Unassigned", "Nowhere")),
        min_size=1,
        max_size=3,
    ),
)
USER_FILTERS: Final[st.SearchStrategy[list[str]]] = st.one_of(
    st.just([]),
    st.just([]),
    st.lists(st.sampled_from([*map(str, USER_IDS), "nobody"]), min_size=1, max_size=4),
)
TOP = st.one_of(st.none(), st.integers(1, 100), st.integers(1, 3))


@st.composite
def queries(draw: st.DrawFn, case: Case) -> Query:
    """The parameters of an answer, all of them allowed. `topN` is for the ranking only."""
    query: Query = _window(draw, case)
    if regions := draw(REGION_FILTERS):
        query["region"] = regions
    if users := draw(USER_FILTERS):
        query["userId"] = users
    if top := draw(TOP):
        query["topN"] = str(top)
    return query


def _window(draw: st.DrawFn, case: Case) -> Query:
    kind = draw(st.integers(0, 3))
    if kind <= 1:
        return {"daysBack": str(case.days)}
    known = [days for days in DAYS_BACK if days <= case.history_days]
    if kind == 2:
        days = draw(st.sampled_from((None, *known)))
        return {} if days is None else {"daysBack": str(days)}
    today = case.now.astimezone(case.zone).date()
    ago = st.sampled_from([0, 0, *(days for days in (1, 2, *known, case.days) if days < case.history_days)])
    to_back, from_back = sorted((draw(ago), draw(ago)))
    return {"from": str(today - from_back * DAY), "to": str(today - to_back * DAY)}
