"""The rows that predictions are made of; what they mean is told in `predictions`."""

from __future__ import annotations

from typing import TypedDict

Refused = dict[str, dict[str, int]]


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
    revenue_last_year: float


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
    refused: Refused
    calibration: Calibration
    calibrations: dict[str, Calibration]


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
    refused: Refused


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
    refused: Refused
    past: list[PastPick]
