"""Pictures of every page in light, dark and on a phone, from demo data: `make screenshots [FOLDER]`."""

from __future__ import annotations

import sys
from pathlib import Path
from time import sleep

from builders import ROOT, AppServer, app_server
from conftest import chromium_path
from playwright.sync_api import Browser, Page, sync_playwright

EMAIL, PASSWORD = "admin@accord.com", "admin123"
LAPTOP = {"width": 1440, "height": 900}
KINDS = {
    "light": {"viewport": LAPTOP, "color_scheme": "light"},
    "dark": {"viewport": LAPTOP, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 375, "height": 812}, "color_scheme": "light", "device_scale_factor": 2},
    "tablet": {"viewport": {"width": 820, "height": 1180}, "color_scheme": "light"},
    "wall": {"viewport": {"width": 3840, "height": 2160}, "color_scheme": "dark"},
}
PAGES = {
    "overview": "/",
    "funnel": "/funnel",
    "regions": "/regions",
    "region": "/regions/Coast",
    "team": "/team",
    "activity": "/activity",
    "predictions": "/predictions",
    "record": "/predictions/record",
}
# The pictures of the README: page and kind, as much as fits on the screen.
README = {
    ("overview", "light"): "overview.png",
    ("funnel", "dark"): "funnel-dark.png",
    ("predictions", "light"): "predictions.png",
    ("overview", "phone"): "phone.png",
    ("login", "light"): "login.png",
}


def sign_in(page: Page, server: AppServer) -> None:
    page.goto(server.url)
    page.fill("#email", EMAIL)
    page.fill("#password", PASSWORD)
    page.click("button:has-text('Sign in')")
    page.wait_for_selector("[data-chart] .main-svg")


def take(browser: Browser, server: AppServer, kind: str, folder: Path, wanted: list[str]) -> None:
    page = browser.new_context(**KINDS[kind]).new_page()  # type: ignore[arg-type]
    page.goto(f"{server.url}/login")
    page.wait_for_timeout(1500)
    shoot(page, "login", kind, folder)
    sign_in(page, server)
    best = page.locator("[data-user]").first.get_attribute("data-user")
    for name, path in {**PAGES, "rep": f"/team/{best}"}.items():
        if wanted and name not in wanted:
            continue
        page.goto(server.url + path)
        page.wait_for_selector("[data-chart] .main-svg")
        page.wait_for_timeout(1200)
        shoot(page, name, kind, folder)


def shoot(page: Page, name: str, kind: str, folder: Path) -> None:
    page.screenshot(path=folder / f"{name}-{kind}.png", full_page=True)
    if (name, kind) in README:
        page.screenshot(path=ROOT / "docs" / README[name, kind])


def wait_for_predictions(server: AppServer) -> None:
    token = server.sign_in(EMAIL, PASSWORD)
    for _ in range(240):
        if server.live("predictions", token)["computed_at"] is not None:
            return
        sleep(0.5)


def main(folder: Path, kinds: list[str], wanted: list[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with app_server(DEMO_DATA="live") as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=["--no-sandbox"])
        wait_for_predictions(server)
        for kind in kinds or KINDS:
            take(browser, server, kind, folder, wanted)
        browser.close()


if __name__ == "__main__":
    asked = sys.argv[2:]
    chosen_kinds = [one for one in asked if one in KINDS]
    main(
        Path(sys.argv[1] if len(sys.argv) > 1 else "var/screenshots"),
        chosen_kinds,
        [one for one in asked if one not in KINDS],
    )
