"""The application for a WSGI server: settings, database, live copy, web."""

from __future__ import annotations

from dashapp import cli
from dashapp.background import Background
from dashapp.live.refresher import Refresher
from dashapp.live.store import Store
from dashapp.settings import Settings
from dashapp.source import open_documents
from dashapp.source.load import CleanSource
from dashapp.web.app import create_app

settings = cli.settings_or_exit(Settings.from_environment)
documents = cli.settings_or_exit(lambda: open_documents(settings))
live = Store(stale_after_seconds=5 + 2 * settings.sync_seconds)
refresher = Refresher(
    CleanSource(documents),
    live,
    zone=settings.timezone,
    history_days=settings.history_days,
    sync_seconds=settings.sync_seconds,
)
app = create_app(settings, live, documents)
app.extensions["background"] = Background(app, settings, documents, refresher)
cli.register(app, settings, documents)
