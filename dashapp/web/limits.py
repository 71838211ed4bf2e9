"""How often anyone may ask. Counted by flask-limiter, in the storage of the settings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Flask, Response, request, session
from flask_limiter import Limiter

from dashapp.errors import AppError
from dashapp.settings import Settings
from dashapp.web.auth import identify

POLLING = "600 per minute"  # what an open page may ask: far above its own pace
View = Callable[..., Any]
PROGRAMS = ("/api/", "/accounts/")
STATIC = ("/assets/", "/_dash-component-suites/", "/_favicon.ico")


def client_address() -> str:
    return request.remote_addr or "unknown"


def session_or_address() -> str:
    return f"session {session['_user_id']}" if "_user_id" in session else client_address()


def user_id() -> str:
    """The user asking, or nothing; broken credentials are refused elsewhere."""
    try:
        principal = identify()
    except AppError:
        return ""
    return principal.id if principal is not None else ""


def email_and_address() -> str:
    fields: Any = request.get_json(silent=True) if request.is_json else request.form
    email = fields.get("email") if hasattr(fields, "get") else None
    return f"{client_address()} {str(email).strip().lower()[:254]}"


def has_own_limits() -> bool:
    """Whether the request is no page's: a file, or a program's question."""
    return request.path.startswith(STATIC + PROGRAMS)


class Limits:
    """The limits of the settings, to be laid on blueprints and views; a limit that is off lays nothing."""

    def __init__(self, app: Flask, settings: Settings) -> None:
        self._settings = settings
        in_memory = settings.rate_limit_storage.startswith("memory")
        self._limiter = Limiter(
            session_or_address,
            app=app,
            default_limits=[POLLING],
            default_limits_exempt_when=has_own_limits,
            storage_uri=settings.rate_limit_storage,
            storage_options=quick_storage(settings.rate_limit_storage),
            in_memory_fallback_enabled=not in_memory,
            strategy="moving-window" if in_memory else "fixed-window",
        )
        app.extensions["rate limiter"] = self._limiter

    def overall(self, *counted: Any) -> None:
        """One count per client address over all these blueprints."""
        for blueprint in counted:
            self._shared("global", self._settings.rate_limit_global, client_address)(blueprint)

    def per_user(self, blueprint: Blueprint) -> None:
        anonymous = {"exempt_when": lambda: not user_id()}
        self._shared("user", self._settings.rate_limit_user, user_id, **anonymous)(blueprint)

    def public(self, blueprint: Blueprint) -> None:
        self._shared("public", self._settings.rate_limit_public, client_address)(blueprint)

    def failures(self, view: View, *, for_programs: bool) -> View:
        """Only answers 401 count, beside what counts for every program or page."""

        def failed(response: Response) -> bool:
            return response.status_code == 401

        login = self._settings.rate_limit_login
        limited = self._shared("login", login, email_and_address, deduct_when=failed)(view)
        # The limit of a view stands in for those it would have otherwise, so they are laid on again.
        if for_programs:
            counted: View = self._shared("global", self._settings.rate_limit_global, client_address)(limited)
        else:
            counted = self._shared("page", POLLING, session_or_address)(limited)
        return counted

    def _shared(self, scope: str, limit: str, key: Callable[[], str], **options: Any) -> Callable[[Any], Any]:
        """What lays one count on whatever it is given; nothing when the limit is off."""
        if not limit:
            return lambda limited: limited
        laid: Callable[[Any], Any] = self._limiter.shared_limit(limit, scope=scope, key_func=key, **options)
        return laid


def quick_storage(uri: str) -> dict[str, Any]:
    """Options that keep a storage which is away from holding up requests."""
    if uri.startswith("redis"):
        return {"socket_connect_timeout": 1, "socket_timeout": 1}
    if uri.startswith("mongodb"):
        return {"serverSelectionTimeoutMS": 1000, "connectTimeoutMS": 1000, "socketTimeoutMS": 1000}
    return {}
