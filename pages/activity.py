"""Activity: who is at work, when, and what happens just now."""

from __future__ import annotations

from typing import Any, Final

import dash
from dash import html

from dashapp.charts.format import Formats
from dashapp.metrics import answers
from dashapp.metrics.view import View
from dashapp.web import people
from dashapp.web.filters import heading
from dashapp.web.live_charts import Asked, LivePage, Parts
from dashapp.web.panels import columns, panel
from dashapp.web.services import formats
from dashapp.web.tables import Column, Row, csv_button, shortened, table

dash.register_page(__name__, path="/activity", title="Activity", name="Activity", order=5)

NEWEST: Final = 20
SHOWN: Final = 50
KINDS: Final = (
    ("visits", "Visits"),
    ("quotations", "Quotations"),
    ("orders", "Orders"),
    ("logins", "Sign-ins"),
)


def draw(asked: Asked, view: View) -> Parts:
    written = formats()
    return {
        "head": heading("Activity", asked),
        "feed": people.feed(asked, view, written, NEWEST),
        "grid": grid(asked, view, written),
    }


def grid(asked: Asked, view: View, written: Formats) -> html.Section:
    """What everybody did."""
    found = answers.users_activity(view)["users"]
    rows, said, more = shortened(found, asked.own("show"), SHOWN, written)

    def last(row: Row) -> str:
        at = row["last_activity"]
        return written.moment(at.astimezone(view.window.zone)) if at else "–"

    shown = (
        people.person_column(asked),
        people.region_column(asked, optional=True),
        Column("activities", "Activities", "count", bar=True),
        *(Column(key, title, "count", optional=True) for key, title in KINDS),
        Column("active_days", "Active days", "count", optional=True),
        Column("last_activity", "Last activity", draw=last),
    )
    body = table(
        rows, shown, written, empty="Nobody belongs here", label="Activity by rep", hook=people.person_hook
    )
    return panel("By rep", html.Div([body, more]), note=f"{said} people", extra=csv_button("activity"))


def arrange(place: dict[str, Any]) -> list[Any]:
    return [place["head"], place["daily"], columns(place["hours"], place["feed"]), place["grid"]]


PAGE = LivePage(
    "activity",
    (
        "head",
        "feed",
        "grid",
    ),
    {"daily": 320, "hours": 300},
    draw,
    arrange,
    own=("show",),
)


def layout(**_parameters: str | list[str]) -> list[Any]:
    return PAGE.layout()
