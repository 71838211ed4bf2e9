"""When things happen: the weekday and the hour that the local clock showed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from builders import ago, facility, login, order, quotation, snapshot, view, visit

from dashapp.domain.scope import Scope, day_range
from dashapp.metrics.rhythm import (
    HOURS,
    WEEKDAYS,
    activities_by_weekday_and_hour,
    hours,
    visits_by_region_and_weekday,
    weekdays,
)
from dashapp.metrics.view import View

BERLIN = ZoneInfo("Europe/Berlin")
SANTIAGO = ZoneInfo("America/Santiago")
KATHMANDU = ZoneInfo("Asia/Kathmandu")
LATER = datetime(2027, 1, 1, tzinfo=UTC)
Cells = dict[tuple[str, int], int]


def cells(here: View) -> Cells:
    """The hours in which anything happened."""
    table = activities_by_weekday_and_hour(here)
    assert [len(row) for row in table] == [HOURS] * 7
    return {(WEEKDAYS[day], hour): n for day, row in enumerate(table) for hour, n in enumerate(row) if n}


def seen(zone: ZoneInfo, *times: datetime) -> Cells:
    """The hours of visits at these times in UTC."""
    data = snapshot(visits=[visit(date=at) for at in times])
    first, last = min(times).date() - timedelta(days=2), max(times).date() + timedelta(days=2)
    return cells(View(data, Scope(day_range(first, last, LATER, zone))))


def test_every_kind_of_activity_counts_and_what_did_not_happen_does_not() -> None:
    data = snapshot(
        visits=[visit(), visit(status="cancelled"), visit(status="scheduled")],
        quotations=[quotation(), quotation(status="draft")],
        orders=[order(), order(status="cancelled")],
        logins=[login(), login(userId=None)],
    )
    assert cells(view(data)) == {("Wed", 14): 5}  # an hour before 15:00 in Nairobi


def test_the_hours_are_those_of_the_filters_and_the_window() -> None:
    data = snapshot(
        facilities=[facility(), facility(_id="far", region="Rift")],
        visits=[
            visit(),
            visit(facilityId="far"),
            visit(userId="other", date=ago(days=1)),
            visit(date=ago(days=7)),
        ],
    )
    assert cells(view(data, 7)) == {("Wed", 14): 2, ("Tue", 15): 1}
    assert cells(view(data, 7, regions=["Coast"])) == {("Wed", 14): 1, ("Tue", 15): 1}
    assert cells(view(data, 7, users=["other"])) == {("Tue", 15): 1}
    assert cells(view(data, 8)) == {("Wed", 14): 2, ("Wed", 15): 1, ("Tue", 15): 1}


def test_nothing_is_a_table_of_zeros() -> None:
    assert activities_by_weekday_and_hour(view(snapshot())) == [[0] * 24] * 7
    assert visits_by_region_and_weekday(view(snapshot())) == []
    empty = view(snapshot(visits=[visit()]), regions=[])
    assert activities_by_weekday_and_hour(empty) == [[0] * 24] * 7
    assert visits_by_region_and_weekday(empty) == []
    assert hours(empty, "visits").tolist() == weekdays(empty, "visits").tolist() == []


def test_the_day_of_the_week_begins_at_the_local_midnight() -> None:
    # The 18th of May 2026 is a Monday; in Kathmandu it begins at 18:15 UTC on Sunday.
    assert seen(KATHMANDU, datetime(2026, 5, 17, 18, 14), datetime(2026, 5, 17, 18, 15)) == {
        ("Sun", 23): 1,
        ("Mon", 0): 1,
    }


def test_an_hour_begins_with_the_local_clock_where_the_zone_is_off_by_minutes() -> None:
    assert seen(KATHMANDU, datetime(2026, 5, 18, 6, 14), datetime(2026, 5, 18, 6, 15)) == {
        ("Mon", 11): 1,
        ("Mon", 12): 1,
    }


@pytest.mark.parametrize(
    ("zone", "first", "weekday", "shown"),
    [
        (BERLIN, datetime(2026, 3, 29, 0, 30), "Sun", [1, 3, 4]),  # at two it was set to three
        (BERLIN, datetime(2026, 10, 24, 23, 30), "Sun", [1, 2, 2, 3]),  # at three it was set back to two
        (SANTIAGO, datetime(2026, 9, 6, 4, 30), "Sun", [1, 2, 3]),  # at midnight it was set to one
        (SANTIAGO, datetime(2026, 4, 5, 1, 30), "Sat", [22, 23, 23]),  # at midnight it was set back to eleven
    ],
)
def test_the_hour_is_what_the_clock_shows_when_it_was_changed(
    zone: ZoneInfo, first: datetime, weekday: str, shown: list[int]
) -> None:
    times = [first + timedelta(hours=n) for n in range(len(shown))]
    assert seen(zone, *times) == {(weekday, hour): shown.count(hour) for hour in shown}


def test_around_a_change_of_the_clock_days_keep_their_names() -> None:
    # Sunday the 6th of September 2026 in Santiago, from 01:00 (04:00 UTC) to midnight (03:00 UTC).
    times = [datetime(2026, 9, 6, 3, 59), datetime(2026, 9, 6, 4), datetime(2026, 9, 7, 2, 59)]
    assert seen(SANTIAGO, *times, datetime(2026, 9, 7, 3)) == {
        ("Sat", 23): 1,
        ("Sun", 1): 1,
        ("Sun", 23): 1,
        ("Mon", 0): 1,
    }


def test_milliseconds_before_1970_have_an_hour_too() -> None:
    assert seen(BERLIN, datetime(1969, 12, 31, 22, 59, 59, 999_000)) == {("Wed", 23): 1}


def test_regions_come_by_visits_then_name_with_a_number_per_weekday() -> None:
    data = snapshot(
        facilities=[facility(_id=name, region=name) for name in ("Coast", "Rift", "Delta", "Empty")],
        visits=[
            visit(facilityId="Rift"),
            visit(facilityId="Rift", date=ago(days=2)),
            visit(facilityId="Rift", date=ago(days=7)),
            visit(facilityId="Delta", date=ago(days=3)),
            visit(facilityId="Coast", status="unsuccessful"),
            visit(facilityId="Empty", status="cancelled"),
            visit(facilityId=None, userId=None, date=ago(days=1)),
        ],
        orders=[order(facilityId="Empty")],
    )
    assert visits_by_region_and_weekday(view(data)) == [
        {"region": "Rift", "visits": [1, 0, 2, 0, 0, 0, 0]},
        {"region": "Coast", "visits": [0, 0, 1, 0, 0, 0, 0]},
        {"region": "Delta", "visits": [0, 0, 0, 0, 0, 0, 1]},
        {"region": "Unassigned", "visits": [0, 1, 0, 0, 0, 0, 0]},
    ]


def test_weekdays_are_counted_from_monday_wherever_the_window_begins() -> None:
    data = snapshot(visits=[visit(date=ago(days=n)) for n in range(7)])
    for days in (7, 8, 9, 30):
        assert weekdays(view(data, days), "visits").tolist() == [3, 4, 5, 6, 0, 1, 2]  # Thursday first
    assert weekdays(view(data, 3), "visits").tolist() == [0, 1, 2]
    window = day_range(date(2026, 5, 16), date(2026, 5, 17), LATER, ZoneInfo("UTC"))
    assert weekdays(View(data, Scope(window)), "visits").tolist() == [5, 6]
