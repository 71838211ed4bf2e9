"""One region: its figures, its course, its people and places."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import dash
from dash import html

from dashapp.domain.scope import Scope
from dashapp.metrics.view import View
from dashapp.web import cards, people
from dashapp.web.filters import heading
from dashapp.web.live_charts import Asked, LivePage, Parts
from dashapp.web.panels import columns
from dashapp.web.services import formats

dash.register_page(__name__, path_template="/regions/<name>", title="Region")


def narrow(scope: Scope, name: str) -> Scope:
    """That region alone; nothing where it is outside of what the person may see."""
    allowed = scope.regions is None or name in scope.regions
    return replace(scope, regions=(name,) if allowed else ())


def draw(asked: Asked, view: View, _before: View) -> Parts:
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
    draw,
    arrange,
    narrow=narrow,
    beside=lambda _asked, view: [view.previous()],
)


def layout(name: str = "", **_parameters: str | list[str]) -> list[Any]:
    return PAGE.layout(name)
