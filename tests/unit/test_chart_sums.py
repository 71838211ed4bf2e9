"""What a chart shows adds up to the figure that the API tells, whatever the data and the window."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest
from builders import NAIROBI, NOW, Document, ago, facility, login, order, quotation, snapshot, view, visit
from hypothesis import given, settings
from hypothesis import strategies as st
from plotly.graph_objects import Figure

from dashapp.charts.catalog import CHARTS
from dashapp.charts.format import Formats
from dashapp.charts.interactive import figure
from dashapp.charts.spec import ChartSpec
from dashapp.domain.scope import Scope, Window, day_range, last_days
from dashapp.domain.snapshot import Snapshot
from dashapp.metrics import answers
from dashapp.metrics.flow import STAGES, by_person, by_region
from dashapp.metrics.rhythm import activities_by_weekday_and_hour, visits_by_region_and_weekday
from dashapp.metrics.team import everybody
from dashapp.metrics.timeline import revenue_lines, slots_of, timeline
from dashapp.metrics.view import View

KENYA: Final = Formats("en_KE", "KES")
BERLIN: Final = ZoneInfo("Europe/Berlin")
Documents = dict[str, list[Document]]


def business() -> Documents:
    """Of every kind some of every status, about one every nine hours for thirteen months."""
    places = ("clinic-1", "clinic-2", "unknown", None)
    people = ("rep-1", "rep-2", "ghost", None)
    made: Documents = {
        "facilities": [facility(), facility(_id="clinic-2", region="Rift")],
        "visits": [],
        "quotations": [],
        "orders": [],
        "logins": [],
    }
    for n in range(1_100):
        who = {"facilityId": places[n % 4], "userId": people[n % 3]}
        at = ago(hours=9 * n, minutes=n)
        made["visits"].append(
            visit(date=at, status=("successful", "unsuccessful", "cancelled", "odd")[n // 4 % 4], **who)
        )
        made["quotations"].append(
            quotation(createdAt=at, status=("draft", "sent", "accepted")[n % 3], amount=n, **who)
        )
        made["orders"].append(
            order(createdAt=at, status=("placed", "cancelled")[n % 5 == 0], totalAmount=n / 8, **who)
        )
        made["logins"].append(login(at=at, userId=people[n % 4]))
    return made


DATA: Final = {
    "empty": snapshot(),
    "one visit": snapshot(visits=[visit(date=ago())]),
    "one order": snapshot(orders=[order(createdAt=ago(), totalAmount=0.01)]),
    "one sign-in": snapshot(logins=[login(at=ago())]),
    "a cancelled order": snapshot(orders=[order(status="cancelled")]),
    "business": snapshot(**business()),
}


def drawn(key: str, here: View) -> ChartSpec:
    return CHARTS[key](here, KENYA)


def total(spec: ChartSpec, *columns: str) -> Any:
    """The sum over the columns of these names, or all."""
    return sum(sum(v or 0 for v in one.values) for one in spec.series if not columns or one.name in columns)


def activities(here: View) -> int:
    return sum(day["activities"] for day in answers.users_activity(here)["daily"])


# --- Every chart


@pytest.mark.parametrize("days", [1, 2, 60, 365])
@pytest.mark.parametrize("name", DATA)
@pytest.mark.parametrize("key", CHARTS)
def test_every_chart_is_whole_whatever_the_data_and_the_window(key: str, name: str, days: int) -> None:
    here = view(DATA[name], days)
    spec = drawn(key, here)
    assert all(len(one.values) == len(one.texts) == len(spec.labels) for one in spec.series)
    assert all(len(one.marks) in {0, len(spec.labels)} for one in spec.series)
    assert len(spec.ids) in {0, len(spec.labels)}
    assert len(set(spec.labels)) == len(spec.labels)
    assert spec.is_empty is (not any(any(one.values) for one in spec.series))
    plain = figure(spec)
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain
    if days < 365:  # what is valid for 60 is valid for 365, and takes less time to find out
        Figure(plain)


@pytest.mark.parametrize("days", [1, 2, 60, 365])
@pytest.mark.parametrize("name", DATA)
@pytest.mark.parametrize("narrowed", [{}, {"regions": ["Coast"]}, {"users": ["rep-1"]}, {"regions": []}])
def test_the_sums_of_the_charts_are_the_figures_of_the_api(
    name: str, days: int, narrowed: dict[str, list[str]]
) -> None:
    here = view(DATA[name], days, **narrowed)
    summary, conversion = answers.summary(here), answers.conversion(here)
    trend = drawn("trends", here)
    assert total(trend, "Revenue") == summary["total_revenue"]
    assert total(trend, "Visits") == summary["total_visits"]
    assert total(trend, "Orders") == summary["total_orders"]
    assert total(trend, "Revenue before") == summary["previous"]["total_revenue"]
    assert total(trend, "Visits before") == summary["previous"]["total_visits"]
    assert total(drawn("heatmap", here)) == summary["total_visits"]
    assert list(drawn("funnel", here).series[0].values) == [conversion[key] for key in STAGES]
    for key in ("regions", "performance"):
        whole = summary["total_revenue"] if key == "regions" else known_revenue(here)
        assert total(drawn(key, here)) == whole
    cells = drawn("region_metrics", here)
    assert total(cells, "Visits") == summary["total_visits"]
    assert total(cells, "Revenue") == summary["total_revenue"]


def known_revenue(here: View) -> Any:
    """The revenue of orders that name somebody."""
    return sum(row["total_revenue"] for row in answers.top_performers(here, 10_000))


@pytest.mark.parametrize("days", [1, 2, 60, 365])
@pytest.mark.parametrize("name", DATA)
@pytest.mark.parametrize("narrowed", [{}, {"regions": ["Rift", "Unassigned"]}, {"users": ["rep-1"]}])
def test_the_charts_of_activity_add_up_to_those_of_the_api(
    name: str, days: int, narrowed: dict[str, list[str]]
) -> None:
    here = view(DATA[name], days, **narrowed)
    whole = activities(here)
    assert total(drawn("daily", here), "Activities") == whole
    assert total(drawn("calendar", here)) == whole
    assert total(drawn("hours", here)) == whole
    daily = answers.users_activity(here)["daily"]
    assert list(drawn("daily", here).series[1].values) == [day["active_users"] for day in daily]


def test_the_business_is_not_nothing() -> None:
    summary = answers.summary(view(DATA["business"], 365))
    assert min(summary[key] for key in answers.SUMMARY) > 0
    assert activities(view(DATA["business"], 1)) > 0


# --- Random data, by the clocks of Berlin

# Around the night of the 25th of October 2026, in which the clock was set back, and a year before.
MINUTES: Final = st.integers(-3 * 24 * 60, 3 * 24 * 60) | st.integers(-400 * 24 * 60, 60)
CHANGE: Final = datetime(2026, 10, 25, 1)
WHO: Final = st.sampled_from(["rep-1", "rep-2", "ghost", None])
WHERE: Final = st.sampled_from(["clinic-1", "clinic-2", "nowhere", None])
NOWS: Final = st.sampled_from([-60, 0, 30, 90, 22 * 60, 49 * 60])


def events(make: Callable[..., Document], at: str, *statuses: str) -> st.SearchStrategy[list[Document]]:
    """Documents of a kind at any time, of anybody, anywhere."""

    def document(minutes: int, who: str | None, where: str | None, status: str, amount: int) -> Document:
        fields = {at: CHANGE + timedelta(minutes=minutes), "userId": who, "facilityId": where}
        money = {"amount": amount / 100, "totalAmount": amount / 100}
        return make(**fields, status=status, **money)

    drawn_one = st.builds(document, MINUTES, WHO, WHERE, st.sampled_from(statuses), st.integers(0, 10**9))
    return st.lists(drawn_one, max_size=12)


SNAPSHOTS: Final = st.builds(
    lambda visits, quotations, orders, logins: snapshot(
        facilities=[facility(), facility(_id="clinic-2", region="Rift")],
        visits=visits,
        quotations=quotations,
        orders=orders,
        logins=logins,
    ),
    events(visit, "date", "successful", "unsuccessful", "scheduled", "cancelled", "odd"),
    events(quotation, "createdAt", "draft", "sent", "accepted", "odd"),
    events(order, "createdAt", "placed", "delivered", "cancelled"),
    events(login, "at", "done"),
)


def window(kind: str, days: int, minutes: int) -> Window:
    """So many days up to a moment near the change of the clock, or a single past day around it."""
    now = (CHANGE + timedelta(minutes=minutes)).replace(tzinfo=UTC)
    if kind == "last":
        return last_days(days, now, BERLIN)
    day = date(2026, 10, 22) + timedelta(days=days % 4)
    return day_range(day, day, now + timedelta(days=9), BERLIN)


WINDOWS: Final = st.builds(
    window, st.sampled_from(["last", "day"]), st.sampled_from([1, 2, 3, 30, 366]), NOWS
)
CHOSEN: Final = st.sampled_from([None, ("Coast",), ("Rift", "Unassigned"), ()])


@settings(max_examples=120, deadline=None, derandomize=bool(os.environ.get("CI")))
@given(SNAPSHOTS, WINDOWS, CHOSEN, st.sampled_from([None, ("rep-1",), ("rep-2", "ghost")]))
def test_whatever_the_data_the_parts_add_up_to_the_whole(
    data: Snapshot, window: Window, regions: tuple[str, ...] | None, users: tuple[str, ...] | None
) -> None:
    here = View(data, Scope(window, regions, users))
    summary, conversion = answers.summary(here), answers.conversion(here)
    rows = timeline(here)
    assert len(rows) == len(slots_of(window))
    for key in ("total_visits", "total_orders", "total_revenue", "successful_visits", "pending_quotations"):
        assert sum(row[key] for row in rows) == summary[key]
    assert {key: sum(row[key] for row in by_region(here)) for key in STAGES} == {
        key: conversion[key] for key in STAGES
    }
    assert all(sum(row[key] for row in by_person(here)) <= conversion[key] for key in STAGES)
    assert sum(sum(hours) for hours in activities_by_weekday_and_hour(here)) == activities(here)
    assert sum(sum(row["visits"]) for row in visits_by_region_and_weekday(here)) == summary["total_visits"]
    lines = revenue_lines(here, "region", len(data.region_names))
    assert [sum(line) for line in lines] == here.amounts_by(
        "orders", here.column("orders", "region"), len(data.region_names)
    )
    people = revenue_lines(here, "user", len(data.user_ids))
    assert sum(sum(line) for line in people) == 1_000_000 * sum(r["total_revenue"] for r in everybody(here))


def test_a_figure_of_a_longer_window_holds_those_of_its_days() -> None:
    here = view(DATA["business"], 60)
    each = [View(DATA["business"], Scope(day_range(day, day, NOW, NAIROBI))) for day in here.window.dates()]
    assert [row["total_revenue"] for row in timeline(here)] == [
        sum(row["total_revenue"] for row in timeline(one)) for one in each
    ]
    hours = [activities_by_weekday_and_hour(one) for one in each]
    assert activities_by_weekday_and_hour(here) == [
        [sum(table[day][hour] for table in hours) for hour in range(24)] for day in range(7)
    ]


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 10, 25), 24), (date(2026, 3, 29), 23)])
def test_the_trend_has_one_bar_for_every_hour_that_the_clock_shows(day: date, hours: int) -> None:
    midnight = last_days(1, datetime.combine(day, datetime.min.time(), BERLIN), BERLIN).start_ms
    times = [
        datetime.fromtimestamp(midnight / 1000 + 3600 * n, UTC).replace(tzinfo=None) for n in range(-24, 25)
    ]
    data = snapshot(visits=[visit(date=at) for at in times], orders=[order(createdAt=at) for at in times])
    here = View(data, Scope(day_range(day, day, NOW + timedelta(days=365), BERLIN)))
    spec = drawn("trends", here)
    assert len(spec.labels) == len(set(spec.labels)) == hours
    summary = answers.summary(here)
    assert total(spec, "Visits") == summary["total_visits"] == (25 if hours == 24 else 23)
    assert total(spec, "Revenue") == summary["total_revenue"]
    visits = dict(zip(spec.labels, spec.series[1].values, strict=True))
    assert visits[f"{day} 02:00" if hours == 24 else f"{day} 03:00"] == (2 if hours == 24 else 1)
    assert visits[f"{day} 12:00"] == 1
    # Behind every hour stands that of the clock the day before, which had 24.
    before = dict(zip(spec.labels, spec.series[4].values, strict=True))
    assert list(before.values()) == [1] * hours
    assert spec.series[4].name == "Visits before"


def test_an_hour_that_the_day_before_had_twice_is_one_behind() -> None:
    # The Monday after the clock of Berlin was set back; at two on Sunday, one visit each time.
    times = [datetime(2026, 10, 25, 0, 30), datetime(2026, 10, 25, 1, 30), datetime(2026, 10, 25, 2, 30)]
    data = snapshot(visits=[visit(date=at) for at in times])
    monday = date(2026, 10, 26)
    spec = drawn("trends", View(data, Scope(day_range(monday, monday, NOW + timedelta(days=365), BERLIN))))
    before = dict(zip(spec.labels, spec.series[4].values, strict=True))
    assert {label[11:]: n for label, n in before.items() if n} == {"02:00": 2, "03:00": 1}
    assert len(before) == 24
