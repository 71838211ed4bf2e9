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


def is_static() -> bool:
    return request.path.startswith(STATIC)


class Limits:
    """The limits of the settings, to be laid on blueprints and views; a limit that is off lays nothing."""

    def __init__(self, app: Flask, settings: Settings) -> None:
        self._settings = settings
        self._limiter = Limiter(
            session_or_address,
            app=app,
            default_limits=[POLLING],
            default_limits_exempt_when=is_static,
            storage_uri=settings.rate_limit_storage,
            in_memory_fallback_enabled=True,
            strategy="moving-window" if settings.rate_limit_storage.startswith("memory") else "fixed-window",
        )
        app.extensions["rate limiter"] = self._limiter

    def overall(self, *blueprints: Blueprint) -> None:
        """One count per client address over all these blueprints."""
        for blueprint in blueprints:
            if self._settings.rate_limit_global:
                self._limiter.shared_limit(
                    self._settings.rate_limit_global, scope="global", key_func=client_address
                )(blueprint)
            else:
                self._limiter.exempt(blueprint)

    def per_user(self, blueprint: Blueprint) -> None:
        if self._settings.rate_limit_user:
            self._limiter.shared_limit(
                self._settings.rate_limit_user,
                scope="user",
                key_func=user_id,
                exempt_when=lambda: not user_id(),
            )(blueprint)

    def public(self, blueprint: Blueprint) -> None:
        if self._settings.rate_limit_public:
            self._limiter.shared_limit(
                self._settings.rate_limit_public, scope="public", key_func=client_address
            )(blueprint)

    def failures(self, view: Callable[..., Any]) -> Callable[..., Any]:
        """Only answers 401 count."""

        def failed(response: Response) -> bool:
            return response.status_code == 401

        if not self._settings.rate_limit_login:
            return view
        limited: Callable[..., Any] = self._limiter.shared_limit(
            self._settings.rate_limit_login,
            scope="login",
            key_func=email_and_address,
            deduct_when=failed,
        )(view)
        return limited
