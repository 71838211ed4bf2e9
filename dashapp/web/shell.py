"""The Dash application around the pages: one frame, one set of assets, one guard in front."""

from __future__ import annotations

from pathlib import Path

import dash
from flask import Flask, Response, request

from dashapp.settings import Settings
from dashapp.web.choices import choices
from dashapp.web.delivery import Delivery
from dashapp.web.filters import keep_filters
from dashapp.web.frame import frame
from dashapp.web.json import iso
from dashapp.web.live_charts import keep_live
from dashapp.web.services import services

ROOT = Path(__file__).resolve().parents[2]
POLICY = (
    "default-src 'self'; script-src 'self' {scripts}; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; object-src 'none'; "
    "base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)


class Pages(dash.Dash):  # type: ignore[misc]  # Dash is untyped
    """Dash, with its assets named by their content, and its language said."""

    delivery: Delivery

    def interpolate_index(self, **parts: str) -> str:
        page = str(super().interpolate_index(**parts)).replace("<html>", '<html lang="en">', 1)
        return self.delivery.versioned(page)


def add_pages(app: Flask, settings: Settings) -> dash.Dash:
    """Add the pages of the folder `pages` to the application."""
    pages = Pages(
        "wsgi",
        server=app,
        use_pages=True,
        pages_folder=str(ROOT / "pages"),
        assets_folder=str(ROOT / "assets"),
        assets_path_ignore=["login"],
        requests_pathname_prefix=settings.url_prefix,
        routes_pathname_prefix="/",
        suppress_callback_exceptions=True,  # or the public part would list what every page holds
        include_pages_meta=False,
        serve_locally=True,
        title=settings.brand_name,
        update_title="",
        add_log_handler=False,
    )
    pages.delivery = Delivery(app, ROOT / "assets")
    pages.layout = lambda: frame(settings)
    keep_live(pages)
    app.add_url_rule("/choices/<kind>", "choices", choices, methods=["GET"])
    keep_filters(pages)
    app.config["CONTENT_POLICY"] = POLICY.format(scripts="")
    app.after_request(tell_age)
    warm_up(app)
    scripts = " ".join(pages.csp_hashes())
    app.config["CONTENT_POLICY"] = POLICY.format(scripts=scripts)
    return pages


def warm_up(app: Flask) -> None:
    """Let Dash finish its own setting up now, not in the first two requests at once."""
    with app.test_request_context("/login"):
        for setup in app.before_request_funcs.get(None, []):
            if setup.__module__.startswith("dash."):
                app.ensure_sync(setup)()


def tell_age(response: Response) -> Response:
    """Every answer to a page says how current the data are, so that a page never shows old numbers as new."""
    if request.path == "/_dash-update-component":
        context = services()
        live, now = context.live.live, context.now()
        response.headers["X-Server-Time"] = iso(now)
        response.headers["X-Data-Stale"] = str(live.is_stale(now)).lower()
        if live.data_as_of:
            response.headers["X-Data-As-Of"] = iso(live.data_as_of)
    return response
