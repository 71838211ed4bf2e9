"""Charts as pictures: their size and ground, nothing clipped, any name harmless, the same bytes each time."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from fractions import Fraction
from io import BytesIO
from typing import Final

import numpy as np
import pytest
from builders import ROOT, ago, facility, order, quotation, snapshot, user, view, visit
from PIL import Image

from dashapp.charts.catalog import CHARTS
from dashapp.charts.format import Formats
from dashapp.charts.picture import Head, draw
from dashapp.charts.picture_axes import measured, months, ticks, time_labels
from dashapp.charts.png import shortened, shown, width_of
from dashapp.charts.spec import ChartSpec
from dashapp.charts.theme import GROUNDS, ThemeName

FORMATS: Final = Formats("en_KE", "KES")
HEAD: Final = Head("Last 30 days", "Nairobi, Coast", "20 May 2026, 15:00")
STALE: Final = Head(HEAD.window, HEAD.filters, HEAD.as_of, stale=True)
THEMES: Final[tuple[ThemeName, ...]] = ("light", "dark")
NASTY: Final = (
    "A Person With More Names Than Anybody Would Ever Want To Write Down On Any Form " * 200,
    r"$\frac{1}{$ 50 $ and 100 $ \alpha^{2",
    '<img src=x onerror="alert(1)">&amp;',
    "日本 太郎 محمد علي Ünï \U0001f600\U0001f1f0\U0001f1ea \N{ZERO WIDTH JOINER}\N{COMBINING ACUTE ACCENT}",
    "line\nbreak\ttab\r\0bell\a \ud800 \udfff \uffff",
    " ",
)


def business(days: int) -> ChartSpec | Mapping[str, ChartSpec]:
    """Every chart of a business in which all have the worst names."""
    people = [user(_id=f"u{n}", name=name, email=f"{n}@example.org") for n, name in enumerate(NASTY)]
    places = [facility(_id=f"f{n}", region=name) for n, name in enumerate(NASTY)]
    kinds = {"visits": [], "quotations": [], "orders": []}  # type: ignore[var-annotated]
    for n in range(60):
        at, who = ago(days=n * days / 40, hours=1), {"userId": f"u{n % 6}", "facilityId": f"f{n % 5}"}
        kinds["visits"].append(visit(date=at, **who))
        kinds["quotations"].append(quotation(createdAt=at, **who))
        kinds["orders"].append(order(createdAt=at, totalAmount=(n + 1) * 12_345_678.9, **who))
    seen = view(snapshot(users=people, facilities=places, **kinds), days)
    return {key: make(seen, FORMATS) for key, make in CHARTS.items()}


FULL: Final = {days: business(days) for days in (1, 30, 3000)}
EMPTY: Final = {key: make(view(snapshot()), FORMATS) for key, make in CHARTS.items()}


def chart(key: str, days: int = 30) -> ChartSpec:
    return FULL[days][key]  # type: ignore[index]


def pixels(png: bytes) -> np.ndarray:
    with Image.open(BytesIO(png)) as image:
        assert image.format == "PNG"
        return np.asarray(image.convert("RGB"))


def ground(theme: ThemeName) -> list[int]:
    return [int(GROUNDS[theme].surface[n : n + 2], 16) for n in (1, 3, 5)]


def assert_framed(png: bytes, size: tuple[int, int], theme: ThemeName) -> None:
    """A picture of this size, with nothing but its ground along the edges."""
    drawn = pixels(png)
    assert drawn.shape == (size[1], size[0], 3)
    assert (drawn != ground(theme)).any()
    for edge in (drawn[:6], drawn[-6:], drawn[:, :6], drawn[:, -6:]):
        assert (edge == ground(theme)).all()


# --- Every chart


@pytest.mark.parametrize("key", CHARTS)
@pytest.mark.parametrize("size", [(300, 200), (1000, 600), (2000, 200), (300, 1500)], ids=str)
class TestEveryChart:
    def test_fills_its_picture_and_is_not_clipped(self, key: str, size: tuple[int, int]) -> None:
        for days in FULL:
            assert_framed(draw(chart(key, days), STALE, *size, "light"), size, "light")

    def test_has_the_ground_of_its_theme(self, key: str, size: tuple[int, int]) -> None:
        for theme in THEMES:
            assert_framed(draw(chart(key), HEAD, *size, theme), size, theme)

    def test_says_why_it_is_empty(self, key: str, size: tuple[int, int]) -> None:
        spec = EMPTY[key]
        drawn = draw(spec, HEAD, *size, "dark")
        assert_framed(drawn, size, "dark")
        assert drawn != draw(chart(key), HEAD, *size, "dark")


def test_the_same_is_drawn_to_the_same_bytes_however_many_draw_at_a_time() -> None:
    alone = {key: draw(chart(key), HEAD, 600, 400, "light") for key in CHARTS}
    with ThreadPoolExecutor(8) as pool:
        asked = [*CHARTS] * 3
        together = pool.map(lambda key: draw(chart(key), HEAD, 600, 400, "light"), asked)
        for key, drawn in zip(asked, together, strict=True):
            assert drawn == alone[key]


def test_what_is_said_beside_the_chart_is_in_the_picture() -> None:
    heads = (
        HEAD,
        STALE,
        Head("Last 7 days", HEAD.filters, HEAD.as_of),
        Head(HEAD.window, "", HEAD.as_of),
        Head(HEAD.window, HEAD.filters, "20 May 2026, 15:01"),
        Head(HEAD.window, HEAD.filters),
    )
    assert len({draw(chart("funnel"), head, 400, 300, "light") for head in heads}) == len(heads)


def test_old_data_are_marked_in_the_colour_of_warnings() -> None:
    for theme in THEMES:
        warning = [int(GROUNDS[theme].warning[n : n + 2], 16) for n in (1, 3, 5)]
        marked, plain = (
            (pixels(draw(chart("regions"), head, 300, 200, theme)) == warning).all(axis=2).sum()
            for head in (STALE, HEAD)
        )
        assert marked > 300
        assert plain == 0


def test_longer_bars_stand_for_more() -> None:
    spec = chart("funnel")
    first = spec.series[0]
    halved = type(first)("Count", "count", [4, 2, 1, 0], "4210", first.color, "4210", form="stages")
    spec = type(spec)("funnel", "Stages", "Counts", "Stage", ["a", "b", "c", "d"], [halved], "")
    drawn = pixels(draw(spec, HEAD, 1000, 600, "light"))
    lengths = [
        int((drawn == [int(color[n : n + 2], 16) for n in (1, 3, 5)]).all(axis=2).sum(axis=1).max())
        for color in ("#1aa39a", "#3d93b8", "#5b7cf0")
    ]
    assert lengths[0] == pytest.approx(2 * lengths[1], abs=3) == pytest.approx(4 * lengths[2], abs=6)
    assert lengths[0] > 500


def test_the_library_for_pictures_is_loaded_when_the_first_is_drawn_not_at_the_start() -> None:
    asked = "import sys, dashapp.web.app, dashapp.background; print('matplotlib' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", asked], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


# --- Texts


def test_names_are_no_formulas() -> None:
    assert shown(NASTY[1]) == NASTY[1]
    dollars = width_of("$x^2$", 20) - width_of("x^2", 20)
    assert dollars == pytest.approx(2 * width_of("$", 20), abs=4)


def test_unknown_signs_become_boxes_and_what_is_invisible_goes() -> None:
    assert shown("a\nb\tc") == "a b c"
    assert shown("日本") == "□□"
    assert shown("x\ud800\0\N{ZERO WIDTH JOINER}y") == "xy"
    assert shown("Élodie Müller – Łódź") == "Élodie Müller – Łódź"


@pytest.mark.parametrize("size", [8.0, 13.0, 26.0])
def test_long_names_are_shortened_to_what_fits(size: float) -> None:
    words = shortened("Hohenzollern-Sigmaringen", size, 7 * size)
    assert words.endswith("…")
    assert "Hohenzollern-Sigmaringen".startswith(words[:-1])
    assert 5 * size < width_of(words, size) <= 7 * size
    assert shortened("Bo", size, 7 * size) == "Bo"
    assert shortened("Bo", size, 0) == ""


# --- Axes


@pytest.mark.parametrize(
    ("most", "wanted", "whole", "expected"),
    [
        (0, 4, False, [0, 1]),
        (7, 4, True, [0, 2, 4, 6, 8]),
        (1, 4, True, [0, 1]),
        (3, 4, True, [0, 1, 2, 3]),
        (100, 4, False, [0, 25, 50, 75, 100]),
        (101, 4, False, [0, 50, 100, 150]),
        (1_140_000, 4, False, [0, 500_000, 1_000_000, 1_500_000]),
        (0.5, 1, False, [0, 0.5]),
    ],
)
def test_axes_are_marked_at_round_numbers(
    most: float, wanted: int, whole: bool, expected: list[float]
) -> None:
    assert ticks(most, wanted, whole=whole) == expected


def test_numbers_on_axes_are_short() -> None:
    assert [measured(n, 2000) for n in (0, 500, 1000, 2000)] == ["0", "0.5k", "1k", "2k"]
    assert [measured(n, 1_500_000) for n in (500_000, 1_500_000)] == ["0.5M", "1.5M"]
    assert measured(40, 40) == "40"
    assert measured(float(Fraction(5, 2)), 10) == "2.5"


def days_from(first: str, count: int) -> list[str]:
    start = np.datetime64(first)
    return [str(start + n) for n in range(count)]


def named(labels: list[str], slot: float) -> list[str]:
    return [words for _n, words in time_labels(labels, lambda _words: 50.0, slot)]


def test_days_are_named_as_often_as_there_is_room_the_last_one_always() -> None:
    week = days_from("2026-05-14", 7)
    assert named(week, 50) == ["14 May", "15 May", "16 May", "17 May", "18 May", "19 May", "20 May"]
    assert named(week, 25) == ["14 May", "16 May", "18 May", "20 May"]
    assert named(week, 17) == ["14 May", "17 May", "20 May"]
    assert named(days_from("2026-05-20", 1), 500) == ["20 May"]


def test_long_windows_name_months_then_years() -> None:
    assert named(days_from("2025-11-15", 120), 2) == ["Dec", "Jan 2026", "Feb", "Mar"]
    assert named(days_from("2025-11-15", 120), 1) == ["Jan 2026", "Mar"]
    assert named(days_from("2019-06-01", 2000), 0.2) == ["2020", "2021", "2022", "2023", "2024"]
    assert named(days_from("2019-06-01", 2000), 0.01) == ["2020"]


def test_hours_are_named_by_the_clock() -> None:
    hours = [f"2026-05-20T{hour:02}:00" for hour in range(24)]
    assert named(hours, 20)[:3] == ["00:00", "03:00", "06:00"]


def test_a_calendar_names_the_weeks_in_which_months_begin() -> None:
    wednesday = ago().date() - timedelta(days=0)
    assert list(months(wednesday, 2, 4)) == [(0, "May"), (2, "Jun")]
    assert [words for _n, words in months(wednesday, 2, 40)][-1] == "Feb"
    assert [words for _n, words in months(wednesday, 2, 150)] == ["2027", "2028", "2029"]
