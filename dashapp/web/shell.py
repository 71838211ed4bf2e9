"""The Dash application around the pages: one frame, one set of assets, one guard in front."""

from __future__ import annotations

from pathlib import Path

import dash
from dash import html
from flask import Flask, Response, request

from dashapp.settings import Settings
from dashapp.web.auth import identify
from dashapp.web.json import iso
from dashapp.web.services import services

ROOT = Path(__file__).resolve().parents[2]
POLICY = (
    "default-src 'self'; script-src 'self' {scripts}; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; object-src 'none'; "
    "base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)


def add_pages(app: Flask, settings: Settings) -> dash.Dash:
    """Add the pages of the folder `pages` to the application."""
    pages = dash.Dash(
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
    pages.layout = lambda: frame(settings)
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


def banner(kind: str, *content: object) -> html.Div:
    return html.Div(list(content), className="banner", role="status", hidden=True, **{"data-banner": kind})


def frame(settings: Settings) -> html.Div:
    """What surrounds every page."""
    principal = identify()
    prefix = settings.url_prefix
    sign_out = html.Form(
        html.Button("Sign out", className="btn btn-sm btn-outline-secondary"),
        method="POST",
        action=f"{prefix}auth/logout",
    )
    top = [
        html.A(
            [html.Img(src=f"{prefix}assets/favicon.svg", alt="", width=26, height=26), settings.brand_name],
            href=prefix,
            className="brand text-reset text-decoration-none",
        ),
        html.P(
            [html.I(className="dot"), html.Span("Connecting…")],
            id="freshness",
            className="freshness",
            **{"data-freshness": "live"},
        ),
        html.Div([html.Span(principal.name if principal else ""), sign_out], className="who"),
    ]
    banners = html.Div(
        [
            banner("offline", "The server cannot be reached. What you see may be old; trying again…"),
            banner("database", "The database cannot be reached. These are the last known numbers."),
            banner("expired", "Your session has ended. ", html.A("Sign in again", href=f"{prefix}login")),
        ],
        className="banners",
    )
    header = html.Header([html.Div(top, className="bar"), banners], className="topbar")
    return html.Div([header, html.Main(dash.page_container, className="content")])
