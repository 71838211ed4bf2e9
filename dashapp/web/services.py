"""What the web layer works with, reachable from any request."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic

from flask import current_app

from dashapp.charts.format import Formats
from dashapp.live.store import Store
from dashapp.metrics.models.latest import Latest
from dashapp.settings import Settings
from dashapp.source.accounts import Accounts
from dashapp.source.marks import Marks


@dataclass(frozen=True)
class Services:
    settings: Settings
    live: Store
    accounts: Accounts
    marks: Marks
    predictions: Latest = field(default_factory=Latest)
    started_at: float = field(default_factory=monotonic)

    def now(self) -> datetime:
        return self.live.clock()

    @property
    def formats(self) -> Formats:
        return Formats(self.settings.locale, self.settings.currency)

    @property
    def uptime_seconds(self) -> float:
        return round(monotonic() - self.started_at, 1)


def services() -> Services:
    """Those of the current app."""
    found: Services = current_app.extensions["services"]
    return found


def formats() -> Formats:
    """How the current app writes numbers and times."""
    return services().formats
