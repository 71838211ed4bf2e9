"""Predictions as they are put out: amounts with two decimals, shares and probabilities with four."""

from __future__ import annotations

from typing import Any, Final, TypeVar, cast

T = TypeVar("T")
FOUR_PLACES: Final = frozenset(
    {"probability", "risk_score", "confidence", "typical_error", "coverage", "change", "capture"}
    | {"auc", "brier", "ece", "predicted", "observed", "expected_orders"}
)


def put_out(value: T, name: str = "") -> T:
    """The same structure with every float rounded."""
    return cast(T, _put_out(value, name))


def _put_out(value: Any, name: str) -> Any:
    if isinstance(value, float):
        return round(value, 4 if name in FOUR_PLACES else 2)
    if isinstance(value, dict):
        return {key: _put_out(item, key) for key, item in value.items()}
    if isinstance(value, list):
        return [_put_out(item, name) for item in value]
    return value
