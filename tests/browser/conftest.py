"""A real Chromium in front of a real server over a small embedded database."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from builders import AppServer, facility, login, order, quotation, tier, user, visit
from conftest import chromium_path
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from dashapp.source.accounts import password_hash
from dashapp.source.embedded import EmbeddedStore

EMAIL, PASSWORD = "lead@example.org", "a good password"
MARKUP = '<b>Bold</b> <img src=x onerror="window.hacked=1">'


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    path = chromium_path()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        yield browser
        browser.close()


def moments(days: int) -> list[datetime]:
    """One moment on each of the last days, none of them in the future: naive UTC."""
    now = datetime.now(UTC).replace(tzinfo=None)
    return [now - timedelta(days=n, minutes=1) for n in range(days)]


def fill(store: EmbeddedStore) -> None:
    """Sixty days of two reps in two regions, one of them with markup in the name."""
    lead = user(_id="lead", email=EMAIL, name="Lena Lead", role="manager", region=None)
    lead["passwordHash"] = password_hash(PASSWORD)
    reps = [user(), user(_id="rep-2", email="rep-2@example.org", name=MARKUP, region="Coast")]
    store.write("tiers", [tier(), tier(_id="silver", name="Silver", rank=2)])
    store.write("users", [lead, *reps])
    store.write("facilities", [facility(), facility(_id="clinic-2", name="Second", region="Nairobi")])
    visits, quotations, orders, logins = [], [], [], []
    for day, at in enumerate(moments(60)):
        for rep, place in (("rep-1", "clinic-2"), ("rep-2", "clinic-1")):
            who = {"userId": rep, "facilityId": place}
            visits += [visit(**who, date=at), visit(**who, date=at, status="unsuccessful")]
            quotations.append(quotation(**who, createdAt=at, amount=500.0))
            if day % 2 == 0:
                orders.append(order(**who, createdAt=at, totalAmount=1000.25 + day))
        logins.append(login(at=at))
    for name, documents in (("visits", visits), ("quotations", quotations), ("orders", orders)):
        store.write(name, documents)
    store.write("logins", logins)


@dataclass
class Site:
    """The running application and its database."""

    server: AppServer
    store: EmbeddedStore

    def token(self) -> str:
        return self.server.sign_in(EMAIL, PASSWORD)


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    server = AppServer()
    store = EmbeddedStore(server.folder)
    fill(store)
    try:
        server.start()
        yield Site(server, store)
    finally:
        server.stop()
        shutil.rmtree(server.folder, ignore_errors=True)


@dataclass
class Watched:
    """A page, and everything the browser complained about on it."""

    page: Page
    complaints: list[str] = field(default_factory=list)

    def heard(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.complaints.append(message.text)

    @property
    def errors(self) -> list[str]:
        """Complaints but for those about a server that was not there."""
        return [one for one in self.complaints if "Failed to load resource" not in one]


@pytest.fixture
def watched(chromium: Browser, site: Site, request: pytest.FixtureRequest) -> Iterator[Watched]:
    options = getattr(request, "param", {})
    context = chromium.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
    page = context.new_page()
    page.set_default_timeout(10_000)
    found = Watched(page)
    page.on("console", found.heard)
    page.on("pageerror", lambda error: found.complaints.append(str(error)))
    yield found
    context.close()


def sign_in(page: Page, site: Site, path: str = "/") -> None:
    """Through the form, to a page."""
    page.goto(site.server.url + path)
    page.fill("#email", EMAIL)
    page.fill("#password", PASSWORD)
    page.click("button:has-text('Sign in')")
    page.wait_for_selector(".heading h1")
