"""The public pulse: counts that anyone may see, for the sign-in page."""

from __future__ import annotations

from datetime import datetime
from time import perf_counter
from typing import Any, Final

from flask import Blueprint, Response, jsonify

from dashapp.domain.scope import epoch_ms
from dashapp.domain.snapshot import Snapshot
from dashapp.metrics.pulse import hour_starts, hourly, pulse
from dashapp.web.json import iso
from dashapp.web.services import Services, services

# Shown, and marked as such, only while no real number was ever known.
SAMPLE_HOURS: Final = (2, 5, 9, 14, 21, 26, 24, 19, 22, 25, 17, 11)
SAMPLE: Final = {
    "total_users": 42,
    "active_today": 27,
    "online_now": 9,
    "recent_activities": 18,
    "tier_distribution": {"Bronze": 18, "Silver": 12, "Gold": 8, "Platinum": 4},
}


def public_pulse(context: Services) -> dict[str, Any]:
    """The pulse with its source: live, stale (last known), or sample (never known).

    Stale numbers are those of the moment they were last known: nobody goes offline because the database did.
    """
    live, now = context.live.live, context.now()
    stale = live.is_stale(now)
    if live.snapshot is None:
        source, hours, figures = "sample", sample_hours(now, context), dict(SAMPLE)
    else:
        source = "stale" if stale else "live"
        at = live.data_as_of if stale and live.data_as_of else now
        hours, figures = counted(live.snapshot, at, context)
    return {
        "status": "fallback" if source == "sample" else "success",
        "source": source,
        "chart_data": hours,
        "metrics": figures,
        "timestamp": iso(now),
        "data_as_of": iso(live.data_as_of) if live.data_as_of else None,
    }


def counted(
    snapshot: Snapshot, at: datetime, context: Services
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The hours and the figures as they were at a time, counted once a second however many ask."""
    zone, minutes = context.settings.timezone, context.settings.online_minutes
    second = epoch_ms(at) // 1000
    hours = snapshot.memo.get(("hours", second), lambda: hourly(snapshot, at, zone))
    return hours, snapshot.memo.get(("pulse", second), lambda: pulse(snapshot, at, zone, minutes))


def sample_hours(now: datetime, context: Services) -> list[dict[str, Any]]:
    starts = hour_starts(now, context.settings.timezone)
    return [
        {"time": start, "label": start.strftime("%H:00"), "activities": n, "active_users": (n + 1) // 2}
        for start, n in zip(starts, SAMPLE_HOURS, strict=True)
    ]


def realtime() -> Response:
    started = perf_counter()
    context = services()
    answer = public_pulse(context)
    answer["metrics"] = {
        **answer["metrics"],
        "server_uptime_seconds": context.uptime_seconds,
        "response_time_ms": round((perf_counter() - started) * 1000, 2),
    }
    return jsonify(answer)


def live_users() -> Response:
    answer = public_pulse(services())
    figures = answer["metrics"]
    return jsonify(
        {
            "status": answer["status"],
            "source": answer["source"],
            "online_users": figures["online_now"],
            "active_users": figures["active_today"],
            "total_users": figures["total_users"],
            "timestamp": answer["timestamp"],
        }
    )


def blueprint() -> Blueprint:
    public = Blueprint("public", __name__, url_prefix="/accounts")
    public.add_url_rule("/analytics/realtime/", "realtime", realtime, methods=["GET"], strict_slashes=False)
    public.add_url_rule(
        "/analytics/live-users/", "live_users", live_users, methods=["GET"], strict_slashes=False
    )
    return public
