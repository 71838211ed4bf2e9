"""One shape for everything that goes wrong."""

from __future__ import annotations

import logging
from datetime import datetime
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, current_app, jsonify, render_template, request
from flask_limiter.errors import RateLimitExceeded
from werkzeug.exceptions import HTTPException

from dashapp.errors import AppError
from dashapp.web.json import iso
from dashapp.web.nowhere import methods_taken
from dashapp.web.services import services

log = logging.getLogger(__name__)

API_PATHS = ("/api/", "/accounts/", "/_dash", "/_reload", "/health")
MESSAGES = {
    400: ("bad_request", "The request could not be understood."),
    401: ("not_authenticated", "Sign in, or send a valid token."),
    403: ("forbidden", "You may not do this."),
    404: ("not_found", "There is nothing at this address."),
    405: ("method_not_allowed", "This address does not take that method."),
    413: ("too_large", "The request is too large."),
    415: ("unsupported_media_type", "Send JSON, with Content-Type: application/json."),
    429: ("too_many_requests", "Too many requests. Try again later."),
    500: ("internal_error", "Something went wrong on our side. It has been logged."),
}


def wants_json() -> bool:
    """Whether whoever asked is a program."""
    return request.path.startswith(API_PATHS) or request.path in {"/api", "/accounts"}


def failure(
    status: int, code: str, message: str, now: datetime, headers: dict[str, str] | None = None
) -> Response:
    """The error as JSON for programs, as a page for people."""
    if wants_json():
        error = {"code": code, "message": message}
        response = jsonify({"success": False, "error": error, "timestamp": iso(now)})
    else:
        brand = services().settings.brand_name
        title = HTTPStatus(status).phrase
        response = Response(render_template("error.html", brand=brand, title=title, message=message))
    response.status_code = status
    response.headers.extend(headers or {})
    response.headers["Cache-Control"] = "no-store"
    if status == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def too_many(error: RateLimitExceeded) -> Response:
    """A request beyond a limit, and when to come back."""
    seconds = int(error.limit.limit.get_expiry())
    limiter: Any = current_app.extensions["rate limiter"]
    if limiter.current_limit is not None:
        seconds = max(1, round(limiter.current_limit.reset_at - services().now().timestamp()))
    status = HTTPStatus.TOO_MANY_REQUESTS
    return failure(status, *MESSAGES[status], services().now(), {"Retry-After": str(seconds)})


def register(app: Flask) -> None:
    @app.errorhandler(AppError)
    def known(error: AppError) -> Response:
        headers = {}
        if error.retry_after_seconds is not None:
            headers["Retry-After"] = str(error.retry_after_seconds)
        elif error.status == HTTPStatus.SERVICE_UNAVAILABLE:
            headers["Retry-After"] = "5"
        return failure(error.status, error.code, error.message, services().now(), headers)

    app.register_error_handler(RateLimitExceeded, too_many)

    @app.errorhandler(HTTPException)
    def http(error: HTTPException) -> Response | HTTPException:
        status = error.code or HTTPStatus.INTERNAL_SERVER_ERROR
        if 300 <= status < 400:  # a redirect is not a failure
            return error
        code, message = MESSAGES.get(status, ("error", HTTPStatus(status).phrase + "."))
        kept = {k: v for k, v in error.get_headers() if k in {"Allow", "Retry-After"}}
        if status == HTTPStatus.METHOD_NOT_ALLOWED and wants_json():
            kept["Allow"] = ", ".join(methods_taken())
        return failure(status, code, message, services().now(), kept)

    @app.errorhandler(Exception)
    def unforeseen(error: Exception) -> Response:
        log.exception("A request failed.", exc_info=error)
        status = HTTPStatus.INTERNAL_SERVER_ERROR
        return failure(status, *MESSAGES[status], services().now())
