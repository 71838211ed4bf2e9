"""Pages in a real browser: a changed filter until everything is redrawn, and the first visit of all."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from browser.screenshots import EMAIL, PASSWORD
from builders import AppServer, app_server
from conftest import chromium_path
from measure import table
from playwright.sync_api import Browser, Page, StorageState, sync_playwright

CHANGES, FIRST_VISITS = 48, 5
WINDOWS = ("7", "30", "90", "1")
PAGES = {"overview": "/", "funnel": "/funnel", "regions": "/regions"}
LAPTOP = {"width": 1440, "height": 900}
OPTIONS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")

# From the click until every chart has been drawn anew and the browser has shown it.
REDRAWN = """days => new Promise((done, late) => {
  const drawings = [...document.querySelectorAll(".js-plotly-plot")];
  let left = drawings.length;
  const began = performance.now();
  for (const one of drawings) one.once("plotly_afterplot", () => {
    if (!--left) requestAnimationFrame(() => done(performance.now() - began));
  });
  setTimeout(() => late(new Error(`${left} charts are not redrawn`)), 5000);
  document.querySelector(`[data-window="${days}"]`).click();
})"""
ALL_DRAWN = """() => {
  const charts = [...document.querySelectorAll("[data-chart]")];
  return charts.length > 0 && charts.every(one => one.querySelector(".main-svg"));
}"""


@contextmanager
def opened(browser: Browser, state: StorageState | None = None) -> Iterator[Page]:
    """A page of a browser that knows nothing yet, but perhaps who is signed in."""
    context = browser.new_context(viewport=LAPTOP, storage_state=state)  # type: ignore[arg-type]
    yield context.new_page()
    context.close()


def signed_in(browser: Browser, server: AppServer) -> StorageState:
    with opened(browser) as page:
        page.goto(server.url)
        page.fill("#email", EMAIL)
        page.fill("#password", PASSWORD)
        page.click("button:has-text('Sign in')")
        page.wait_for_function(ALL_DRAWN)
        return page.context.storage_state()


def told(took: Sequence[float]) -> str:
    ordered = sorted(took)
    p95 = ordered[min(len(ordered) - 1, round(0.95 * len(ordered)))]
    return f"{statistics.median(ordered):.0f} / {p95:.0f} / {ordered[-1]:.0f} ms"


def changes(browser: Browser, server: AppServer, state: StorageState, path: str) -> list[float]:
    """How long each change of the window took, in milliseconds."""
    with opened(browser, state) as page:
        page.goto(server.url + path)
        page.wait_for_function(ALL_DRAWN)
        page.wait_for_timeout(1000)
        took = []
        for n in range(CHANGES + len(WINDOWS)):
            took.append(float(page.evaluate(REDRAWN, WINDOWS[n % len(WINDOWS)])))
            page.wait_for_timeout(150)
        return took[len(WINDOWS) :]  # the first ones warm up


def first_visit(browser: Browser, server: AppServer, state: StorageState) -> tuple[float, int, set[str]]:
    """Seconds until all charts of the overview are there, bytes on the wire, and other hosts asked."""
    with opened(browser, state) as page:
        wire = page.context.new_cdp_session(page)
        sizes: list[int] = []
        hosts: set[str] = set()

        def asked(event: dict[str, Any]) -> None:
            address = urlsplit(event["request"]["url"])
            if address.scheme not in {"data", "blob"}:
                hosts.add(address.netloc)

        wire.on("Network.requestWillBeSent", asked)
        wire.on("Network.loadingFinished", lambda event: sizes.append(int(event["encodedDataLength"])))
        wire.send("Network.enable")
        began = time.perf_counter()
        page.goto(server.url, wait_until="commit")
        page.wait_for_function(ALL_DRAWN)
        took = time.perf_counter() - began
        page.wait_for_timeout(2000)
        return took, sum(sizes), hosts - {urlsplit(server.url).netloc}


def main() -> None:
    with app_server(DEMO_DATA="seed", REFRESH_SECONDS="3") as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=list(OPTIONS))
        state = signed_in(browser, server)
        visits = [first_visit(browser, server, state) for _ in range(FIRST_VISITS)]
        took, size = [one[0] for one in visits], max(one[1] for one in visits)
        foreign = set().union(*(one[2] for one in visits))
        rows = [
            ("all charts, median of 5", f"{statistics.median(took):.2f} s", "2.0 s"),
            ("slowest", f"{max(took):.2f} s", ""),
            ("bytes, compressed", f"{size / 1e6:.2f} MB", "1.2 MB"),
            ("other hosts asked", str(len(foreign)), "0"),
        ]
        table("The first visit of the overview, nothing cached", rows, ("", "measured", "target"))
        rows = [
            (name, told(one), str(len(one)))
            for name, path in PAGES.items()
            for one in [changes(browser, server, state, path)]
        ]
        header = ("page", "p50 / p95 / max", "changes")
        table("A filter changed until every chart is redrawn (target: p95 300 ms)", rows, header)
        browser.close()


if __name__ == "__main__":
    main()
