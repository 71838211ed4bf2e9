"""How a page stays live: a clock, a gate, and one question that is answered from one snapshot."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b
from typing import Any
from urllib.parse import parse_qs, urlencode

from dash import ClientsideFunction, Input, Output, State, callback, clientside_callback, dcc, html
from dash.exceptions import PreventUpdate
from werkzeug.datastructures import MultiDict

from dashapp.charts.format import Formats
from dashapp.domain.scope import Scope
from dashapp.errors import NotReady
from dashapp.metrics.view import View
from dashapp.web import query
from dashapp.web.auth import analyst
from dashapp.web.services import services

PAGE_PARAMETERS = (*query.WINDOW, *query.FILTERS)
DEFAULT_DAYS = 30


def formats() -> Formats:
    settings = services().settings
    return Formats(settings.locale, settings.currency)


def page_scope(asked: str) -> Scope:
    """The scope of a page's query string, within what the person may see; raises InvalidParameter."""
    principal, context = analyst(), services()
    arguments: MultiDict[str, str] = MultiDict(parse_qs(asked, keep_blank_values=True))
    return query.scope(query.checked(arguments, PAGE_PARAMETERS), DEFAULT_DAYS, context, principal.regions)


def today_scope(scope: Scope) -> Scope:
    """Today, narrowed like the page."""
    today = query.scope(MultiDict(), None, services(), None)
    return Scope(today.window, scope.regions, scope.users)


def query_string(arguments: dict[str, str | list[str]]) -> str:
    """The query string of a page's arguments, as Dash hands them over."""
    return urlencode(arguments, doseq=True)


def seen_mark(views: list[View]) -> str:
    """What tells whether a page would look the same: the data and the rows in scope."""
    keys = repr([views[0].snapshot.version, *(view.key for view in views)])
    return blake2b(keys.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()


def live_parts(page: str, asked: str, seen: str | None) -> list[Any]:
    """The invisible parts of a live page: its clock, its gate and what it asked and saw last."""
    milliseconds = int(services().settings.refresh_seconds * 1000)
    return [
        dcc.Interval(id=f"{page}-clock", interval=milliseconds),
        dcc.Store(id=f"{page}-go"),
        dcc.Store(id=f"{page}-asked", data=asked),
        dcc.Store(id=f"{page}-seen", data=seen),
    ]


def keep_live(
    page: str, outputs: list[Output], render: Callable[[str], tuple[str, Callable[[], list[Any]]]]
) -> None:
    """Connect clock, gate and filters of a page to its parts.

    `render` takes the query string and gives a mark of what would be shown, and a function that draws it.
    """
    clientside_callback(
        ClientsideFunction("live", "gate"),
        Output(f"{page}-go", "data"),
        Input(f"{page}-clock", "n_intervals"),
        prevent_initial_call=True,
    )

    @callback(
        *outputs,
        Output(f"{page}-seen", "data"),
        Input(f"{page}-go", "data"),
        Input(f"{page}-asked", "data"),
        State(f"{page}-seen", "data"),
        prevent_initial_call=True,
    )  # type: ignore[untyped-decorator]
    def refresh(_ticks: int | None, asked: str, seen: str | None) -> list[Any]:
        try:
            mark, draw = render(asked or "")
            if mark == seen:
                raise PreventUpdate
            return [*draw(), mark]
        except NotReady:
            raise PreventUpdate from None


def loading() -> list[Any]:
    """What stands in the place of figures until the first load is done."""
    return [html.Div(className="skeleton", role="status", **{"aria-label": "Loading"}) for _ in range(4)]
