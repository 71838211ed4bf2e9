"""A page that stays open: it grows by nothing, redraws nothing without need, and never goes blank."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

import pytest
from builders import order, user, visit
from playwright.sync_api import CDPSession, Page, Route, expect

from browser.conftest import PASSWORD, Site, Watched, sign_in
from dashapp.source.accounts import password_hash

WARM_UP, TICKS, WITH_NEWS = 60, 600, 12
UPDATES = "**/_dash-update-component*"

# What the server answers, and how often charts are drawn.
LISTEN = """() => {
  window.answered = [];
  const ask = window.fetch;
  window.fetch = async (...asked) => {
    const answer = await ask(...asked);
    setTimeout(() => window.answered.push(answer.status));
    return answer;
  };
  window.drawn = 0;
  for (const one of document.querySelectorAll(".js-plotly-plot")) {
    one.on("plotly_afterplot", () => window.drawn++);
  }
}"""
# Every node of the page, and what changes in any of them but for a mark of Dash's own.
WATCH_NODES = """() => {
  const content = document.getElementById("content");
  window.nodes = [...content.querySelectorAll("*")];
  window.changed = [];
  new MutationObserver(found => {
    for (const one of found) {
      if (one.attributeName !== "data-dash-is-loading") window.changed.push(one.type + one.target.className);
    }
  }).observe(content, { childList: true, subtree: true, attributes: true, characterData: true });
}"""
ASK_AGAIN = """async (times) => {
  const answers = {};
  for (let n = 0; n < times; n++) {
    window.answered.length = 0;
    window.livePage.refresh();
    for (let wait = 0; !window.answered.length; wait++) {
      if (wait > 2000) throw new Error(`no answer to question ${n}`);
      await new Promise(next => setTimeout(next, 2));
    }
    const status = window.answered[0];
    answers[status] = (answers[status] || 0) + 1;
  }
  return answers;
}"""


def ask_again(page: Page, times: int) -> dict[str, int]:
    """Tick so many times, one after the other's answer; how often the server answered what."""
    answers: dict[str, int] = page.evaluate(ASK_AGAIN, times)
    return answers


def news(site: Site, n: int) -> None:
    """An order and a visit of just now, in the database."""
    now = datetime.now(UTC).replace(tzinfo=None)
    site.store.write("orders", [order(_id=f"late-{n}", createdAt=now, updatedAt=now, totalAmount=10.0 + n)])
    site.store.write("visits", [visit(_id=f"late-{n}", date=now, updatedAt=now)])


def used(session: CDPSession) -> dict[str, Any]:
    """What the page holds once everything unused is gone: bytes, nodes, listeners."""
    for _ in range(2):
        session.send("HeapProfiler.collectGarbage")
    counters: dict[str, Any] = session.send("Memory.getDOMCounters")
    return {**counters, "bytes": session.send("Runtime.getHeapUsage")["usedSize"]}


def another_session(page: Page, site: Site, n: int) -> None:
    """Go on as somebody else, before the limit on what one person's pages may ask."""
    somebody = user(_id=f"lead-{n}", email=f"lead-{n}@example.org", role="manager", region=None)
    site.store.write("users", [{**somebody, "passwordHash": password_hash(PASSWORD)}])
    form = {"email": somebody["email"], "password": PASSWORD, "next": "/"}
    answer = page.context.request.post(f"{site.server.url}/auth/login", form=form, max_redirects=0)
    assert answer.status in {302, 303}, answer.text()


def paused_clock(page: Page) -> None:
    """No ticks but those of the test."""
    page.evaluate("window.dash_clientside.set_props('clock', { disabled: true })")


def test_hundreds_of_ticks_leave_nothing_behind(watched: Watched, site: Site) -> None:
    page = watched.page
    sign_in(page, site)
    page.wait_for_selector("[data-chart=heatmap] .main-svg")
    page.evaluate(LISTEN)
    paused_clock(page)
    session = page.context.new_cdp_session(page)
    ordered = page.locator("#cards [data-metric=total_orders]")
    told = int(ordered.get_attribute("data-value") or 0)
    answers: dict[str, int] = {}

    def run(ticks: int, rounds: range) -> None:
        nonlocal told
        for n in rounds:
            if n % 5 == 0:
                another_session(page, site, n)
            news(site, n)
            told += 1
            deadline = time.monotonic() + 10
            while ordered.get_attribute("data-value") != str(told) and time.monotonic() < deadline:
                ask_again(page, 1)
            for status, times in ask_again(page, ticks // len(rounds)).items():
                answers[status] = answers.get(status, 0) + times

    page.evaluate("window.charts = [...document.querySelectorAll('.js-plotly-plot')]")
    run(WARM_UP, range(3))
    before = used(session)
    run(TICKS, range(3, 3 + WITH_NEWS))
    after = used(session)
    assert answers["204"] > 0.9 * TICKS
    assert set(answers) <= {"200", "204"}
    assert after["bytes"] < 1.1 * before["bytes"], (before, after)
    assert after["nodes"] < 1.05 * before["nodes"], (before, after)
    assert after["jsEventListeners"] < 1.05 * before["jsEventListeners"], (before, after)
    kept = "window.charts.every((one, n) => one === document.querySelectorAll('.js-plotly-plot')[n])"
    assert page.evaluate(kept)
    assert watched.complaints == []


def test_nothing_new_draws_nothing(watched: Watched, site: Site) -> None:
    page = watched.page
    sign_in(page, site)
    page.wait_for_selector("[data-chart=heatmap] .main-svg")
    page.wait_for_timeout(300)  # the first drawing is over
    paused_clock(page)
    page.evaluate(LISTEN)
    page.evaluate(WATCH_NODES)
    assert ask_again(page, 20) == {"204": 20}
    assert page.evaluate("window.drawn") == 0
    assert page.evaluate("[...new Set(window.changed)]") == []
    assert page.evaluate(
        "(all => all.length === window.nodes.length && all.every((one, n) => one === window.nodes[n]))"
        "([...document.querySelectorAll('#content *')])"
    )


def test_new_numbers_are_drawn_into_the_same_chart(watched: Watched, site: Site) -> None:
    page = watched.page
    sign_in(page, site)
    page.wait_for_selector("[data-chart=heatmap] .main-svg")
    page.evaluate(
        "window.charts = [...document.querySelectorAll('.js-plotly-plot, .js-plotly-plot .main-svg')]"
    )
    before = int(page.locator("#cards [data-metric=total_orders]").get_attribute("data-value") or 0)
    news(site, 900)
    expect(page.locator("#cards [data-metric=total_orders]")).to_have_attribute("data-value", str(before + 1))
    page.wait_for_function(
        "told => document.querySelector('[data-chart=funnel] .js-plotly-plot').data[0].x[3] === told",
        arg=before + 1,
    )
    assert page.evaluate("window.charts.every(one => one.isConnected)")
    assert page.evaluate("document.querySelectorAll('.skeleton').length") == 0
    assert watched.complaints == []


@pytest.mark.parametrize("path", ["/", "/regions", "/team"])
def test_numbers_stay_while_others_are_on_their_way(watched: Watched, site: Site, path: str) -> None:
    page = watched.page
    sign_in(page, site, path)
    page.wait_for_selector("[data-chart] .main-svg")
    text = page.locator("#content .rows").first.inner_text()
    charts = page.locator(".main-svg").count()
    waiting: list[Route] = []
    page.route(UPDATES, lambda route: waiting.append(route))
    page.click("[data-window='7']")
    page.wait_for_url("**?daysBack=7")
    page.wait_for_timeout(1500)
    assert waiting, "the question is on its way"
    assert page.locator("#content .rows").first.inner_text() == text
    assert page.locator(".main-svg").count() == charts
    assert page.locator(".skeleton, ._dash-loading").count() == 0
    assert page.evaluate("getComputedStyle(document.querySelector('.drawing')).opacity") == "1"
    page.unroute(UPDATES)  # which lets them go on
    expect(page.locator(".when")).to_contain_text("Last 7 days")
    assert watched.complaints == []
