"""The result of all models, as it is kept in a file, held in memory and put out. Everything here is plain
JSON.

What each part means, for those who show it. Money is in units of the currency, shares and probabilities lie
between 0 and 1, dates are local days (YYYY-MM-DD), times are ISO-8601 UTC. There is never a NaN; what could
not
be said is None (or an empty list) and has a reason in words beside it. "The cut-off" is the beginning of the
local day on which the models ran (`as_of`): nothing later was known to them, so "the next 7 days" begin on
that day.

Predictions
    computed_at   time at which the models were run
    as_of         the local day of the cut-off: the first day that is forecast
    trained_on    TrainedOn: what they learnt from
    total         Forecast of the whole organisation
    regions       region name → Forecast, for the regions with most revenue (at most 30)
    churn         FacilityChurn: probability that a facility orders nothing in the next 60 days
    inactivity    Inactivity: users who have gone quiet (a rank, not a probability)
    opportunities Opportunities: where the next 30 days' revenue is to be expected or lost

A Forecast is stored in parts that can be added up over regions; `outlook.outlook(forecasts)` reads one or
several of
them as an Outlook (intervals, confidence, trend, track record; its fields are told in outlook.py), which is
what pages and the API show.
`scoped.py` narrows everything to regions and users.

TrainedOn
    first_on, last_on   first and last local day with data used, None without any
    days, orders, revenue, facilities   how many; all counted orders before the cut-off, of five years at the
                                        most

Forecast
    region        its name; None for the whole organisation
    reason        why there is no forecast at all; None if there is one
    early         True below 56 days of history: only the mean of the weekdays, to be shown as "early"
    days          days of history it is made from
    daily         30 numbers: expected revenue of each day from `as_of` on; [] without a forecast.
                  They add up to `next_month`, the first seven of them to `next_week` where that is not
                  refused
    weeks         revenue of the last eight whole weeks, oldest first; [] if there are fewer
    horizons      "next_week" (7 days) and "next_month" (30 days) → Horizon

Horizon
    days          7 or 30
    forecast      expected revenue; None if refused
    reason        why it is refused; None if it is not
    scale         what errors are measured by (the mean of the forecast and of the recent level)
    checks        up to 56 past forecasts, one a week, oldest first, each made by the same code from what was
                  known
                  on its day: Check

Check
    made_on       the first day it forecast
    forecast, actual   revenue of those days, as foretold and as it came
    scale         as above, on that day

FacilityChurn
    method        how it was computed, in words
    reason        why nobody is scored; None otherwise
    rows          ChurnRow, the highest probability first
    refused       reason → how many facilities it kept from being scored
    calibration   Calibration: how past scores of the same code came out

ChurnRow
    facilityId, facility_name, region
    userId, user_name   the rep to act (last seen with the facility), None if unknown
    probability   of no order in the next 60 days
    reason        "usually every 18 days, silent for 47"
    usual_gap_days, days_since, last_order_on, orders   what the reason is made of

Calibration
    cut_offs      past days at which all facilities were scored, oldest first, each 60 days over
    scored        facility scores checked
    auc           chance that one who stayed away was scored higher than one who came back; None if all did
                  the same
    brier         mean squared error of the probability
    ece           mean distance between probability and what came, by tenths
    bins          {low, high, count, predicted, observed}: tenths that are not empty; predicted = mean
                  probability, observed = share that did stay away

Inactivity
    note          that risk_score is a rank and not a probability
    rows          InactiveRow, the highest rank first
    refused       reason → how many active sales users it kept from being ranked

InactiveRow (the API's churn_risks)
    userId, name, region
    risk_score    rank among the ranked, 0 (steadiest) to 1 (most quiet)
    stands_out    True where the silence is long for this person and for the team, or activity has halved
    reason        in words
    last_activity time of the last visit, quotation, order or login
    days_since    whole local days since then
    usual_gap_days   median days between two active days

Opportunities
    note          how they are computed, in words
    reason        why there are none; None otherwise
    rows          OpportunityRow of every facility with at least 3 orders, the highest expected revenue first.
                  Key accounts are the first 20; due and quiet are the first 20 of those with quiet = True
    refused       reason → how many facilities it left out
    past          PastPick, monthly, oldest first: what the two lists would have been, and what came

OpportunityRow
    facilityId, facility_name, region, userId, user_name   as in ChurnRow
    quiet         no order for over 30 days
    probability   of at least one order in the next 30 days
    expected_orders   in the next 30 days
    order_value   what an order (a day with orders) of this facility is worth, drawn towards the usual one
    potential_revenue   expected_orders × order_value
    usual_gap_days, days_since, last_order_on, orders
    last_visit    local day of the last visit that took place, None without one
    recommendation   a sentence

PastPick
    made_on       the day the list would have been made; it is about the 30 days from then on
    list          "key accounts" or "due and quiet"
    picked        {facilityId, facility_name, region, expected, actual}, in the order of the list
    expected, actual   their sums
    best          what the best possible choice of as many facilities brought
    capture       actual / best; None where best is 0
    hits          how many of the picked ordered
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any, Final, TypedDict

FORMAT: Final = 1  # to be raised when the structure changes: results of another format are not read


class TrainedOn(TypedDict):
    first_on: str | None
    last_on: str | None
    days: int
    orders: int
    revenue: float
    facilities: int


class Check(TypedDict):
    made_on: str
    forecast: float
    actual: float
    scale: float


class Horizon(TypedDict):
    days: int
    forecast: float | None
    reason: str | None
    scale: float
    checks: list[Check]


class Forecast(TypedDict):
    region: str | None
    reason: str | None
    early: bool
    days: int
    daily: list[float]
    weeks: list[float]
    horizons: dict[str, Horizon]


class ChurnRow(TypedDict):
    facilityId: str
    facility_name: str
    region: str
    userId: str | None
    user_name: str | None
    probability: float
    reason: str
    usual_gap_days: float | None
    days_since: int
    last_order_on: str
    orders: int


class Bin(TypedDict):
    low: float
    high: float
    count: int
    predicted: float
    observed: float


class Calibration(TypedDict):
    cut_offs: list[str]
    scored: int
    auc: float | None
    brier: float | None
    ece: float | None
    bins: list[Bin]


class FacilityChurn(TypedDict):
    method: str
    reason: str | None
    rows: list[ChurnRow]
    refused: dict[str, int]
    calibration: Calibration


class InactiveRow(TypedDict):
    userId: str
    name: str
    region: str
    risk_score: float
    stands_out: bool
    reason: str
    last_activity: str
    days_since: int
    usual_gap_days: float


class Inactivity(TypedDict):
    note: str
    rows: list[InactiveRow]
    refused: dict[str, int]


class OpportunityRow(TypedDict):
    facilityId: str
    facility_name: str
    region: str
    userId: str | None
    user_name: str | None
    quiet: bool
    probability: float
    expected_orders: float
    order_value: float
    potential_revenue: float
    usual_gap_days: float
    days_since: int
    last_order_on: str
    orders: int
    last_visit: str | None
    recommendation: str


class Picked(TypedDict):
    facilityId: str
    facility_name: str
    region: str
    expected: float
    actual: float


class PastPick(TypedDict):
    made_on: str
    list: str
    picked: list[Picked]
    expected: float
    actual: float
    best: float
    capture: float | None
    hits: int


class Opportunities(TypedDict):
    note: str
    reason: str | None
    rows: list[OpportunityRow]
    refused: dict[str, int]
    past: list[PastPick]


@dataclass(frozen=True)
class Predictions:
    """See the top of this module."""

    computed_at: str
    as_of: str
    trained_on: TrainedOn
    total: Forecast
    regions: dict[str, Forecast]
    churn: FacilityChurn
    inactivity: Inactivity
    opportunities: Opportunities
    format: int = field(default=FORMAT)

    def to_json(self) -> str:
        """Raises ValueError for a NaN, which must not occur."""
        return json.dumps(asdict(self), allow_nan=False, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str | bytes) -> Predictions:
        """Raises ValueError for anything that is no result of this version."""
        found: Any = json.loads(text)
        if not isinstance(found, dict) or found.get("format") != FORMAT:
            raise ValueError("not predictions of this version")
        try:
            return cls(**found)
        except TypeError:
            raise ValueError("not predictions of this version") from None
