"""One gate in front of everything: what is not named public here asks for a signed-in analyst."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote, urlsplit

from flask import Flask, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from dashapp.errors import NotAllowed
from dashapp.web.auth import analyst, identify
from dashapp.web.services import services

PUBLIC_PATHS: Final = frozenset(
    {
        "/login",
        "/login/pulse",
        "/auth/login",
        "/auth/logout",
        "/health",
        "/api/auth/login",
        "/api/openapi.json",
        "/api/analytics/live/health",
        "/_favicon.ico",
    }
)
PUBLIC_PREFIXES: Final = ("/accounts/", "/assets/")
SAFE_METHODS: Final = ("GET", "HEAD", "OPTIONS")


def is_public() -> bool:
    """Whether nobody needs to be known: public addresses, and errors about addresses that do not exist."""
    if request.path in PUBLIC_PATHS or request.path.startswith(PUBLIC_PREFIXES):
        return True
    in_api = request.path.startswith("/api/") or request.path in {"/api", "/accounts"}
    return in_api and (request.endpoint is None or request.endpoint.endswith("nothing_here"))


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
    if site is not None or (origin is not None and urlsplit(origin).netloc != request.host):
        raise NotAllowed("Requests from other sites are refused.")


def admit() -> AnyResponse | None:
    """Let the request through, send the browser to the sign-in page, or raise what is wrong."""
    refuse_other_sites()
    if is_public():
        return None
    for_people = request.method == "GET" and not request.path.startswith(("/api/", "/_"))
    if for_people and identify() is None:
        wanted = request.full_path if request.query_string else request.path
        prefix = request.script_root
        return redirect(f"{prefix}/login" + ("" if wanted == "/" else f"?next={quote(wanted)}"))
    services().accounts.seen(analyst().id)
    return None


def local_path(wanted: str | None) -> str:
    """Where to go after signing in: a path of ours, never another site."""
    parts = urlsplit(wanted or "/")
    safe = not parts.scheme and not parts.netloc and parts.path.startswith("/")
    if (
        not safe
        or (wanted or "/").startswith("//")
        or "\\" in (wanted or "")
        or not (wanted or "/").isprintable()
    ):
        return "/"
    return wanted or "/"


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
