"""Who is asking: the browser's session, or a signed token."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import jwt
from flask import Flask, Request, g, request, session
from flask.sessions import SecureCookieSessionInterface
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user

from dashapp.domain.records import User
from dashapp.domain.vocabulary import ANALYTICS_ROLES
from dashapp.errors import NotAllowed, NotAuthenticated, SourceLost
from dashapp.settings import Settings
from dashapp.web.services import services

ALGORITHM: Final = "HS256"
TOKEN_SECONDS: Final = 12 * 3600
SESSION_LIFE: Final = timedelta(hours=12)


@dataclass(frozen=True)
class Principal(UserMixin):  # type: ignore[misc]  # flask-login is untyped
    """Whoever is signed in. `regions` is what a limited manager may see; None: everything."""

    id: str
    email: str
    name: str
    role: str | None
    regions: tuple[str, ...] | None = None

    @classmethod
    def of(cls, user: User) -> Principal:
        limited = user.regions if user.role == "manager" and user.regions else None
        return cls(user.id, user.email, user.name, user.role, limited)

    @property
    def sees_analytics(self) -> bool:
        return self.role in ANALYTICS_ROLES


class SecureWhenHttps(SecureCookieSessionInterface):
    """The session cookie travels over HTTPS only, once it was given out there."""

    def get_cookie_secure(self, app: Flask) -> bool:
        return request.is_secure


# --- Tokens


def token_for(user: User) -> str:
    now = services().now()
    claims = {
        "sub": user.id,
        "email": user.email,
        "role": user.role,
        "iat": now,
        "exp": now + timedelta(seconds=TOKEN_SECONDS),
    }
    return jwt.encode(claims, services().settings.jwt_secret, algorithm=ALGORITHM)


def principal_of_token(token: str) -> Principal:
    """Whoever the token was made for, as the database knows them now; raises NotAuthenticated."""
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            services().settings.jwt_secret,
            algorithms=[ALGORITHM],
            options={"require": ["exp"], "verify_sub": False, "verify_aud": False, "verify_iat": False},
        )
    except jwt.ExpiredSignatureError:
        raise NotAuthenticated("The token has expired. Sign in again.") from None
    except (jwt.InvalidTokenError, ValueError, TypeError, OverflowError):
        raise NotAuthenticated("The token is not valid.") from None
    named = (claims.get(name) for name in ("sub", "userId", "id", "_id"))
    user_id = next((str(one) for one in named if isinstance(one, str | int) and str(one)), None)
    if user_id is None:
        raise NotAuthenticated("The token names nobody.")
    user = services().live.snapshot().users.get(user_id)
    if user is None:
        role = claims.get("role")
        role = role.strip().lower() if isinstance(role, str) else None
        return Principal(user_id, str(claims.get("email") or ""), str(claims.get("name") or ""), role)
    if not user.active:
        raise NotAuthenticated("The account is not active.")
    return Principal.of(user)


def bearer_token(asked: Request) -> str | None:
    kind, _, token = asked.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer":
        return None
    return token.strip()


# --- Sessions


def load_session_user(user_id: str) -> Principal | None:
    """The signed-in user as known now; the database is asked only about those not in memory yet."""
    snapshot = services().live.live.snapshot
    user = snapshot.users.get(user_id) if snapshot is not None else None
    if user is None:
        try:
            user = services().accounts.by_id(user_id)
        except SourceLost:
            return None
    return Principal.of(user) if user is not None and user.active else None


def start_session(user: User) -> None:
    session.clear()
    session.permanent = True
    login_user(Principal.of(user))


def end_session() -> None:
    logout_user()
    session.clear()


# --- The person asking


def identify() -> Principal | None:
    """Whoever asks, by token or session; None without credentials. Raises NotAuthenticated for bad ones."""
    if "principal" not in g:
        token = bearer_token(request)
        if token is not None:
            g.principal = principal_of_token(token)
        else:
            g.principal = current_user._get_current_object() if current_user.is_authenticated else None
    found: Principal | None = g.principal
    return found


def analyst() -> Principal:
    """Whoever asks, provided they may see analytics; raises NotAuthenticated or NotAllowed."""
    principal = identify()
    if principal is None:
        raise NotAuthenticated("Sign in, or send a token: Authorization: Bearer …")
    if not principal.sees_analytics:
        raise NotAllowed("Analytics are for administrators and managers.")
    return principal


def register(app: Flask) -> None:
    settings: Settings = app.extensions["services"].settings
    app.secret_key = settings.secret_key
    app.config.update(
        SESSION_COOKIE_NAME="session",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_PATH=settings.url_prefix,
        PERMANENT_SESSION_LIFETIME=SESSION_LIFE,
        SESSION_REFRESH_EACH_REQUEST=False,
    )
    app.session_interface = SecureWhenHttps()
    manager = LoginManager(app)
    manager.user_loader(load_session_user)
