"""What runs beside the web server in each of its processes: the refresher, indexes, the demo organisation."""

from __future__ import annotations

import logging
from hashlib import blake2b
from threading import Event, Lock, Thread

from flask import Flask

from dashapp.errors import SourceLost
from dashapp.fitting import Fitter
from dashapp.live.refresher import Refresher
from dashapp.settings import Settings
from dashapp.source import demo
from dashapp.source.documents import DocumentStore
from dashapp.web import pictures
from dashapp.web.services import Services

log = logging.getLogger(__name__)
RETRY_SECONDS = 5
MARKS_SECONDS = 15


def fitter(app: Flask, settings: Settings) -> Fitter:
    """What keeps the app's predictions current; those of another database are not taken over."""
    services: Services = app.extensions["services"]
    named = blake2b(f"{settings.mongodb_uri} {settings.mongodb_db}".encode(), digest_size=12).hexdigest()
    return Fitter(
        services.live,
        services.predictions,
        zone=settings.timezone,
        folder=settings.data_dir,
        database="embedded" if settings.embedded else named,
    )


class Background:
    """Starts everything once: when the server says so, or with the first request.

    Not at import: a thread does not survive the fork of a server that loads the application beforehand.
    """

    def __init__(
        self, app: Flask, settings: Settings, documents: DocumentStore, refresher: Refresher
    ) -> None:
        self._settings, self._documents, self._refresher = settings, documents, refresher
        self._fitter, self._marks = fitter(app, settings), app.extensions["services"].marks
        self._started = False
        self._lock = Lock()
        self._stopping = Event()
        app.before_request_funcs.setdefault(None, []).insert(0, self.start)

    def start(self) -> None:
        with self._lock:
            if self._started:
                return
            self._started = True
        self._refresher.start()
        self._fitter.start()
        Thread(target=self._prepare, name="prepare", daemon=True).start()
        Thread(target=self._keep_marks, name="marks", daemon=True).start()
        pictures.warm_up(self._stopping)

    def stop(self) -> None:
        self._stopping.set()
        self._fitter.stop()
        self._refresher.stop()
        self._documents.close()

    def _keep_marks(self) -> None:
        """Read what other processes have marked."""
        while not self._stopping.is_set():
            try:
                self._marks.refresh()
            except SourceLost:
                log.debug("The marks could not be read: the database is away.")
            except Exception:  # a document that nobody foresaw must not end the thread
                log.exception("The marks could not be read.")
            self._stopping.wait(MARKS_SECONDS)

    def _prepare(self) -> None:
        """Make indexes as soon as the database is there; then, if this is a demo, bring it to life."""
        while not self._stopping.is_set():
            try:
                for problem in self._documents.ensure_indexes():
                    log.warning("%s", problem)
                self._demo()
                return
            except SourceLost:
                self._stopping.wait(RETRY_SECONDS)

    def _demo(self) -> None:
        settings = self._settings
        if not settings.embedded or settings.demo_data == "off":
            return
        demo.seed_if_empty(self._documents, settings.timezone, settings.data_dir)
        if settings.demo_data == "live" and demo.holds_demo(self._documents):
            demo.simulate_alone(self._documents, settings.timezone, self._stopping, settings.data_dir)
