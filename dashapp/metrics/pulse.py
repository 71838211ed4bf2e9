"""The public pulse of the sign-in page: counts only, of the organisation as a whole."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np

from dashapp.domain.scope import DAY, epoch_ms, last_days, midnight_ms
from dashapp.domain.snapshot import Snapshot
from dashapp.domain.tables import NOBODY, Events
from dashapp.domain.vocabulary import COUNTED, EVENT_KINDS

HOURS: Final = 12
HOUR: Final = timedelta(hours=1)


def _activities(snapshot: Snapshot, start_ms: int, end_ms: int) -> list[Events]:
    """Per kind the activities with start <= at < end."""
    found = []
    for kind in EVENT_KINDS:
        table: Events = getattr(snapshot, kind)
        rows = table.take(slice(*table.between(start_ms, end_ms)))
        found.append(rows.take(np.array(COUNTED[kind])[rows.status]))
    return found


def _people(events: list[Events]) -> set[int]:
    """The codes of those who did something."""
    return set(np.concatenate([rows.user for rows in events]).tolist()) - {NOBODY}


def hour_starts(now: datetime, zone: ZoneInfo) -> list[datetime]:
    """The local clock hours shown, the running one last, as local times."""
    running = now.astimezone(zone).replace(minute=0, second=0, microsecond=0).astimezone(UTC)
    return [(running - HOUR * back).astimezone(zone) for back in reversed(range(HOURS))]


def hourly(snapshot: Snapshot, now: datetime, zone: ZoneInfo) -> list[dict[str, Any]]:
    """Activities and active users of the last 12 clock hours, the running one last."""
    starts = hour_starts(now, zone)
    ends = [epoch_ms(start) for start in starts[1:]] + [epoch_ms(now) + 1]
    rows = []
    for start, end in zip(starts, ends, strict=True):
        done = _activities(snapshot, epoch_ms(start), end)
        rows.append(
            {
                "time": start.astimezone(UTC),
                "label": start.strftime("%H:00"),
                "activities": sum(len(events) for events in done),
                "active_users": len(_people(done)),
            }
        )
    return rows


def pulse(snapshot: Snapshot, now: datetime, zone: ZoneInfo, online_minutes: int) -> dict[str, Any]:
    """How many people there are, were active today and are online, and what was done in the last hour."""
    now_ms = epoch_ms(now)
    hour_ago = epoch_ms(now - HOUR)
    today = last_days(1, now, zone)
    tomorrow_ms = midnight_ms(today.last_on + DAY, zone)  # the writer's clock may be a little ahead
    users = snapshot.users.values()
    seen_today = {
        user.id
        for user in users
        if any(
            at is not None and today.start_ms <= at < tomorrow_ms for at in (user.last_login, user.last_seen)
        )
    }
    active = {
        snapshot.user_ids[code] for code in _people(_activities(snapshot, today.start_ms, today.end_ms))
    }
    online_since = epoch_ms(now - timedelta(minutes=online_minutes))
    members = [user for user in users if user.active]
    return {
        "total_users": len(members),
        "active_today": len(active | seen_today),
        "online_now": sum(u.last_seen is not None and online_since <= u.last_seen <= now_ms for u in users),
        "recent_activities": sum(len(events) for events in _activities(snapshot, hour_ago, now_ms + 1)),
        "tier_distribution": {
            tier.name: sum(user.tier == tier.name for user in members) for tier in snapshot.tiers
        },
    }
