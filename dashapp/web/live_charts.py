"""How pages stay live: one clock, one gate, and one question, which is answered from one snapshot."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final
from urllib.parse import parse_qs, quote, unquote, urlencode

import dash_bootstrap_components as dbc
from dash import ALL, ClientsideFunction, Dash, Input, Output, State, ctx, dcc, html
from dash.exceptions import PreventUpdate
from werkzeug.datastructures import MultiDict

from dashapp.domain.scope import Scope
from dashapp.errors import InvalidParameter, NotReady
from dashapp.metrics.view import View
from dashapp.web import query
from dashapp.web.auth import analyst
from dashapp.web.panels import BLANK, chart_panel, drawn
from dashapp.web.services import formats, services

DEFAULT_DAYS: Final = 30
FILTERS: Final = (*query.WINDOW, *query.FILTERS)
PROBLEM: Final = "problem"  # the part of every page that says what is wrong with its address

Parts = dict[str, Any]


@dataclass(frozen=True)
class Asked:
    """What a page is asked for: the filters of the address, what its path names, and its own parameters."""

    subject: str
    arguments: MultiDict[str, str]
    scope: Scope

    def own(self, name: str, default: str = "") -> str:
        """A parameter that only this page has."""
        return self.arguments.get(name, default)

    def link(self, path: str) -> str:
        """The address of another page with the same filters."""
        kept = [(name, value) for name, value in self.arguments.items(multi=True) if name in FILTERS]
        start = services().settings.url_prefix.rstrip("/") + path
        return f"{start}?{urlencode(kept)}" if kept else start

    def region_link(self, region: str) -> str:
        return self.link(f"/regions/{quote(region, safe='')}")

    def person_link(self, user_id: str) -> str:
        return self.link(f"/team/{quote(user_id, safe='')}")

    def today(self) -> Scope:
        """Today, narrowed like the page."""
        window = query.scope(MultiDict(), None, services(), None).window
        return Scope(window, self.scope.regions, self.scope.users)


@dataclass(frozen=True)
class LivePage:
    """A page that stays live.

    `draw` gives every one of its `parts`, given what is asked, the view of that, and the views that `beside`
    adds; whether anything is new is told by all of them. Its `charts`, by key with their heights in pixels,
    are drawn from the first.
    `arrange` puts parts and charts where they go; it is given their places by name.
    `narrow` fits the scope to what the path names.
    """

    name: str
    parts: tuple[str, ...]
    charts: dict[str, int]
    draw: Callable[..., Parts]
    arrange: Callable[[dict[str, Any]], list[Any]]
    own: tuple[str, ...] = ()
    narrow: Callable[[Scope, str], Scope] = lambda scope, _subject: scope
    beside: Callable[[Asked, View], Sequence[View]] = lambda _asked, _view: ()
    version: Callable[[], Hashable] = lambda: None  # of what it shows beside the snapshot

    def __post_init__(self) -> None:
        PAGES[self.name] = self

    def asked(self, text: str, subject: str) -> Asked:
        """What an address asks for, within what the person may see; raises InvalidParameter."""
        found: MultiDict[str, str] = MultiDict(parse_qs(text.removeprefix("?"), keep_blank_values=True))
        arguments = query.checked(found, (*FILTERS, *self.own))
        scope = query.scope(arguments, DEFAULT_DAYS, services(), analyst().regions)
        return Asked(subject, arguments, self.narrow(scope, subject))

    def understood(self, text: str, subject: str) -> tuple[Asked, str]:
        """What an address asks for; if it cannot be used, the page without filters and what is wrong."""
        try:
            return self.asked(text, subject), ""
        except InvalidParameter as error:
            return self.asked("", subject), error.message

    def drawn(self, asked: Asked, problem: str) -> tuple[str, Callable[[], Parts]]:
        """A mark of what would be shown, and the function that draws parts and charts; raises NotReady."""
        view = View(services().live.snapshot(), asked.scope).require_loaded()
        views = (view, *self.beside(asked, view))
        shown = sorted((name, value) for name, value in asked.arguments.items(multi=True))
        versions = (view.snapshot.version, self.version())
        keys = repr([*versions, shown, problem, asked.subject, *(one.key for one in views)])

        def everything() -> Parts:
            written = formats()
            return (
                self.draw(asked, *views)
                | {PROBLEM: unusable(problem)}
                | {key: drawn(key, view, written) for key in self.charts}
            )

        return blake2b(keys.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest(), everything

    def layout(self, named: str | list[str] | None = None) -> list[Any]:
        """The page with its numbers, as the browser gets it when it arrives.

        Dash lets parameters stand for what the path names, so the address itself is read.
        """
        address = ctx.inputs
        subject = "" if named is None else subject_of(address.get("_pages_location.pathname") or "", named)
        asked, problem = self.understood(address.get("_pages_location.search") or "", subject)
        try:
            mark, draw = self.drawn(asked, problem)
            parts = draw()
        except NotReady:
            mark, parts = "", {PROBLEM: unusable(problem)}
        start = f"{self.name}/{subject}/"
        places: dict[str, Any] = {
            name: html.Div(parts.get(name, skeleton()), id={"part": start + name}, className=f"part-{name}")
            for name in self.parts
        }
        for key, height in self.charts.items():
            places[key] = chart_panel(key, start + key, height, parts.get(key, BLANK))
        return [
            dcc.Store(id={"page": self.name}, data={"name": self.name, "subject": subject}),
            dcc.Store(id={"seen": self.name}, data=mark),
            html.Div(parts[PROBLEM], id={"part": start + PROBLEM}, style={"display": "contents"}),
            *self.arrange(places),
        ]


PAGES: Final[dict[str, LivePage]] = {}


def subject_of(path: str, named: str | list[str]) -> str:
    """What a path names: what Dash found, if that is in the path, else its last part."""
    path = path.rstrip("/")
    if isinstance(named, str) and named and unquote(path).endswith(f"/{unquote(named)}"):
        return unquote(named)
    return unquote(path.rpartition("/")[2])


def unusable(problem: str) -> dbc.Alert | None:
    """What is wrong with the address; nothing if all is well."""
    if not problem:
        return None
    text = f"The address holds a filter that cannot be used: {problem}."
    return dbc.Alert(text, color="warning", className="mb-0")


def skeleton() -> html.Div:
    """What stands in the place of figures until the first load is done."""
    return html.Div(className="skeleton", role="status", **{"aria-label": "Loading"})


def clock() -> list[Any]:
    """The invisible parts of the frame that keep every page live."""
    milliseconds = int(services().settings.refresh_seconds * 1000)
    return [
        dcc.Interval(id="clock", interval=milliseconds),
        dcc.Store(id="go"),
        dcc.Store(id="asked"),
    ]


def keep_live(app: Dash) -> None:
    """Connect the clock, the gate and the filters to the parts of whatever page is open."""
    app.clientside_callback(
        ClientsideFunction("live", "gate"),
        Output("go", "data"),
        Input("clock", "n_intervals"),
        prevent_initial_call=True,
    )
    app.callback(
        Output({"seen": ALL}, "data"),
        Output({"part": ALL}, "children"),
        Output({"words": ALL}, "children"),
        Output({"graph": ALL}, "figure"),
        Output({"drawing": ALL}, "aria-label"),
        Output({"picture": ALL}, "href"),
        Input("go", "data"),
        Input("asked", "data"),
        State({"part": ALL}, "id"),
        State({"graph": ALL}, "id"),
        State({"page": ALL}, "data"),
        State({"seen": ALL}, "data"),
        prevent_initial_call=True,
    )(refresh)


def refresh(
    _ticks: Any,
    text: str | None,
    parts: list[dict[str, str]],
    graphs: list[dict[str, str]],
    pages: list[dict[str, str]],
    seen: list[str],
) -> tuple[list[Any], ...]:
    """Everything on the open page anew, from one snapshot; nothing if it would look the same."""
    if not pages or pages[0]["name"] not in PAGES:
        raise PreventUpdate
    page = PAGES[pages[0]["name"]]
    try:
        mark, draw = page.drawn(*page.understood(text or "", pages[0]["subject"]))
        if [mark] == seen:
            raise PreventUpdate
        new = draw()
    except NotReady:
        raise PreventUpdate from None
    charts = [new[last_of(one["graph"])] for one in graphs]
    return (
        [mark],
        [new[last_of(one["part"])] for one in parts],
        [one.words for one in charts],
        [one.figure for one in charts],
        [one.said for one in charts],
        [one.picture for one in charts],
    )


def last_of(place: str) -> str:
    """The name of a part or chart from its place, `page/subject/name`."""
    return place.rpartition("/")[2]
