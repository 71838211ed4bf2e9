"""The overview: today, the key figures, how they came about."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import dash
from dash import html

from dashapp.domain.scope import Scope
from dashapp.errors import NotReady
from dashapp.metrics import answers
from dashapp.metrics.view import View
from dashapp.web import cards, people
from dashapp.web.filters import heading
from dashapp.web.live_charts import Asked, LivePage, Parts, formats
from dashapp.web.panels import columns, panel
from dashapp.web.services import services

dash.register_page(__name__, path="/", title="Overview", name="Overview", order=1)

LAST_WEEK = "the same hours a week ago"


def render(asked: Asked) -> tuple[list[View], Callable[[], Parts]]:
    snapshot = services().live.snapshot()
    view, today = asked.view(snapshot), View(snapshot, asked.today()).require_loaded()
    scope = asked.today()
    week_ago = View(snapshot, Scope(scope.window.earlier(7, LAST_WEEK), scope.regions, scope.users))
    return [view, view.previous(), today, week_ago], lambda: draw(asked, view, today, week_ago)


def draw(asked: Asked, view: View, today: View, week_ago: View) -> Parts:
    written = formats()
    try:
        last_week = answers.realtime(week_ago.require_loaded())
    except NotReady:
        last_week = None
    return {
        "head": heading("Overview", asked, compares=True),
        "today": cards.strip(answers.realtime(today), last_week, LAST_WEEK, written),
        "cards": cards.summary(view, written),
        "best": people.ranking(asked, view, written),
    }


def arrange(place: dict[str, Any]) -> list[Any]:
    today = panel("Today", place["today"], note=f"Against {LAST_WEEK}")
    return [
        place["head"],
        html.Div(today, id="today"),
        html.Section(place["cards"], id="cards", **{"aria-label": "Key figures"}),
        place["trends"],
        columns(place["funnel"], place["heatmap"]),
        place["best"],
    ]


PAGE = LivePage(
    "overview",
    (
        "head",
        "today",
        "cards",
        "best",
    ),
    {"trends": 340, "funnel": 280, "heatmap": 280},
    render,
    arrange,
)


def layout(**arguments: str | list[str]) -> list[Any]:
    return PAGE.layout(arguments)
