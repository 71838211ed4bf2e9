"""The JSON API for live analytics."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from typing import Any, Final

from flask import Blueprint, Response, current_app, jsonify, request
from werkzeug.wrappers import Response as AnyResponse

from dashapp import VERSION
from dashapp.metrics import answers
from dashapp.metrics.view import View
from dashapp.web import marks, predictions, query
from dashapp.web.auth import analyst
from dashapp.web.json import iso
from dashapp.web.services import Services, services


@dataclass(frozen=True)
class Question:
    """An address of the API. Without default days it is about today; `compares` needs the previous window."""

    name: str
    compute: Callable[..., Any]
    default_days: int | None = 30
    compares: bool = False
    ranks: bool = False
    versions: Callable[[Services], Hashable] | None = None  # what else than the data the answer depends on

    @property
    def parameters(self) -> tuple[str, ...]:
        window = query.WINDOW if self.default_days is not None else ()
        return (*window, *query.FILTERS, *(("topN",) if self.ranks else ()))


QUESTIONS: Final = (
    Question("realtime", answers.realtime, default_days=None),
    Question("summary", answers.summary, compares=True),
    Question("conversion", answers.conversion),
    Question("regional", answers.regional),
    Question("top-performers", answers.top_performers, ranks=True),
    Question("dashboard", answers.dashboard, compares=True),
    Question("users-activity", answers.users_activity, default_days=7),
    Question("trends", answers.trends),
    Question("predictions", predictions.predictions, default_days=90, versions=predictions.versions),
)


@dataclass(frozen=True)
class Body:
    """The data of an answer as JSON, and a digest of it."""

    text: str
    digest: str


def written(data: Any) -> Body:
    text = current_app.json.dumps(data)
    return Body(text, blake2b(text.encode(), digest_size=12).hexdigest())


def ask(question: Question) -> AnyResponse:
    """The answer to the current request."""
    principal, context = analyst(), services()
    arguments = query.checked(request.args, question.parameters)
    scope = query.scope(arguments, question.default_days, context, principal.regions)
    limit = query.whole(arguments, "topN", 10, query.MOST_PERFORMERS) if question.ranks else None
    live = context.live.live
    view = View(context.live.snapshot(), scope).require_loaded()
    others = question.versions(context) if question.versions else None
    previous = view.previous().key if question.compares else None
    key: Hashable = (question.name, view.key, previous, limit, others)
    compute = partial(question.compute, view) if limit is None else partial(question.compute, view, limit)
    body = view.snapshot.memo.get(key, lambda: written(compute()))
    now = context.now()
    stale = live.is_stale(now)
    extra = {"date": str(view.window.last_on)} if question.default_days is None else {}
    head = {"success": True, **extra}
    tail = {
        "timestamp": iso(now),
        "period": view.window.label,
        "data_as_of": iso(live.data_as_of) if live.data_as_of else None,
        "stale": stale,
    }
    opening, closing = current_app.json.dumps(head)[:-1], current_app.json.dumps(tail)[1:]
    response = Response(f'{opening},"data":{body.text},{closing}', mimetype="application/json")
    tag = blake2b(f"{body.digest} {view.window.label} {stale}".encode(), digest_size=12).hexdigest()
    response.set_etag(tag, weak=True)
    response.headers["Vary"] = "Authorization, Cookie"
    return response.make_conditional(request)


def answering(question: Question) -> Callable[[], AnyResponse]:
    """The view function of a question."""

    def view() -> AnyResponse:
        return ask(question)

    view.__name__ = view.__qualname__ = f"answer_{question.name}"  # rate limits know views by their names
    return view


def health_report(context: Services) -> tuple[dict[str, Any], int]:
    """How the service is, and the status code that says the same."""
    live, now = context.live.live, context.now()
    snapshot = live.snapshot
    status = "unhealthy" if snapshot is None else "degraded" if live.is_stale(now) else "healthy"
    lag = live.lag_seconds(now)
    report = {
        "status": status,
        "timestamp": iso(now),
        "service": "Analytics API",
        "pythonApi": {"status": "healthy", "timestamp": iso(now), "service": "Analytics API"},
        "database": {"connected": live.connected, "mode": live.mode},
        "data_as_of": iso(live.data_as_of) if live.data_as_of else None,
        "lag_seconds": None if lag is None else round(lag, 3),
        "uptime_seconds": context.uptime_seconds,
        "version": VERSION,
        "history_loaded": snapshot is not None and not snapshot.partial,
        "data_quality": {
            "rejected": snapshot.rejected if snapshot else {},
            "repaired": snapshot.repaired if snapshot else {},
        },
    }
    return report, 503 if snapshot is None else 200


def health() -> Response:
    report, status = health_report(services())
    response = jsonify(report)
    response.status_code = status
    response.headers["Cache-Control"] = "no-store"
    if status != 200:
        response.headers["Retry-After"] = "2"
    return response


def blueprint() -> Blueprint:
    api = Blueprint("api", __name__, url_prefix="/api")
    for question in QUESTIONS:
        path = f"/analytics/live/{question.name}"
        api.add_url_rule(path, question.name, answering(question), methods=["GET"])
    marking = "/analytics/live/opportunities/<path:facility_id>/mark"
    api.add_url_rule(marking, "mark_opportunity", marks.mark_opportunity, methods=["POST"])
    api.add_url_rule("/analytics/live/health", "health", health, methods=["GET"])
    return api
