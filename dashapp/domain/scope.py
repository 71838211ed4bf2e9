"""What a figure is asked for: a window of local days, regions, users."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
HOUR_MS = 3_600_000


def epoch_ms(moment: datetime) -> int:
    """UTC milliseconds since 1970 of an aware time, rounded down."""
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def moment(ms: int) -> datetime:
    """The aware UTC time of milliseconds since 1970."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)


def midnight_ms(day: date, zone: ZoneInfo) -> int:
    """Where the local day begins; on days without a midnight, at the change of the clock."""
    return epoch_ms(datetime.combine(day, time(), tzinfo=zone).astimezone(UTC))


@dataclass(frozen=True)
class Window:
    """Whole local days from `first_on` to `last_on`, both included.

    `cut_ms` is the last millisecond that counts where the last day is still running, else None.
    Rows belong to the window when start_ms <= at < end_ms.
    """

    first_on: date
    last_on: date
    cut_ms: int | None
    zone: ZoneInfo
    label: str

    @property
    def days(self) -> int:
        return (self.last_on - self.first_on).days + 1

    @property
    def start_ms(self) -> int:
        return midnight_ms(self.first_on, self.zone)

    @property
    def end_ms(self) -> int:
        end = midnight_ms(self.last_on + DAY, self.zone)
        return end if self.cut_ms is None else min(end, self.cut_ms + 1)

    def dates(self) -> list[date]:
        return [self.first_on + timedelta(days=n) for n in range(self.days)]

    def day_starts(self) -> list[int]:
        """The UTC millisecond at which each day of the window begins."""
        return [midnight_ms(day, self.zone) for day in self.dates()]

    def previous(self) -> Window:
        """As many days right before, ended at the same local time of day."""
        return self.earlier(self.days, f"Previous {self.days} days" if self.days > 1 else "Previous day")

    def earlier(self, days: int, label: str) -> Window:
        """As long a window, this many days before, ended at the same local time of day."""
        shift = timedelta(days=days)
        cut = None
        if self.cut_ms is not None:
            wall = moment(self.cut_ms).astimezone(self.zone).replace(tzinfo=None, fold=0)
            cut = epoch_ms((wall - shift).replace(tzinfo=self.zone).astimezone(UTC))
        return Window(self.first_on - shift, self.last_on - shift, cut, self.zone, label)


def last_days(days: int, now: datetime, zone: ZoneInfo) -> Window:
    """The last `days` local days, today included, up to `now` (aware)."""
    today = now.astimezone(zone).date()
    label = f"Last {days} days" if days > 1 else "Today"
    return Window(today - timedelta(days=days - 1), today, epoch_ms(now), zone, label)


def day_range(first_on: date, last_on: date, now: datetime, zone: ZoneInfo) -> Window:
    """From one local day to another, both included, up to `now` at the most."""
    today = now.astimezone(zone).date()
    cut = epoch_ms(now) if last_on >= today else None
    label = f"{first_on} to {last_on}" if first_on != last_on else str(first_on)
    return Window(first_on, last_on, cut, zone, label)


@dataclass(frozen=True)
class Scope:
    """A window, and the regions and users it is narrowed to (None: all)."""

    window: Window
    regions: tuple[str, ...] | None = None
    users: tuple[str, ...] | None = None

    def previous(self) -> Scope:
        return Scope(self.window.previous(), self.regions, self.users)
