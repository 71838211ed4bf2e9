"""What the API answers about predictions: the newest of the models, narrowed, with marks and outcomes."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, Final

import numpy as np

from dashapp.domain.numbers import money
from dashapp.domain.scope import epoch_ms, midnight_ms
from dashapp.domain.snapshot import Snapshot
from dashapp.domain.vocabulary import COUNTED
from dashapp.metrics.models.outlook import Figure, Outlook
from dashapp.metrics.models.scoped import Scoped, scoped
from dashapp.metrics.view import View
from dashapp.web.marks import marks
from dashapp.web.services import Services, services

MOST_FACILITIES: Final = 100
Rows = Sequence[Any]


def predictions(view: View) -> dict[str, Any]:
    """What is to be expected: revenue, users and facilities going quiet, opportunities, and past predictions.

    The window is that of the history beside the forecast. Regions narrow everything, users the lists.
    """
    context, scope = services(), view.scope
    found = current(context, view)
    marked = marks(context, view.snapshot, scope.regions)
    return {
        "revenue_forecast": revenue_forecast(found, history(view)),
        "churn_risks": found["inactivity"]["rows"],
        "churn_risks_note": found["inactivity"]["note"],
        "facility_churn": {**found["churn"], "rows": found["churn"]["rows"][:MOST_FACILITIES]},
        "high_value_opportunities": opportunities(found, marked),
        "opportunities_reason": found["opportunities_reason"],
        "past_opportunities": [
            {name: value for name, value in one.items() if name != "picked"} for one in found["past"]
        ],
        "marks": marked,
        "reason": found["reason"],
        **{name: found[name] for name in ("computed_at", "as_of", "trained_on")},
    }


def versions(context: Services) -> Hashable:
    """What the answer depends on beside the snapshot and the window."""
    return context.predictions.version, context.marks.version


def current(context: Services, view: View) -> Scoped:
    """The newest predictions in the scope of the view."""
    reading = context.predictions.reading
    today = str(context.now().astimezone(view.window.zone).date())
    as_of = today if reading is None else reading.predictions.as_of
    since = ordered_since(view.snapshot, midnight_ms(date.fromisoformat(as_of), view.window.zone), context)
    return scoped(reading, today, view.scope.regions, view.scope.users, since)


def history(view: View) -> list[dict[str, Any]]:
    """Revenue of each day of the window in the regions, whoever sold it."""
    everybody = View(view.snapshot, replace(view.scope, users=None))
    amounts = everybody.amounts_by("orders", everybody.days("orders"), view.window.days)
    return [
        {"date": str(day), "revenue": money(amount)}
        for day, amount in zip(view.window.dates(), amounts, strict=True)
    ]


def ordered_since(snapshot: Snapshot, start_ms: int, context: Services) -> frozenset[str]:
    """The facilities that have ordered from then on."""
    orders = snapshot.orders
    rows = slice(*orders.between(start_ms, epoch_ms(context.now()) + 1))
    codes = orders.facility[rows][np.array(COUNTED["orders"])[orders.status[rows]]]
    return frozenset(snapshot.facility_ids[code] for code in np.unique(codes[codes >= 0]).tolist())


# --- How it is put out


def revenue_forecast(found: Scoped, past: Rows) -> dict[str, Any]:
    outlook = found["outlook"]
    week, month = outlook["next_week"], outlook["next_month"]
    return {
        **headline(outlook),
        "regions_covered": outlook["regions"],
        "trend_words": outlook["trend"]["words"],
        "change": outlook["trend"]["change"],
        "early": outlook["early"],
        "reason": outlook["reason"],
        "daily": outlook["daily"],
        "figures": {"next_week": week, "next_month": month},
        "history": past,
        "regions": [{"region": (one["regions"] or [""])[0], **headline(one)} for one in found["regions"]],
    }


def headline(outlook: Outlook) -> dict[str, Any]:
    week, month = outlook["next_week"], outlook["next_month"]
    main = month if week["revenue"] is None else week
    return {
        "next_week": week["revenue"],
        "next_month": month["revenue"],
        "trend": outlook["trend"]["direction"],
        "confidence": main["confidence"],
        "confidence_words": main["words"],
        "intervals": {"next_week": bounds(week), "next_month": bounds(month)},
    }


def bounds(figure: Figure) -> dict[str, Any]:
    return {
        "low": figure["low"],
        "high": figure["high"],
        "reason": figure["interval_reason"] or figure["reason"],
    }


def opportunities(found: Scoped, marked: Rows) -> list[dict[str, Any]]:
    """Key accounts, then what is due and quiet, with their marks; a facility on both lists stands once."""
    mark_of = {row["facilityId"]: row for row in marked}
    lists = (("key accounts", found["key_accounts"]), ("due and quiet", found["due_and_quiet"]))
    rows: dict[str, dict[str, Any]] = {}
    for name, some in lists:
        for row in some:
            facility = row["facilityId"]
            made = rows.setdefault(facility, {**row, "lists": [], "mark": mark_of.get(facility)})
            made["lists"].append(name)
    return list(rows.values())
