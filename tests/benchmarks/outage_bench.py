"""A minute without the database under steady load: what readers get, and how soon all is well again."""

from __future__ import annotations

import os
import statistics
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from urllib.parse import urlsplit

from builders import app_server
from measure import mongo_uri, table
from outage import (
    FAILURES,
    READERS_PER_SECOND,
    Failure,
    Network,
    Outage,
    new_visit,
    organisation,
    signing_in,
    suffer,
)

from dashapp.source.mongo import MongoStore

SECONDS = float(os.environ.get("OUTAGE_SECONDS", "60"))
GRACE: dict[Failure, float] = {"refused": 3, "frozen": 7, "forgotten": 7}
VISITS = 20_000
SIGN_INS_PER_SECOND = 2


def through(uri: str, how: Failure, sign_ins: float) -> Outage:
    database = f"benchmark_outage_{how}_{sign_ins:.0f}"
    direct = MongoStore(uri, database)
    direct._client.drop_database(database)
    for collection, documents in organisation(VISITS, datetime.now(UTC).replace(tzinfo=None)).items():
        direct.write(collection, documents)
    try:
        with (
            Network(urlsplit(uri).port or 27017) as network,
            app_server(MONGODB_URI=f"mongodb://127.0.0.1:{network.port}/", MONGODB_DB=database) as server,
            signing_in(server, sign_ins),
        ):
            return suffer(
                server,
                network,
                how,
                grace=GRACE[how],
                seconds=SECONDS,
                write=lambda: direct.write("visits", [new_visit()]),
            )
    finally:
        direct._client.drop_database(database)
        direct.close()


def row(name: str, outage: Outage) -> tuple[str, ...]:
    took = sorted(reading.seconds * 1000 for reading in (*outage.early, *outage.readings))
    statuses = Counter(reading.status for reading in (*outage.early, *outage.readings))
    stale = sum(reading.stale is True for reading in outage.readings) / len(outage.readings)
    return (
        name,
        ", ".join(f"{count} × {status}" for status, count in sorted(statuses.items())),
        f"{statistics.median(took):.1f} / {took[round(0.99 * (len(took) - 1))]:.1f} / {took[-1]:.1f} ms",
        f"{outage.stale_after_seconds:.1f} s",
        f"{stale:.1%}",
        f"{outage.fresh_after_seconds:.1f} s",
        f"{outage.written_after_seconds:.1f} s",
        "yes" if outage.same_process else "no",
    )


def main() -> None:
    uri = mongo_uri()
    if uri is None:
        return
    kinds = [(how, 0.0) for how in FAILURES] + [(how, float(SIGN_INS_PER_SECOND)) for how in FAILURES]
    rows = []
    for some in (kinds[:3], kinds[3:]):  # three at a time: there may be few processors
        with ThreadPoolExecutor(len(some)) as pool:
            found = pool.map(lambda kind: through(uri, *kind), some)
            rows += [
                row(how + (", people signing in" if sign_ins else ""), outage)
                for (how, sign_ins), outage in zip(some, found, strict=True)
            ]
    header = (
        "database",
        "answers",
        "p50 / p99 / max",
        "stale after",
        "stale",
        "fresh",
        "written",
        "same process",
    )
    short, long = GRACE["refused"], GRACE["frozen"]
    title = (
        f"{SECONDS:.0f} s without the database, {READERS_PER_SECOND} requests/s, {VISITS:,} visits.\n"
        f" all 200, none above 1 s; stale after {short:.0f} s, when frozen {long:.0f} s; back: fresh,"
        " and a write made meanwhile seen, in 5 s"
    )
    table(title, rows, header)


if __name__ == "__main__":
    main()
