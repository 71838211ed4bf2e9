"""The overview through Dash's own test browser."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import unavailable
from dash.testing.browser import Browser
from selenium.webdriver.chrome.options import Options

from browser.conftest import EMAIL, PASSWORD, Site, chromium_path

# Dash's test browser holds its driver to versions that still use names deprecated elsewhere.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture
def dash_browser(tmp_path: Path) -> Iterator[Browser]:
    options = Options()
    options.binary_location = chromium_path()
    for argument in ("--no-sandbox", "--disable-gpu", "--disable-background-networking"):
        options.add_argument(argument)
    if shutil.which("chromedriver") is None:
        unavailable("no chromedriver: install it beside Chromium")
    browser = Browser("chrome", headless=True, options=options, download_path=str(tmp_path), percy_run=False)
    yield browser
    browser.driver.quit()


def test_signing_in_leads_to_the_numbers_of_the_api(dash_browser: Browser, site: Site) -> None:
    dash_browser.driver.get(site.server.url)
    dash_browser.find_element("#email").send_keys(EMAIL)
    dash_browser.find_element("#password").send_keys(PASSWORD)
    dash_browser.find_element("form button").click()
    dash_browser.wait_for_element("#cards [data-metric=total_visits]")
    shown = dash_browser.find_element("#cards [data-metric=total_visits]").get_attribute("data-value")
    assert int(shown) == site.server.live("summary", site.token())["total_visits"]
    dash_browser.wait_for_element("[data-chart=trends] .js-plotly-plot .main-svg")
    errors = [entry for entry in dash_browser.get_logs() or [] if entry["level"] == "SEVERE"]
    assert errors == []
