"""How gunicorn runs the application: `gunicorn wsgi:app`."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Any

from gunicorn import util

from dashapp.charts.album import MOST_WAITING
from dashapp.cli import Progress, settings_or_exit
from dashapp.settings import Settings
from dashapp.source import demo, open_documents

settings = settings_or_exit(Settings.from_environment)
settings_or_exit(lambda: open_documents(settings)).close()  # a wrong address or folder ends it here

bind = f"[{settings.host}]:{settings.port}" if ":" in settings.host else f"{settings.host}:{settings.port}"
workers = settings.workers
threads = settings.threads + MOST_WAITING  # whoever waits for a picture takes no thread from the others
worker_class = "gthread"
preload_app = False  # the threads of a process that loads beforehand do not survive its fork
control_socket_disable = True
limit_request_line = 8190
timeout = 60
graceful_timeout = 5
keepalive = 30
loglevel = "warning"

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
logging.getLogger("pymongo").setLevel(logging.WARNING)


def write_json_error(client: Any, status: int, reason: str, _message: str) -> None:
    """What is refused before the application sees it gets the same error shape."""
    message = f"The request could not be read: {reason.lower()}."
    error = {"code": "bad_request", "message": message}
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    body = json.dumps({"success": False, "error": error, "timestamp": now})
    head = f"HTTP/1.1 {status} {reason}\r\nConnection: close\r\nContent-Type: application/json\r\n"
    util.write_nonblock(client, f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode("latin1"))


util.write_error = write_json_error


def on_starting(server: Any) -> None:
    """Before the first process starts: fill an empty embedded database with demo data."""
    if not settings.embedded or settings.demo_data == "off":
        return
    documents = settings_or_exit(lambda: open_documents(settings))
    if demo.is_empty(documents):
        print("Filling the database with demo data …", flush=True)
        progress = Progress()
        demo.seed(documents, settings.timezone, progress)
        progress.close()


def when_ready(server: Any) -> None:
    """The server listens: say where, and who may sign in."""
    host = "localhost" if settings.host in {"0.0.0.0", "::", "127.0.0.1"} else settings.host  # noqa: S104
    print(f"\n{settings.brand_name}: http://{host}:{settings.port}{settings.url_prefix}", flush=True)
    if settings.embedded and demo.holds_demo(open_documents(settings)):
        for email, password in demo.sign_ins():
            print(f"Sign in as {email} with {password}", flush=True)
    print("Ctrl-C stops.\n", flush=True)


def post_worker_init(worker: Any) -> None:
    """A process is there: start what keeps its data current."""
    worker.wsgi.extensions["background"].start()


def worker_exit(server: Any, worker: Any) -> None:
    if worker.booted:
        worker.wsgi.extensions["background"].stop()
