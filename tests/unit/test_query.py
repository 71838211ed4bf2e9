"""The query string: what it asks for, and what is refused in which words."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from urllib.parse import parse_qsl

import pytest
from builders import NAIROBI, NOW
from werkzeug.datastructures import MultiDict

from dashapp.domain.scope import Scope, day_range, last_days
from dashapp.errors import InvalidParameter
from dashapp.live.store import Store
from dashapp.settings import Settings
from dashapp.source.accounts import Accounts
from dashapp.source.embedded import EmbeddedStore
from dashapp.source.marks import Marks
from dashapp.web.query import FILTERS, WINDOW, checked, scope, whole
from dashapp.web.services import Services

ALLOWED = (*WINDOW, *FILTERS, "topN")


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Services:
    """At NOW, in Nairobi, with a history of 400 days."""
    folder: Path = tmp_path_factory.mktemp("data")
    settings = Settings.read({"DATA_DIR": str(folder), "HISTORY_DAYS": "400"})
    documents = EmbeddedStore(folder)
    return Services(settings, Store(clock=lambda: NOW), Accounts(documents), Marks(documents))


def arguments(query: str) -> MultiDict[str, str]:
    return MultiDict(parse_qsl(query, keep_blank_values=True))


def asked(
    query: str, context: Services, default_days: int | None = 30, regions: tuple[str, ...] | None = None
) -> Scope:
    return scope(checked(arguments(query), ALLOWED), default_days, context, regions)


def refusal(query: str, context: Services) -> str:
    with pytest.raises(InvalidParameter) as refused:
        asked(query, context)
    return refused.value.message


# --- Which parameters


def test_unknown_parameters_are_refused_with_what_would_be_right(context: Services) -> None:
    known = "daysBack, from, region, to, topN, userId"
    for query in ("days=7", "DaysBack=7", "daysBack=7&x=", "=7", "userid=1", "region[]=Coast"):
        assert refusal(query, context) == f"Unknown parameter; this address takes: {known}"
    with pytest.raises(InvalidParameter, match=r"takes: none$"):
        checked(arguments("x=1"), ())


@pytest.mark.parametrize("query", ["daysBack=7&daysBack=7", "from=2026-05-01&to=2026-05-02&to=2026-05-02"])
def test_repeated_parameters_are_refused(query: str, context: Services) -> None:
    assert refusal(query, context) in {"daysBack must be given once", "to must be given once"}


def test_filters_may_be_repeated_a_hundred_times_at_the_most(context: Services) -> None:
    hundred = "&".join(f"region={n:03}" for n in range(100))
    assert asked(hundred, context).regions == tuple(f"{n:03}" for n in range(100))
    assert refusal(hundred + "&region=x", context) == "region must be given 100 times at the most"


# --- Whole numbers


@pytest.mark.parametrize(
    "value", ["0", "-1", "401", "7.0", "1e1", " 7", "7 ", "", "seven", "٧", "7_0", "+7", "0x7", "9" * 400]
)
def test_malformed_numbers_and_those_out_of_bounds_are_refused(value: str, context: Services) -> None:
    with pytest.raises(InvalidParameter) as refused:
        scope(MultiDict([("daysBack", value)]), 30, context, None)
    assert refused.value.message == "daysBack must be a whole number from 1 to 400"


@pytest.mark.parametrize(
    ("query", "days"), [("daysBack=1", 1), ("daysBack=400", 400), ("daysBack=007", 7), ("", 30)]
)
def test_days_back_reach_from_one_to_the_whole_history(query: str, days: int, context: Services) -> None:
    assert asked(query, context) == Scope(last_days(days, NOW, NAIROBI))


def test_a_default_longer_than_the_history_is_cut_to_it(context: Services) -> None:
    assert asked("", context, default_days=500).window.days == 400


@pytest.mark.parametrize(("text", "number"), [(None, 10), ("1", 1), ("100", 100)])
def test_a_whole_number_has_a_default(text: str | None, number: int) -> None:
    given: MultiDict[str, str] = MultiDict() if text is None else MultiDict([("topN", text)])
    assert whole(given, "topN", 10, 100) == number
    with pytest.raises(InvalidParameter, match="topN must be a whole number from 1 to 100"):
        whole(MultiDict([("topN", "101")]), "topN", 10, 100)


# --- from and to


def test_from_and_to_are_local_days_both_included(context: Services) -> None:
    found = asked("from=2026-05-01&to=2026-05-19", context)
    assert found == Scope(day_range(date(2026, 5, 1), date(2026, 5, 19), NOW, NAIROBI))
    assert asked("from=2026-05-20&to=2026-05-20", context).window.cut_ms is not None


def test_from_may_be_the_first_day_of_the_history(context: Services) -> None:
    assert asked("from=2025-04-16&to=2025-04-16", context).window.first_on == date(2025, 4, 16)  # 400 days


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("from=2026-05-01&to=2026-05-21", "to must not be after today"),
        ("from=2026-05-02&to=2026-05-01", "from must not be after to"),
        ("from=2025-04-15&to=2026-05-01", "from must not be before 2025-04-16, where the history begins"),
        ("from=2026-05-01", "from and to must be given together"),
        ("to=2026-05-01", "from and to must be given together"),
        ("daysBack=7&from=2026-05-01&to=2026-05-02", "Give either daysBack, or from and to"),
        ("daysBack=7&to=2026-05-02", "Give either daysBack, or from and to"),
    ],
)
def test_from_and_to_have_their_rules(query: str, said: str, context: Services) -> None:
    assert refusal(query, context) == said


@pytest.mark.parametrize(
    "value",
    [
        "",
        "yesterday",
        "2026-02-30",
        "2026-5-1",
        "20260501",
        "2026-05-01T00:00",
        "01.05.2026",
        "2026-W20-1",
        "0000-01-01",
    ],
)
def test_what_is_no_date_is_refused(value: str, context: Services) -> None:
    assert refusal(f"from={value}&to=2026-05-02", context) == "from must be a date such as 2026-05-31"
    assert refusal(f"from=2026-05-01&to={value}", context) == "to must be a date such as 2026-05-31"


# --- Filters


def test_filters_are_distinct_and_in_order_so_that_equal_questions_are_equal(context: Services) -> None:
    found = asked("region=Rift&userId=b&region=Coast&userId=a&region=Rift", context)
    assert (found.regions, found.users) == (("Coast", "Rift"), ("a", "b"))
    assert found == asked("userId=a&userId=b&region=Coast&region=Rift", context)


def test_without_filters_everything_is_asked_for(context: Services) -> None:
    assert (asked("", context).regions, asked("", context).users) == (None, None)


@pytest.mark.parametrize("name", FILTERS)
def test_empty_and_endless_filter_values_are_refused(name: str, context: Services) -> None:
    said = f"{name} must be a text of 1 to 200 characters"
    for value in ("", "+", "x" * 201):
        assert refusal(f"{name}=fine&{name}={value}", context) == said
    assert asked(f"{name}={'x' * 200}", context)


@pytest.mark.parametrize(
    ("query", "regions"),
    [
        ("", ("Coast", "Rift")),
        ("region=Coast", ("Coast",)),
        ("region=Nairobi", ()),
        ("region=Nairobi&region=Rift", ("Rift",)),
    ],
)
def test_whoever_is_limited_to_regions_sees_no_others(
    query: str, regions: tuple[str, ...], context: Services
) -> None:
    assert asked(query, context, regions=("Rift", "Coast")).regions == regions


def test_without_default_days_today_is_asked_for(context: Services) -> None:
    found = scope(checked(arguments("region=Coast"), FILTERS), None, context, None)
    assert found == Scope(last_days(1, NOW, NAIROBI), ("Coast",))
