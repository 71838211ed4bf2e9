"""How fast events come out of a database into columns, and where the time goes."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import bson
import numpy as np
from bson import ObjectId
from builders import Document
from measure import memory_mb, mongo_uri, seconds, table

from dashapp.domain.vocabulary import Collection
from dashapp.live.ledger import Ledger
from dashapp.source.documents import CODEC, LOAD_BATCH, PROJECTIONS, DocumentStore
from dashapp.source.embedded import EmbeddedStore, projected
from dashapp.source.load import CleanSource, cleaned
from dashapp.source.mongo import MongoStore, loadable

DATABASE = "benchmark_loading"
COUNTS: dict[Collection, int] = {"visits": 300_000, "orders": 75_000}
SINCE = datetime(2016, 1, 1)
START = datetime(2024, 5, 20)
MINUTES = 730 * 24 * 60
RUNS = 3
DIRTY_ONE_IN = 500
STATUSES = {
    "visits": ("scheduled", "successful", "successful", "unsuccessful", "cancelled"),
    "orders": ("placed", "confirmed", "delivered", "cancelled"),
}
RANDOM = np.random.default_rng(7)
USERS = [ObjectId(f"{n:024x}") for n in range(1_000)]
FACILITIES = [ObjectId(f"{n + 1_000:024x}") for n in range(3_000)]


# --- Documents as applications write them


def event(kind: str, n: int) -> Document:
    at = START + timedelta(minutes=int(RANDOM.integers(MINUTES)), milliseconds=n % 1000)
    shared = {
        "_id": ObjectId(),
        "userId": USERS[n * 7919 % len(USERS)],
        "facilityId": FACILITIES[n * 104_729 % len(FACILITIES)],
        "status": STATUSES[kind][n % len(STATUSES[kind])],
        "createdAt": at,
        "updatedAt": at,
        "createdBy": {"id": USERS[n % len(USERS)], "device": "Android 14; app 3.2.1", "offline": n % 9 == 0},
        "notes": "Spoke to the pharmacist about the new range; asked for samples and a call next week. "
        * (n % 3),
        "__v": n % 4,
    }
    if kind == "visits":
        place = {"type": "Point", "coordinates": [36.8 + n % 100 / 100, -1.28 - n % 70 / 100]}
        return {**shared, "date": at, "location": place, "photos": [f"visits/{n}/1.jpg"] * (n % 3)}
    items = [{"sku": f"SKU-{n % 400}", "quantity": 1 + n % 12, "price": 125.5}] * (1 + n % 4)
    return {
        **shared,
        "quotationId": ObjectId(),
        "totalAmount": round(100 + n % 50_000 / 7, 2),
        "items": items,
    }


def fill(store: DocumentStore) -> float:
    """Documents per second written."""
    took = 0.0
    for kind, count in COUNTS.items():
        for first in range(0, count, LOAD_BATCH):
            documents = [event(kind, n) for n in range(first, min(first + LOAD_BATCH, count))]
            took += seconds(lambda: store.write(kind, documents))  # noqa: B023
    return sum(COUNTS.values()) / took


# --- Reading, a step further each time

Steps = dict[str, Callable[[Collection], Iterable[Any]]]


def mongo_steps(store: MongoStore) -> Steps:
    def raw(kind: Collection) -> Iterator[bytes]:
        wanted, fields = loadable(kind, SINCE), dict.fromkeys(PROJECTIONS[kind], 1)
        yield from store._db[kind].find_raw_batches(wanted, fields, batch_size=LOAD_BATCH)  # type: ignore[misc]

    return {
        "database": raw,
        "decoding": lambda kind: store.read(kind, SINCE),
        "cleaning": lambda kind: CleanSource(store).load(kind, SINCE),
    }


def embedded_steps(store: EmbeddedStore) -> Steps:
    return {
        "database": lambda kind: store._rows("body", kind, SINCE),
        "decoding": lambda kind: store.read(kind, SINCE),
        "cleaning": lambda kind: CleanSource(store).load(kind, SINCE),
    }


def into_columns(store: DocumentStore, kind: Collection) -> None:
    """As at the start of the application."""
    ledger = Ledger(floor_ms=-(2**62))
    ledger.fill(kind, [ledger.encode(batch) for batch in CleanSource(store).load(kind, SINCE)])


def exhaust(found: Iterable[Any]) -> None:
    for _ in found:
        pass


def reading(name: str, store: DocumentStore, steps: Steps) -> list[tuple[str, ...]]:
    rows = []
    for kind, count in COUNTS.items():
        steps["columns"] = lambda kind: [into_columns(store, kind)]
        rounds = [
            {step: seconds(lambda: exhaust(read(kind))) for step, read in steps.items()}  # noqa: B023
            for _ in range(RUNS)
        ]
        best = {step: min(each[step] for each in rounds) for step in steps}
        ends = np.maximum.accumulate(list(best.values()))
        shares = np.diff(ends, prepend=0.0)
        rows.append(
            (
                f"{kind}, {name}",
                f"{count / best['cleaning']:,.0f}/s",
                f"{count / best['columns']:,.0f}/s",
                *(f"{share / ends[-1]:.0%}" for share in shares),
            )
        )
    return rows


# --- Cleaning alone


def cleaning() -> list[tuple[str, ...]]:
    """What dirty documents cost, with nothing else around."""
    clean = [projected("visits", event("visits", n)) for n in range(LOAD_BATCH)]
    dirty = [
        {**document, "status": "unheard of"} if n % DIRTY_ONE_IN == 0 else document
        for n, document in enumerate(clean)
    ]
    texts = [{**document, "date": document["date"].isoformat()} for document in clean]
    body = bson.encode({"all": clean})
    rows = [("decoding only", rate(lambda: bson.decode(body, CODEC)))]
    kinds = {"clean": clean, f"1 in {DIRTY_ONE_IN} with an unknown status": dirty, "dates as texts": texts}
    for name, documents in kinds.items():
        rows.append((f"cleaning, {name}", rate(lambda: cleaned("visits", documents))))  # noqa: B023
        batch = cleaned("visits", documents)
        ledger = Ledger(floor_ms=-(2**62))
        rows.append((f"into the ledger, {name}", rate(lambda: ledger.encode(batch))))  # noqa: B023
    return rows


def rate(work: Callable[[], Any]) -> str:
    work()
    return f"{LOAD_BATCH / min(seconds(work) for _ in range(5)):,.0f}/s"


def main() -> None:
    rows, began = [], time.perf_counter()
    size = len(bson.encode(event("visits", 2)))
    print(f"\n{COUNTS['visits']:,} visits of about {size} bytes, {COUNTS['orders']:,} orders")
    with tempfile.TemporaryDirectory() as folder:
        embedded = EmbeddedStore(Path(folder))
        print(f"written to the embedded database: {fill(embedded):,.0f}/s")
        rows += reading("embedded", embedded, embedded_steps(embedded))
    if uri := mongo_uri():
        mongo = MongoStore(uri, DATABASE)
        mongo._client.drop_database(DATABASE)
        mongo.ensure_indexes()
        print(f"written to the server: {fill(mongo):,.0f}/s")
        rows += reading("server", mongo, mongo_steps(mongo))
        mongo._client.drop_database(DATABASE)
        mongo.close()
    header = ("events", "loaded", "into columns", "database", "decoding", "cleaning", "columns")
    table(
        "Loading (target for visits from the server: 60,000/s), best of 3, and shares of the time",
        rows,
        header,
    )
    table(f"Cleaning a batch of {LOAD_BATCH:,} visits, one core, no database", cleaning(), ("step", "visits"))
    print(f"{time.perf_counter() - began:.0f} s, {memory_mb()['highest']:.0f} MB at the highest")


if __name__ == "__main__":
    main()
