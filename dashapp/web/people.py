"""Lists of people and places that several pages show."""

from __future__ import annotations

from typing import Any, Final

from dash import html

from dashapp.charts.format import Formats
from dashapp.domain.vocabulary import UNKNOWN_NAME
from dashapp.metrics import answers
from dashapp.metrics.newest import facilities, newest_events
from dashapp.metrics.view import View
from dashapp.web.live_charts import Asked
from dashapp.web.panels import panel
from dashapp.web.tables import Column, Row, csv_button, figure_column, name_column, table

MOST_PLACES: Final = 12
VERBS: Final = {
    "visits": "Visit",
    "quotations": "Quotation",
    "orders": "Order",
    "logins": "Sign-in",
}


def named(row: Row) -> str:
    """The name of a person, with the id where the name is not known."""
    return f"{row['name']} ({row['userId']})" if row["name"] == UNKNOWN_NAME else str(row["name"])


def person_column(asked: Asked) -> Column:
    def draw(row: Row) -> html.A:
        return html.A(named(row), href=asked.person_link(row["userId"]), **{"data-go": ""})

    return Column("name", "Rep", draw=draw)


def region_column(asked: Asked, *, optional: bool = False) -> Column:
    column = name_column("Region", "region", lambda row: asked.region_link(row["region"]))
    return Column("region", "Region", optional=optional, draw=column.draw)


def person_hook(row: Row) -> dict[str, str]:
    return {"data-user": row["userId"]}


def ranking(asked: Asked, view: View, formats: Formats, limit: int = 10) -> html.Section:
    """The best performers."""
    rows = [{"place": n, **row} for n, row in enumerate(answers.top_performers(view, limit), start=1)]
    shown = (
        Column("place", "#", optional=True),
        person_column(asked),
        region_column(asked, optional=True),
        figure_column("visit_count", optional=True),
        figure_column("order_count"),
        figure_column("total_revenue", bar=True),
        figure_column("conversion_rate", optional=True),
    )
    title = "Top ten by revenue" if limit == 10 else "Reps by revenue"
    body = table(rows, shown, formats, empty="No visits or orders by anybody", label=title, hook=person_hook)
    return panel(title, body, extra=csv_button("performers"))


def places(asked: Asked, view: View, formats: Formats) -> html.Section:
    """The facilities that matter most."""
    rows = facilities(view, MOST_PLACES)
    shown = (
        Column("name", "Facility"),
        Column("kind", "Type", optional=True),
        region_column(asked, optional=True),
        figure_column("visit_count", optional=True),
        figure_column("order_count"),
        figure_column("total_revenue", bar=True),
        Column("last_visit", "Last visit", optional=True, draw=lambda row: day_of(view, row, formats)),
    )
    body = table(
        rows, shown, formats, empty="No visits to and no orders from any facility", label="Facilities"
    )
    return panel("Facilities by revenue", body, extra=csv_button("facilities"))


def day_of(view: View, row: Row, formats: Formats) -> str:
    at = row["last_visit"]
    return formats.day(at.astimezone(view.window.zone).date()) if at else "–"


def feed(asked: Asked, view: View, formats: Formats, limit: int, *, whose: bool = True) -> html.Section:
    """The newest events."""
    events = newest_events(view, limit)
    if not events:
        body: Any = html.P("Nothing happened in this window", className="empty")
    else:
        body = html.Ol(
            [happening(asked, view, one, formats, whose) for one in events], className="feed", tabIndex="0"
        )
    return panel("Newest events", body)


def happening(asked: Asked, view: View, event: Row, formats: Formats, whose: bool) -> html.Li:
    """One event in words."""
    kind, place, who = event["kind"], event["facility"], event["person"]
    said: list[Any] = [html.B(VERBS[kind])]
    if kind == "visits" and event["status"] != "unknown":
        said.append(f", {event['status']}")
    if event["amount"] is not None:
        said.append(f" of {formats.exact(event['amount'], 'money')}")
    if place is not None:
        said.append(f" · {place['name']}")
    if whose:
        name = "somebody unknown"
        if who is not None:
            name = html.A(named(who), href=asked.person_link(who["userId"]), **{"data-go": ""})
        said += [" · ", name]
    at = event["at"].astimezone(view.window.zone)
    when = html.Time(formats.moment(at), dateTime=event["at"].isoformat())
    return html.Li([html.Span(said), when], className=f"did-{kind}")
