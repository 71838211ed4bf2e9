"""Signing in and out: a form for people, JSON for programs."""

from __future__ import annotations

import math
from http import HTTPStatus
from typing import Any, Final

from flask import Blueprint, Response, jsonify, redirect, render_template, request
from flask_limiter.errors import RateLimitExceeded
from werkzeug.wrappers import Response as AnyResponse

from dashapp.domain.records import User
from dashapp.errors import AppError, InvalidParameter, NotAuthenticated, SourceLost
from dashapp.web.auth import TOKEN_SECONDS, end_session, identify, start_session, token_for
from dashapp.web.errors import too_many
from dashapp.web.guard import local_path
from dashapp.web.limits import Limits
from dashapp.web.pulse_page import pulse_parts
from dashapp.web.services import services

REFUSED: Final = "The e-mail address or the password is not right."
LONGEST_EMAIL: Final = 254
LONGEST_PASSWORD: Final = 1024


def credentials(fields: Any) -> tuple[str, str]:
    """E-mail and password as given; raises InvalidParameter unless both are texts of a sensible length."""
    if not hasattr(fields, "get"):
        raise InvalidParameter("Send a JSON object with email and password")
    email, password = fields.get("email"), fields.get("password")
    if not isinstance(email, str) or not 0 < len(email.strip()) <= LONGEST_EMAIL:
        raise InvalidParameter(f"email must be a text of 1 to {LONGEST_EMAIL} characters")
    if not isinstance(password, str) or not 0 < len(password) <= LONGEST_PASSWORD:
        raise InvalidParameter(f"password must be a text of 1 to {LONGEST_PASSWORD} characters")
    if any(not ("\0" < sign < "\ud800" or sign > "\udfff") for sign in email + password):
        raise InvalidParameter("email and password must be plain text")
    return email, password


def checked_user(fields: Any) -> User:
    """The user whose credentials these are; raises NotAuthenticated, the same for every mistake.

    Raises SourceLost while the database is away.
    """
    email, password = credentials(fields)
    live = services().live.live
    if live.snapshot is not None and not live.connected:
        raise SourceLost("The database cannot be reached.")  # known to be away: no need to wait for it
    user = services().accounts.sign_in(email, password)
    if user is None:
        raise NotAuthenticated(REFUSED)
    services().accounts.signed_in(user.id)
    return user


def api_login() -> Response:
    if not request.is_json:
        raise InvalidParameter("Send a JSON object with email and password")
    fields = request.get_json(silent=True)
    user = checked_user(fields if isinstance(fields, dict) else None)
    return jsonify(
        {
            "success": True,
            "token": token_for(user),
            "expires_in": TOKEN_SECONDS,
            "user": {"id": user.id, "email": user.email, "name": user.name, "role": user.role},
        }
    )


def login_page() -> AnyResponse:
    principal = identify_quietly()
    wanted = local_path(request.args.get("next"))
    if principal:
        return redirect(request.script_root + wanted)
    return page(wanted)


def identify_quietly() -> bool:
    try:
        principal = identify()
    except AppError:
        return False
    return principal is not None and principal.sees_analytics


def page(wanted: str, problem: str = "", email: str = "", status: int = 200) -> Response:
    context = services()
    body = render_template(
        "login.html",
        brand=context.settings.brand_name,
        prefix=request.script_root,
        wanted=wanted,
        problem=problem,
        away=status == HTTPStatus.SERVICE_UNAVAILABLE,
        email=email,
        clock=context.now().astimezone(context.settings.timezone).strftime("%H:%M"),
        **pulse_parts(context),
    )
    return never_kept(Response(body, status=status))


def pulse_part(template: str) -> Response:
    """A part of the pulse, which the page fetches again by itself."""
    return never_kept(Response(render_template(template, **pulse_parts(services()))))


def never_kept(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response


def form_login() -> AnyResponse:
    wanted = local_path(request.form.get("next"))
    email = request.form.get("email", "")[:LONGEST_EMAIL]
    try:
        user = checked_user(request.form)
    except SourceLost:
        return page(wanted, "The database cannot be reached. Try again shortly.", email, 503)
    except InvalidParameter:
        return page(wanted, "Enter your e-mail address and your password.", email, 400)
    except NotAuthenticated as error:
        return page(wanted, error.message, email, 401)
    start_session(user)
    return redirect(request.script_root + wanted, code=303)


def held_back(error: RateLimitExceeded) -> Response:
    """Too many failures leave people on the form, with the time to wait."""
    refused = too_many(error)
    if request.endpoint != "people.login":
        return refused
    minutes = math.ceil((int(refused.headers["Retry-After"]) - 1) / 60)  # which rounds up already
    wait = f"{minutes} minutes" if minutes > 1 else "a minute"
    email = request.form.get("email", "")[:LONGEST_EMAIL]
    problem = f"Too many failed sign-ins. Try again in {wait}."
    shown = page(local_path(request.form.get("next")), problem, email, refused.status_code)
    shown.headers["Retry-After"] = refused.headers["Retry-After"]
    return shown


def form_logout() -> AnyResponse:
    end_session()
    return redirect(f"{request.script_root}/login", code=303)


def blueprints(limits: Limits) -> tuple[Blueprint, Blueprint]:
    """Sign-in for programs and for people; failures of both count together."""
    programs = Blueprint("sign_in", __name__, url_prefix="/api/auth")
    programs.add_url_rule("/login", "login", limits.failures(api_login, for_programs=True), methods=["POST"])
    people = Blueprint("people", __name__)
    people.add_url_rule("/login", "page", login_page, methods=["GET"])
    for path, template in (("/login/pulse", "pulse.html"), ("/login/pulse/chart", "pulse_chart.html")):
        people.add_url_rule(path, "pulse", pulse_part, methods=["GET"], defaults={"template": template})
    people.add_url_rule(
        "/auth/login", "login", limits.failures(form_login, for_programs=False), methods=["POST"]
    )
    people.add_url_rule("/auth/logout", "logout", form_logout, methods=["POST"])
    people.register_error_handler(RateLimitExceeded, held_back)
    return programs, people
