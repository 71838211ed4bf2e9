"""The demo organisation's documents, drawn once for all tests that look at them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from dashapp.source.demo_calendar import public_holidays
from dashapp.source.demo_history import history
from dashapp.source.demo_live import Simulator
from dashapp.source.demo_world import World, make_world

Document = dict[str, Any]
Documents = dict[str, list[Document]]

NAIROBI = ZoneInfo("Africa/Nairobi")
WEDNESDAY_AFTERNOON = datetime(2026, 7, 22, 11, 30, 15, 123456, tzinfo=UTC)
MORNING = datetime(2026, 7, 22, 4, 0, tzinfo=UTC)  # 07:00 in Nairobi
MIDNIGHT = datetime(2026, 7, 21, 21, 0, tzinfo=UTC)
HELD = ("successful", "unsuccessful")


def plain(password: str) -> str:
    return f"hash of {password}"


@cache
def world(seed: int = 7) -> World:
    return make_world(seed, plain)


@cache
def past(now: datetime = WEDNESDAY_AFTERNOON) -> Documents:
    collected: Documents = defaultdict(list)
    for collection, documents in history(world(), now, NAIROBI):
        collected[collection].extend(documents)
    return collected


@cache
def live(start: datetime, seconds: int = 3600, every: int = 1, seed: int = 1) -> tuple[list[int], Documents]:
    """Seconds after the start of every write, and every document in its last state."""
    simulator, writes = Simulator(world(), seed, NAIROBI), list[int]()
    newest: dict[str, tuple[str, Document]] = {}
    for second in range(0, seconds, every):
        for collection, documents in simulator.step(start + timedelta(seconds=second)):
            writes.extend([second] * len(documents))
            newest |= {document["_id"]: (collection, document) for document in documents}
    collected: Documents = defaultdict(list)
    for collection, document in newest.values():
        collected[collection].append(document)
    return writes, collected


def counted(documents: Documents) -> tuple[int, int, int]:
    """Visits, quotations and orders as the metrics count them."""
    return (
        sum(visit["status"] in HELD for visit in documents["visits"]),
        sum(quotation["status"] != "draft" for quotation in documents["quotations"]),
        sum(order["status"] != "cancelled" for order in documents["orders"]),
    )


def local(moment: datetime, zone: ZoneInfo = NAIROBI) -> datetime:
    return moment.replace(tzinfo=UTC).astimezone(zone)


@cache
def visits_by_day() -> Counter[date]:
    return Counter(local(visit["date"]).date() for visit in past()["visits"] if visit["status"] in HELD)


def ordinary_days() -> list[date]:
    return [day for day in visits_by_day() if day.weekday() < 5 and day not in public_holidays(day.year)]


def dangling(documents: Iterable[Document], field: str, targets: Iterable[Document]) -> set[str]:
    return {document[field] for document in documents} - {target["_id"] for target in targets}
