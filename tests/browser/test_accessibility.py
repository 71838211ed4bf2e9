"""Every page by keyboard and by the rules that axe-core knows, in light and in dark."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from browser.conftest import Site, Watched, sign_in
from browser.test_pages import CHARTS, PAGES

GRAVE = ("serious", "critical")
THEMES = ("light", "dark")


def problems(page: Page) -> list[str]:
    """What axe-core finds grave about the page as it stands."""
    found = Axe().run(page).response["violations"]
    return [
        f"{one['id']}: {node['target']} {node['failureSummary']}"
        for one in found
        if one["impact"] in GRAVE
        for node in one["nodes"]
    ]


def problems_in_both_themes(page: Page) -> list[str]:
    found = []
    page.emulate_media(reduced_motion="reduce")  # no colour on its way to another
    for theme in THEMES:
        page.evaluate("theme => window.liveTheme.choose(theme)", theme)
        page.wait_for_function("theme => document.documentElement.dataset.bsTheme === theme", arg=theme)
        found += [f"{theme} {problem}" for problem in problems(page)]
    return found


def focused(page: Page) -> str:
    """What has the focus, told by its label or its text."""
    said: str = page.evaluate(
        "(document.activeElement.getAttribute('aria-label') || document.activeElement.textContent).trim()"
    )
    return said


def walk(page: Page, limit: int = 150) -> list[dict[str, str]]:
    """Every stop of the tab key: what it is, and how its focus shows."""
    stops: list[dict[str, str]] = []
    for _ in range(limit):
        page.keyboard.press("Tab")
        stop = page.evaluate(
            """() => {
              const one = document.activeElement;
              if (one === document.body) return null;
              const style = getComputedStyle(one);
              const shown = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1;
              const ring = shown || style.boxShadow !== "none";
              const name = one.getAttribute("aria-label") || one.textContent.trim();
              return { what: one.outerHTML.slice(0, 90), name,
                place: one.closest("[data-chart]")?.dataset.chart || "", ring: ring ? "yes" : "" };
            }"""
        )
        if stop is None:
            break
        stops.append(stop)
    return stops


@pytest.mark.parametrize("path", PAGES)
def test_no_page_has_a_grave_problem(watched: Watched, site: Site, path: str) -> None:
    page = watched.page
    sign_in(page, site, path)
    for chart in CHARTS[path]:
        page.wait_for_selector(f"[data-chart={chart}] .main-svg", state="attached")
    assert problems_in_both_themes(page) == []


def test_an_address_that_leads_nowhere_has_no_grave_problem(watched: Watched, site: Site) -> None:
    sign_in(watched.page, site, "/")
    watched.page.goto(site.server.url + "/nowhere")
    watched.page.wait_for_selector("h1")
    assert problems_in_both_themes(watched.page) == []


def test_the_sign_in_page_has_no_grave_problem(watched: Watched, site: Site) -> None:
    watched.page.goto(site.server.url + "/login")
    watched.page.wait_for_selector("[data-tier]")
    assert problems(watched.page) == []
    watched.page.emulate_media(color_scheme="dark")
    assert problems(watched.page) == []


def test_an_empty_page_has_no_grave_problem(watched: Watched, site: Site) -> None:
    sign_in(watched.page, site, "/?region=Nowhere&daysBack=7")
    expect(watched.page.locator("[data-chart=trends] .empty")).to_contain_text("in the last 7 days")
    assert problems_in_both_themes(watched.page) == []


def chart_menu(page: Page) -> Locator:
    page.wait_for_selector("[data-chart=trends] .main-svg")
    page.click("[data-chart=trends] summary")
    return page.locator("[data-chart=trends] .menu .choices")


def chart_table(page: Page) -> Locator:
    chart_menu(page).get_by_role("button", name="View as table").click()
    return page.locator("dialog[open] table")


def region_list(page: Page) -> Locator:
    page.click(".picker.region summary")
    return page.get_by_role("checkbox", name="Coast")


def date_fields(page: Page) -> Locator:
    page.click(".dates summary")
    return page.locator("#dates [name=from]")


def person_menu(page: Page) -> Locator:
    page.click(".person summary")
    return page.locator(".person .choices")


def shortcuts(page: Page) -> Locator:
    page.keyboard.press("?")
    return page.locator("#shortcuts")


def wall(page: Page) -> Locator:
    page.keyboard.press("w")
    return page.locator("#wall")


@pytest.mark.parametrize(
    "opened", [chart_menu, chart_table, region_list, date_fields, person_menu, shortcuts, wall]
)
def test_nothing_that_opens_has_a_grave_problem(
    watched: Watched, site: Site, opened: Callable[[Page], Locator]
) -> None:
    page = watched.page
    sign_in(page, site)
    expect(opened(page)).to_be_visible()
    assert problems_in_both_themes(page) == []


def test_every_chart_has_a_text_and_a_table(watched: Watched, site: Site) -> None:
    page = watched.page
    sign_in(page, site)
    for path, charts in CHARTS.items():
        page.evaluate("path => window.liveFilters.go(path)", path)
        expect(page.locator(".heading h1")).to_have_text(PAGES[path])
        for chart in charts:
            page.wait_for_selector(f"[data-chart={chart}] .main-svg", state="attached")
            if page.locator(f"[data-chart={chart}] .empty").inner_text():
                continue  # too little data for it, and it says so
            picture = page.locator(f"[data-chart={chart}]").locator("[role=img].drawing")
            assert len(picture.get_attribute("aria-label") or "") > 20
            page.click(f"[data-chart={chart}] summary")
            page.click(f"[data-chart={chart}] [data-do=table]")
            labels = page.evaluate(
                "key => document.querySelector(`[data-chart=${key}] .js-plotly-plot`).layout.meta.labels",
                chart,
            )
            rows = page.locator("dialog[open] tbody tr")
            assert rows.locator("th").all_text_contents() == labels
            expect(rows.first.locator("td").first).not_to_be_empty()
            page.keyboard.press("Escape")
    assert watched.complaints == []


def test_the_tab_key_reaches_everything_and_is_seen(watched: Watched, site: Site) -> None:
    page = watched.page
    sign_in(page, site)
    page.wait_for_selector("[data-chart=heatmap] .main-svg")
    stops = walk(page)
    names = [stop["name"] for stop in stops]
    assert names[0] == "Skip to the numbers"
    wanted = ["Overview", "Pause", "7 days", "Month", "All regions", "What is Revenue?", "Top ten by revenue"]
    places = [next(n for n, name in enumerate(names) if wish in name) for wish in wanted]
    assert places == sorted(places)
    assert {stop["place"] for stop in stops} >= set(CHARTS["/"])
    assert [stop["what"] for stop in stops if not stop["ring"]] == []


def test_a_menu_and_its_table_by_keyboard(watched: Watched, site: Site) -> None:
    page = watched.page
    sign_in(page, site)
    page.wait_for_selector("[data-chart=trends] .main-svg")
    opener = page.locator("[data-chart=trends] summary")
    items = page.locator("[data-chart=trends] .menu .choices")
    for key in ("Enter", "Space"):
        opener.focus()
        page.keyboard.press(key)
        expect(items).to_be_visible()
        page.keyboard.press("Escape")
        expect(items).to_be_hidden()
        expect(opener).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert focused(page) == "View as table"
    page.keyboard.press("Enter")
    expect(page.locator("dialog[open] table")).to_be_visible()
    expect(items).to_be_hidden()
    page.keyboard.press("Escape")
    expect(page.locator("dialog[open]")).to_have_count(0)
    expect(opener).to_be_focused()
    page.keyboard.press("Enter")
    for _ in range(5):
        page.keyboard.press("Tab")
    expect(items).to_be_hidden()  # gone on, it covers nothing


def test_lists_and_dialogs_give_the_focus_back(watched: Watched, site: Site) -> None:
    page = watched.page
    sign_in(page, site)
    regions = page.locator(".picker.region summary")
    regions.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("checkbox", name="Coast")).to_be_visible()
    assert focused(page) == "Search regions"
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.wait_for_url("**/?region=*")
    page.keyboard.press("Escape")
    expect(regions).to_be_focused()
    expect(page.locator(".picker.region .choices")).to_be_hidden()
    person = page.locator(".person summary")
    person.focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Keyboard shortcuts").press("Enter")
    expect(page.locator("#shortcuts")).to_be_visible()
    page.keyboard.press("Escape")
    expect(person).to_be_focused()


@pytest.mark.parametrize("watched", [{"viewport": {"width": 375, "height": 812}}], indirect=True)
def test_the_drawer_by_keyboard(watched: Watched, site: Site) -> None:
    page = watched.page
    sign_in(page, site)
    opener = page.locator("[data-do=drawer]")
    opener.press("Enter")
    expect(opener).to_have_attribute("aria-expanded", "true")
    assert focused(page) == "Overview"
    assert problems(page) == []
    page.keyboard.press("Escape")
    expect(opener).to_have_attribute("aria-expanded", "false")
    expect(opener).to_be_focused()


SMALL = """() => [...document.querySelectorAll("a, button, summary, select, input")].filter(one => {
  const line = one.closest("li > span") || one.closest(".skip, dialog:not([open])");
  const target = one.type === "checkbox" ? one.closest("label") : one;
  const box = target.getBoundingClientRect();
  const behind = getComputedStyle(one, "::before");
  const height = Math.max(box.height, behind.content === "none" ? 0 : parseFloat(behind.height) || 0);
  return one.checkVisibility({ visibilityProperty: true }) && !line && height < 43.5;
}).map(one => `${one.outerHTML.slice(0, 80)} ${Math.round(one.getBoundingClientRect().height)}`)"""


@pytest.mark.parametrize("watched", [{"viewport": {"width": 375, "height": 812}}], indirect=True)
def test_a_thumb_hits_everything(watched: Watched, site: Site) -> None:
    page = watched.page
    sign_in(page, site)
    for path in PAGES:
        page.evaluate("path => window.liveFilters.go(path)", path)
        expect(page.locator(".heading h1")).to_have_text(PAGES[path])
        assert page.evaluate(SMALL) == [], path
    page.click(".picker.userId summary")
    expect(page.get_by_role("checkbox", name="Asha Rep")).to_be_visible()
    assert page.evaluate(SMALL) == []
