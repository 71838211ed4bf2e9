"""What the sign-in page says about its numbers, and which they are while the database is away."""

from __future__ import annotations

from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from builders import NAIROBI, NOW, Document, ago, snapshot, user, visit

from dashapp.charts.format import Formats
from dashapp.live.store import Store
from dashapp.web.public import public_pulse
from dashapp.web.pulse_page import freshness, pulse_parts

SETTINGS = SimpleNamespace(timezone=NAIROBI, online_minutes=5)


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


def context(**documents: list[Document]) -> Any:
    """The services over a store that was told of these documents just now."""
    store = Store(Clock())
    if documents:
        store.publish(snapshot(**documents))
    formats = Formats("en_KE", "KES")
    return SimpleNamespace(live=store, settings=SETTINGS, now=store.clock, formats=formats)


def said(services: Any) -> str:
    return freshness(public_pulse(services)["source"], services).text


def test_live_numbers_tell_their_age_in_seconds() -> None:
    services = context(users=[user()])
    services.live.clock.now += timedelta(seconds=3, milliseconds=900)
    assert said(services) == "Live · 3 s ago"


def test_last_known_numbers_tell_the_local_time_they_are_of() -> None:
    services = context(users=[user()])
    services.live.clock.now += timedelta(hours=5)
    services.live.lose()
    assert said(services) == "Last known numbers, 15:00"


def test_samples_are_called_so() -> None:
    services = context()
    assert said(services) == "Sample data, live numbers unavailable"
    assert public_pulse(services)["status"] == "fallback"


def test_nobody_goes_offline_because_the_database_does() -> None:
    services = context(
        users=[user(lastSeen=ago(minutes=1))], visits=[visit(date=ago(minutes=10)), visit(date=ago(hours=11))]
    )
    before = public_pulse(services)
    services.live.lose()
    services.live.clock.now += timedelta(hours=30)
    after = public_pulse(services)
    assert (before["source"], after["source"]) == ("live", "stale")
    assert after["metrics"] == before["metrics"]
    assert after["chart_data"] == before["chart_data"]


def test_before_the_first_data_the_page_waits_unless_something_went_wrong() -> None:
    services = context()
    assert pulse_parts(services)["mark"].loading
    services.live.lose()
    assert not pulse_parts(services)["mark"].loading
    services.live.confirm("polling")
    assert pulse_parts(services)["mark"].loading
    services.live.publish(snapshot())
    assert not pulse_parts(services)["mark"].loading


def test_the_note_of_who_is_online_follows_the_setting() -> None:
    services = context(users=[user()])
    assert pulse_parts(services)["counts"][0].note == "seen in the last 5 minutes"
    services.settings = SimpleNamespace(**vars(SETTINGS) | {"online_minutes": 1})
    assert pulse_parts(services)["counts"][0].note == "seen in the last minute"
