"""Addresses that do not exist, and methods that an address does not take."""

from __future__ import annotations

from typing import Final, NoReturn

from flask import Blueprint, Flask, Response, current_app, request
from werkzeug.exceptions import MethodNotAllowed, NotFound

METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")
NOWHERE: Final = "nothing_here"


def methods_taken() -> list[str]:
    """The methods with which a program would be answered at the address asked for."""
    adapter = current_app.url_map.bind_to_environ(request.environ)
    taken = []
    for method in METHODS:
        try:
            endpoint, _ = adapter.match(request.path, method=method)
        except (NotFound, MethodNotAllowed):
            continue
        blueprint, _, name = endpoint.rpartition(".")
        if blueprint in {"api", "public", "sign_in"} and name != NOWHERE:
            taken.append(method)
    return taken


class Application(Flask):
    """Answers OPTIONS to programs with the methods there really are."""

    def make_default_options_response(self) -> Response:
        response = super().make_default_options_response()
        if request.blueprint in {"api", "public", "sign_in"}:
            taken = methods_taken()
            response.allow.clear()
            response.allow.update([*taken, *(["HEAD"] if "GET" in taken else []), "OPTIONS"])
        return response


def nothing_here(**_path: str) -> NoReturn:
    """404, or 405 where another method would have been answered."""
    taken = methods_taken()
    raise MethodNotAllowed(taken) if taken else NotFound


def end_with_nothing(blueprint: Blueprint) -> None:
    """Answer every other address below the blueprint with the one error shape."""
    for rule in ("/", "/<path:rest>"):
        blueprint.add_url_rule(rule, NOWHERE, nothing_here, methods=METHODS, strict_slashes=False)
