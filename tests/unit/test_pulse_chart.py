"""The chart of the sign-in page as it is measured out, by hand."""

from __future__ import annotations

from typing import Any

import pytest

from dashapp.charts.format import Formats
from dashapp.web.pulse_chart import pulse_chart, step

ENGLISH = Formats("en_KE", "KES")


def rows(*hours: tuple[int, int]) -> list[dict[str, Any]]:
    """Hours from 09:00 on: activities and active users of each."""
    return [
        {"label": f"{9 + number:02}:00", "activities": activities, "active_users": users}
        for number, (activities, users) in enumerate(hours)
    ]


@pytest.mark.parametrize(
    ("most", "between"),
    [
        (0, 1),
        (1, 1),
        (4, 1),
        (5, 2),
        (8, 2),
        (9, 5),
        (20, 5),
        (21, 10),
        (41, 20),
        (100, 50),
        (1_000_001, 500_000),
    ],
)
def test_grid_lines_are_few_and_round(most: int, between: int) -> None:
    assert step(most) == between


def test_bars_and_points_share_one_scale_from_zero() -> None:
    chart = pulse_chart(rows((10, 5), (20, 0)), ENGLISH)
    assert [(line.text, line.y) for line in chart.grid] == [
        ("0", "80.00"),
        ("5", "62.25"),
        ("10", "44.50"),
        ("15", "26.75"),
        ("20", "9.00"),
    ]
    first, last = chart.hours
    assert (first.bar_top, first.bar_height, first.point_y) == ("44.50", "35.50", "62.25")
    assert (last.bar_top, last.bar_height, last.point_y) == ("9.00", "71.00", "80.00")
    assert (first.bar_left, first.bar_width, first.center) == ("10.00", "30.00", "25.00")
    assert (last.left, last.center) == ("50.00", "75.00")


def test_the_line_to_the_hour_that_is_not_over_stands_apart() -> None:
    chart = pulse_chart(rows((1, 1), (1, 1), (1, 0)), ENGLISH)
    assert chart.line == "M16.67 9.00 L50.00 9.00"
    assert chart.running == "M50.00 9.00 L83.33 80.00"
    assert [hour.span for hour in chart.hours] == ["09:00 – 10:00", "10:00 – 11:00", "11:00, so far"]


def test_the_summary_names_the_first_busiest_hour() -> None:
    assert pulse_chart(rows((2, 1), (7, 3), (7, 4)), ENGLISH).summary == "16 activities, most at 10:00 (7)"
    assert pulse_chart(rows((0, 0), (1, 0)), ENGLISH).summary == "1 activity, most at 10:00 (1)"
    assert pulse_chart(rows((0, 0), (0, 0)), ENGLISH).summary == "No activity in these hours"


def test_numbers_are_written_as_the_locale_has_them() -> None:
    chart = pulse_chart(rows((12_345, 1_234)), Formats("de_DE", "EUR"))
    assert (chart.hours[0].activities_text, chart.hours[0].active_users_text) == ("12.345", "1.234")
    assert [line.text for line in chart.grid] == ["0", "5.000", "10.000", "15.000"]
