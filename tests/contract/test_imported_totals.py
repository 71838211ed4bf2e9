"""Sales data of others, imported by command into either database, give the totals they came with."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from builders import ROOT, AppServer
from conftest import unavailable
from contract.conftest import manager_token, running

DATA: Final = ROOT.parent / "shared" / "data"
ALL: Final = "daysBack=7300"
DOCUMENTS: Final = {"crm-sales": 20_964, "online-retail": 44_844}
TOTALS: Final[dict[str, dict[str, Any]]] = {
    "crm-sales": {
        "total_visits": 8_300,
        "total_orders": 4_238,
        "total_revenue": 10_005_534.00,
        "conversion_rate": 51.06,
        "avg_order_value": 2_360.91,
    },
    "online-retail": {
        "total_visits": 0,
        "total_orders": 39_006,
        "total_revenue": 19_581_054.94,
        "conversion_rate": 0.0,
        "avg_order_value": 502.00,
    },
}
# The best regions: orders, revenue. Sales to nobody known are the ones of a facility in the United Kingdom.
REGIONS: Final = {
    "crm-sales": {
        "West": (1_438, 3_568_647.00),
        "Central": (1_629, 3_346_293.00),
        "East": (1_171, 3_090_594.00),
    },
    "online-retail": {
        "United Kingdom": (35_732, 16_742_615.55),
        "EIRE": (526, 578_609.73),
        "Netherlands": (220, 550_733.18),
        "Germany": (771, 419_359.85),
    },
}


def folder(name: str) -> Path:
    if not (DATA / name).is_dir():
        unavailable(f"the data set {name} is not there")
    return DATA / name


@contextmanager
def importing(name: str, *options: str, **environment: str) -> Iterator[AppServer]:
    """A server over a database into which the data set was imported."""
    server = AppServer({"HISTORY_DAYS": "7300", "TIMEZONE": "UTC", **environment})
    done = server.flask("import", *options, str(folder(name)))
    assert f"Wrote {DOCUMENTS[name]:,} documents" in done.stdout
    with running(server):
        yield server


def assert_totals(server: AppServer, name: str) -> None:
    token = manager_token()
    summary = server.live(f"summary?{ALL}", token)
    assert {key: summary[key] for key in TOTALS[name]} == TOTALS[name]
    regions = server.live(f"regional?{ALL}", token)
    best = {
        one["region"]: (one["order_count"], one["total_revenue"]) for one in regions[: len(REGIONS[name])]
    }
    assert list(best.items()) == list(REGIONS[name].items())
    assert round(sum(one["total_revenue"] for one in regions), 2) == TOTALS[name]["total_revenue"]
    assert server.get("/health").json["data_quality"] == {"rejected": {}, "repaired": {}}


def test_the_embedded_database_gives_the_totals() -> None:  # crm-sales: with shifted dates, below
    with importing("online-retail") as server:
        assert_totals(server, "online-retail")


@pytest.mark.parametrize("name", TOTALS)
def test_a_mongodb_server_gives_the_totals(name: str, mongo_uri: str, mongo_database: str) -> None:
    with importing(name, MONGODB_URI=mongo_uri, MONGODB_DB=mongo_database) as server:
        assert_totals(server, name)


def days_of(name: str, collection: str, field: str) -> Counter[date]:
    """How many events the data set has of each day, as it is written."""
    with gzip.open(folder(name) / f"{collection}.ndjson.gz", "rt") as lines:
        return Counter(date.fromisoformat(json.loads(line)[field]["$date"][:10]) for line in lines)


def test_shifted_dates_end_now_and_keep_their_weekdays() -> None:
    visits, orders = days_of("crm-sales", "visits", "date"), days_of("crm-sales", "orders", "createdAt")
    with importing("crm-sales", "--shift-dates") as server:
        assert_totals(server, "crm-sales")
        days = server.live(f"trends?{ALL}", manager_token())
    told = {date.fromisoformat(day["date"]): day for day in days if day["visits"] or day["orders"]}
    shift = max(told) - max(visits | orders)
    assert shift.days % 7 == 0
    assert timedelta(0) <= datetime.now(UTC).date() - max(told) <= timedelta(days=7)
    assert {day - shift: row["visits"] for day, row in told.items() if row["visits"]} == visits
    assert {day - shift: row["orders"] for day, row in told.items() if row["orders"]} == orders
