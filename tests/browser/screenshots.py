"""Pictures of every page in light, dark and on a phone, from demo data: `make screenshots [FOLDER]`."""

from __future__ import annotations

import sys
from pathlib import Path

from builders import app_server
from conftest import chromium_path
from playwright.sync_api import sync_playwright

KINDS = {
    "light": {"viewport": {"width": 1440, "height": 900}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1440, "height": 900}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 375, "height": 812}, "color_scheme": "light", "device_scale_factor": 2},
}


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with app_server(DEMO_DATA="live") as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=["--no-sandbox"])
        for kind, options in KINDS.items():
            page = browser.new_context(**options).new_page()
            page.goto(server.url)
            page.wait_for_timeout(500)
            page.screenshot(path=folder / f"login-{kind}.png", full_page=True)
            page.fill("#email", "admin@accord.com")
            page.fill("#password", "admin123")
            page.click("button:has-text('Sign in')")
            page.wait_for_selector("[data-chart=regions] .main-svg")
            page.wait_for_timeout(2500)
            page.screenshot(path=folder / f"overview-{kind}.png", full_page=True)
            if kind == "light":
                page.screenshot(path=folder / "overview.png")
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "var/screenshots"))
