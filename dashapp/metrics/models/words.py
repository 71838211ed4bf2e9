"""Reasons and advice in plain words."""

from __future__ import annotations

from datetime import date


def day_count(days: float) -> str:
    """As in: every 18 days, every day."""
    whole = max(1, round(days))
    return "day" if whole == 1 else f"{whole} days"


def on(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def rhythm(usual_gap: float, silent: int) -> str:
    return f"usually every {day_count(usual_gap)}, silent for {silent}"


def advice(usual_gap: float, silent: int, last_visit: str | None, due_on: date, today: date) -> str:
    """What to do about a facility with this rhythm."""
    visit = f"last visited on {on(date.fromisoformat(last_visit))}" if last_visit else "no visit on record"
    if silent > max(2 * usual_gap, 30):
        return f"Visit soon: {rhythm(usual_gap, silent)} days; {visit}."
    if due_on <= today:
        return f"Call: an order is due ({rhythm(usual_gap, silent)}); {visit}."
    return f"Keep in touch: the next order is due about {on(due_on)}; {visit}."
