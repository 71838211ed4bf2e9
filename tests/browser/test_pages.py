"""Getting around: pages, links, filters, keyboard, drawer, wall, chart menus."""

from __future__ import annotations

import csv
import io
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Download, Page, expect

from browser.conftest import MARKUP, Site, Watched, sign_in

PAGES = {
    "/": "Overview",
    "/funnel": "Funnel",
    "/regions": "Regions",
    "/regions/Coast": "Coast",
    "/team": "Team",
    "/team/rep-1": "Asha Rep",
    "/activity": "Activity",
    "/predictions": "Predictions",
    "/predictions/record": "Track record",
}
CHARTS = {
    "/": ["trends", "funnel", "heatmap"],
    "/funnel": ["funnel"],
    "/regions": ["regions", "region_metrics", "heatmap"],
    "/regions/Coast": ["trends", "funnel", "hours"],
    "/team": ["performance"],
    "/team/rep-1": ["trends", "calendar", "funnel"],
    "/activity": ["daily", "hours"],
    "/predictions": ["forecast"],
    "/predictions/record": ["checks_7", "checks_30", "calibration"],
}


def asked(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def title(page: Page, text: str) -> None:
    expect(page.locator(".heading h1")).to_have_text(text)


def shown(page: Page, chart: str) -> None:
    """The chart is drawn, or says why there is none."""
    panel = page.locator(f"[data-chart={chart}]")
    expect(panel.locator(".main-svg").first.or_(panel.locator(".empty:not(:empty)")).first).to_be_visible()


def saved(download: Download) -> list[list[str]]:
    """The rows of a CSV file."""
    text = download.path().read_text(encoding="utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline="")))


def click_bar(page: Page, chart: str, number: int) -> None:
    page.wait_for_selector(f"[data-chart={chart}] .point path")
    page.locator(f"[data-chart={chart}] .point path").nth(number).hover(force=True)
    box = page.locator(f"[data-chart={chart}] .point path").nth(number).bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + min(10, box["width"] / 2), box["y"] + box["height"] / 2)


@pytest.mark.parametrize("path", PAGES)
def test_every_page_shows_its_charts(watched: Watched, site: Site, path: str) -> None:
    page = watched.page
    sign_in(page, site, path)
    title(page, PAGES[path])
    for chart in CHARTS[path]:
        shown(page, chart)
    found = page.eval_on_selector_all("[data-chart]", "all => all.map(one => one.dataset.chart)")
    assert sorted(found) == sorted(CHARTS[path])
    for drawing in page.locator(".drawing").all():
        assert len(drawing.get_attribute("aria-label") or "") > 20
    assert watched.complaints == []


def test_the_navigation_keeps_the_filters(watched: Watched, site: Site) -> None:
    page = watched.page
    sign_in(page, site, "/?daysBack=7&region=Coast")
    page.evaluate("window.sameDocument = true")
    for path, name in PAGES.items():
        if path.count("/") == 1:
            page.click(f"nav [data-nav='{path}']")
            title(page, name)
            assert asked(page) == {"daysBack": ["7"], "region": ["Coast"]}
            assert urlsplit(page.url).path == path
            expect(page.locator(f"nav [data-nav='{path}']")).to_have_attribute("aria-current", "page")
            expect(page.locator("[data-window='7']")).to_have_attribute("aria-pressed", "true")
    assert page.evaluate("window.sameDocument")
    assert watched.complaints == []


def test_back_and_forward_show_what_the_address_says(watched: Watched, site: Site) -> None:
    page, token = watched.page, site.token()
    sign_in(page, site)
    total = page.locator("#cards [data-metric=total_visits]")
    page.click("[data-window='7']")
    week = site.server.live("summary?daysBack=7", token)["total_visits"]
    expect(total).to_have_attribute("data-value", str(week))
    page.click("[data-nav='/team']")
    title(page, "Team")
    page.go_back()
    title(page, "Overview")
    expect(total).to_have_attribute("data-value", str(week))
    page.go_back()
    month = site.server.live("summary", token)["total_visits"]
    expect(total).to_have_attribute("data-value", str(month))
    page.go_forward()
    expect(total).to_have_attribute("data-value", str(week))
    expect(page.locator("[data-window='7']")).to_have_attribute("aria-pressed", "true")
    assert watched.complaints == []


def test_names_lead_to_their_pages_and_back(watched: Watched, site: Site) -> None:
    page = watched.page
    sign_in(page, site, "/regions?daysBack=7")
    page.click("[data-region=Nairobi] a")
    title(page, "Nairobi")
    page.click("[data-user=rep-1] a >> nth=0")
    title(page, "Asha Rep")
    assert asked(page) == {"daysBack": ["7"]}
    page.click(".back")
    title(page, "Team")
    assert watched.complaints == []


def test_choosing_in_a_chart_narrows_the_page_and_a_chip_undoes_it(watched: Watched, site: Site) -> None:
    page, token = watched.page, site.token()
    sign_in(page, site, "/regions?daysBack=7")
    page.wait_for_selector("[data-chart=regions] .main-svg")
    bars = page.evaluate("document.querySelector('[data-chart=regions] .js-plotly-plot').data[0].y")
    click_bar(page, "regions", 1)
    expect(page.locator(".chip")).to_contain_text(bars[1])
    assert asked(page)["region"] == [bars[1]]
    expect(page.locator("[data-region]")).to_have_count(1)
    page.click(".chip")
    expect(page.locator(".chip")).to_have_count(0)
    expect(page.locator("[data-region]")).to_have_count(2)
    page.goto(site.server.url + "/team?daysBack=7")
    click_bar(page, "performance", 0)
    expect(page.locator("[data-user]")).to_have_count(1)
    best = site.server.live("top-performers?daysBack=7", token)[0]
    assert asked(page)["userId"] == [best["userId"]]
    expect(page.locator(".chip")).to_contain_text(best["name"])
    page.goto(site.server.url + "/?daysBack=7")
    click_bar(page, "trends", 6)
    day = site.server.live("trends?daysBack=7", token)[6]["date"]
    expect(page.locator(".chip")).to_have_count(1)
    assert asked(page) == {"from": [day], "to": [day]}
    assert watched.complaints == []


def test_choosing_a_stage_shows_who_loses_most_there(watched: Watched, site: Site) -> None:
    page = watched.page
    sign_in(page, site, "/?daysBack=7")
    click_bar(page, "funnel", 3)
    title(page, "Funnel")
    assert asked(page) == {"daysBack": ["7"], "stage": ["orders_placed"]}
    expect(page.locator("[data-set='stage=orders_placed']")).to_have_attribute("aria-pressed", "true")
    page.click("[data-set='stage=quotations_sent']")
    expect(page.locator("[data-set='stage=quotations_sent']")).to_have_attribute("aria-pressed", "true")
    page.click("[data-nav='/']")
    title(page, "Overview")
    assert asked(page) == {"daysBack": ["7"]}


def test_months_and_dates_can_be_chosen(watched: Watched, site: Site) -> None:
    page = watched.page
    sign_in(page, site)
    month = page.locator("#month option").nth(2).get_attribute("value")
    page.select_option("#month", month)
    page.wait_for_url(f"**/?from={month}-01&to={month}-*")
    page.click(".dates summary")
    last = page.locator("#dates").get_attribute("data-last") or ""
    page.fill("#dates [name=from]", last)
    page.fill("#dates [name=to]", "2020-01-01")
    page.click("[data-do=dates]")
    expect(page.locator("#dates-problem")).to_have_text("The first day is after the last.")
    page.fill("#dates [name=to]", last)
    page.click("[data-do=dates]")
    page.wait_for_url(f"**/?from={last}&to={last}")
    assert page.locator("#month").input_value() == ""
    assert watched.complaints == []


def test_the_team_is_sorted_searched_and_saved_as_shown(watched: Watched, site: Site) -> None:
    page = watched.page
    sign_in(page, site, "/team?daysBack=30")
    users = "all => all.map(one => one.dataset.user)"
    rows = page.locator("[data-user]")
    expect(rows).to_have_count(2)
    page.click("th button:has-text('Rep')")
    expect(page.locator("th[aria-sort=ascending]")).to_contain_text("Rep")
    assert page.eval_on_selector_all("[data-user]", users) == ["rep-2", "rep-1"]  # < comes before R
    page.click("th button:has-text('Rep')")
    expect(page.locator("th[aria-sort=descending]")).to_contain_text("Rep")
    assert page.eval_on_selector_all("[data-user]", users) == ["rep-1", "rep-2"]
    assert page.evaluate("document.activeElement.textContent") == "Rep ↓"  # the focus stays
    with page.expect_download() as download:
        page.click("[data-do=rows]")
    head, *lines = saved(download.value)
    assert head[0] == "Rep"
    assert [line[0] for line in lines] == ["Asha Rep", MARKUP]
    performers = {row["userId"]: row for row in site.server.live("top-performers", site.token())}
    column = head.index("Revenue")
    assert [float(line[column]) for line in lines] == [
        performers[one]["total_revenue"] for one in ("rep-1", "rep-2")
    ]
    page.fill("#search", "asha")
    expect(rows).to_have_count(1)
    assert asked(page)["q"] == ["asha"]
    page.fill("#search", "nobody")
    expect(page.locator(".empty:not(:empty)").first).to_contain_text("Nobody of that name")
    assert watched.complaints == []


def test_a_chart_is_a_table_too(watched: Watched, site: Site) -> None:
    page = watched.page
    sign_in(page, site, "/?daysBack=7")
    trends = site.server.live("trends?daysBack=7", site.token())
    page.wait_for_selector("[data-chart=trends] .main-svg")
    page.click("[data-chart=trends] summary")
    page.click("[data-chart=trends] [data-do=table]")
    cells: list[list[Any]] = page.eval_on_selector_all(
        "dialog[open] tbody tr",
        "rows => rows.map(row => [...row.cells].map(cell => cell.dataset.value ?? cell.textContent))",
    )
    assert [row[0] for row in cells] == [row["date"] for row in trends]
    assert [float(row[1]) for row in cells] == [row["revenue"] for row in trends]
    with page.expect_download() as download:
        page.click("dialog[open] button:has-text('Download CSV')")
    assert [row[:4] for row in saved(download.value)[1:]] == [row[:4] for row in cells]
    page.keyboard.press("Escape")
    expect(page.locator("dialog[open]")).to_have_count(0)
    page.click("[data-chart=trends] summary")
    with page.expect_download() as picture:
        page.click("[data-chart=trends] >> text=Download PNG")
    assert picture.value.suggested_filename.startswith("trends-")
    assert picture.value.path().read_bytes()[:4] == b"\x89PNG"
    assert watched.complaints == []


def test_an_empty_chart_says_why(watched: Watched, site: Site) -> None:
    page = watched.page
    sign_in(page, site, "/?daysBack=7&region=Nowhere")
    for chart in CHARTS["/"]:
        expect(page.locator(f"[data-chart={chart}] .empty")).to_contain_text(
            "in the last 7 days for what is chosen"
        )
        expect(page.locator(f"[data-chart={chart}] .menu")).to_be_hidden()
    page.click(".chip")
    for chart in CHARTS["/"]:
        page.wait_for_selector(f"[data-chart={chart}] .main-svg")
        expect(page.locator(f"[data-chart={chart}] .empty")).to_be_hidden()
    assert watched.complaints == []


def test_the_keyboard_reaches_everything(watched: Watched, site: Site) -> None:
    page = watched.page
    sign_in(page, site)
    page.keyboard.press("?")
    expect(page.locator("#shortcuts")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#shortcuts")).to_be_hidden()
    page.keyboard.press("4")
    title(page, "Team")
    page.keyboard.press("1")
    title(page, "Overview")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.dataset.window") == "30"
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/?daysBack=7")
    theme = page.evaluate("document.documentElement.dataset.bsTheme")
    for _ in range(3):
        page.keyboard.press("t")
    assert page.evaluate("document.documentElement.dataset.bsTheme") == theme
    page.keyboard.press("p")
    expect(page.locator("#freshness")).to_contain_text("Paused")
    expect(page.locator("#freshness")).to_have_attribute("data-freshness", "stale")
    page.keyboard.press("p")
    expect(page.locator("#freshness")).to_contain_text("Live")
    assert watched.complaints == []


def test_a_wall_screen_shows_numbers_alone_and_turns_its_pages(watched: Watched, site: Site) -> None:
    page = watched.page
    sign_in(page, site)
    page.clock.install()
    page.keyboard.press("w")
    page.select_option("#rotation", "15")
    page.click("[data-do=wall-start]")
    expect(page.locator("#side")).to_be_hidden()
    expect(page.locator("#filters")).to_be_hidden()
    page.clock.run_for(15_500)
    title(page, "Funnel")
    page.keyboard.press("Escape")
    expect(page.locator("#side")).to_be_visible()
    page.keyboard.press("w")
    page.click("[data-do=wall-start]")
    expect(page.locator("#side")).to_be_hidden()
    page.click(".tool[data-do=wall]")
    expect(page.locator("#side")).to_be_visible()


@pytest.mark.parametrize("watched", [{"viewport": {"width": 375, "height": 812}}], indirect=True)
@pytest.mark.parametrize("path", PAGES)
def test_a_phone_does_not_scroll_sideways(watched: Watched, site: Site, path: str) -> None:
    page = watched.page
    sign_in(page, site, path)
    for chart in CHARTS[path]:
        shown(page, chart)
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    page.click("[data-do=drawer]")
    expect(page.locator("nav [data-nav='/team']")).to_be_in_viewport()
    page.click("nav [data-nav='/team']")
    title(page, "Team")
    expect(page.locator("nav [data-nav='/team']")).not_to_be_in_viewport()


def test_markup_in_names_stays_text_everywhere(watched: Watched, site: Site) -> None:
    page = watched.page
    sign_in(page, site, "/team")
    expect(page.locator("[data-user=rep-2]")).to_contain_text(MARKUP)
    ticks = page.locator("[data-chart=performance] .ytick text")
    expect(ticks.filter(has_text=MARKUP)).to_have_count(1)
    page.click("[data-user=rep-2] a >> nth=0")
    title(page, MARKUP)
    page.goto(site.server.url + "/activity")
    expect(page.locator("[data-user=rep-2]")).to_contain_text(MARKUP)
    page.goto(site.server.url + "/regions/%3Cimg%20src%3Dx%20onerror%3D%22window.hacked%3D1%22%3E")
    title(page, '<img src=x onerror="window.hacked=1">')
    assert page.evaluate("window.hacked") is None
    assert watched.complaints == []


def test_cells_that_look_like_formulas_are_made_harmless(watched: Watched, site: Site) -> None:
    page = watched.page
    sign_in(page, site, "/team")
    with page.expect_download() as download:
        page.evaluate(
            """() => {
              const row = document.querySelector('[data-user=rep-1]');
              row.cells[0].textContent = '=HYPERLINK("http://example.org")';
              row.cells[1].textContent = '@region';
              row.cells[2].textContent = '-5 tier';
              document.querySelector('[data-do=rows]').click();
            }"""
        )
    line = next(row for row in saved(download.value) if "HYPERLINK" in row[0])
    assert line[:3] == ['\'=HYPERLINK("http://example.org")', "'@region", "'-5 tier"]


def test_the_predictions_are_those_of_the_api_and_take_marks(watched: Watched, site: Site) -> None:
    page, token = watched.page, site.token()
    for _ in range(120):
        found = site.server.live("predictions", token)
        if found["computed_at"]:
            break
        page.wait_for_timeout(250)
    sign_in(page, site, "/predictions")
    forecast = found["revenue_forecast"]
    assert forecast["next_week"] > 0
    for key in ("next_week", "next_month"):
        value = page.locator(f"#figures [data-metric={key}]").get_attribute("data-value")
        assert float(value or "nan") == forecast[key]
    expected = page.evaluate("document.querySelector('[data-chart=forecast] .js-plotly-plot').data[1].y")
    assert [value for value in expected if value is not None] == [row["revenue"] for row in forecast["daily"]]
    accounts = [row["facilityId"] for row in found["high_value_opportunities"]]
    rows = "all => [...new Set(all.map(one => one.dataset.facility))]"
    keys = page.eval_on_selector_all(".part-keys [data-facility]", rows)
    assert keys
    assert set(keys) <= set(accounts)
    button = page.locator(f".part-keys [data-of='{keys[0]}'][data-mark=planned]")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".part-marks")).to_contain_text("no order since")
    marked = site.server.live("predictions", token)["high_value_opportunities"]
    assert next(row for row in marked if row["facilityId"] == keys[0])["mark"]["mark"] == "planned"
    assert watched.complaints == []


@pytest.mark.parametrize(
    "watched",
    [{"viewport": {"width": 375, "height": 812}, "has_touch": True, "is_mobile": True}],
    indirect=True,
)
@pytest.mark.parametrize("chart", CHARTS["/"])
def test_a_finger_on_a_chart_scrolls_the_page(watched: Watched, site: Site, chart: str) -> None:
    page = watched.page
    sign_in(page, site)
    page.wait_for_selector("[data-chart=heatmap] .main-svg")
    page.locator(f"[data-chart={chart}] .drawing").scroll_into_view_if_needed()
    box = page.locator(f"[data-chart={chart}] .nsewdrag").first.bounding_box()
    assert box is not None
    before = page.evaluate("window.scrollY")
    x, y = box["x"] + box["width"] / 2, box["y"] + 20
    wire = page.context.new_cdp_session(page)
    wire.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    for step in range(1, 16):
        moved = {"type": "touchMove", "touchPoints": [{"x": x, "y": y + 10 * step}]}
        wire.send("Input.dispatchTouchEvent", moved)
        page.wait_for_timeout(16)
    wire.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    page.wait_for_function("before => window.scrollY < before - 50", arg=before)
