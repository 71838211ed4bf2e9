"""Two years of a thousand people in memory: how fast that answers and changes, and how big it is."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import jwt
import numpy as np
import pandas as pd
from builders import SECRET
from measure import memory_mb, ms, repeated, seconds, table
from numpy.typing import NDArray

from dashapp.domain.memo import Memo
from dashapp.domain.ports import Batch, Changes
from dashapp.domain.records import Facility, User
from dashapp.domain.scope import Scope, epoch_ms, last_days
from dashapp.domain.snapshot import Snapshot
from dashapp.domain.vocabulary import AMOUNT, COUNTED, STATUSES
from dashapp.live.ledger import Ledger
from dashapp.live.store import Store
from dashapp.metrics import answers
from dashapp.metrics.view import View

COUNTS = {"visits": 1_000_000, "orders": 250_000, "quotations": 350_000, "logins": 300_000}
USERS, FACILITIES, REGIONS = 1_000, 3_000, 8
DAYS = 730
BATCH = 20_000
ZONE = ZoneInfo("Africa/Nairobi")
NOW = datetime(2026, 5, 20, 12, 0, tzinfo=UTC)
USER_IDS = [f"{n:024x}" for n in range(USERS)]
FACILITY_IDS = [f"{n + USERS:024x}" for n in range(FACILITIES)]
RANDOM = np.random.default_rng(7)


# --- The data


def batch(kind: str, keys: NDArray[np.uint64], at: NDArray[np.int64]) -> Batch:
    """Events of anyone anywhere at these times."""
    size = len(keys)
    amount = RANDOM.integers(1_000_00, 500_000_00, size) * 10_000 if kind in AMOUNT else np.zeros(size, "i8")
    return Batch(
        kind,  # type: ignore[arg-type]
        keys,
        key=keys,
        at=at,
        user=[USER_IDS[n] for n in RANDOM.integers(0, USERS, size).tolist()],
        facility=[FACILITY_IDS[n] for n in RANDOM.integers(0, FACILITIES, size).tolist()],
        status=RANDOM.integers(0, max(1, len(STATUSES[kind]) - 1), size),
        amount=amount,
        link=keys,
    )


def keys(size: int) -> NDArray[np.uint64]:
    return RANDOM.integers(0, 2**63, size, dtype=np.uint64)


def batches(kind: str) -> Iterator[Batch]:
    """In the order of the databases, which is none."""
    start, end = epoch_ms(NOW - timedelta(days=DAYS)), epoch_ms(NOW)
    for first in range(0, COUNTS[kind], BATCH):
        size = min(BATCH, COUNTS[kind] - first)
        yield batch(kind, keys(size), RANDOM.integers(start, end, size))


def people_and_places() -> list[Batch]:
    users = {
        n: User(
            one, f"Rep {n}", f"{n}@example.org", "sales", f"Region {n % REGIONS}", None, True, (), None, None
        )
        for n, one in enumerate(USER_IDS)
    }
    facilities = {
        n: Facility(one, f"Clinic {n}", f"Region {n % REGIONS}", "clinic")
        for n, one in enumerate(FACILITY_IDS)
    }
    return [
        Batch("users", np.array(list(users), dtype=np.uint64), records=users),
        Batch("facilities", np.array(list(facilities), dtype=np.uint64), records=facilities),
    ]


def filled() -> Ledger:
    ledger = Ledger(epoch_ms(NOW - timedelta(days=3650)))
    ledger.apply(Changes(people_and_places()))
    for kind in COUNTS:
        ledger.fill(kind, [ledger.encode(part) for part in batches(kind)])
    return ledger


# --- Answers


def scope(days: int, *regions: str) -> Scope:
    return Scope(last_days(days, NOW, ZONE), regions or None)


def afresh(snapshot: Snapshot, asked: Scope, answer: Callable[[View], Any]) -> Callable[[], Any]:
    """The answer with nothing remembered."""
    return lambda: answer(View(replace(snapshot, memo=Memo()), asked))


class Sketch:
    """The dashboard as one would write it with pandas, on columns of integer codes."""

    def __init__(self, snapshot: Snapshot) -> None:
        names = ("at", "user", "facility", "region", "status", "amount")
        self.tables = {
            kind: pd.DataFrame({name: getattr(getattr(snapshot, kind), name) for name in names})
            for kind in COUNTS
        }
        counts = {kind: np.flatnonzero(COUNTED[kind]) for kind in COUNTS}
        self.counts: dict[str, Any] = counts

    def window(self, kind: str, asked: Scope) -> pd.DataFrame:
        rows = self.tables[kind]
        return rows[(rows["at"] >= asked.window.start_ms) & (rows["at"] < asked.window.end_ms)]

    def counted(self, kind: str, asked: Scope) -> pd.DataFrame:
        rows = self.window(kind, asked)
        return rows[rows["status"].isin(self.counts[kind])]

    def summary(self, asked: Scope) -> dict[str, float]:
        visits, orders = self.counted("visits", asked), self.counted("orders", asked)
        return {
            "total_visits": len(visits),
            "total_orders": len(orders),
            "total_revenue": orders["amount"].sum() / 1e6,
            "conversion_rate": len(orders) / max(1, len(visits)) * 100,
            "avg_order_value": orders["amount"].sum() / 1e6 / max(1, len(orders)),
            "successful_visits": int((visits["status"] == 1).sum()),
            "pending_quotations": int((self.counted("quotations", asked)["status"] == 1).sum()),
        }

    def grouped(self, asked: Scope, by: str) -> pd.DataFrame:
        visits, orders = self.counted("visits", asked), self.counted("orders", asked)
        found = pd.DataFrame(
            {
                "visits": visits.groupby(by).size(),
                "orders": orders.groupby(by).size(),
                "revenue": orders.groupby(by)["amount"].sum(),
            }
        ).fillna(0)
        return found.sort_values(["revenue", "orders", "visits"], ascending=False)

    def dashboard(self, asked: Scope) -> dict[str, Any]:
        return {
            "summary": self.summary(asked),
            "previous": self.summary(asked.previous()),
            "sent": len(self.counted("quotations", asked)),
            "regions": self.grouped(asked, "region").to_dict("records"),
            "performers": self.grouped(asked, "user").head(10).to_dict("records"),
        }


def answering(snapshot: Snapshot) -> list[tuple[str, ...]]:
    sketch = Sketch(snapshot)
    region = "Region 3"
    asked: list[tuple[str, Scope, Callable[[View], Any], str]] = [
        ("dashboard, 30 days", scope(30), answers.dashboard, "15 ms"),
        ("dashboard, 365 days", scope(365), answers.dashboard, "50 ms"),
        ("dashboard, 365 days, one region", scope(365, region), answers.dashboard, ""),
        ("dashboard, 30 days, one region", scope(30, region), answers.dashboard, ""),
        ("summary, 30 days", scope(30), answers.summary, ""),
        ("users-activity, 7 days", scope(7), answers.users_activity, ""),
        ("users-activity, 365 days", scope(365), answers.users_activity, ""),
        ("trends, 365 days", scope(365), answers.trends, ""),
        ("trends, 365 days, one region", scope(365, region), answers.trends, ""),
    ]
    rows = [(name, ms(repeated(afresh(snapshot, at, answer))), target) for name, at, answer, target in asked]
    for days in (30, 365):
        plain = repeated(lambda: sketch.dashboard(scope(days)), 7)  # noqa: B023
        ours = repeated(afresh(snapshot, scope(days), answers.dashboard), 7)
        ratio = f"{np.median(plain) / np.median(ours):.1f} times ours"
        rows.append((f"plain pandas, the dashboard's numbers, {days} days", ms(plain), ratio))
    return rows


# --- Through the web application


def application(store: Store, folder: Path) -> Any:
    from dashapp.settings import Settings
    from dashapp.source.embedded import EmbeddedStore
    from dashapp.web.app import create_app

    limits = {f"RATE_LIMIT_{name}": "off" for name in ("GLOBAL", "USER", "PUBLIC", "LOGIN")}
    given = {"DATA_DIR": str(folder), "JWT_SECRET": SECRET, "SECRET_KEY": SECRET, **limits}
    return create_app(Settings.read(given), store, EmbeddedStore(folder))


def published(snapshot: Snapshot) -> Store:
    store = Store(clock=lambda: NOW)
    store.publish(snapshot)
    return store


def through_the_web(snapshot: Snapshot) -> list[tuple[str, ...]]:
    with tempfile.TemporaryDirectory() as folder:
        store = published(snapshot)
        client = application(store, Path(folder)).test_client()
        claims = {"sub": "a manager", "role": "manager", "exp": datetime.now(UTC) + timedelta(hours=1)}
        headers = {"Authorization": f"Bearer {jwt.encode(claims, SECRET, algorithm='HS256')}"}

        def get(**more: str) -> Any:
            answer = client.get("/api/analytics/live/dashboard?daysBack=365", headers=headers | more)
            assert answer.status_code in (200, 304), answer.text
            return answer

        def anew() -> None:
            store.publish(replace(snapshot, memo=Memo()))
            get()

        tag = get().headers["ETag"]
        return [
            ("dashboard over HTTP, 365 days, from memory", ms(repeated(get, 200)), "3 ms"),
            ("the same, not modified (304)", ms(repeated(lambda: get(**{"If-None-Match": tag}), 200)), ""),
            ("dashboard over HTTP, 365 days, afresh", ms(repeated(anew, 9)), ""),
        ]


# --- Changes


def changing(ledger: Ledger) -> list[tuple[str, ...]]:
    store = published(ledger.snapshot())
    now = epoch_ms(NOW)

    def changes(kind: str, inserts: int, updates: int, deletes: int) -> Changes:
        held = ledger.snapshot()
        table = getattr(held, kind)
        rows = RANDOM.choice(len(table), updates + deletes, replace=False)
        edited, gone = rows[:updates], table.key[rows[updates:]]
        parts = [batch(kind, keys(inserts), RANDOM.integers(now - 60_000, now, inserts))] if inserts else []
        if updates:
            parts.append(batch(kind, table.key[edited], table.at[edited]))
        return Changes(parts, {kind: gone} if deletes else {})

    def apply(made: list[Changes]) -> None:
        for each in made:
            ledger.apply(each)
        store.publish(ledger.snapshot())

    def measured(*mixes: tuple[str, int, int, int]) -> str:
        took = []
        for _ in range(12):
            made = [changes(*mix) for mix in mixes]
            took.append(seconds(lambda: apply(made)))  # noqa: B023
        return ms(took[1:])

    def moved() -> float:
        one = people_and_places()[1]
        facility = next(iter(one.records.values()))
        renamed = {0: replace(facility, region=f"Region {RANDOM.integers(1_000)}")}  # type: ignore[type-var]
        made = [Changes([Batch("facilities", np.array([0], dtype=np.uint64), records=renamed)])]
        return seconds(lambda: apply(made))

    return [
        (
            "100 changes of visits: 60 new, 30 old ones edited, 10 deleted",
            measured(("visits", 60, 30, 10)),
            "60 ms",
        ),
        (
            "100 changes over four kinds of events",
            measured(
                ("visits", 30, 15, 5), ("orders", 10, 5, 2), ("quotations", 10, 5, 2), ("logins", 10, 5, 1)
            ),
            "60 ms",
        ),
        ("20 new visits", measured(("visits", 20, 0, 0)), ""),
        ("1 old visit edited", measured(("visits", 0, 1, 0)), ""),
        ("1 facility moved to another region", ms([moved() for _ in range(6)]), ""),
    ]


# --- Memory


def held_in_memory() -> None:
    """In a process of its own: everything held, the web application imported; prints figures as JSON."""
    with tempfile.TemporaryDirectory() as folder:
        ledger = filled()
        store = published(ledger.snapshot())
        built = memory_mb()
        application(store, Path(folder))
        afresh(store.snapshot(), scope(365), answers.dashboard)()
        changing(ledger)
        gc.collect()
        print(json.dumps({"built": built, "after changes": memory_mb()}))


def memory() -> list[tuple[str, ...]]:
    child = subprocess.run([sys.executable, __file__, "memory"], capture_output=True, text=True, check=True)
    found = json.loads(child.stdout)
    columns = sum(size * (8 + 8 + 4 + 4 + 2 + 1 + 8) for size in COUNTS.values()) / 2**20
    return [
        ("columns of all events", f"{columns:.0f} MB", ""),
        ("process with all data", f"{found['built']['now']:.0f} MB", ""),
        ("… at its highest while filling", f"{found['built']['highest']:.0f} MB", ""),
        (
            "… with the web application, after many changes",
            f"{found['after changes']['now']:.0f} MB",
            "600 MB",
        ),
        ("… at its highest", f"{found['after changes']['highest']:.0f} MB", "600 MB"),
    ]


def main() -> None:
    ledger = filled()
    snapshot = ledger.snapshot()
    sizes = ", ".join(f"{count:,} {kind}" for kind, count in COUNTS.items())
    print(f"\n{sizes}; {USERS:,} users, {FACILITIES:,} facilities, {REGIONS} regions, {DAYS} days")
    header = ("median (min–max)", "target")
    table("Answers", answering(snapshot), ("computed afresh", *header))
    table("Web", through_the_web(snapshot), ("request", *header))
    table("Changes, to the published snapshot", changing(ledger), ("applied at once", *header))
    table("Memory", memory(), ("what", "resident", "target"))


if __name__ == "__main__":
    held_in_memory() if sys.argv[1:] == ["memory"] else main()
