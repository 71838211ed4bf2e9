"""Charts as PNG, for programs and for whoever wants to keep what a page shows.

The tag of a picture changes with what it shows, not with the clock. The time of the data in it is therefore
the one at which its numbers were first seen by this process: they may have been confirmed since, so it is
never too late a time. Of stale data it is the time at which they were last known to be current.
"""

from __future__ import annotations

import logging
from collections.abc import Hashable
from dataclasses import dataclass
from hashlib import blake2b
from threading import Event, Thread
from typing import Final, get_args

from flask import Blueprint, Flask, Response, request
from werkzeug.wrappers import Response as AnyResponse

from dashapp import VERSION
from dashapp.charts.album import Album
from dashapp.charts.format import Formats
from dashapp.charts.spec import ChartSpec
from dashapp.charts.theme import ThemeName
from dashapp.errors import InvalidParameter, NoSuchChart, NotReady
from dashapp.metrics.view import View
from dashapp.settings import Settings, tell_library
from dashapp.web import query
from dashapp.web.auth import analyst
from dashapp.web.choices import visible
from dashapp.web.services import formats, services
from dashapp.web.specs import SPECS, version

TYPES: Final = ("performance", "heatmap", "funnel", "trends")  # those for programs, by the keys of charts
DEFAULT_DAYS: Final = 30
WIDTH: Final = (300, 1000, 2000)  # lowest, default, highest
HEIGHT: Final = (200, 600, 1500)
THEMES: Final[tuple[ThemeName, ...]] = get_args(ThemeName)
PARAMETERS: Final = (*query.WINDOW, *query.FILTERS, "width", "height", "theme")
MOST_NAMED: Final = 4
WARM_UP_AFTER_SECONDS: Final = 3.0  # the first seconds are for loading the data
album = Album()


@dataclass(frozen=True)
class Picture:
    """What a picture shows. Pictures that are equal are the same to the last byte."""

    spec: ChartSpec
    digest: str
    window: str
    filters: str
    as_of: str
    stale: bool
    width: int
    height: int
    theme: ThemeName

    def tag(self) -> str:
        told = (VERSION, self.digest, self.window, self.filters, self.as_of, self.stale)
        look = (self.width, self.height, self.theme)
        return digest_of(repr((told, look)))

    def draw(self) -> bytes:
        from dashapp.charts.picture import Head, draw  # takes half a second the first time

        head = Head(self.window, self.filters, self.as_of, self.stale)
        return draw(self.spec, head, self.width, self.height, self.theme)


def digest_of(text: str) -> str:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()


def chart_of_type(kind: str) -> AnyResponse:
    """A chart as a picture (PNG)."""
    if kind not in TYPES:
        raise NoSuchChart(f"The charts are: {', '.join(TYPES)}")
    return answer(kind)


def chart_of_page(key: str) -> AnyResponse:
    """A chart of the pages as a picture."""
    if key not in SPECS:
        raise NoSuchChart(f"The charts are: {', '.join(SPECS)}")
    return answer(key)


def answer(key: str) -> AnyResponse:
    """The picture that the query string asks for."""
    principal, context = analyst(), services()
    arguments = query.checked(request.args, PARAMETERS)
    scope = query.scope(arguments, DEFAULT_DAYS, context, principal.regions)
    size = [
        query.whole(arguments, side, default, highest, lowest)
        for side, (lowest, default, highest) in (("width", WIDTH), ("height", HEIGHT))
    ]
    look = theme(arguments)
    view = View(context.live.snapshot(), scope).require_loaded()
    picture = pictured(view, key, (size[0], size[1]), look)
    tag = picture.tag()
    response = Response(mimetype="image/png")
    response.set_etag(tag)
    first_on, last_on = view.window.first_on, view.window.last_on
    response.headers["Content-Disposition"] = f'inline; filename="{key}-{first_on}-{last_on}.png"'
    response.headers["Vary"] = "Authorization, Cookie"
    if not request.if_none_match.contains_weak(tag):
        response.set_data(album.get(tag, picture.draw))
    return response.make_conditional(request)


def theme(arguments: query.Arguments) -> ThemeName:
    asked = arguments.get("theme", THEMES[0])
    for name in THEMES:
        if asked == name:
            return name
    raise InvalidParameter(f"theme must be {' or '.join(THEMES)}")


def pictured(view: View, key: str, size: tuple[int, int], look: ThemeName) -> Picture:
    context = services()
    settings, live, window = context.settings, context.live.live, view.window
    spec, digest = specified(view, key, formats())
    stale = live.is_stale(context.now())
    filters = narrowed_to(view)
    as_of = ""
    if live.data_as_of is not None:
        local = live.data_as_of.astimezone(settings.timezone)
        as_of = formats().moment(local)
    if not stale:
        as_of = album.first(repr((digest, window.first_on, window.last_on, window.label, filters)), as_of)
    return Picture(spec, digest, window.label, filters, as_of, stale, *size, look)


def specified(view: View, key: str, formats: Formats) -> tuple[ChartSpec, str]:
    """The chart before it is drawn, and a digest of it."""
    try:
        before: Hashable = view.previous().key
    except NotReady:
        before = None

    def made() -> tuple[ChartSpec, str]:
        spec = SPECS[key](view, formats)
        return spec, digest_of(repr(spec))

    return view.snapshot.memo.get(("picture", key, view.key, view.window.label, before, version(key)), made)


def narrowed_to(view: View) -> str:
    """The filters in words. Names of people are told to those who may see their region."""
    told = []
    if view.scope.regions is not None:
        told.append(listed(view.scope.regions) or "No region")
    if view.scope.users is not None:
        users = view.snapshot.users
        known = {one: users[one].name for one in view.scope.users if one in users and visible(users[one])}
        told.append(listed([known.get(one) or one for one in view.scope.users]))
    return " · ".join(told)


def listed(names: tuple[str, ...] | list[str]) -> str:
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def register(app: Flask, settings: Settings, api: Blueprint) -> None:
    """The pictures of the API, and of the pages."""
    logging.getLogger("matplotlib").setLevel(logging.ERROR)  # it tells of its fonts otherwise
    tell_library("MPLCONFIGDIR", str(settings.data_dir / "matplotlib"))
    api.add_url_rule("/analytics/live/chart/<kind>", "chart", chart_of_type, methods=["GET"])
    app.add_url_rule("/chart/<key>.png", "picture", chart_of_page, methods=["GET"])


def warm_up(stopping: Event) -> None:
    """Load, beside all else, what the first picture needs."""

    def load() -> None:
        if not stopping.wait(WARM_UP_AFTER_SECONDS):
            from dashapp.charts import png

            png.width_of("warm", 12.0)

    Thread(target=load, name="pictures", daemon=True).start()
