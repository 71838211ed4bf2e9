"""The overview as a manager meets it. Texts and trace data are compared, never pixels."""

from __future__ import annotations

import signal
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pytest
from builders import order, visit
from playwright.sync_api import Page, expect

from browser.conftest import MARKUP, Site, Watched, sign_in

SUMMARY = (
    "total_visits",
    "total_orders",
    "total_revenue",
    "conversion_rate",
    "avg_order_value",
    "successful_visits",
    "pending_quotations",
)


def values(page: Page, place: str) -> dict[str, float]:
    """What the figures of a place say, by key."""
    found: dict[str, str] = page.eval_on_selector_all(
        f"{place} [data-metric]",
        "all => Object.fromEntries(all.map(one => [one.dataset.metric, one.dataset.value]))",
    )
    return {key: float(value) for key, value in found.items()}


def trace(page: Page, chart: str, number: int, axis: str) -> list[Any]:
    """The data of a trace as the chart library holds them."""
    page.wait_for_function(
        "key => document.querySelector(`[data-chart=${key}] .js-plotly-plot`)?.data !== undefined", arg=chart
    )
    found: list[Any] = page.evaluate(
        "([key, number, axis]) => Array.from("
        "document.querySelector(`[data-chart=${key}] .js-plotly-plot`).data[number][axis])",
        [chart, number, axis],
    )
    return found


def wait_for_value(page: Page, key: str, value: float, seconds: float = 6) -> None:
    page.wait_for_function(
        "([key, value]) =>"
        " Number(document.querySelector(`#cards [data-metric=${key}]`)?.dataset.value) === value",
        arg=[key, value],
        timeout=seconds * 1000,
    )


def test_the_page_shows_the_numbers_of_the_api(watched: Watched, site: Site) -> None:
    page, token = watched.page, site.token()
    sign_in(page, site)
    summary = site.server.live("summary", token)
    assert values(page, "#cards") == {key: summary[key] for key in SUMMARY}
    assert values(page, "#today") == site.server.live("realtime", token)
    trends = site.server.live("trends", token)
    before = site.server.live("summary", token)["previous"]
    assert trace(page, "trends", 0, "y") == [row["revenue"] for row in trends]
    assert trace(page, "trends", 1, "y") == [row["visits"] for row in trends]
    assert trace(page, "trends", 2, "x") == [row["date"] for row in trends]
    assert sum(trace(page, "trends", 4, "y")) == before["total_visits"]
    funnel = site.server.live("conversion", token)
    stages = ("visits", "successful_visits", "quotations_sent", "orders_placed")
    assert trace(page, "funnel", 0, "x") == [funnel[key] for key in stages]
    best = [row["userId"] for row in site.server.live("top-performers", token)]
    assert page.eval_on_selector_all("[data-user]", "all => all.map(one => one.dataset.user)") == best
    assert watched.complaints == []


def test_filters_change_the_numbers_and_the_address(watched: Watched, site: Site) -> None:
    page, token = watched.page, site.token()
    sign_in(page, site)
    page.evaluate("window.sameDocument = true")
    page.click("text=7 days")
    week = site.server.live("summary?daysBack=7", token)
    wait_for_value(page, "total_revenue", week["total_revenue"])
    assert page.url.endswith("?daysBack=7")
    page.click(".picker.region summary")
    page.get_by_role("checkbox", name="Coast").check()
    page.keyboard.press("Escape")
    coast = site.server.live("summary?daysBack=7&region=Coast", token)
    wait_for_value(page, "total_revenue", coast["total_revenue"])
    assert page.url.endswith("?daysBack=7&region=Coast")
    assert values(page, "#cards") == {key: coast[key] for key in SUMMARY}
    assert page.evaluate("window.sameDocument")
    assert watched.complaints == []


def test_a_link_shows_what_its_sender_saw(watched: Watched, site: Site) -> None:
    page = watched.page
    sign_in(page, site, "/?daysBack=7&region=Nairobi")
    nairobi = site.server.live("summary?daysBack=7&region=Nairobi", site.token())
    assert values(page, "#cards") == {key: nairobi[key] for key in SUMMARY}
    expect(page.locator("[data-window='7']")).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".chip")).to_contain_text("Nairobi")


def test_an_unusable_filter_in_the_address_is_said(watched: Watched, site: Site) -> None:
    sign_in(watched.page, site, "/?daysBack=none")
    expect(watched.page.get_by_role("alert")).to_contain_text(
        "daysBack must be a whole number from 1 to 3650"
    )


def test_a_new_order_appears_without_reloading(watched: Watched, site: Site) -> None:
    page = watched.page
    sign_in(page, site)
    page.evaluate("window.sameDocument = true")
    before = values(page, "#cards")
    now = datetime.now(UTC).replace(tzinfo=None)
    site.store.write("orders", [order(createdAt=now, updatedAt=now, totalAmount=12_345.0)])
    wait_for_value(page, "total_revenue", before["total_revenue"] + 12_345.0, seconds=6)
    wait_for_value(page, "total_orders", before["total_orders"] + 1)
    assert trace(page, "trends", 0, "y")[-1] >= 12_345.0
    assert page.evaluate("window.sameDocument")
    assert watched.complaints == []


def test_unchanged_data_are_not_sent_again(watched: Watched, site: Site) -> None:
    page = watched.page
    sign_in(page, site)
    page.wait_for_timeout(1500)
    statuses: list[int] = []
    page.on(
        "response",
        lambda answer: statuses.append(answer.status) if "_dash-update-component" in answer.url else None,
    )
    page.wait_for_timeout(4500)
    assert len(statuses) >= 3
    assert set(statuses) == {204}


def test_a_lost_server_is_announced_and_its_return_too(watched: Watched, site: Site) -> None:
    page = watched.page
    sign_in(page, site)
    page.evaluate("window.sameDocument = true")
    offline = page.locator("[data-banner=offline]")
    expect(offline).to_be_hidden()
    site.server.stop(signal.SIGKILL)
    try:
        expect(offline).to_be_visible(timeout=8000)
        assert page.get_attribute("#freshness", "data-freshness") == "stale"
        assert values(page, "#cards")["total_visits"] > 0
    finally:
        site.server.start()
    expect(offline).to_be_hidden(timeout=10_000)
    expect(page.locator("#freshness")).to_have_attribute("data-freshness", "live")
    now = datetime.now(UTC).replace(tzinfo=None)
    visits = values(page, "#cards")["total_visits"]
    site.store.write("visits", [visit(date=now, updatedAt=now)])
    wait_for_value(page, "total_visits", visits + 1)
    assert page.evaluate("window.sameDocument")
    assert watched.errors == []


def test_a_lost_database_is_announced_and_its_return_too(watched: Watched, site: Site) -> None:
    page = watched.page
    sign_in(page, site)
    database = site.server.folder / "embedded.sqlite3"
    away = database.with_suffix(".away")
    database.rename(away)
    try:
        expect(page.locator("[data-banner=database]")).to_be_visible(timeout=8000)
        assert page.get_attribute("#freshness", "data-freshness") == "stale"
        assert "Last known numbers" in page.inner_text("#freshness")
    finally:
        away.rename(database)
    expect(page.locator("[data-banner=database]")).to_be_hidden(timeout=8000)
    expect(page.locator("#freshness")).to_have_attribute("data-freshness", "live")
    assert watched.complaints == []


def test_an_ended_session_is_announced(watched: Watched, site: Site) -> None:
    page = watched.page
    sign_in(page, site)
    page.context.clear_cookies()
    expired = page.locator("[data-banner=expired]")
    expect(expired).to_be_visible(timeout=8000)
    expired.get_by_role("link").click()
    expect(page.locator("#password")).to_be_visible()


def test_markup_in_a_name_is_shown_as_text(watched: Watched, site: Site) -> None:
    page = watched.page
    sign_in(page, site)
    expect(page.locator("[data-user=rep-2]")).to_contain_text(MARKUP)
    sign_in_again = site.server.url + "/?userId=" + quote("rep-2")
    page.goto(sign_in_again)
    expect(page.locator(".chip")).to_contain_text(MARKUP)
    expect(page.locator(".heading")).not_to_contain_text("undefined")
    assert page.evaluate("window.hacked") is None


@pytest.mark.parametrize("watched", [{"viewport": {"width": 375, "height": 812}}], indirect=True)
def test_a_phone_does_not_scroll_sideways(watched: Watched, site: Site) -> None:
    page = watched.page
    page.set_viewport_size({"width": 375, "height": 812})
    sign_in(page, site)
    trace(page, "funnel", 0, "x")
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
