"""All models at once: what a snapshot's past suggests at a cut-off. Needs scikit-learn and scipy."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np

from dashapp.domain.vocabulary import EVENT_KINDS
from dashapp.metrics.models import churn as churning
from dashapp.metrics.models import opportunities as choosing
from dashapp.metrics.models.calibration import calibration
from dashapp.metrics.models.churn import Churn
from dashapp.metrics.models.customers import Customers
from dashapp.metrics.models.forecast import forecasts
from dashapp.metrics.models.history import Floats, Happened, Material, date_of, happened
from dashapp.metrics.models.inactivity import inactivity
from dashapp.metrics.models.places import Places, counted
from dashapp.metrics.models.predictions import Predictions
from dashapp.metrics.models.rows import (
    Calibration,
    ChurnRow,
    FacilityChurn,
    Opportunities,
    OpportunityRow,
    PastPick,
    Picked,
    TrainedOn,
)
from dashapp.metrics.models.words import advice, rhythm

NO_ORDERS: Final = "There are no orders to learn from."
NOBODY: Final = "No facility has ordered often enough yet."
UNDER_ORDERS: Final = f"fewer than {churning.FEWEST_ORDERS} days with orders"
UNDER_DAYS: Final = f"known for fewer than {churning.FEWEST_DAYS} days"
CHECKED_CUT_OFFS: Final = 6
PAST_PICKS: Final = 12
MONTH: Final = 30
FIRST_CHECK_DAYS: Final = 90  # of history, before the past is asked what it would have said
HOW: Final = (
    "Expected orders of the next 30 days (geometric mean of BG/NBD, last year's rate and a fading rate) times"
    " what an order of the facility is worth."
)


def predict(material: Material, cut_off: datetime, zone: ZoneInfo) -> Predictions:
    """From events before the local day of the cut-off (aware) alone; `computed_at` is the cut-off itself."""
    activities: dict[str, Happened] = {kind: happened(material, kind, cut_off, zone) for kind in EVENT_KINDS}
    orders = activities["orders"]
    places = Places.of(material, activities)
    total, regions = forecasts(orders)
    return Predictions(
        computed_at=cut_off.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        as_of=str(date_of(orders.cut)),
        trained_on=trained_on(orders),
        total=total,
        regions=regions,
        churn=facility_churn(orders, places),
        inactivity=inactivity(material.users, activities, orders.cut),
        opportunities=opportunities(orders, places),
    )


def trained_on(orders: Happened) -> TrainedOn:
    some = len(orders) > 0
    return {
        "first_on": str(date_of(int(orders.day[0]))) if some else None,
        "last_on": str(date_of(int(orders.day[-1]))) if some else None,
        "days": orders.cut - int(orders.day[0]) if some else 0,
        "orders": len(orders),
        "revenue": float(orders.amount.sum()),
        "facilities": len(orders.facility_ids),
    }


# --- Churn


def facility_churn(orders: Happened, places: Places) -> FacilityChurn:
    model = Churn(orders)
    customers, _ = model.at(orders.cut)
    scored, enough = model.scores(orders.cut), churning.scorable(customers)
    rows = [
        churn_row(customers, row, float(scored.probability[row]), orders, places)
        for row in np.flatnonzero(enough).tolist()
    ]
    reasons = [
        (
            UNDER_ORDERS if customers.count[row] < churning.FEWEST_ORDERS else UNDER_DAYS,
            places.region_of(orders.facility_ids[customers.code[row]]),
        )
        for row in np.flatnonzero(~enough).tolist()
    ]
    everywhere, by_region = calibrations(model, orders, places)
    return {
        "method": scored.method,
        "reason": None if rows else NOBODY if len(customers) else NO_ORDERS,
        "rows": sorted(rows, key=at_stake),
        "refused": counted(reasons),
        "calibration": everywhere,
        "calibrations": by_region,
    }


def churn_row(
    customers: Customers, row: int, probability: float, orders: Happened, places: Places
) -> ChurnRow:
    facility = orders.facility_ids[customers.code[row]]
    gap, silent = float(customers.gap[row]), int(customers.silent[row])
    return {
        **places.known(facility),
        **places.rep_of(facility),
        "probability": probability,
        "reason": rhythm(gap, silent),
        "usual_gap_days": gap,
        "days_since": silent,
        "last_order_on": str(date_of(int(customers.last[row]))),
        "orders": int(customers.count[row]),
        "revenue_last_year": float(customers.last_year[row]),
    }


def at_stake(row: ChurnRow) -> tuple[float, float, str]:
    """The most revenue at stake first, then the highest probability."""
    return -row["probability"] * row["revenue_last_year"], -row["probability"], row["facilityId"]


def past_days(orders: Happened, days: int, most: int) -> list[int]:
    """Days a month apart whose following days are over, oldest first."""
    if not len(orders):
        return []
    cuts = [orders.cut - days - MONTH * back for back in range(most)]
    return [cut for cut in reversed(cuts) if cut >= int(orders.day[0]) + FIRST_CHECK_DAYS]


def calibrations(
    model: Churn, orders: Happened, places: Places
) -> tuple[Calibration, dict[str, Calibration]]:
    """What was foretold at past days, and what came: everywhere, and in each region."""
    cuts = past_days(orders, churning.DAYS, CHECKED_CUT_OFFS)
    foretold, gone, region = [np.empty(0)], [np.empty(0)], [np.empty(0, dtype=str)]
    for cut in cuts:
        customers, _ = model.at(cut)
        enough = churning.scorable(customers)
        foretold.append(model.scores(cut).probability[enough])
        gone.append(model.gone(cut)[enough])
        names = [places.region_of(orders.facility_ids[code]) for code in customers.code[enough]]
        region.append(np.array(names, dtype=str))
    days = [str(date_of(cut)) for cut in cuts]
    p, outcome, where = np.concatenate(foretold), np.concatenate(gone), np.concatenate(region)
    return calibration(days, p, outcome), {
        str(name): calibration(days, p[where == name], outcome[where == name]) for name in np.unique(where)
    }


# --- Opportunities


def opportunities(orders: Happened, places: Places) -> Opportunities:
    customers = Customers.of(orders)
    outlays, enough = choosing.expected(customers), choosing.rankable(customers)
    again = 1 - Churn(orders, choosing.DAYS).scores(orders.cut).probability
    rows = [
        opportunity_row(customers, row, float(again[row]), outlays, orders, places)
        for row in np.flatnonzero(enough).tolist()
    ]
    reasons = [
        (UNDER_ORDERS, places.region_of(orders.facility_ids[code])) for code in customers.code[~enough]
    ]
    return {
        "note": HOW,
        "reason": None if rows else NOBODY if len(customers) else NO_ORDERS,
        "rows": sorted(rows, key=lambda one: (-one["potential_revenue"], one["facilityId"])),
        "refused": counted(reasons),
        "past": list(past_picks(orders, places)),
    }


def opportunity_row(
    customers: Customers,
    row: int,
    again: float,
    outlays: choosing.Outlays,
    orders: Happened,
    places: Places,
) -> OpportunityRow:
    facility = orders.facility_ids[customers.code[row]]
    gap, silent, last = float(customers.gap[row]), int(customers.silent[row]), int(customers.last[row])
    visited = places.last_visit.get(facility)
    today, due = date_of(customers.cut), date_of(last + max(1, round(gap)))
    return {
        **places.known(facility),
        **places.rep_of(facility),
        "quiet": silent > choosing.QUIET_DAYS,
        "probability": again,
        "expected_orders": float(outlays.orders[row]),
        "order_value": float(outlays.value[row]),
        "potential_revenue": float(outlays.revenue[row]),
        "usual_gap_days": gap,
        "days_since": silent,
        "last_order_on": str(date_of(last)),
        "orders": int(customers.count[row]),
        "last_visit": visited,
        "recommendation": advice(gap, silent, visited, due, today),
    }


def past_picks(orders: Happened, places: Places) -> Iterator[PastPick]:
    """The lists of past months, and what their facilities ordered in the 30 days after."""
    for cut in past_days(orders, choosing.DAYS, PAST_PICKS):
        customers = Customers.of(orders.before(cut))
        expected = choosing.expected(customers).revenue
        _, actual = customers.ordered_in(orders, choosing.DAYS)
        enough = choosing.rankable(customers)
        for name, among in (("key accounts", enough), ("due and quiet", enough & choosing.quiet(customers))):
            chosen = choosing.best(expected, among)
            possible = float(np.sort(actual[among])[::-1][: len(chosen)].sum())
            picked = [pick(orders, places, customers, row, expected, actual) for row in chosen]
            came = float(actual[chosen].sum())
            yield {
                "made_on": str(date_of(cut)),
                "list": name,
                "picked": picked,
                "expected": float(expected[chosen].sum()),
                "actual": came,
                "best": possible,
                "capture": came / possible if possible > 0 else None,
                "hits": int((actual[chosen] > 0).sum()),
            }


def pick(
    orders: Happened, places: Places, customers: Customers, row: int, expected: Floats, actual: Floats
) -> Picked:
    known = places.known(orders.facility_ids[customers.code[row]])
    return {**known, "expected": float(expected[row]), "actual": float(actual[row])}
