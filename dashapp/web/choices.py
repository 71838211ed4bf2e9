"""What can be chosen: regions and people, as far as whoever asks may know of them."""

from __future__ import annotations

from typing import Final

from flask import Response, jsonify, request
from werkzeug.exceptions import NotFound

from dashapp.domain.records import User
from dashapp.domain.vocabulary import UNASSIGNED, UNKNOWN_NAME
from dashapp.metrics import answers
from dashapp.web import query
from dashapp.web.auth import analyst
from dashapp.web.services import services

MOST_OFFERED: Final = 50


def region_names() -> list[str]:
    known, allowed = services().live.live.snapshot, analyst().regions
    names = answers.region_names(known) if known else []
    return [name for name in names if allowed is None or name in allowed]


def visible(user: User) -> bool:
    """Whether the person asking may know who that is."""
    allowed = analyst().regions
    return allowed is None or (user.region or UNASSIGNED) in allowed


def people() -> list[tuple[str, str]]:
    """Id and name of everybody whom the person asking may know, by name."""
    known = services().live.live.snapshot
    users = sorted((known.users.values() if known else ()), key=lambda user: (user.name.casefold(), user.id))
    return [(user.id, user.name) for user in users if visible(user)]


def choices(kind: str) -> Response:
    """What a list of the filter bar offers: first what is chosen, then what holds the text searched for."""
    if kind not in query.FILTERS:
        raise NotFound
    offered = people() if kind == "userId" else [(name, name) for name in region_names()]
    wanted = request.args.get("q", "").strip().casefold()
    chosen = list(dict.fromkeys(request.args.getlist("chosen")))[: query.MOST_VALUES]
    names = dict(offered)
    kept = [(value, names.get(value, value)) for value in chosen]
    found = [one for one in offered if wanted in one[1].casefold() and one[0] not in chosen]
    rows = [{"value": value, "text": text} for value, text in [*kept, *found[:MOST_OFFERED]]]
    return jsonify({"choices": rows, "more": max(0, len(found) - MOST_OFFERED)})


def person_name(user_id: str) -> str:
    """The name of a person, or the id where it is not known to whoever asks."""
    known = services().live.live.snapshot
    user = known.users.get(user_id) if known else None
    return user.name if user is not None and visible(user) else f"{UNKNOWN_NAME} ({user_id})"
