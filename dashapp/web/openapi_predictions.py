"""The description of what is answered about predictions."""

from __future__ import annotations

from typing import Final

from dashapp.domain.marks import MARKS
from dashapp.web.schemas import COUNT, DATE, NUMBER, TEXT, TIME, Schema, maybe, record, rows

YES_NO: Final[Schema] = {"type": "boolean"}
SHARE: Final[Schema] = {"type": "number", "minimum": 0, "maximum": 1}
ANY_NUMBER: Final[Schema] = {"type": "number"}
BOUNDS: Final = record(low=maybe(NUMBER), high=maybe(NUMBER), reason=maybe(TEXT))
HEADLINE: Final[dict[str, Schema]] = {
    "next_week": maybe(NUMBER),
    "next_month": maybe(NUMBER),
    "trend": {"type": "string", "enum": ["increasing", "decreasing", "stable"]},
    "confidence": SHARE,
    "confidence_words": TEXT,
    "intervals": record(next_week=BOUNDS, next_month=BOUNDS),
}
FIGURE: Final = record(
    days=COUNT,
    first_on=DATE,
    last_on=DATE,
    revenue=maybe(NUMBER),
    reason=maybe(TEXT),
    low=maybe(NUMBER),
    high=maybe(NUMBER),
    interval_reason=maybe(TEXT),
    confidence=SHARE,
    typical_error=maybe(NUMBER),
    words=TEXT,
    checks=rows(
        made_on=DATE,
        first_on=DATE,
        last_on=DATE,
        forecast=NUMBER,
        actual=NUMBER,
        low=maybe(NUMBER),
        high=maybe(NUMBER),
        inside=maybe(YES_NO),
    ),
    coverage=maybe(SHARE),
)
PLACE: Final[dict[str, Schema]] = {"facilityId": TEXT, "facility_name": TEXT, "region": TEXT}
REP: Final[dict[str, Schema]] = {"userId": maybe(TEXT), "user_name": maybe(TEXT)}
RHYTHM: Final[dict[str, Schema]] = {
    "usual_gap_days": NUMBER,
    "days_since": COUNT,
    "last_order_on": DATE,
    "orders": COUNT,
}
REFUSED: Final[Schema] = {"type": "object", "additionalProperties": COUNT}
MARK: Final[Schema] = {
    **record(mark={"type": "string", "enum": list(MARKS)}),
    "additionalProperties": False,
}
MARKED: Final = record(
    **PLACE,
    mark={"type": "string", "enum": list(MARKS)},
    userId=TEXT,
    user_name=TEXT,
    at=TIME,
    ordered_on=maybe(DATE),
    outcome=TEXT,
)
CALIBRATION: Final = record(
    cut_offs={"type": "array", "items": DATE},
    scored=COUNT,
    auc=maybe(SHARE),
    brier=maybe(SHARE),
    ece=maybe(SHARE),
    bins=rows(low=SHARE, high=SHARE, count=COUNT, predicted=SHARE, observed=SHARE),
)
PREDICTIONS: Final = record(
    revenue_forecast=record(
        **HEADLINE,
        regions_covered=maybe({"type": "array", "items": TEXT}),
        trend_words=TEXT,
        change=maybe(ANY_NUMBER),
        early=YES_NO,
        reason=maybe(TEXT),
        daily=rows(date=DATE, revenue=NUMBER),
        figures=record(next_week=FIGURE, next_month=FIGURE),
        history=rows(date=DATE, revenue=NUMBER),
        regions=rows(region=TEXT, **HEADLINE),
    ),
    churn_risks=rows(
        userId=TEXT,
        name=TEXT,
        region=TEXT,
        risk_score=SHARE,
        stands_out=YES_NO,
        reason=TEXT,
        last_activity=TIME,
        days_since=COUNT,
        usual_gap_days=NUMBER,
    ),
    churn_risks_note=TEXT,
    facility_churn=record(
        method=TEXT,
        reason=maybe(TEXT),
        rows=rows(**PLACE, **REP, probability=SHARE, reason=TEXT, revenue_last_year=NUMBER, **RHYTHM),
        refused=REFUSED,
        calibration=CALIBRATION,
    ),
    high_value_opportunities=rows(
        **PLACE,
        **REP,
        **RHYTHM,
        quiet=YES_NO,
        probability=SHARE,
        expected_orders=NUMBER,
        order_value=NUMBER,
        potential_revenue=NUMBER,
        last_visit=maybe(DATE),
        recommendation=TEXT,
        lists={"type": "array", "items": {"enum": ["key accounts", "due and quiet"]}},
        mark=maybe(MARKED),
    ),
    opportunities_reason=maybe(TEXT),
    past_opportunities=rows(
        made_on=DATE,
        list={"enum": ["key accounts", "due and quiet"]},
        expected=NUMBER,
        actual=NUMBER,
        best=NUMBER,
        capture=maybe(SHARE),
        hits=COUNT,
    ),
    marks={"type": "array", "items": MARKED},
    reason=maybe(TEXT),
    computed_at=maybe(TIME),
    as_of=maybe(DATE),
    trained_on=maybe({"type": "object"}),
)
