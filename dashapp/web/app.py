"""The Flask application, put together. No thread is started here."""

from __future__ import annotations

from typing import Any

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from dashapp.live.store import Store
from dashapp.settings import Settings
from dashapp.source.accounts import Accounts
from dashapp.source.documents import DocumentStore
from dashapp.source.marks import Marks
from dashapp.web import api, auth, errors, guard, pictures, public, shell, sign_in
from dashapp.web.json import ExactJSON
from dashapp.web.limits import Limits
from dashapp.web.nowhere import Application, end_with_nothing
from dashapp.web.openapi import describe
from dashapp.web.services import Services

LARGEST_BODY = 1_000_000


def create_app(settings: Settings, live: Store, documents: DocumentStore) -> Flask:
    """The web application over a live store (figures) and a document store (accounts)."""
    app = Application("dashapp.web", static_folder=None)
    app.json = ExactJSON(app)
    app.config.update(MAX_CONTENT_LENGTH=LARGEST_BODY, MAX_FORM_MEMORY_SIZE=LARGEST_BODY)
    app.extensions["services"] = Services(settings, live, Accounts(documents), Marks(documents))
    errors.register(app)
    auth.register(app)
    limits = Limits(app, settings)  # before the guard: refused requests count too
    guard.register(app)
    add_blueprints(app, settings, limits)
    shell.add_pages(app, settings)
    app.wsgi_app = behind_proxies(app.wsgi_app, settings)  # type: ignore[method-assign]
    return app


def add_blueprints(app: Flask, settings: Settings, limits: Limits) -> None:
    programs, people = sign_in.blueprints(limits)
    live_api, counts = api.blueprint(), public.blueprint()
    live_api.add_url_rule("/openapi.json", "openapi", describe, methods=["GET"])
    pictures.register(app, settings, live_api)
    for blueprint in (live_api, counts):
        end_with_nothing(blueprint)
    limits.overall(live_api, counts)
    limits.per_user(live_api)
    limits.public(counts)
    for blueprint in (programs, live_api, counts, people):
        app.register_blueprint(blueprint)
    app.add_url_rule("/health", "health", api.health, methods=["GET"])


def behind_proxies(wsgi: Any, settings: Settings) -> Any:
    """Believe as many proxies as are trusted, and answer below the path prefix."""
    prefix = settings.url_prefix.rstrip("/")

    def prefixed(environ: dict[str, Any], start_response: Any) -> Any:
        path = environ.get("PATH_INFO", "")
        if path == prefix or path.startswith(prefix + "/"):
            environ["PATH_INFO"] = path[len(prefix) :] or "/"
        environ["SCRIPT_NAME"] = prefix
        return wsgi(environ, start_response)

    inner = prefixed if prefix else wsgi
    hops = settings.trusted_proxies
    return ProxyFix(inner, x_for=hops, x_proto=hops, x_host=hops) if hops else inner
