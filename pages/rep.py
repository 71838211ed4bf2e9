"""One rep: figures, course, rhythm, places, last events."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import dash
from dash import html

from dashapp.domain.scope import Scope
from dashapp.metrics.view import View
from dashapp.web import cards, people
from dashapp.web.choices import person_name, visible
from dashapp.web.filters import heading
from dashapp.web.live_charts import Asked, LivePage, Parts
from dashapp.web.panels import columns
from dashapp.web.services import formats

dash.register_page(__name__, path_template="/team/<user_id>", title="Rep")

LAST_EVENTS = 15


def narrow(scope: Scope, user_id: str) -> Scope:
    return replace(scope, users=(user_id,))


def draw(asked: Asked, view: View, _before: View) -> Parts:
    written = formats()
    return {
        "head": heading(name_of(asked, view), asked, lead(asked, view), compares=True),
        "cards": cards.summary(view, written),
        "places": people.places(asked, view, written),
        "feed": people.feed(asked, view, written, LAST_EVENTS, whose=False),
    }


def name_of(asked: Asked, view: View) -> str:
    """The name, also of somebody from elsewhere who was at work in the regions of whoever asks."""
    user = view.snapshot.users.get(asked.subject)
    at_work = any(len(view.rows(kind)) for kind in ("visits", "quotations", "orders"))
    return user.name if user is not None and at_work else person_name(asked.subject)


def lead(asked: Asked, view: View) -> html.P:
    """The way back, and who that is."""
    user = view.snapshot.users.get(asked.subject)
    told: list[Any] = [html.A("← Team", href=asked.link("/team"), className="back", **{"data-go": ""})]
    if user is not None and visible(user):
        known = (
            user.role,
            user.region,
            user.tier and f"{user.tier} tier",
            None if user.active else "inactive",
        )
        told.append(" · ".join(["", *(part for part in known if part)]))
    return html.P(told, className="lead-line")


def arrange(place: dict[str, Any]) -> list[Any]:
    return [
        place["head"],
        html.Section(place["cards"], id="cards", **{"aria-label": "Key figures"}),
        place["trends"],
        columns(place["calendar"], place["funnel"]),
        place["places"],
        place["feed"],
    ]


PAGE = LivePage(
    "rep",
    (
        "head",
        "cards",
        "places",
        "feed",
    ),
    {"trends": 320, "calendar": 240, "funnel": 240},
    draw,
    arrange,
    narrow=narrow,
    beside=lambda _asked, view: [view.previous()],
)


def layout(user_id: str = "", **_parameters: str | list[str]) -> list[Any]:
    return PAGE.layout(user_id)
