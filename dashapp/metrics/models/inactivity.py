"""Users who have gone quiet, by rules: against their own rhythm and against the team's.

No model: it is not recorded who left, so nothing can be learnt or checked. The score is a rank.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from dashapp.domain.records import User
from dashapp.domain.scope import moment
from dashapp.domain.tables import Ints
from dashapp.domain.vocabulary import ANALYTICS_ROLES, UNASSIGNED
from dashapp.metrics.models.history import Floats, Happened
from dashapp.metrics.models.places import counted
from dashapp.metrics.models.rows import InactiveRow, Inactivity
from dashapp.metrics.models.words import day_count

FEWEST_ACTIVE_DAYS: Final = 10
RHYTHM_DAYS: Final = 180
RECENT_DAYS: Final = 28
BEFORE_DAYS: Final = 84
LONG_SILENCE: Final = 2.0  # times the longest of nine in ten own pauses, and times the team's usual
LEAST_SILENCE_DAYS: Final = 7
HALVED: Final = 0.5
LEAST_BEFORE: Final = 12  # activities in 84 days, fewer cannot be said to have halved

NOTE: Final = (
    "risk_score is a rank from 0 to 1 among these users, by silence and loss of activity against their own"
    " and the team's rhythm. It is no probability."
)
NEVER: Final = "no activity on record"
TOO_FEW: Final = f"fewer than {FEWEST_ACTIVE_DAYS} active days in the last {RHYTHM_DAYS}"


@dataclass(frozen=True)
class Rhythm:
    """How one user has been active before the cut-off."""

    user: User
    last_at: int
    silent: int
    usual_gap: float
    longest_gap: float  # nine in ten pauses are no longer
    recent: int
    before: float  # activities of an average 28 of the 84 days before the recent ones

    @property
    def silence(self) -> float:
        return self.silent / max(self.longest_gap, 1.0)

    @property
    def change(self) -> float:
        return (self.recent + 1) / (self.before + 1)


def inactivity(users: Mapping[str, User], activities: Mapping[str, Happened], cut: int) -> Inactivity:
    """Active users who are not managers, the quietest first."""
    seen = days_by_user(activities)
    rhythms, reasons = [], []
    for user in sorted(users.values(), key=lambda one: one.id):
        if not user.active or user.role in ANALYTICS_ROLES:
            continue
        at, days = seen.get(user.id, (np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)))
        if len(np.unique(days[days >= cut - RHYTHM_DAYS])) >= FEWEST_ACTIVE_DAYS:
            rhythms.append(rhythm(user, at, days, cut))
        else:
            reasons.append((TOO_FEW if len(days) else NEVER, user.region or UNASSIGNED))
    return {"note": NOTE, "rows": ranked(rhythms), "refused": counted(reasons)}


def days_by_user(activities: Mapping[str, Happened]) -> dict[str, tuple[Ints, Ints]]:
    """User id → times and local days of everything they did."""
    parts: dict[str, list[tuple[Ints, Ints]]] = {}
    for events in activities.values():
        order = np.argsort(events.user, kind="stable")
        bounds = np.searchsorted(events.user[order], np.arange(len(events.user_ids) + 1))
        for code, name in enumerate(events.user_ids):
            rows = order[bounds[code] : bounds[code + 1]]
            parts.setdefault(name, []).append((events.at[rows], events.day[rows]))
    return {
        name: (np.concatenate([at for at, _ in some]), np.concatenate([day for _, day in some]))
        for name, some in parts.items()
    }


def rhythm(user: User, at: Ints, days: Ints, cut: int) -> Rhythm:
    active = np.unique(days[days >= cut - RHYTHM_DAYS])
    gaps = np.diff(active)
    recent = int((days >= cut - RECENT_DAYS).sum())
    since = cut - RECENT_DAYS - BEFORE_DAYS
    before = int(((days >= since) & (days < cut - RECENT_DAYS)).sum())
    return Rhythm(
        user,
        int(at.max()),
        cut - int(active[-1]),
        float(np.median(gaps)),
        float(np.quantile(gaps, 0.9)),
        recent,
        before * RECENT_DAYS / BEFORE_DAYS,
    )


def ranked(rhythms: list[Rhythm]) -> list[InactiveRow]:
    if not rhythms:
        return []
    team_silence = max(float(np.median([one.silence for one in rhythms])), 0.5)
    team_change = (sum(one.recent for one in rhythms) + 1) / (sum(one.before for one in rhythms) + 1)
    changes = np.array([one.change for one in rhythms]) / team_change
    silences = np.array([one.silence for one in rhythms]) / team_silence
    long = [is_long(one, silence) for one, silence in zip(rhythms, silences, strict=True)]
    fallen = [has_fallen(one, change) for one, change in zip(rhythms, changes, strict=True)]
    pressure = silences + np.clip(1 / changes - 1, 0.0, 3.0)
    first = (np.array(long) | np.array(fallen)) * pressure.max()
    scores = shares(pressure + first).tolist()
    rows = [row(*each) for each in zip(rhythms, scores, long, fallen, strict=True)]
    return sorted(rows, key=lambda one: (-one["risk_score"], one["userId"]))


def shares(values: Floats) -> Floats:
    """The rank of each value from 0 (lowest) to 1 (highest), equal ones together; 0 for a single one."""
    if len(values) < 2:
        return np.zeros(len(values))
    ordered = np.sort(values)
    low, high = np.searchsorted(ordered, values), np.searchsorted(ordered, values, side="right")
    found: Floats = (low + high - 1) / 2 / (len(values) - 1)
    return found


def is_long(one: Rhythm, silence: float) -> bool:
    """Whether the silence is long for this person, and `silence` times the team's."""
    return min(silence, one.silence) > LONG_SILENCE and one.silent > LEAST_SILENCE_DAYS


def has_fallen(one: Rhythm, change: float) -> bool:
    """Whether activity has halved, measured by the team's."""
    return change < HALVED and one.before * BEFORE_DAYS / RECENT_DAYS >= LEAST_BEFORE


def row(one: Rhythm, score: float, long: bool, fallen: bool) -> InactiveRow:
    reason = f"usually active every {day_count(one.usual_gap)}, last active {one.silent} days ago"
    if one.silent == 1:
        reason = f"usually active every {day_count(one.usual_gap)}, last active yesterday"
    if fallen:
        reason += f"; {one.recent} activities in the last {RECENT_DAYS} days instead of {one.before:.0f}"
    return {
        "userId": one.user.id,
        "name": one.user.name,
        "region": one.user.region or UNASSIGNED,
        "risk_score": score,
        "stands_out": bool(long or fallen),
        "reason": reason,
        "last_activity": moment(one.last_at).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "days_since": one.silent,
        "usual_gap_days": one.usual_gap,
    }
