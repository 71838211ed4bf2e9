"""Charts as PNG: drawing them, having them again, and what sixteen who ask at a time leave for the others."""

from __future__ import annotations

import itertools
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from random import Random
from threading import Event
from typing import Any

from builders import AppServer, ago, app_server, facility, order, quotation, snapshot, user, view, visit
from contract.conftest import manager_token
from measure import ms, repeated, seconds, table

from dashapp.charts.catalog import CHARTS
from dashapp.charts.format import Formats
from dashapp.charts.picture import Head, draw
from dashapp.domain.snapshot import Snapshot

LIVE = "/api/analytics/live"
TYPES = ("performance", "heatmap", "funnel", "trends")
SIZES = ((1000, 600), (300, 200), (2000, 1500))
QUESTIONS = ("summary", "dashboard", "trends", "regional")
AT_A_TIME = 16
LOAD_SECONDS = 10.0


def business() -> Snapshot:
    random = Random(7)

    def event() -> dict[str, Any]:
        return {"userId": f"u{random.randrange(20)}", "facilityId": f"f{random.randrange(40)}"}

    hours = [ago(hours=random.randrange(1, 30 * 24)) for _ in range(2_000)]
    return snapshot(
        users=[user(_id=f"u{n}", name=f"Rep Number {n}", email=f"{n}@example.org") for n in range(20)],
        facilities=[facility(_id=f"f{n}", region=f"Region {n % 8}") for n in range(40)],
        visits=[visit(date=at, **event()) for at in hours],
        quotations=[quotation(createdAt=at, **event()) for at in hours[:700]],
        orders=[order(createdAt=at, totalAmount=random.randrange(500_000), **event()) for at in hours[:500]],
    )


def drawing() -> list[tuple[str, ...]]:
    """Every chart, of thirty days of twenty people in eight regions."""
    data, head = business(), Head("Last 30 days", "", "20 May 2026, 15:00")
    specs = {key: make(view(data, 30), Formats("en_KE", "KES")) for key, make in CHARTS.items()}
    return [
        (
            key,
            *(
                ms(repeated(lambda spec=spec, size=size: draw(spec, head, *size, "light"), 9))
                for size in SIZES
            ),
        )
        for key, spec in specs.items()
    ]


def over_http(server: AppServer, token: str) -> list[tuple[str, str]]:
    """A picture drawn for whoever asks first, and given to the next ones."""
    numbers = itertools.count(1)

    def ask(path: str, **headers: str) -> Callable[[], None]:
        def once() -> None:
            answer = server.get(f"{LIVE}/chart/{path.format(next(numbers))}", token, **headers)
            assert answer.status in {200, 304}

        return once

    tag = server.get(f"{LIVE}/chart/trends", token).headers["ETag"]
    return [
        ("drawn, 1000 × 600", ms(repeated(ask("trends?width=1000&height=6{:02}"), 30))),
        ("kept", ms(repeated(ask("trends"), 100))),
        ("known to the client (304)", ms(repeated(ask("trends", If_None_Match=tag), 100))),
    ]


@contextmanager
def pictures_wanted(
    server: AppServer, token: str, statuses: Counter[int], took: list[float]
) -> Iterator[None]:
    """Sixteen clients who ask for one new picture after the other."""
    stop, numbers = Event(), itertools.count()

    def ask() -> None:
        while not stop.is_set():
            n = next(numbers)
            asked = f"{TYPES[n % 4]}?width={1000 + n % 500}&height={600 + n // 500}"
            began = time.perf_counter()
            statuses[server.get(f"{LIVE}/chart/{asked}", token).status] += 1
            took.append(time.perf_counter() - began)

    with ThreadPoolExecutor(AT_A_TIME) as pool:
        for _ in range(AT_A_TIME):
            pool.submit(ask)
        try:
            yield
        finally:
            stop.set()


def json_answers(server: AppServer, token: str) -> list[float]:
    took, ends = [], time.monotonic() + LOAD_SECONDS
    for n in itertools.count():
        if time.monotonic() > ends:
            return took
        path = f"{LIVE}/{QUESTIONS[n % 4]}?daysBack={30 + n % 60}"
        took.append(seconds(lambda path=path: server.live(path.removeprefix(f"{LIVE}/"), token)))
        time.sleep(0.02)
    raise AssertionError("unreachable")


def told(took: list[float]) -> str:
    ordered = [one * 1000 for one in sorted(took)]
    p95 = ordered[min(len(ordered) - 1, round(0.95 * len(ordered)))]
    return f"{statistics.median(ordered):.1f} / {p95:.1f} / {ordered[-1]:.1f} ms"


def main() -> None:
    header = ("chart", *(f"{width} × {height}" for width, height in SIZES))
    table("Drawn (target at 1000 × 600: 120 ms)", drawing(), header)
    token = manager_token()
    with app_server(DEMO_DATA="seed") as server:
        table("Over HTTP (targets: 120 ms drawn, 3 ms kept)", over_http(server, token), ("picture", "median"))
        alone, statuses, took = json_answers(server, token), Counter[int](), list[float]()
        with pictures_wanted(server, token, statuses, took):
            beside = json_answers(server, token)
        rows = [
            ("JSON alone", told(alone), str(len(alone))),
            (f"JSON beside {AT_A_TIME} pictures", told(beside), str(len(beside))),
            (
                "the pictures",
                told(took),
                ", ".join(f"{n} × {status}" for status, n in sorted(statuses.items())),
            ),
        ]
        table("Many at a time (target: JSON p95 100 ms)", rows, ("", "p50 / p95 / max", "answers"))


if __name__ == "__main__":
    main()
