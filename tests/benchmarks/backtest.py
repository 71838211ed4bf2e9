"""What the predictions would have said of a folder of `<collection>.ndjson[.gz]`, against what came.

Every figure is of the product's own code, asked at past days with what was known by then. Nothing is
asserted.
"""

from __future__ import annotations

import os
import resource
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
from builders import snapshot

from dashapp.metrics.models import churn as churning
from dashapp.metrics.models import opportunities as choosing
from dashapp.metrics.models.calibration import auc, calibration
from dashapp.metrics.models.churn import Churn
from dashapp.metrics.models.customers import Customers
from dashapp.metrics.models.fit import predict
from dashapp.metrics.models.forecast import HORIZONS, Rolling, checks, rolling
from dashapp.metrics.models.history import Happened, Material, Series, daily_revenue, date_of, happened
from dashapp.metrics.models.outlook import with_intervals
from dashapp.source.transfer import documents_of, files_of

ZONE = ZoneInfo("Africa/Nairobi")
SAMPLES = {30: 12, 60: 12, 100: 12}
LARGEST_REGIONS = 4


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit("Which data? Name a folder: make backtest DATA=folder")
    material, cut_off = loaded(Path(sys.argv[1]))
    orders = happened(material, "orders", cut_off, ZONE)
    print(f"{len(orders):,} orders of {len(orders.facility_ids):,} facilities, until {date_of(orders.cut)}")
    forecast_tables(orders)
    churn_table(orders)
    sample_table(orders)
    capture_table(orders)
    started = time.monotonic()
    found = predict(material, cut_off, ZONE)
    took, memory = time.monotonic() - started, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"\nOne fit of everything: {took:.1f} s, {len(found.to_json()) / 1e6:.1f} MB; process {memory:.0f} MB"
    )


def loaded(folder: Path) -> tuple[Material, datetime]:
    """The data, and the local midnight after the last order."""
    problems: list[str] = []
    documents: dict[str, list[Any]] = {
        name: [document for _, document in documents_of(path, problems)]
        for name, path in files_of(folder).items()
    }
    material = Material.of(snapshot(**documents))
    last = datetime.fromtimestamp(int(material.events["orders"].at[-1]) / 1000, ZONE)
    return material, last.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


def heading(title: str, columns: Sequence[str]) -> None:
    print(f"\n{title}\n{'':24}" + "".join(f"{name:>11}" for name in columns))


def line(name: str, values: Iterable[float | None]) -> None:
    print(f"{name:24}" + "".join(f"{shown(value):>11}" for value in values))


def shown(value: float | None) -> str:
    return "-" if value is None else f"{value:,}" if isinstance(value, int) else f"{value:.3f}"


# --- Forecast


def forecast_tables(orders: Happened) -> None:
    total = daily_revenue(orders)
    revenue = np.bincount(orders.region, weights=orders.amount)
    largest = np.argsort(-revenue, kind="stable")[:LARGEST_REGIONS].tolist()
    several = [("everything", total, True)]
    several += [(orders.region_names[one], daily_revenue(orders, one), False) for one in largest]
    for days in HORIZONS.values():
        heading(
            f"Revenue of {days} days, weekly origins over the last half of the series",
            ("origins", "WAPE", "naive", "relative", "coverage", "width"),
        )
        for name, series, learn in several:
            line(name, judged(series, rolling(series, days, learn=learn, most=10_000)))


def judged(series: Series, run: Rolling) -> list[float | None]:
    """Of the origins in the last half: how many, errors, the share inside the interval, its width."""
    late = np.isfinite(run.actual) & (run.origin >= len(series) / 2)
    if not late.any():
        return [0, None, None, None, None, None]
    actual, made, origins = run.actual[late], run.made[late], run.origin[late].tolist()
    naive = np.array([np.resize(series.values[one - 7 : one], run.days).sum() for one in origins])
    wape, plain = (float(np.abs(one - actual).sum() / actual.sum()) for one in (made, naive))
    told = with_intervals(checks(run, series), run.days)[-len(actual) :]
    held = [check for check in told if check["inside"] is not None]
    width = sum(check["high"] - check["low"] for check in held) / (sum(c["actual"] for c in held) or 1)
    coverage = sum(check["inside"] for check in held) / len(held) if held else None
    return [len(actual), wape, plain, wape / plain if plain else None, coverage, width]


# --- Churn


def churn_cut_offs(orders: Happened, days: int) -> list[int]:
    """Four days, a quarter of a year apart where there are two years, the last as late as can be checked."""
    last = orders.cut - days
    length = last - int(orders.day[0])
    step = min(91, max(30, (length - 180) // 4))
    return [cut for cut in (last - step * back for back in (3, 2, 1, 0)) if cut - int(orders.day[0]) > 120]


def churn_table(orders: Happened) -> None:
    columns = ("facilities", "AUC", "BG/NBD", "gain", "Brier", "BG/NBD", "ECE", "BG/NBD")
    heading("Facilities that stay away (at least 3 orders and 60 days)", columns)
    for days in (60, 90):
        model = Churn(orders, days)
        for cut in churn_cut_offs(orders, days):
            line(f"{days} days from {date_of(cut)}", churn_figures(model, cut))


def churn_figures(model: Churn, cut: int) -> list[float | None]:
    enough = churning.scorable(model.at(cut)[0])
    scores, gone = model.scores(cut), model.gone(cut)[enough]
    ours = calibration([], scores.probability[enough], gone)
    if scores.buying is None:
        return [len(gone), ours["auc"], None, None, ours["brier"], None, ours["ece"], None]
    theirs = calibration([], scores.buying[enough], gone)
    gain = None if ours["auc"] is None or theirs["auc"] is None else ours["auc"] - theirs["auc"]
    pairs = [value for name in ("brier", "ece") for value in (ours[name], theirs[name])]  # type: ignore[literal-required]
    return [len(gone), ours["auc"], theirs["auc"], gain, *pairs]


def sample_table(orders: Happened) -> None:
    """Small organisations: facilities chosen at random."""
    heading("The same with few facilities (means)", ("samples", "AUC", "BG/NBD", "lowest AUC"))
    everyone = np.unique(orders.facility[orders.facility >= 0])
    for size, times in SAMPLES.items():
        found: list[tuple[float, float]] = []
        for seed in range(times):
            few = np.random.default_rng(seed).permutation(everyone)[:size]
            found += sample_figures(only(orders, np.isin(orders.facility, few)))
        ours, theirs = [one for one, _ in found], [one for _, one in found if one == one]
        means = [float(np.mean(some)) if some else None for some in (ours, theirs)]
        line(f"{size} facilities", [len(found), *means, min(ours, default=None)])


def sample_figures(orders: Happened) -> list[tuple[float, float]]:
    found = []
    for days in (60, 90):
        model = Churn(orders, days)
        for cut in churn_cut_offs(orders, days):
            enough = churning.scorable(model.at(cut)[0])
            scores, gone = model.scores(cut), model.gone(cut)[enough]
            ours = auc(gone, scores.probability[enough])
            theirs = None if scores.buying is None else auc(gone, scores.buying[enough])
            if ours is not None:
                found.append((ours, float("nan") if theirs is None else theirs))
    return found


def only(orders: Happened, rows: Any) -> Happened:
    columns = {
        name: getattr(orders, name)[rows] for name in ("at", "day", "facility", "user", "region", "amount")
    }
    names = {name: getattr(orders, name) for name in ("facility_ids", "user_ids", "region_names", "cut")}
    return Happened(**columns, **names)


# --- Opportunities

Score = Callable[[Customers, Any], Any]


def last_values(customers: Customers) -> Any:
    """What each facility ordered last."""
    values = np.zeros(len(customers))
    values[customers.row] = customers.row_value
    return values


SCORES: dict[str, Score] = {
    "ours": lambda customers, _: choosing.expected(customers).revenue,
    "revenue of 365 days": lambda customers, _: customers.last_year,
    "last order value": lambda customers, _: last_values(customers),
    "random": lambda customers, random: random.random(len(customers)),
}


def capture_table(orders: Happened) -> None:
    """Revenue of the chosen 20 over that of the best 20, monthly cut-offs of the last year (at most)."""
    length = orders.cut - int(orders.day[0])
    months = min(12, max(1, (length - 120) // 30))
    cuts = [orders.cut - 30 - 30 * back for back in reversed(range(months))]
    heading(f"Opportunities: capture@20 at {months} monthly cut-offs", ("key", "quiet", "quiet, all"))
    shares: dict[str, list[list[float]]] = {name: [[], [], []] for name in SCORES}
    for cut in cuts:
        customers = Customers.of(orders.before(cut))
        _, actual = customers.ordered_in(orders, choosing.DAYS)
        random = np.random.default_rng(cut)
        everyone = np.ones(len(customers), dtype=bool)
        rankable, quiet = choosing.rankable(customers), choosing.quiet(customers)
        for name, score in SCORES.items():
            values = score(customers, random)
            pools = ((rankable, everyone), (rankable & quiet, rankable & quiet), (rankable & quiet, quiet))
            for into, (among, pool) in zip(shares[name], pools, strict=True):
                best = np.sort(actual[pool])[-choosing.LISTED :].sum()
                if best > 0:
                    into.append(float(actual[choosing.best(values, among)].sum() / best))
    for name, columns in shares.items():
        line(name, [float(np.mean(some)) if some else None for some in columns])
    print(
        "quiet: no order for over 30 days; against the best of those with 3 orders, and of all that are quiet"
    )


if __name__ == "__main__":
    main()
