"""Charts: valid figures, numbers as people read them, and names that stay names."""

from __future__ import annotations

import json
from fractions import Fraction

import pytest
from builders import Document, ago, facility, order, quotation, snapshot, view, visit
from plotly.graph_objects import Figure

from dashapp.charts.catalog import CHARTS
from dashapp.charts.format import Formats
from dashapp.charts.interactive import CONFIG, figure
from dashapp.charts.spec import ChartSpec
from dashapp.metrics.catalog import Unit

KENYA = Formats("en_KE", "KES")
GERMANY = Formats("de_DE", "EUR")
Documents = dict[str, list[Document]]
NASTY = '<img src=x onerror="alert(1)">&amp;'


def chart(
    key: str, documents: Documents | None = None, *, days: int = 3, formats: Formats = KENYA
) -> ChartSpec:
    return CHARTS[key](view(snapshot(**(documents or {})), days), formats)


def business() -> Documents:
    """Two visits, a quotation and an order on the coast today; an order elsewhere the day before."""
    return {
        "facilities": [facility(), facility(_id="clinic-2", region=NASTY)],
        "visits": [visit(), visit(status="unsuccessful")],
        "quotations": [quotation()],
        "orders": [
            order(totalAmount=12_345.67),
            order(totalAmount=1.5, facilityId="clinic-2", createdAt=ago(days=1)),
        ],
    }


# --- Every chart


@pytest.mark.parametrize("key", CHARTS)
@pytest.mark.parametrize("days", [1, 3, 60])
@pytest.mark.parametrize("full", [True, False], ids=["full", "empty"])
class TestEveryChart:
    def test_is_a_valid_figure_that_can_be_written_as_json(self, key: str, days: int, full: bool) -> None:
        drawn = figure(chart(key, business() if full else None, days=days))
        valid = Figure(drawn).to_plotly_json()
        assert len(valid["data"]) == len(drawn["data"]) > 0
        assert valid["layout"]["meta"]["key"] == key
        assert json.loads(json.dumps(drawn, allow_nan=False)) == drawn

    def test_has_a_value_and_a_text_for_every_label(self, key: str, days: int, full: bool) -> None:
        spec = chart(key, business() if full else None, days=days)
        assert spec.key == key
        assert spec.title.strip()
        assert spec.note.strip()
        for series in spec.series:
            assert len(series.values) == len(series.texts) == len(spec.labels)
        drawn = figure(spec)
        assert drawn["layout"]["meta"]["columns"] == [series.name for series in spec.series]
        if spec.form not in {"cells", "calendar"}:
            assert [trace["name"] for trace in drawn["data"]] == [series.name for series in spec.series]

    def test_says_why_it_is_empty(self, key: str, days: int, full: bool) -> None:
        spec = chart(key, business() if full else None, days=days)
        assert spec.is_empty is not full
        assert spec.empty.startswith("No ")
        if not full:
            assert spec.description == f"{spec.title}: {spec.empty}"


@pytest.mark.parametrize(
    ("key", "what"), [("trends", "visits or orders"), ("funnel", "visits or orders"), ("regions", "orders")]
)
def test_the_reason_for_emptiness_names_the_window(key: str, what: str) -> None:
    assert chart(key, days=30).empty == f"No {what} in the last 30 days"
    assert chart(key, days=1).empty == f"No {what} today so far"


def test_without_visits_orders_are_still_something() -> None:
    assert not chart("funnel", {"quotations": [quotation()]}).is_empty
    assert not chart("trends", {"orders": [order()]}).is_empty
    assert chart("regions", {"visits": [visit()]}).is_empty


# --- What they show


def test_the_trend_shows_every_day_and_says_it_in_words() -> None:
    spec = chart("trends", business(), days=2)
    assert spec.labels == ["2026-05-19", "2026-05-20"]
    assert [list(series.values) for series in spec.series] == [
        [Fraction(3, 2), Fraction(1_234_567, 100)],
        [0, 2],
        [1, 1],
        [0, 0],
        [0, 0],
    ]
    assert [series.form for series in spec.series] == ["columns", "line", "line", "ghost", "ghost"]
    assert spec.description == (
        "Revenue, visits and orders by day. Revenue: 2026-05-19 Ksh1.50, 2026-05-20 Ksh12,345.67;"
        " Visits: 2026-05-19 0, 2026-05-20 2; Orders: 2026-05-19 1, 2026-05-20 1"
    )
    revenue, visits, orders, *_before = figure(spec)["data"]
    assert (revenue["x"], revenue["y"]) == (["2026-05-19", "2026-05-20"], [1.5, 12345.67])
    assert (visits["y"], orders["y"]) == ([0.0, 2.0], [1.0, 1.0])
    assert revenue["customdata"] == ["Ksh1.50", "Ksh12,345.67"]
    assert [trace["type"] for trace in (revenue, visits, orders)] == ["bar", "scatter", "scatter"]
    assert [trace["yaxis"] for trace in (revenue, visits, orders)] == ["y", "y2", "y2"]
    assert figure(spec)["layout"]["showlegend"]


def test_the_funnel_shows_counts_and_their_share_of_the_visits() -> None:
    spec = chart("funnel", business())
    assert spec.labels == ["Visits", "Successful visits", "Quotations sent", "Orders"]
    assert list(spec.series[0].values) == [2, 1, 1, 2]
    for part in ("Visits 2, ", "Successful visits 1", "50.0 % of visits", "Orders 2", "100.0 % of visits"):
        assert part in spec.description
    (bars,) = figure(spec)["data"]
    assert (bars["type"], bars["x"]) == ("bar", [2.0, 1.0, 1.0, 2.0])
    assert bars["text"] == ["2", "1 · 50.0 %<br>\u2009▼ 50.0 %", "1 · 50.0 %", "2 · 100.0 %"]
    assert not figure(spec)["layout"]["showlegend"]
    assert "%" not in chart("funnel", {"quotations": [quotation()]}).series[0].texts[0]


def test_regions_are_shown_by_revenue_twelve_at_the_most() -> None:
    places = [facility(_id=f"c{n}", region=f"Region {n:02}") for n in range(14)]
    sold = [order(facilityId=f"c{n}", totalAmount=n + 1) for n in range(14)]
    spec = chart("regions", {"facilities": places, "orders": sold})
    assert spec.labels == [f"Region {n:02}" for n in range(13, 1, -1)]
    drawn = figure(spec)
    assert drawn["data"][0]["x"] == [float(n) for n in range(14, 2, -1)]
    assert drawn["layout"]["yaxis"]["categoryarray"] == drawn["data"][0]["y"] == list(spec.labels)
    assert drawn["layout"]["yaxis"]["autorange"] == "reversed"
    assert drawn["data"][0]["text"][0] == "Ksh14.00"
    assert drawn["layout"]["xaxis"]["range"][0] == 0
    assert drawn["layout"]["xaxis"]["range"][1] > 14  # room for the number of the longest bar


def test_names_are_shown_as_text_whatever_characters_they_hold() -> None:
    spec = chart("regions", business())
    assert NASTY in spec.description
    drawn = figure(spec)
    assert drawn["layout"].pop("meta")["labels"] == list(spec.labels)  # what the page shows as plain text
    assert "<img" not in json.dumps(drawn)
    assert figure(spec)["data"][0]["y"][1] == '&lt;img src=x onerror="alert(1)"&gt;&amp;amp;'


def test_no_chart_offers_to_upload_itself() -> None:
    assert (CONFIG["showSendToCloud"], CONFIG["displaylogo"], CONFIG["displayModeBar"]) == (
        False,
        False,
        False,
    )


def test_a_chart_in_german_reads_as_germans_write() -> None:
    assert "2026-05-20 12.345,67\xa0€" in chart("trends", business(), formats=GERMANY).description
    assert "50,0 % of visits" in chart("funnel", business(), formats=GERMANY).description


# --- Formats


@pytest.mark.parametrize(
    ("value", "unit", "kenya", "germany"),
    [
        (0, "count", "0", "0"),
        (1_234_567, "count", "1,234,567", "1.234.567"),
        (Fraction(0), "money", "Ksh0.00", "0,00\xa0€"),
        (Fraction(1_234_567_891, 1000), "money", "Ksh1,234,567.89", "1.234.567,89\xa0€"),
        (Fraction(1_005, 1000), "money", "Ksh1.01", "1,01\xa0€"),
        (12.5, "money", "Ksh12.50", "12,50\xa0€"),
        (Fraction(200, 3), "percent", "66.67 %", "66,67 %"),
        (Fraction(100_000), "percent", "100,000.00 %", "100.000,00 %"),
        (Fraction(1_005, 1000), "percent", "1.01 %", "1,01 %"),
    ],
)
def test_exact_numbers_show_all_digits_that_count(
    value: int | Fraction, unit: Unit, kenya: str, germany: str
) -> None:
    assert (KENYA.exact(value, unit), GERMANY.exact(value, unit)) == (kenya, germany)


@pytest.mark.parametrize(
    ("value", "unit", "kenya", "germany"),
    [
        (1_234_567, "count", "1,234,567", "1.234.567"),
        (Fraction(0), "money", "Ksh0.00", "0,00\xa0€"),
        (Fraction(999_999, 100), "money", "Ksh9,999.99", "9.999,99\xa0€"),
        (Fraction(1_234_567), "money", "Ksh1.23M", "1,23\xa0Mio.\xa0€"),
        (Fraction(9_876_543_210), "money", "Ksh9.88B", "9,88\xa0Mrd.\xa0€"),
        (Fraction(200, 3), "percent", "66.7 %", "66,7 %"),
        (Fraction(0), "percent", "0.0 %", "0,0 %"),
    ],
)
def test_compact_numbers_fit_on_a_card(value: int | Fraction, unit: Unit, kenya: str, germany: str) -> None:
    assert (KENYA.compact(value, unit), GERMANY.compact(value, unit)) == (kenya, germany)


def test_compact_thousands_begin_at_ten_thousand() -> None:
    assert KENYA.compact(Fraction(10_000), "money") == "Ksh10K"
    assert KENYA.compact(Fraction(12_345), "money") == "Ksh12.3K"
    assert KENYA.compact(Fraction(999_949), "money") == "Ksh999.9K"


def test_a_change_is_told_without_its_sign() -> None:
    assert KENYA.signed_percent(Fraction(-37, 3)) == KENYA.signed_percent(Fraction(37, 3)) == "12.3 %"
    assert GERMANY.signed_percent(Fraction(-1_000)) == "1.000,0 %"
