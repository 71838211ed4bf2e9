"""Where the newest predictions are found in memory."""

from __future__ import annotations

from dashapp.metrics.models.predictions import Predictions
from dashapp.metrics.models.scoped import Reading


class Latest:
    """Holds the newest predictions, None before the first. One thread writes, any thread reads."""

    def __init__(self) -> None:
        self._reading: Reading | None = None

    @property
    def reading(self) -> Reading | None:
        return self._reading

    @property
    def version(self) -> str | None:
        """Names the content; None before the first."""
        return None if self._reading is None else self._reading.version

    def publish(self, predictions: Predictions) -> None:
        self._reading = Reading.of(predictions)
