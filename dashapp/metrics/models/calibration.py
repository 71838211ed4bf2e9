"""How probabilities came out: by tenths, and in three figures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from dashapp.metrics.models.history import Floats
from dashapp.metrics.models.rows import Bin, Calibration

TENTHS: Final = 10


def auc(outcome: Floats, score: Floats) -> float | None:
    """The chance that a score with outcome 1 is above one with outcome 0, ties half; None without both."""
    ones = int(outcome.sum())
    zeros = len(outcome) - ones
    if not ones or not zeros:
        return None
    ordered = np.sort(score)
    low, high = np.searchsorted(ordered, score), np.searchsorted(ordered, score, side="right")
    ranks = (low + high + 1) / 2
    return float((ranks[outcome == 1].sum() - ones * (ones + 1) / 2) / (ones * zeros))


def bins(outcome: Floats, probability: Floats) -> list[Bin]:
    """Tenths of the probability that are not empty."""
    tenth = np.minimum((probability * TENTHS).astype(int), TENTHS - 1)
    return [
        {
            "low": n / TENTHS,
            "high": (n + 1) / TENTHS,
            "count": int((tenth == n).sum()),
            "predicted": float(probability[tenth == n].mean()),
            "observed": float(outcome[tenth == n].mean()),
        }
        for n in np.unique(tenth).tolist()
    ]


def distance(some: Sequence[Bin]) -> float | None:
    """The expected calibration error: the mean distance between predicted and observed."""
    count = sum(one["count"] for one in some)
    if not count:
        return None
    return sum(one["count"] * abs(one["predicted"] - one["observed"]) for one in some) / count


def calibration(days: list[str], probability: Floats, outcome: Floats) -> Calibration:
    some = bins(outcome, probability)
    return {
        "cut_offs": days,
        "scored": len(outcome),
        "auc": auc(outcome, probability),
        "brier": float(((probability - outcome) ** 2).mean()) if len(outcome) else None,
        "ece": distance(some),
        "bins": some,
    }
