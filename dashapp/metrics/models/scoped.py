"""Predictions narrowed to regions and users, as pages and the API show them. Cheap enough for a request.

Numbers are rounded here, amounts to two decimals, shares and probabilities to four.

Scoped
    reason        why there is nothing yet; None once the models have run
    computed_at, as_of, trained_on   as in predictions.py; of a choice of regions only the days are told
    outlook       Outlook (see outlook.py) of the chosen regions together, or of the whole organisation.
                  Users do not narrow it: forecasts are made per region
    regions       Outlook of each region that may be seen and has a forecast, the largest first
    churn         FacilityChurn as in predictions.py, narrowed, without facilities that have ordered since the
                  models ran; `refused` is reason → how many
    inactivity    Inactivity, narrowed; the ranks stay those of the whole team. `refused` as above
    key_accounts, due_and_quiet   OpportunityRow, at most 20 each. A facility that has ordered since then
                  is no longer quiet
    opportunities_reason   why both are empty; None if they are not
    past          PastPick, narrowed: without `best` and `capture` where only some regions are chosen
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Any, Final, TypedDict, TypeVar

from dashapp.metrics.models.outlook import Outlook, outlook
from dashapp.metrics.models.predictions import Predictions
from dashapp.metrics.models.rounding import put_out
from dashapp.metrics.models.rows import Bin, Calibration, FacilityChurn, OpportunityRow, PastPick, Refused

NOT_YET: Final = "The predictions are being computed for the first time."
NONE_HERE: Final = "There are none in this selection."
LISTED: Final = 20

Row = TypeVar("Row", bound=Mapping[str, Any])
Names = Collection[str] | None


class Scoped(TypedDict):
    reason: str | None
    computed_at: str | None
    as_of: str | None
    trained_on: dict[str, Any] | None
    outlook: Outlook
    regions: list[Outlook]
    churn: dict[str, Any]
    inactivity: dict[str, Any]
    key_accounts: list[OpportunityRow]
    due_and_quiet: list[OpportunityRow]
    opportunities_reason: str | None
    past: list[PastPick]


@dataclass(frozen=True)
class Reading:
    """Predictions ready to be narrowed: what takes longest is done once. `version` names the content."""

    predictions: Predictions
    total: Outlook
    regions: Mapping[str, Outlook]
    version: str

    @classmethod
    def of(cls, predictions: Predictions) -> Reading:
        as_of = predictions.as_of
        regions = {name: put_out(outlook([one], as_of)) for name, one in predictions.regions.items()}
        digest = blake2b(predictions.to_json().encode(), digest_size=12).hexdigest()
        rounded = replace(
            predictions,
            churn=put_out(predictions.churn),
            inactivity=put_out(predictions.inactivity),
            opportunities=put_out(predictions.opportunities),
        )
        return cls(rounded, put_out(outlook([predictions.total], as_of)), regions, digest)

    def outlook(self, regions: Names) -> Outlook:
        """Of these regions together; of the whole organisation for None."""
        if regions is None:
            return self.total
        chosen = [name for name in self.regions if name in regions]
        if len(chosen) == 1:
            return self.regions[chosen[0]]
        return put_out(outlook([self.predictions.regions[name] for name in chosen], self.predictions.as_of))


def scoped(
    reading: Reading | None,
    today: str,
    regions: Names = None,
    users: Names = None,
    ordered_since: Collection[str] = (),
) -> Scoped:
    """What may be seen of the predictions; `today` (a local day) dates the answer while there are none."""
    if reading is None:
        return nothing_yet(today)
    found = reading.predictions
    offers = rows_within(found.opportunities["rows"], regions, users)
    quiet = [row for row in offers if row["quiet"] and row["facilityId"] not in ordered_since]
    past = found.opportunities["past"]
    return {
        "reason": None,
        "computed_at": found.computed_at,
        "as_of": found.as_of,
        "trained_on": trained_on(found, regions),
        "outlook": reading.outlook(regions),
        "regions": [one for name, one in reading.regions.items() if regions is None or name in regions],
        "churn": churn(found.churn, regions, users, ordered_since),
        "inactivity": {
            "note": found.inactivity["note"],
            "rows": rows_within(found.inactivity["rows"], regions, users),
            "refused": summed(found.inactivity["refused"], regions),
        },
        "key_accounts": offers[:LISTED],
        "due_and_quiet": quiet[:LISTED],
        "opportunities_reason": found.opportunities["reason"] or (None if offers else NONE_HERE),
        "past": past if regions is None else parts(past, regions),
    }


def trained_on(found: Predictions, regions: Names) -> dict[str, Any]:
    """What the models learnt from; of a choice of regions, only when."""
    told = dict(found.trained_on)
    return told if regions is None else {name: told[name] for name in ("first_on", "last_on", "days")}


def churn(
    whole: FacilityChurn, regions: Names, users: Names, ordered_since: Collection[str]
) -> dict[str, Any]:
    rows = rows_within(whole["rows"], regions, users)
    rows = [row for row in rows if row["facilityId"] not in ordered_since]
    return {
        "method": whole["method"],
        "reason": whole["reason"] or (None if rows else NONE_HERE),
        "rows": rows,
        "refused": summed(whole["refused"], regions),
        "calibration": calibration(whole, regions),
    }


def nothing_yet(today: str) -> Scoped:
    return {
        "reason": NOT_YET,
        "computed_at": None,
        "as_of": None,
        "trained_on": None,
        "outlook": outlook([], today, NOT_YET),
        "regions": [],
        "churn": {
            "method": "",
            "reason": NOT_YET,
            "rows": [],
            "refused": {},
            "calibration": merged([], []),
        },
        "inactivity": {"note": NOT_YET, "rows": [], "refused": {}},
        "key_accounts": [],
        "due_and_quiet": [],
        "opportunities_reason": NOT_YET,
        "past": [],
    }


def rows_within(rows: Sequence[Row], regions: Names, users: Names) -> list[Row]:
    """Rows of these regions and users, in their order."""
    return [
        row
        for row in rows
        if (regions is None or row["region"] in regions) and (users is None or row["userId"] in users)
    ]


def summed(refused: Refused, regions: Names) -> dict[str, int]:
    """Reason → how many in these regions; reasons that apply to none are left out."""
    counts = {
        reason: sum(count for region, count in by_region.items() if regions is None or region in regions)
        for reason, by_region in refused.items()
    }
    return {reason: count for reason, count in counts.items() if count}


def parts(lists: Sequence[PastPick], regions: Collection[str]) -> list[PastPick]:
    """What of past lists lay in these regions; how good the choice was cannot be told of a part."""
    narrowed = []
    for one in lists:
        picked = [row for row in one["picked"] if row["region"] in regions]
        part: PastPick = {
            **one,
            "picked": picked,
            "expected": round(sum(row["expected"] for row in picked), 2),
            "actual": round(sum(row["actual"] for row in picked), 2),
            "best": 0.0,
            "capture": None,
            "hits": sum(row["actual"] > 0 for row in picked),
        }
        narrowed.append(part)
    return [one for one in narrowed if one["picked"]]


def calibration(whole: FacilityChurn, regions: Names) -> Calibration:
    if regions is None:
        return whole["calibration"]
    some = [one for name, one in whole["calibrations"].items() if name in regions]
    return some[0] if len(some) == 1 else put_out(merged(some, whole["calibration"]["cut_offs"]))


def merged(parts: Sequence[Calibration], cut_offs: list[str]) -> Calibration:
    """Several calibrations as one, without an AUC, which cannot be told from them."""
    scored = sum(part["scored"] for part in parts)
    bins = [
        bin_of([one for part in parts for one in part["bins"] if one["low"] == low])
        for low in sorted({one["low"] for part in parts for one in part["bins"]})
    ]

    def mean(value: Callable[[Any], float], over: Sequence[Any], weight: str) -> float | None:
        return sum(value(one) * one[weight] for one in over) / scored if scored else None

    return {
        "cut_offs": cut_offs if scored else [],
        "scored": scored,
        "auc": None,
        "brier": mean(lambda part: part["brier"] or 0.0, parts, "scored"),
        "ece": mean(lambda one: abs(one["predicted"] - one["observed"]), bins, "count"),
        "bins": bins,
    }


def bin_of(bins: Sequence[Bin]) -> Bin:
    """Bins of one tenth as one."""
    count = sum(one["count"] for one in bins)
    return {
        "low": bins[0]["low"],
        "high": bins[0]["high"],
        "count": count,
        "predicted": sum(one["predicted"] * one["count"] for one in bins) / count,
        "observed": sum(one["observed"] * one["count"] for one in bins) / count,
    }
