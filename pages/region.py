"""One region: its figures, its course, its people and places."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import dash
from dash import html

from dashapp.domain.scope import Scope
from dashapp.metrics.view import View
from dashapp.web import cards, people
from dashapp.web.filters import heading
from dashapp.web.live_charts import Asked, LivePage, Parts, formats
from dashapp.web.panels import columns
from dashapp.web.services import services

dash.register_page(__name__, path_template="/regions/<name>", title="Region")


def narrow(scope: Scope, name: str) -> Scope:
    """That region alone; nothing where it is outside of what the person may see."""
    allowed = scope.regions is None or name in scope.regions
    return replace(scope, regions=(name,) if allowed else ())


def render(asked: Asked) -> tuple[list[View], Callable[[], Parts]]:
    view = asked.view(services().live.snapshot())
    return [view, view.previous()], lambda: draw(asked, view)


def draw(asked: Asked, view: View) -> Parts:
    written = formats()
    back = html.A("← Regions", href=asked.link("/regions"), className="back", **{"data-go": ""})
    return {
        "head": heading(asked.subject, asked, back, compares=True),
        "cards": cards.summary(view, written),
        "reps": people.ranking(asked, view, written, 25),
        "places": people.places(asked, view, written),
    }


def arrange(place: dict[str, Any]) -> list[Any]:
    return [
        place["head"],
        html.Section(place["cards"], id="cards", **{"aria-label": "Key figures"}),
        place["trends"],
        columns(place["funnel"], place["hours"]),
        place["reps"],
        place["places"],
    ]


PAGE = LivePage(
    "region",
    (
        "head",
        "cards",
        "reps",
        "places",
    ),
    {"trends": 320, "funnel": 260, "hours": 260},
    render,
    arrange,
    narrow=narrow,
)


def layout(name: str = "", **arguments: str | list[str]) -> list[Any]:
    return PAGE.layout(arguments, name)
