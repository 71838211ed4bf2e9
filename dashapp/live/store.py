"""Where the newest snapshot is found, and how old it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from dashapp.domain.ports import Mode
from dashapp.domain.snapshot import Snapshot
from dashapp.errors import NotReady

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Live:
    """A snapshot and the circumstances it is in. `data_as_of` is when it was last known to be current."""

    snapshot: Snapshot | None = None
    data_as_of: datetime | None = None
    connected: bool = False
    lost: bool = False
    mode: Mode = "polling"
    stale_after_seconds: float = 5.0

    @property
    def is_loading(self) -> bool:
        """Whether the first data are on their way: nothing is there yet, and nothing has gone wrong."""
        return self.snapshot is None and not self.lost

    def lag_seconds(self, now: datetime) -> float | None:
        """How long ago the data were known to be current; None before the first load."""
        return None if self.data_as_of is None else max(0.0, (now - self.data_as_of).total_seconds())

    def is_stale(self, now: datetime) -> bool:
        """Whether the reader has to be told that newer data may exist."""
        lag = self.lag_seconds(now)
        return lag is None or not self.connected or lag > self.stale_after_seconds


class Store:
    """Holds the current `Live` state. One thread writes, any thread reads; a read never waits."""

    def __init__(self, clock: Clock = utc_now, stale_after_seconds: float = 5.0) -> None:
        self.clock = clock
        self._live = Live(stale_after_seconds=stale_after_seconds)
        self._doubted = False

    @property
    def live(self) -> Live:
        return self._live

    def snapshot(self) -> Snapshot:
        """The newest snapshot; raises NotReady before the first."""
        snapshot = self._live.snapshot
        if snapshot is None:
            raise NotReady("The data are being loaded. Try again shortly.", retry_after_seconds=2)
        return snapshot

    def publish(self, snapshot: Snapshot) -> None:
        as_of = self._as_of()
        self._live = replace(self._live, snapshot=snapshot, data_as_of=as_of, connected=True, lost=False)

    def confirm(self, mode: Mode) -> None:
        """The database was asked just now: what is published is current."""
        as_of = self._as_of() if self._live.snapshot is not None else None
        self._live = replace(self._live, data_as_of=as_of, connected=True, lost=False, mode=mode)

    def doubt(self) -> None:
        """Changes may have been missed: whatever is published or confirmed until `trust` grows old."""
        self._doubted = True

    def trust(self) -> None:
        """Everything was compared, or loaded anew."""
        self._doubted = False

    def _as_of(self) -> datetime | None:
        return self._live.data_as_of if self._doubted else self.clock()

    def lose(self) -> None:
        """The database did not answer."""
        self._live = replace(self._live, connected=False, lost=True)
