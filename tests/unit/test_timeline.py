"""Figures by day and by hour: as many slots as the clock makes, and sums that are those of the summary."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from builders import NAIROBI, NOW, ago, facility, order, quotation, snapshot, user, view, visit

from dashapp.charts.catalog import CHARTS
from dashapp.charts.format import Formats
from dashapp.domain.scope import Scope, day_range, last_days, moment
from dashapp.domain.snapshot import Snapshot
from dashapp.metrics import answers
from dashapp.metrics.timeline import Row, revenue_lines, slots_of, timeline
from dashapp.metrics.view import View

BERLIN = ZoneInfo("Europe/Berlin")
SANTIAGO = ZoneInfo("America/Santiago")
KATHMANDU = ZoneInfo("Asia/Kathmandu")
LATER = datetime(2027, 1, 1, tzinfo=UTC)
COUNTS = ("total_visits", "total_orders", "total_revenue", "successful_visits", "pending_quotations")


def on_day(data: Snapshot, day: date, zone: ZoneInfo) -> View:
    """The whole of a day in the past."""
    return View(data, Scope(day_range(day, day, LATER, zone)))


def labels(rows: list[Row]) -> list[str]:
    return [row["label"] for row in rows]


def clocks(rows: list[Row]) -> list[str]:
    return [row["label"].partition(" ")[2] for row in rows]


def sums(rows: list[Row]) -> dict[str, Any]:
    return {key: sum(row[key] for row in rows) for key in COUNTS}


def figures(here: View) -> dict[str, Any]:
    summary = answers.summary(here)
    return {key: summary[key] for key in COUNTS}


# --- Days


def test_a_day_has_the_key_figures_of_the_summary() -> None:
    data = snapshot(
        visits=[visit(), visit(status="unsuccessful"), visit(), visit(status="scheduled"), visit()],
        quotations=[quotation(), quotation(status="accepted")],
        orders=[order(totalAmount=1), order(totalAmount=2.5), order(status="cancelled")],
    )
    yesterday, today = timeline(view(data, 2))
    assert today == {
        "label": "2026-05-20",
        "total_visits": 4,
        "total_orders": 2,
        "total_revenue": Fraction(7, 2),
        "conversion_rate": 50,
        "avg_order_value": Fraction(7, 4),
        "successful_visits": 3,
        "pending_quotations": 1,
    }
    assert yesterday == {
        "label": "2026-05-19",
        **dict.fromkeys(COUNTS, 0),
        "conversion_rate": 0,
        "avg_order_value": 0,
    }


def test_days_begin_at_the_local_midnight() -> None:
    # Midnight in Nairobi is 21:00 in UTC: 15 hours before NOW.
    times = [ago(hours=15), ago(hours=15, milliseconds=1), ago(hours=39), ago(hours=39, milliseconds=1)]
    rows = timeline(view(snapshot(visits=[visit(date=at) for at in times]), 2))
    assert [(row["label"], row["total_visits"]) for row in rows] == [("2026-05-19", 2), ("2026-05-20", 1)]


def test_days_are_those_of_the_filters() -> None:
    data = snapshot(
        facilities=[facility(), facility(_id="far", region="Rift")],
        visits=[visit(), visit(facilityId="far"), visit(userId="other")],
    )
    here = view(data, 2, regions=["Coast"], users=["rep-1"])
    assert [row["total_visits"] for row in timeline(here)] == [0, 1]


# --- Hours of a single day


def test_today_goes_up_to_the_hour_that_is_running() -> None:
    data = snapshot(visits=[visit(date=ago(hours=15)), visit(date=ago()), visit(date=ago(minutes=1))])
    rows = timeline(view(data, 1))
    assert labels(rows) == [f"2026-05-20 {hour:02}:00" for hour in range(16)]
    assert [row["total_visits"] for row in rows] == [1, *[0] * 13, 1, 1]


def test_a_day_in_the_past_has_all_its_hours() -> None:
    rows = timeline(on_day(snapshot(visits=[visit(date=ago(days=3))]), date(2026, 5, 17), NAIROBI))
    assert clocks(rows) == [f"{hour:02}:00" for hour in range(24)]
    assert [row["label"] for row in rows if row["total_visits"]] == ["2026-05-17 15:00"]


def test_a_day_that_has_just_begun_has_one_hour() -> None:
    midnight = datetime(2026, 5, 19, 21, tzinfo=UTC)
    rows = timeline(view(snapshot(visits=[visit(date=midnight.replace(tzinfo=None))]), 1, now=midnight))
    assert [(row["label"], row["total_visits"]) for row in rows] == [("2026-05-20 00:00", 1)]


def test_the_hours_go_on_while_nothing_happens() -> None:
    data = snapshot(visits=[visit()])
    assert len(timeline(view(data, 1))) == 16
    later = view(data, 1, now=NOW + timedelta(hours=2))
    assert labels(timeline(later))[-1] == "2026-05-20 17:00"
    spec = CHARTS["trends"](later, Formats("en_KE", "KES"))
    assert len(spec.labels) == 18


def test_a_single_day_is_another_view_once_its_next_hour_begins() -> None:
    data = snapshot(visits=[visit()])
    here = view(data, 1)
    assert here.key == view(data, 1, now=NOW + timedelta(minutes=59)).key
    assert here.key != view(data, 1, now=NOW + timedelta(minutes=60)).key
    assert view(data, 2).key == view(data, 2, now=NOW + timedelta(minutes=60)).key


def test_hours_begin_with_the_day_where_the_zone_is_off_by_minutes() -> None:
    # Kathmandu is 5:45 ahead: its 20th of May begins at 18:15 UTC, and 12:00 UTC is 17:45 there.
    data = snapshot(visits=[visit(date=ago()), visit(date=datetime(2026, 5, 19, 18, 15))])
    rows = timeline(view(data, 1, zone=KATHMANDU))
    assert clocks(rows) == [f"{hour:02}:00" for hour in range(18)]
    assert [row["total_visits"] for row in rows] == [1, *[0] * 16, 1]


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        (BERLIN, date(2026, 3, 29), [0, 1, *range(3, 24)]),
        (BERLIN, date(2026, 10, 25), [0, 1, 2, 2, *range(3, 24)]),
        (SANTIAGO, date(2026, 9, 6), range(1, 24)),  # at midnight the clock was set to one
        (SANTIAGO, date(2026, 4, 4), [*range(24), 23]),  # at midnight it was set back to eleven
        (BERLIN, date(2026, 3, 30), range(24)),
        (SANTIAGO, date(2026, 4, 5), range(24)),
    ],
)
def test_a_day_has_the_hours_that_the_clock_shows(zone: ZoneInfo, day: date, hours: Any) -> None:
    begins = day_range(day, day, LATER, zone).start_ms
    each = [moment(begins + 3_600_000 * n).replace(tzinfo=None) for n in range(len(hours))]
    just_before = moment(begins - 1).replace(tzinfo=None)
    just_after = moment(begins + 3_600_000 * len(hours)).replace(tzinfo=None)
    here = on_day(snapshot(visits=[visit(date=at) for at in (just_before, *each, just_after)]), day, zone)
    rows = timeline(here)
    assert clocks(rows) == [f"{hour:02}:00" for hour in hours]
    assert {row["label"][:10] for row in rows} == {str(day)}
    assert [row["total_visits"] for row in rows] == [1] * len(hours)
    assert sums(rows) == figures(here)


@pytest.mark.parametrize(("zone", "month"), [(BERLIN, 3), (BERLIN, 10), (SANTIAGO, 4), (SANTIAGO, 9)])
def test_days_and_hours_add_up_to_the_summary_when_the_clock_changes(zone: ZoneInfo, month: int) -> None:
    first = datetime(2026, month, 1)
    times = [first + timedelta(hours=7 * n, minutes=n) for n in range(100)]
    data = snapshot(
        visits=[visit(date=at) for at in times],
        quotations=[quotation(createdAt=at) for at in times],
        orders=[order(createdAt=at, totalAmount=n) for n, at in enumerate(times)],
    )
    here = View(data, Scope(day_range(date(2026, month, 2), date(2026, month, 28), LATER, zone)))
    rows = timeline(here)
    assert labels(rows) == [str(day) for day in here.window.dates()]
    assert sums(rows) == figures(here)
    for day, row in zip(here.window.dates(), rows, strict=True):
        assert sums(timeline(on_day(data, day, zone))) == sums([row]) == figures(on_day(data, day, zone))


# --- Lines


def test_revenue_lines_have_the_millionths_of_every_day() -> None:
    data = snapshot(
        facilities=[facility(), facility(_id="far", region="Rift")],
        users=[user(), user(_id="rep-2")],
        orders=[
            order(totalAmount=1),
            order(totalAmount=0.25, createdAt=ago(days=2)),
            order(totalAmount=2, facilityId="far", userId="rep-2", createdAt=ago(days=1)),
            order(totalAmount=4, facilityId="far", userId=None),
            order(totalAmount=8, status="cancelled"),
            order(totalAmount=16, createdAt=ago(days=3)),
        ],
    )
    here = view(data, 3)
    regions = dict(zip(data.region_names, revenue_lines(here, "region", len(data.region_names)), strict=True))
    assert regions["Coast"] == [250_000, 0, 1_000_000]
    assert regions["Rift"] == [0, 2_000_000, 4_000_000]
    people = dict(zip(data.user_ids, revenue_lines(here, "user", len(data.user_ids)), strict=True))
    assert people == {"rep-1": [250_000, 0, 1_000_000], "rep-2": [0, 2_000_000, 0]}


def test_revenue_lines_of_a_single_day_go_by_hour() -> None:
    data = snapshot(orders=[order(createdAt=ago(hours=14), totalAmount=3)])
    assert revenue_lines(view(data, 1), "user", 1) == [[0, 3_000_000, *[0] * 14]]


def test_revenue_lines_of_nothing_are_zeros() -> None:
    assert revenue_lines(view(snapshot(), 2), "region", 2) == [[0, 0], [0, 0]]
    assert revenue_lines(view(snapshot(), 2), "user", 0) == []


# --- Slots


def test_every_row_in_scope_belongs_to_its_slot_whatever_its_status() -> None:
    times = [ago(days=2), ago(days=1), ago(hours=16), ago(hours=15), ago()]
    data = snapshot(
        visits=[visit(date=at, status="cancelled" if n == 1 else "successful") for n, at in enumerate(times)]
    )
    here = view(data, 2)
    assert here.slots("visits", here.window.day_starts()).tolist() == [0, 0, 1, 1]
    assert here.slots("visits", slots_of(last_days(1, NOW, NAIROBI))[:1]).tolist() == [0, 0]
    assert here.slots("orders", here.window.day_starts()).tolist() == []


def test_the_positions_of_rows_are_those_in_the_table_that_count() -> None:
    data = snapshot(
        visits=[
            visit(date=ago(days=9)),
            visit(date=ago(days=3), userId="other"),
            visit(date=ago(days=2), status="scheduled"),
            visit(date=ago(days=1)),
            visit(),
            visit(date=ago(hours=-1)),
        ]
    )
    assert view(data, 7).rows("visits").tolist() == [1, 3, 4]
    assert view(data, 7, users=["rep-1"]).rows("visits").tolist() == [3, 4]
    assert view(data, 7, users=[]).rows("visits").tolist() == []
    assert view(data, 7).rows("orders").tolist() == []


# --- A week ago


def test_the_same_hours_a_week_ago_end_at_the_same_time_on_the_wall() -> None:
    window = last_days(1, NOW, NAIROBI).earlier(7, "a week ago")
    assert (window.first_on, window.last_on, window.label) == (
        date(2026, 5, 13),
        date(2026, 5, 13),
        "a week ago",
    )
    assert moment(window.start_ms) == datetime(2026, 5, 12, 21, tzinfo=UTC)
    assert moment(window.end_ms - 1) == datetime(2026, 5, 13, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "now", "begins", "ends"),
    [
        # The clock of Berlin was set ahead on the 29th of March: 10:00 was 09:00 UTC before, 08:00 after.
        (BERLIN, "2026-04-01T08:00", "2026-03-24T23:00", "2026-03-25T09:00"),
        (BERLIN, "2026-03-29T08:00", "2026-03-21T23:00", "2026-03-22T09:00"),
        (BERLIN, "2026-10-26T09:00", "2026-10-18T22:00", "2026-10-19T08:00"),
        # A week after the day whose 02:30 came twice: up to the first.
        (BERLIN, "2026-11-01T01:30", "2026-10-24T22:00", "2026-10-25T00:30"),
        # A week after the day that had no 02:30: as long after the change.
        (BERLIN, "2026-04-05T00:30", "2026-03-28T23:00", "2026-03-29T01:30"),
        # A week after the day that began at one: 00:30 was never there.
        (SANTIAGO, "2026-09-13T03:30", "2026-09-06T04:00", "2026-09-06T04:30"),
    ],
)
def test_a_week_ago_is_told_by_the_clock_when_it_was_changed(
    zone: ZoneInfo, now: str, begins: str, ends: str
) -> None:
    window = last_days(1, datetime.fromisoformat(now).replace(tzinfo=UTC), zone).earlier(7, "a week ago")
    assert moment(window.start_ms) == datetime.fromisoformat(begins).replace(tzinfo=UTC)
    assert moment(window.end_ms - 1) == datetime.fromisoformat(ends).replace(tzinfo=UTC)


def test_a_past_day_a_week_earlier_is_whole() -> None:
    window = day_range(date(2026, 4, 1), date(2026, 4, 1), LATER, BERLIN).earlier(3, "before")
    assert window.cut_ms is None
    assert window.end_ms - window.start_ms == 23 * 3_600_000
