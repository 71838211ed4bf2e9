"""The sign-in page as a visitor meets it: a pulse that moves by itself and never lies about its age."""

from __future__ import annotations

import re
import signal
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from builders import tier, user, visit
from playwright.sync_api import Page, Request, expect

from browser.conftest import EMAIL, PASSWORD, Site, Watched

LOOKS_LIKE_MARKUP = "<b>Gold</b>"
METRICS = {
    "online_users": "online_now",
    "active_users": "active_today",
    "total_users": "total_users",
    "recent_activities": "recent_activities",
}
HIDE = "Object.defineProperty(document, 'hidden', { get: () => Boolean(window.away) })"
WATCH = """() => {
  window.touched = [];
  const observer = new MutationObserver(all => window.touched.push(...all.map(one => one.type)));
  const kinds = { subtree: true, childList: true, attributes: true, characterData: true };
  observer.observe(document.querySelector('[data-part=counts]'), kinds);
  observer.observe(document.querySelector('[data-part=tiers]'), kinds);
  observer.observe(document.querySelector('[data-chart=pulse]'), kinds);
}"""


@pytest.fixture(scope="module", autouse=True)
def a_tier_with_an_odd_name(site: Site) -> None:
    site.store.write("tiers", [tier(_id="odd", name=LOOKS_LIKE_MARKUP, rank=9)])
    odd = user(_id="odd", email="odd@example.org", tier=LOOKS_LIKE_MARKUP, region="Coast")
    site.store.write("users", [odd])
    while pulse(site)["metrics"]["tier_distribution"].get(LOOKS_LIKE_MARKUP) != 1:
        time.sleep(0.05)


def pulse(site: Site) -> dict[str, Any]:
    body: dict[str, Any] = site.server.get("/accounts/analytics/realtime/").json
    return body


def shown(page: Page, selector: str) -> list[str]:
    found: list[str] = page.eval_on_selector_all(selector, "all => all.map(one => one.dataset.value)")
    return found


def visited_just_now(site: Site) -> None:
    now = datetime.now(UTC).replace(tzinfo=None) - timedelta(seconds=1)
    site.store.write("visits", [visit(date=now, updatedAt=now)])


def look_again(page: Page) -> None:
    """What a browser says when the page comes to the front: the page asks at once."""
    page.evaluate("() => document.dispatchEvent(new Event('visibilitychange'))")


def test_the_page_shows_the_numbers_of_the_public_pulse(watched: Watched, site: Site) -> None:
    page = watched.page
    page.goto(site.server.url + "/login")
    told = pulse(site)
    for key, name in METRICS.items():
        figure = page.locator(f"[data-metric={key}]")
        expect(figure).to_have_attribute("data-value", str(told["metrics"][name]))
        expect(figure).to_contain_text(str(told["metrics"][name]))
    tiers = told["metrics"]["tier_distribution"]
    assert shown(page, "[data-tier]") == [str(users) for users in tiers.values()]
    assert shown(page, "[data-chart=pulse] rect") == [str(hour["activities"]) for hour in told["chart_data"]]
    points = [str(hour["active_users"]) for hour in told["chart_data"]]
    assert shown(page, "[data-chart=pulse] circle") == points
    expect(page.locator("[data-freshness=live]")).to_have_text(re.compile(r"^Live · \d s ago$"))
    assert watched.complaints == []


def test_something_new_appears_by_itself(watched: Watched, site: Site) -> None:
    page = watched.page
    page.goto(site.server.url + "/login")
    page.evaluate("() => { window.sameDocument = true }")
    before = int(page.get_attribute("[data-metric=recent_activities]", "data-value") or "0")
    visited_just_now(site)
    recent = page.locator(f"[data-metric=recent_activities][data-value='{before + 1}']")
    expect(recent).to_be_visible(timeout=7000)
    expect(recent).to_contain_text(str(before + 1))
    hours = [str(hour["activities"]) for hour in pulse(site)["chart_data"]]
    bars = page.locator("[data-chart=pulse] rect")
    expect(bars.last).to_have_attribute("data-value", hours[-1], timeout=12_000)
    assert page.evaluate("() => window.sameDocument")
    assert watched.complaints == []


def test_what_is_unchanged_is_not_touched(watched: Watched, site: Site) -> None:
    page = watched.page
    page.goto(site.server.url + "/login")
    page.evaluate(WATCH)
    with (
        page.expect_response(lambda answer: answer.url.endswith("/login/pulse")),
        page.expect_response(lambda answer: answer.url.endswith("/login/pulse/chart")),
    ):
        look_again(page)
    page.wait_for_timeout(300)
    assert page.evaluate("() => window.touched") == []
    assert watched.complaints == []


def test_a_page_nobody_looks_at_asks_nothing_and_then_at_once(watched: Watched, site: Site) -> None:
    page = watched.page
    page.add_init_script(HIDE)
    page.goto(site.server.url + "/login")
    page.evaluate("() => { window.away = true }")
    asked: list[str] = []

    def note(request: Request) -> None:
        if not request.url.endswith("/favicon.svg"):  # which the browser fetches when it likes
            asked.append(request.url)

    page.on("request", note)
    page.wait_for_timeout(5500)
    assert asked == []
    page.evaluate("() => { window.away = false }")
    look_again(page)
    page.wait_for_timeout(300)
    assert sorted(url.removeprefix(site.server.url) for url in asked) == [
        "/login/pulse",
        "/login/pulse/chart",
    ]


def test_a_lost_server_is_told_and_its_return_too(watched: Watched, site: Site) -> None:
    page = watched.page
    page.goto(site.server.url + "/login")
    page.evaluate("() => { window.sameDocument = true }")
    banner, mark = page.locator("[data-banner=offline]"), page.locator("[data-freshness]")
    expect(banner).to_be_hidden()
    users = page.get_attribute("[data-metric=total_users]", "data-value")
    site.server.stop(signal.SIGKILL)
    try:
        expect(banner).to_be_visible(timeout=12_000)
        expect(mark).to_have_attribute("data-freshness", "stale")
        expect(mark).to_have_text(re.compile(r"^Last known numbers, \d\d:\d\d$"))
        assert page.get_attribute("[data-metric=total_users]", "data-value") == users
    finally:
        site.server.start()
    expect(banner).to_be_hidden(timeout=12_000)
    expect(mark).to_have_attribute("data-freshness", "live", timeout=12_000)
    expect(mark).to_have_text(re.compile(r"^Live · \d s ago$"))
    assert page.evaluate("() => window.sameDocument")
    assert watched.errors == []


def test_a_server_that_hangs_is_told_too(watched: Watched, site: Site) -> None:
    page = watched.page
    page.goto(site.server.url + "/login")
    page.route("**/login/pulse*", lambda route: None)
    page.route("**/login/pulse/chart", lambda route: None)
    expect(page.locator("[data-banner=offline]")).to_be_visible(timeout=14_000)
    expect(page.locator("[data-freshness]")).to_have_attribute("data-freshness", "stale")
    page.unroute_all(behavior="ignoreErrors")
    expect(page.locator("[data-freshness]")).to_have_attribute("data-freshness", "live", timeout=12_000)
    expect(page.locator("[data-banner=offline]")).to_be_hidden()


def test_a_lost_database_is_told(watched: Watched, site: Site) -> None:
    page = watched.page
    page.goto(site.server.url + "/login")
    database = site.server.folder / "embedded.sqlite3"
    away = database.rename(database.with_suffix(".away"))
    mark = page.locator("[data-freshness]")
    try:
        site.server.wait_for("degraded")
        look_again(page)
        expect(mark).to_have_attribute("data-freshness", "stale")
        expect(mark).to_have_text(re.compile(r"^Last known numbers, \d\d:\d\d$"))
    finally:
        away.rename(database)
    site.server.wait_for("healthy")
    look_again(page)
    expect(mark).to_have_attribute("data-freshness", "live", timeout=7000)


def test_samples_never_take_the_place_of_real_numbers(watched: Watched, site: Site) -> None:
    page = watched.page
    page.goto(site.server.url + "/login")
    users = page.get_attribute("[data-metric=total_users]", "data-value")
    part = page.request.get(site.server.url + "/login/pulse").text()
    sample = part.replace('data-freshness="live"', 'data-freshness="sample"').replace(
        f'data-metric="total_users" data-value="{users}"', 'data-metric="total_users" data-value="4242"'
    )
    page.route("**/login/pulse", lambda route: route.fulfill(body=sample, content_type="text/html"))
    look_again(page)
    mark = page.locator("[data-freshness]")
    expect(mark).to_have_text(re.compile(r"^Last known numbers, \d\d:\d\d$"))
    assert page.get_attribute("[data-metric=total_users]", "data-value") == users
    expect(page.locator("[data-banner=offline]")).to_be_hidden()


def test_a_name_that_looks_like_markup_is_text(watched: Watched, site: Site) -> None:
    page = watched.page
    page.goto(site.server.url + "/login")
    chip = page.locator("[data-tier]").last
    expect(chip).to_have_attribute("data-tier", LOOKS_LIKE_MARKUP)
    expect(chip).to_contain_text(LOOKS_LIKE_MARKUP)
    site.store.write("users", [user(_id="odd-2", email="odd-2@example.org", tier=LOOKS_LIKE_MARKUP)])
    expect(chip).to_have_attribute("data-value", "2", timeout=7000)
    expect(chip).to_contain_text(LOOKS_LIKE_MARKUP)


def test_the_hours_are_told_one_by_one_to_mouse_and_keyboard(watched: Watched, site: Site) -> None:
    page = watched.page
    page.goto(site.server.url + "/login")
    last = pulse(site)["chart_data"][-1]
    tip = page.locator("[data-hour] .tip")
    page.locator("[data-hour]").last.hover()
    expect(tip.last).to_be_visible()
    expect(tip.last).to_contain_text(f"{last['label']}, so far")
    expect(tip.last).to_contain_text(f"Activities {last['activities']}")
    page.mouse.move(0, 0)
    expect(tip.last).to_be_hidden()
    page.focus("#email")
    for _ in range(4):  # the password, its button, the sign-in button, the chart
        page.keyboard.press("Tab")
    expect(tip.last).to_be_visible()
    page.keyboard.press("ArrowLeft")
    expect(tip.nth(10)).to_be_visible()
    expect(tip.last).to_be_hidden()
    page.keyboard.press("Escape")
    expect(tip.nth(10)).to_be_hidden()


def test_the_password_can_be_looked_at(watched: Watched, site: Site) -> None:
    page = watched.page
    page.goto(site.server.url + "/login")
    page.fill("#password", "a secret")
    page.click("#reveal")
    expect(page.locator("#password")).to_have_attribute("type", "text")
    expect(page.locator("#password")).to_be_focused()
    page.click("#reveal")
    expect(page.locator("#password")).to_have_attribute("type", "password")


def test_the_colours_can_be_chosen_and_are_remembered(watched: Watched, site: Site) -> None:
    page, root = watched.page, watched.page.locator("html")
    page.goto(site.server.url + "/login")
    expect(root).to_have_attribute("data-bs-theme", "light")
    page.emulate_media(color_scheme="dark")
    expect(root).to_have_attribute("data-bs-theme", "dark")
    page.click("button:has-text('Light')")
    expect(root).to_have_attribute("data-bs-theme", "light")
    expect(page.locator("[data-theme=light]")).to_have_attribute("aria-pressed", "true")
    page.reload()
    expect(root).to_have_attribute("data-bs-theme", "light")
    page.click("button:has-text('System')")
    expect(root).to_have_attribute("data-bs-theme", "dark")


def test_after_a_mistake_the_focus_is_on_what_went_wrong(watched: Watched, site: Site) -> None:
    page = watched.page
    page.goto(site.server.url + "/login?next=/%3FdaysBack=7")
    page.fill("#email", EMAIL)
    page.fill("#password", "wrong")
    page.keyboard.press("Enter")
    problem = page.get_by_role("alert")
    expect(problem).to_have_text("The e-mail address or the password is not right.")
    expect(problem).to_be_focused()
    expect(page.locator("#email")).to_have_value(EMAIL)
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(site.server.url + "/?daysBack=7")


@pytest.mark.parametrize("watched", [{"java_script_enabled": False}], indirect=True)
def test_without_scripts_the_numbers_are_there_and_the_form_works(watched: Watched, site: Site) -> None:
    page = watched.page
    page.goto(site.server.url + "/login")
    expect(page.locator("[data-metric=total_users] dd").first).to_be_visible()
    assert page.locator("[data-chart=pulse] rect").count() == 12
    expect(page.locator("#reveal")).to_be_hidden()
    page.fill("#email", EMAIL)
    page.fill("#password", PASSWORD)
    page.click("button:has-text('Sign in')")
    assert page.url == site.server.url + "/"


SCREENS = [(375, 812), (820, 1180), (1440, 900), (3840, 2160)]


@pytest.mark.parametrize(
    "watched",
    [{"viewport": {"width": width, "height": height}} for width, height in SCREENS],
    indirect=True,
    ids=[str(width) for width, _ in SCREENS],
)
def test_no_screen_scrolls_sideways(watched: Watched, site: Site) -> None:
    page = watched.page
    page.goto(site.server.url + "/login")
    assert page.evaluate("() => document.documentElement.scrollWidth <= window.innerWidth")
    page.locator("[data-hour]").first.hover()
    page.locator("[data-hour]").last.hover()
    assert page.evaluate("() => document.documentElement.scrollWidth <= window.innerWidth")
    assert watched.complaints == []


@pytest.mark.parametrize("watched", [{"reduced_motion": "reduce"}], indirect=True)
def test_nothing_moves_for_those_who_asked_for_calm(watched: Watched, site: Site) -> None:
    page = watched.page
    page.goto(site.server.url + "/login")
    assert page.evaluate("() => document.getAnimations().length") == 0
    before = int(page.get_attribute("[data-metric=recent_activities]", "data-value") or "0")
    visited_just_now(site)
    expect(page.locator(f"[data-metric=recent_activities][data-value='{before + 1}']")).to_be_visible(
        timeout=7000
    )
    assert page.evaluate("() => document.getAnimations().length") == 0
