"""The result of all models, as it is kept in a file, held in memory and put out. All of it is plain JSON.

What each part means, for those who show it. Money is in units of the currency, shares and probabilities lie
between 0 and 1, dates are local days (YYYY-MM-DD), times are ISO-8601 UTC. There is never a NaN; what could
not be said is None (or an empty list) and has a reason in words beside it. "The cut-off" is the beginning of
the local day on which the models ran (`as_of`): nothing later was known to them, and the next 7 days
begin on that day.

Predictions
    computed_at   time at which the models were run
    as_of         the local day of the cut-off: the first day that is forecast
    trained_on    TrainedOn: what they learnt from
    total         Forecast of the whole organisation
    regions       region name → Forecast, for the regions with most revenue (at most 30)
    churn         FacilityChurn: probability that a facility orders nothing in the next 60 days
    inactivity    Inactivity: users who have gone quiet (a rank, not a probability)
    opportunities Opportunities: where the next 30 days' revenue is to be expected or lost

A Forecast is stored in parts that can be added up over regions; `outlook.outlook(forecasts, as_of)` reads one
or several of them as an Outlook (intervals, confidence, trend, track record; see outlook.py for its fields),
which is what pages and the API show. `scoped.scoped` narrows everything to regions and users.

TrainedOn
    first_on, last_on   first and last local day with data used, None without any
    days, orders, revenue, facilities   how many; all counted orders before the cut-off, of five years at most

Forecast
    region        its name; None for the whole organisation
    reason        why there is no forecast at all; None if there is one
    early         True below 56 days of history: only the mean of the weekdays, to be shown as "early"
    days          days of history it is made from
    daily         30 numbers: expected revenue of each day from `as_of` on; [] without a forecast.
                  They add up to `next_month`, the first seven of them to `next_week` if given
    weeks         revenue of the last eight whole weeks, oldest first; [] if there are fewer
    horizons      "next_week" (7 days) and "next_month" (30 days) → Horizon

Horizon
    days          7 or 30
    forecast      expected revenue; None if refused
    reason        why it is refused; None if it is not
    scale         what errors are measured by (the mean of the forecast and of the recent level)
    checks        up to 56 past forecasts, one a week, oldest first, each made by the same code from what was
                  known on its day: Check

Check
    made_on       the first day it forecast
    forecast, actual   revenue of those days, as foretold and as it came
    scale         as above, on that day

FacilityChurn
    method        how it was computed, in words
    reason        why nobody is scored; None otherwise
    rows          ChurnRow of every facility with 3 orders and 60 days, the most revenue at stake first
                  (probability × revenue_last_year)
    refused       reason → region → how many facilities it kept from being scored
    calibration   Calibration: how past scores of the same code came out; everywhere
    calibrations  region → Calibration

ChurnRow
    facilityId, facility_name, region
    userId, user_name   the rep to act (last seen with the facility), None if unknown
    probability   of no order in the next 60 days
    reason        "usually every 18 days, silent for 47"
    usual_gap_days, days_since, last_order_on, orders   what the reason is made of; orders: days with any
    revenue_last_year   what it ordered in the last 365 days

Calibration
    cut_offs      past days at which all facilities were scored, oldest first, each 60 days over
    scored        facility scores checked
    auc           chance that one who stayed away was scored above one who came back; None if all did alike
    brier         mean squared error of the probability
    ece           mean distance between probability and what came, by tenths
    bins          {low, high, count, predicted, observed}: tenths that are not empty; predicted = mean
                  probability, observed = share that did stay away

Inactivity
    note          that risk_score is a rank and not a probability
    rows          InactiveRow, the highest rank first
    refused       reason → region → how many active sales users it kept from being ranked

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
    refused       reason → region → how many facilities it left out
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
from typing import Any, Final

from dashapp.metrics.models.rows import FacilityChurn, Forecast, Inactivity, Opportunities, TrainedOn

FORMAT: Final = 1  # to be raised when the structure changes: results of another format are not read


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
