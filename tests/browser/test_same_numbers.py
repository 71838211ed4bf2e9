"""The same number on cards, in charts, their tables and files, and from the API, whatever is chosen."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from datetime import date, timedelta
from random import Random
from typing import Any
from urllib.parse import urlencode

import pytest
from builders import facility, order, quotation, user, visit
from playwright.sync_api import Page

from browser.conftest import Site, Watched, moments, sign_in
from browser.test_overview import SUMMARY
from browser.test_pages import saved

CASES = 20
REGIONS = ("Nairobi", "Coast", "Rift Valley", "Unassigned", "Nowhere")
REPS = ("rep-1", "rep-2", "rep-3", "rep-4", "nobody")
STAGES = ("visits", "successful_visits", "quotations_sent", "orders_placed")
FIGURES = ("visit_count", "order_count", "total_revenue", "conversion_rate", "avg_order_value")


def more(site: Site, random: Random) -> None:
    """A year of two more reps, with amounts that end in any cent."""
    site.store.write("users", [user(_id=f"rep-{n}", email=f"{n}@example.org", name=f"R {n}") for n in (3, 4)])
    site.store.write("facilities", [facility(_id="clinic-3", name="Third", region="Rift Valley")])
    for at in random.sample(moments(365), 150):
        who = {"userId": random.choice(REPS), "facilityId": random.choice(["clinic-1", "clinic-3", "gone"])}
        kinds = ("successful", "unsuccessful", "scheduled", "cancelled")
        site.store.write("visits", [visit(**who, date=at, status=random.choice(kinds)) for _ in range(3)])
        site.store.write("quotations", [quotation(**who, createdAt=at, amount=random.randrange(10**7) / 100)])
        total = random.randrange(10**8) / 100
        site.store.write("orders", [order(**who, createdAt=at, totalAmount=total)])


def wait_until(true: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def some_query(random: Random, today: date) -> str:
    """A window told in one of the three ways, and perhaps some regions and reps."""
    first = today - timedelta(days=random.randrange(400))
    month = first.replace(day=1)
    last_of_month = (month + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    windows: list[dict[str, Any]] = [
        {"daysBack": random.choice([1, 2, 7, 30, 31, 90, 365])},
        {"from": first, "to": min(today, first + timedelta(days=random.randrange(60)))},
        {"from": month, "to": min(today, last_of_month)},
    ]
    chosen: dict[str, Any] = random.choice(windows)
    for name, values_, chance in (("region", REGIONS, 0.5), ("userId", REPS, 0.4)):
        if random.random() < chance:
            chosen[name] = random.sample(values_, random.choice([1, 1, 2]))
    return urlencode(chosen, doseq=True)


SHOWN = """() => {
  const drawing = key => document.querySelector(`[data-chart=${key}] .js-plotly-plot`);
  const cards = [...document.querySelectorAll("#cards [data-metric]")];
  const trends = drawing("trends").data || [];
  return {
    cards: Object.fromEntries(cards.map(one => [one.dataset.metric, Number(one.dataset.value)])),
    funnel: Array.from(drawing("funnel").data[0].x),
    labels: Array.from(trends[0].x),
    trends: trends.slice(0, 3).map(one => Array.from(one.y)),
  };
}"""
FIRST_DAY = """day =>
  document.querySelector("[data-chart=trends] .js-plotly-plot").data[0].x[0].startsWith(day)"""
TABLE = """() => {
  document.querySelector("[data-chart=trends] [data-do=table]").click();
  const rows = [...document.querySelectorAll("dialog[open] tbody tr")];
  return rows.map(row => [...row.cells].map(cell => cell.dataset.value ?? cell.textContent));
}"""
REGIONS_TABLE = """() => [...document.querySelectorAll("[data-region]")].map(row => ({
  region: row.dataset.region,
  ...Object.fromEntries([...row.querySelectorAll("[data-key]")].map(
    cell => [cell.dataset.key, Number(cell.dataset.value)])),
}))"""


def choose(page: Page, query: str) -> None:
    page.evaluate("query => window.liveFilters.show(new URLSearchParams(query))", query)


def settled(page: Page, script: str, expected: Any, seconds: float = 8) -> Any:
    """What the page shows, once it shows what is expected, or in the end."""
    deadline = time.monotonic() + seconds
    while (found := page.evaluate(script)) != expected and time.monotonic() < deadline:
        page.wait_for_timeout(30)
    return found


def by_day(trends: list[dict[str, Any]]) -> list[list[float]]:
    return [[row[key] for row in trends] for key in ("revenue", "visits", "orders")]


def sums(columns: list[list[Any]]) -> list[float]:
    """Revenue, visits and orders, exact to the cent."""
    return [round(math.fsum(map(float, column)), 2) for column in columns]


@pytest.fixture
def asked(site: Site) -> list[str]:
    random = Random(20)
    if not site.server.live("regional?region=Rift+Valley", site.token()):
        more(site, random)
        wait_until(lambda: len(site.server.live("regional?daysBack=365", site.token())) > 3)
    today = date.fromisoformat(site.server.live("trends?daysBack=1", site.token())[0]["date"])
    return [some_query(random, today) for _ in range(CASES)]


def test_the_overview_says_the_same_everywhere(watched: Watched, site: Site, asked: list[str]) -> None:
    page, token = watched.page, site.token()
    sign_in(page, site)
    page.wait_for_selector("[data-chart=funnel] .main-svg")
    for query in asked:
        choose(page, query)
        summary = site.server.live(f"summary?{query}", token)
        conversion = site.server.live(f"conversion?{query}", token)
        trends = site.server.live(f"trends?{query}", token)
        total = [summary[key] for key in ("total_revenue", "total_visits", "total_orders")]
        expected = {
            "cards": {key: summary[key] for key in SUMMARY},
            "funnel": [conversion[key] for key in STAGES],
        }
        hourly = len(trends) == 1  # a single day is shown by the hour
        if not hourly:
            expected |= {"labels": [row["date"] for row in trends], "trends": by_day(trends)}
        script = f"() => {{ const all = ({SHOWN})(); return {{"
        script += ", ".join(f"{key}: all.{key}" for key in expected) + "}; }"
        assert settled(page, script, expected) == expected, query
        assert sums(by_day(trends)) == total, query
        page.wait_for_function(FIRST_DAY, arg=trends[0]["date"])
        assert sums(page.evaluate(SHOWN)["trends"]) == total, query
        cells = page.evaluate(TABLE)
        assert sums([[row[n] for row in cells] for n in (1, 2, 3)]) == total, query
        with page.expect_download() as download:
            page.click("dialog[open] button:has-text('Download CSV')")
        page.keyboard.press("Escape")
        lines = saved(download.value)[1:]
        assert [row[:4] for row in lines] == [row[:4] for row in cells], query
    assert watched.complaints == []


def test_the_regions_say_the_same_as_the_api(watched: Watched, site: Site, asked: list[str]) -> None:
    page, token = watched.page, site.token()
    sign_in(page, site, "/regions")
    for query in asked:
        choose(page, query)
        expected = [
            {"region": row["region"], **{key: row[key] for key in FIGURES}}
            for row in site.server.live(f"regional?{query}", token)
        ]
        assert settled(page, REGIONS_TABLE, expected) == expected, query
    assert watched.complaints == []
