"""What surrounds every page: navigation, freshness, the person's menu, the filter bar."""

from __future__ import annotations

from typing import Any, Final

import dash
from dash import html

from dashapp.settings import Settings
from dashapp.web import filters
from dashapp.web.auth import identify
from dashapp.web.live_charts import clock

SHORTCUTS: Final = (
    ("1 – 7", "Go to a page"),
    ("/", "Go to the filters"),
    ("p", "Pause, and go on"),
    ("r", "Refresh"),
    ("c", "Copy a link to what you see"),
    ("w", "Wall screen"),
    ("t", "Light, dark, or as the system"),
    ("?", "This list"),
    ("Esc", "Close"),
)
ROTATIONS: Final = (
    ("", "Stay on this page"),
    ("15", "Every 15 seconds"),
    ("30", "Every 30 seconds"),
    ("60", "Every minute"),
)


def frame(settings: Settings) -> html.Div:
    """The frame for whoever is signed in; empty for nobody, as Dash asks for it once on its own."""
    if identify() is None:
        return html.Div(dash.page_container)
    main = html.Div(
        [
            topbar(),
            banners(settings.url_prefix),
            filters.bar(),
            html.Main(dash.page_container, className="content", id="content"),
        ],
        className="main",
    )
    return html.Div(
        [
            *clock(),
            html.A("Skip to the numbers", href="#content", className="skip"),
            side(settings),
            main,
            shortcuts(),
            wall(),
        ],
        className="app",
        id="app",
        **{"data-prefix": settings.url_prefix, "data-brand": settings.brand_name},
    )


def entries() -> list[dict[str, Any]]:
    """The pages that have a place in the navigation, in its order."""
    listed = [
        page
        for page in dash.page_registry.values()
        if page.get("order") is not None and not page["path_template"]
    ]
    return sorted(listed, key=lambda page: int(page["order"]))


def side(settings: Settings) -> html.Section:
    prefix = settings.url_prefix
    links = [
        html.Li(
            html.A(
                [html.I(className=f"icon icon-{page['name'].lower()}"), html.Span(page["name"])],
                href=prefix + page["path"].lstrip("/"),
                **{"data-go": "", "data-nav": page["path"]},
            )
        )
        for page in entries()
    ]
    brand = html.A(
        [
            html.Img(src=f"{prefix}assets/favicon.svg", alt="", width=28, height=28),
            html.Span(settings.brand_name),
        ],
        href=prefix,
        className="brand",
        **{"data-go": ""},
    )
    return html.Section(
        [brand, html.Nav(html.Ul(links), **{"aria-label": "Pages"}), person(prefix)],
        className="side",
        id="side",
        **{"aria-label": "Navigation and account"},
    )


def person(prefix: str) -> html.Details:
    """Who is signed in, how the pages look, and the way out."""
    principal = identify()
    name = principal.name if principal else ""
    themes = html.Div(
        [
            html.Button(title, type="button", **{"data-theme": theme, "aria-pressed": "false"})
            for theme, title in (("light", "Light"), ("dark", "Dark"), ("system", "System"))
        ],
        className="windows",
        role="group",
        **{"aria-label": "Theme"},
    )
    out = html.Form(html.Button("Sign out", className="quiet"), method="POST", action=f"{prefix}auth/logout")
    inside = [
        html.P([html.B(name), html.Br(), principal.email if principal else ""], className="who"),
        themes,
        html.Button("Keyboard shortcuts", type="button", className="quiet", **{"data-do": "shortcuts"}),
        out,
    ]
    return html.Details(
        [
            html.Summary([html.Span(initials(name), className="avatar"), html.Span(name, className="name")]),
            html.Div(inside, className="choices"),
        ],
        className="menu person",
    )


def initials(name: str) -> str:
    words = name.split()
    return "".join(word[0] for word in (words[:1] + words[-1:] if len(words) > 1 else words)).upper() or "?"


def tool(name: str, title: str, text: str = "") -> html.Button:
    content = [html.I(className=f"icon icon-{name}"), html.Span(text) if text else None]
    return html.Button(
        content, type="button", className="tool", title=title, **{"data-do": name, "aria-label": title}
    )


def topbar() -> html.Header:
    mark = html.P(
        [html.I(className="dot"), html.Span("Connecting…")],
        id="freshness",
        className="freshness",
        **{"data-freshness": "live"},
    )
    return html.Header(
        [
            tool("drawer", "Open the navigation"),
            mark,
            html.Div(
                [
                    tool("pause", "Pause"),
                    tool("refresh", "Refresh"),
                    tool("link", "Copy link", "Copy link"),
                    tool("wall", "Wall screen"),
                ],
                className="tools",
            ),
        ],
        className="topbar",
    )


def banner(kind: str, *content: object) -> html.Div:
    return html.Div(list(content), className="banner", role="status", hidden=True, **{"data-banner": kind})


def banners(prefix: str) -> html.Div:
    return html.Div(
        [
            banner("offline", "The server cannot be reached. What you see may be old; trying again…"),
            banner("database", "The database cannot be reached. These are the last known numbers."),
            banner("expired", "Your session has ended. ", html.A("Sign in again", href=f"{prefix}login")),
        ],
        className="banners",
    )


def shortcuts() -> html.Dialog:
    keys = [html.Tr([html.Th(html.Kbd(key), scope="row"), html.Td(what)]) for key, what in SHORTCUTS]
    return html.Dialog(
        [html.H2("Keyboard shortcuts"), html.Table(html.Tbody(keys)), closing()],
        id="shortcuts",
        className="sheet-dialog",
    )


def wall() -> html.Dialog:
    choices = [html.Option(text, value=seconds) for seconds, text in ROTATIONS]
    return html.Dialog(
        [
            html.H2("Wall screen"),
            html.P("Shows the numbers alone, full screen. Leave it with Esc."),
            html.Label(["Change pages ", html.Select(choices, id="rotation", className="form-select")]),
            html.Div(
                [
                    html.Button(
                        "Start",
                        type="button",
                        className="btn btn-primary btn-sm",
                        **{"data-do": "wall-start"},
                    ),
                    closing(),
                ],
                className="actions",
            ),
        ],
        id="wall",
        className="sheet-dialog",
    )


def closing() -> html.Button:
    return html.Button("Close", type="button", className="quiet", **{"data-do": "close"})
