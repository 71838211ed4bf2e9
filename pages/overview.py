"""The overview: today, the key figures, how they came about."""

from __future__ import annotations

from typing import Any

import dash
from dash import html

from dashapp.domain.scope import Scope
from dashapp.errors import NotReady
from dashapp.metrics import answers
from dashapp.metrics.view import View
from dashapp.web import cards, people
from dashapp.web.filters import heading
from dashapp.web.live_charts import Asked, LivePage, Parts
from dashapp.web.panels import columns, panel
from dashapp.web.services import formats

dash.register_page(__name__, path="/", title="Overview", name="Overview", order=1)

LAST_WEEK = "the same hours a week ago"


def beside(asked: Asked, view: View) -> tuple[View, View, View]:
    """The window before, today, and the same hours a week ago."""
    today = asked.today()
    week_ago = Scope(today.window.earlier(7, LAST_WEEK), today.regions, today.users)
    return view.previous(), View(view.snapshot, today).require_loaded(), View(view.snapshot, week_ago)


def draw(asked: Asked, view: View, _before: View, today: View, week_ago: View) -> Parts:
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
    draw,
    arrange,
    beside=beside,
)


def layout(**_parameters: str | list[str]) -> list[Any]:
    return PAGE.layout()
