"""One gate in front of everything: what is not named public here asks for a signed-in analyst."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote, urlsplit

from flask import Flask, Response, redirect, request
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as AnyResponse

from dashapp.errors import NotAllowed
from dashapp.web.auth import analyst, identify
from dashapp.web.services import services

# Open to anyone, by the name of the view: an address that is matched by another view is not.
PUBLIC_VIEWS: Final = frozenset(
    {
        "people.page",
        "people.pulse",
        "people.login",
        "people.logout",
        "sign_in.login",
        "health",
        "api.health",
        "api.openapi",
        "api.nothing_here",
        "public.realtime",
        "public.live_users",
        "public.nothing_here",
        "_dash_assets.static",
        "/_favicon.ico",
    }
)
PROGRAMS: Final = ("/api/", "/accounts/")
SAFE_METHODS: Final = ("GET", "HEAD", "OPTIONS")


def for_programs() -> bool:
    return f"{request.path}/".startswith(PROGRAMS)


def is_public() -> bool:
    """Whether nobody needs to be known: public views, and errors about addresses that do not exist."""
    if request.endpoint is None:
        return for_programs()
    return request.endpoint in PUBLIC_VIEWS


def refuse_other_sites() -> None:
    """A browser tells where a form or script came from; other sites may not act for a signed-in user.

    Tokens are not sent by browsers on their own, so requests that carry one are left alone.
    """
    if request.method in SAFE_METHODS or request.headers.get("Authorization"):
        return
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin")
    if site in {"same-origin", "none"}:
        return
    if site is not None or (origin is not None and host_of(origin) != request.host):
        raise NotAllowed("Requests from other sites are refused.")


def host_of(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return None


def admit() -> AnyResponse | None:
    """Let the request through, send the browser to the sign-in page, or raise what is wrong."""
    refuse_other_sites()
    if for_programs() and not request.blueprints and request.endpoint is not None:
        raise NotFound  # a page of ours never has such an address
    if is_public():
        return None
    for_people = request.method in {"GET", "HEAD"} and not request.path.startswith(("/api/", "/_"))
    if for_people and identify() is None:
        wanted = request.full_path if request.query_string else request.path
        return redirect(f"{request.script_root}/login?next={quote(wanted)}")
    services().accounts.seen(analyst().id)
    return None


def local_path(wanted: str | None) -> str:
    """Where to go after signing in: a path of ours, never another site."""
    path = wanted or "/"
    local = path.startswith("/") and not path.startswith("//")
    return path if local and "\\" not in path and path.isprintable() else "/"


def register(app: Flask) -> None:
    app.before_request(admit)

    @app.after_request
    def harden(response: Response) -> Response:
        headers = response.headers
        headers.setdefault("X-Content-Type-Options", "nosniff")
        headers.setdefault("Referrer-Policy", "same-origin")
        headers.setdefault("X-Frame-Options", "DENY")
        headers.setdefault("Content-Security-Policy", app.config["CONTENT_POLICY"])
        if not request.path.startswith(("/assets/", "/_dash-component-suites/")):
            headers.setdefault("Cache-Control", "private, no-cache")
        if request.is_secure:
            headers.setdefault("Strict-Transport-Security", "max-age=31536000")
        return response
