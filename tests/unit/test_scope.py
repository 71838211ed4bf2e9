"""Windows of local days, also where the clock is changed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from builders import NAIROBI, NOW
from hypothesis import given
from hypothesis import strategies as st

from dashapp.domain.scope import Scope, Window, day_range, epoch_ms, last_days, midnight_ms, moment

BERLIN = ZoneInfo("Europe/Berlin")
SANTIAGO = ZoneInfo("America/Santiago")
HAVANA = ZoneInfo("America/Havana")  # midnight comes twice in autumn
KATHMANDU = ZoneInfo("Asia/Kathmandu")
ZONES = (NAIROBI, BERLIN, SANTIAGO, HAVANA, KATHMANDU, ZoneInfo("UTC"))
HOUR_MS = 3_600_000


def ms(text: str) -> int:
    """UTC milliseconds of a time such as 2026-05-20T12:00+00:00."""
    return epoch_ms(datetime.fromisoformat(text))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def test_times_become_milliseconds_rounded_down_and_back() -> None:
    assert epoch_ms(datetime(1970, 1, 1, 0, 0, 1, 999, tzinfo=UTC)) == 1000
    assert epoch_ms(datetime(1969, 12, 31, 23, 59, 59, 999_500, tzinfo=UTC)) == -1
    assert moment(1_779_278_400_123) == datetime(2026, 5, 20, 12, 0, 0, 123_000, tzinfo=UTC)


# --- daysBack


def test_one_day_is_from_local_midnight_up_to_now() -> None:
    today = last_days(1, NOW, NAIROBI)
    assert (today.start_ms, today.end_ms) == (ms("2026-05-20T00:00+03:00"), ms("2026-05-20T15:00+03:00") + 1)
    assert (today.dates(), today.label) == ([date(2026, 5, 20)], "Today")


def test_thirty_days_include_today() -> None:
    window = last_days(30, NOW, NAIROBI)
    assert (window.first_on, window.last_on) == (date(2026, 4, 21), date(2026, 5, 20))
    assert window.start_ms == ms("2026-04-21T00:00+03:00")
    assert (window.days, len(window.dates()), window.label) == (30, 30, "Last 30 days")
    assert last_days(2, NOW, NAIROBI).label == "Last 2 days"


def test_the_local_day_counts_not_that_of_greenwich() -> None:
    late = utc("2026-05-20T22:30+00:00")
    assert last_days(1, late, NAIROBI).dates() == [date(2026, 5, 21)]
    assert last_days(1, late, SANTIAGO).dates() == [date(2026, 5, 20)]


def test_at_local_midnight_only_the_first_millisecond_of_the_day_has_come() -> None:
    today = last_days(1, utc("2026-05-20T00:00+03:00"), NAIROBI)
    assert (today.first_on, today.end_ms - today.start_ms) == (date(2026, 5, 20), 1)
    yesterday = last_days(1, utc("2026-05-20T00:00+03:00") - timedelta(milliseconds=1), NAIROBI)
    assert yesterday.end_ms == today.start_ms


# --- from and to


def test_a_range_of_past_days_holds_them_whole() -> None:
    window = day_range(date(2026, 5, 1), date(2026, 5, 19), NOW, NAIROBI)
    assert (window.start_ms, window.end_ms) == (ms("2026-05-01T00:00+03:00"), ms("2026-05-20T00:00+03:00"))
    assert (window.days, window.cut_ms, window.label) == (19, None, "2026-05-01 to 2026-05-19")


def test_a_range_that_ends_today_ends_now() -> None:
    window = day_range(date(2026, 5, 20), date(2026, 5, 20), NOW, NAIROBI)
    assert (window.end_ms, window.label) == (epoch_ms(NOW) + 1, "2026-05-20")


# --- The previous window


def test_the_previous_window_is_cut_at_the_same_time_of_day() -> None:
    before = last_days(7, NOW, NAIROBI).previous()
    assert (before.first_on, before.last_on) == (date(2026, 5, 7), date(2026, 5, 13))
    assert (before.start_ms, before.end_ms) == (
        ms("2026-05-07T00:00+03:00"),
        ms("2026-05-13T15:00+03:00") + 1,
    )


def test_the_window_before_whole_days_ends_where_they_begin() -> None:
    window = day_range(date(2026, 5, 11), date(2026, 5, 17), NOW, NAIROBI)
    before = window.previous()
    assert (before.first_on, before.days, before.cut_ms) == (date(2026, 5, 4), 7, None)
    assert before.end_ms == window.start_ms


def test_a_scope_keeps_its_filters_in_the_previous_window() -> None:
    window = last_days(7, NOW, NAIROBI)
    assert Scope(window, ("Coast",), ("rep-1",)).previous() == Scope(
        window.previous(), ("Coast",), ("rep-1",)
    )


def test_a_window_cut_before_its_first_millisecond_is_empty() -> None:
    start = midnight_ms(date(2026, 5, 20), NAIROBI)
    window = Window(date(2026, 5, 20), date(2026, 5, 20), start - 1, NAIROBI, "")
    assert window.end_ms == window.start_ms == start


# --- Days on which the clock is changed


@pytest.mark.parametrize(
    ("zone", "day", "begins", "hours"),
    [
        (BERLIN, date(2026, 3, 29), "2026-03-29T00:00+01:00", 23),
        (BERLIN, date(2026, 10, 25), "2026-10-25T00:00+02:00", 25),
        (SANTIAGO, date(2026, 9, 6), "2026-09-06T01:00-03:00", 23),  # there is no midnight
        (SANTIAGO, date(2026, 4, 4), "2026-04-04T00:00-03:00", 25),
        (HAVANA, date(2026, 11, 1), "2026-11-01T00:00-04:00", 25),  # the first of two midnights
        (NAIROBI, date(2026, 3, 29), "2026-03-29T00:00+03:00", 24),
    ],
)
def test_a_day_is_as_long_as_the_clock_makes_it(zone: ZoneInfo, day: date, begins: str, hours: int) -> None:
    window = day_range(day, day, NOW + timedelta(days=365), zone)
    assert window.start_ms == ms(begins)
    assert window.end_ms - window.start_ms == hours * HOUR_MS


def test_the_previous_window_keeps_the_time_on_the_wall_when_the_clock_was_changed() -> None:
    before = last_days(2, utc("2026-03-30T10:00+02:00"), BERLIN).previous()
    assert before.start_ms == ms("2026-03-27T00:00+01:00")
    assert before.end_ms == ms("2026-03-28T10:00+01:00") + 1


def test_a_cut_at_a_time_that_came_twice_is_at_the_first() -> None:
    before = last_days(1, utc("2026-10-26T02:30+01:00"), BERLIN).previous()
    assert before.end_ms == ms("2026-10-25T02:30+02:00") + 1
    second = last_days(1, utc("2026-10-25T02:30+01:00"), BERLIN)  # now is the second of the two
    assert second.end_ms == ms("2026-10-25T02:30+01:00") + 1
    assert second.previous().end_ms == ms("2026-10-24T02:30+02:00") + 1


def test_a_cut_at_a_time_that_never_came_is_as_long_after_the_change() -> None:
    before = last_days(1, utc("2026-03-30T02:30+02:00"), BERLIN).previous()
    assert before.end_ms == ms("2026-03-29T03:30+02:00") + 1


def test_a_cut_at_a_midnight_that_never_came_leaves_the_first_millisecond() -> None:
    before = last_days(1, utc("2026-09-07T00:00-03:00"), SANTIAGO).previous()
    assert (before.first_on, before.start_ms) == (date(2026, 9, 6), ms("2026-09-06T01:00-03:00"))
    assert before.end_ms - before.start_ms == 1


def test_the_days_of_a_window_begin_at_their_local_midnights() -> None:
    week = day_range(date(2026, 9, 5), date(2026, 9, 7), NOW + timedelta(days=365), SANTIAGO)
    assert week.day_starts() == [
        ms("2026-09-05T00:00-04:00"),
        ms("2026-09-06T01:00-03:00"),
        ms("2026-09-07T00:00-03:00"),
    ]


@given(zone=st.sampled_from(ZONES), quarter=st.integers(0, 20 * 366 * 96), part=st.integers(0, 899_999))
def test_every_moment_belongs_to_the_day_that_the_local_calendar_shows(
    zone: ZoneInfo, quarter: int, part: int
) -> None:
    at = ms("2018-01-01T00:00+00:00") + quarter * 900_000 + part
    day = moment(at).astimezone(zone).date()
    assert midnight_ms(day, zone) <= at < midnight_ms(day + timedelta(days=1), zone)


# --- The leap day


def test_the_leap_day_is_a_day_like_any_other() -> None:
    now = utc("2028-02-29T12:00+03:00")
    assert last_days(1, now, NAIROBI).dates() == [date(2028, 2, 29)]
    assert last_days(366, now, NAIROBI).first_on == date(2027, 3, 1)
    assert last_days(2, utc("2028-03-01T12:00+03:00"), NAIROBI).first_on == date(2028, 2, 29)
    assert last_days(1, utc("2028-03-01T12:00+03:00"), NAIROBI).previous().first_on == date(2028, 2, 29)
    assert day_range(date(2028, 2, 28), date(2028, 3, 1), now, NAIROBI).days == 3
    assert day_range(date(2027, 2, 28), date(2027, 3, 1), now, NAIROBI).days == 2
