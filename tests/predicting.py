"""Orders for predictions: a few days of history as a snapshot's material, without a database."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from builders import Document, facility, order, snapshot

from dashapp.metrics.models.fit import predict
from dashapp.metrics.models.history import Happened, Material, Series, day_number, happened
from dashapp.metrics.models.predictions import Predictions

UTC_ZONE = ZoneInfo("UTC")
TODAY = date(2026, 5, 20)  # a Wednesday
NOON = datetime(2026, 5, 20, 12, tzinfo=UTC)


def on(days_ago: float, hour: float = 9) -> datetime:
    """A naive UTC time on a day so long before TODAY."""
    return datetime.combine(TODAY, datetime.min.time()) - timedelta(days=days_ago) + timedelta(hours=hour)


def orders_of(
    days_ago: Iterable[int], facility_id: str = "clinic-1", amount: float = 100.0
) -> list[Document]:
    return [order(facilityId=facility_id, createdAt=on(day), totalAmount=amount) for day in days_ago]


def material(**collections: Sequence[Document]) -> Material:
    return Material.of(snapshot(**collections))


def history(documents: Sequence[Document], now: datetime = NOON) -> Happened:
    return happened(material(orders=documents), "orders", now, UTC_ZONE)


def predicted(now: datetime = NOON, **collections: Sequence[Document]) -> Predictions:
    """All models on these documents; everything in the answer is JSON without NaN."""
    found = predict(material(**collections), now, UTC_ZONE)
    return Predictions.from_json(found.to_json())


def series(values: Sequence[float] | Any) -> Series:
    """Revenue of consecutive days up to yesterday."""
    return Series(day_number(TODAY) - len(values), np.asarray(values, dtype=np.float64))


def clinics(count: int) -> list[Document]:
    return [facility(_id=f"clinic-{n}", name=f"Clinic {n}") for n in range(count)]
