"""The funnel: how visits become orders, where they are lost, and how long it takes."""

from __future__ import annotations

from typing import Any, Final

import dash
from dash import html

from dashapp.charts.format import Formats
from dashapp.metrics import flow
from dashapp.metrics.catalog import BY_KEY
from dashapp.metrics.view import View
from dashapp.web import people
from dashapp.web.filters import heading
from dashapp.web.live_charts import Asked, LivePage, Parts
from dashapp.web.panels import columns, panel
from dashapp.web.services import formats
from dashapp.web.tables import Column, csv_button, figure_column, table

dash.register_page(__name__, path="/funnel", title="Funnel", name="Funnel", order=2)

MOST_PEOPLE: Final = 15
STAGE_COLUMNS: Final = (*flow.STAGES, "overall_conversion")


def draw(asked: Asked, view: View) -> Parts:
    written = formats()
    regions, reps = flow.by_region(view), flow.by_person(view)
    stage = asked.own("stage")
    if stage not in flow.STAGES[1:]:
        stage = flow.STAGES[1]
    shown = tuple(
        figure_column(key, bar=key == "visits", optional=key == "successful_visits") for key in STAGE_COLUMNS
    )
    by_region = table(
        regions,
        (people.region_column(asked), *shown),
        written,
        empty="No visits or orders",
        label="Funnel by region",
    )
    by_person = table(
        reps[:MOST_PEOPLE],
        (people.person_column(asked), *shown),
        written,
        empty="No visits or orders",
        label="Funnel by rep",
        hook=people.person_hook,
    )
    note = f"The {MOST_PEOPLE} with most visits" if len(reps) > MOST_PEOPLE else ""
    return {
        "head": heading("Funnel", asked),
        "passages": panel(
            "How long it takes", passages(view, written), note="Where documents name what led to them"
        ),
        "losses": losses(asked, stage, regions, reps, written),
        "regions": panel("By region", by_region, extra=csv_button("funnel-by-region")),
        "reps": panel("By rep", by_person, note=note, extra=csv_button("funnel-by-rep")),
    }


def passages(view: View, written: Formats) -> html.Div:
    """From each stage to the next: half of them, nine in ten, and how many skipped a stage."""
    return html.Div([passage(one, written) for one in flow.passages(view)], className="passages")


def passage(one: flow.Passage, written: Formats) -> html.Div:
    if one.median_ms is None or one.p90_ms is None:
        time = html.P("No times: nothing is linked", className="note")
    else:
        time = html.P(
            [
                html.B(written.duration(one.median_ms), **{"data-figure": "median"}),
                f" for half of them, {written.duration(one.p90_ms)} for nine in ten",
            ]
        )
    arrived = "quotations" if one.key == "visit_to_quotation" else "orders"
    before = "quotation" if one.key == "quotation_to_order" else "visit"
    skipped = (
        f"{written.exact(one.skipped, 'count')} of {written.exact(one.arrived, 'count')} {arrived}"
        f" name no known {before}"
    )
    early = f"; {written.exact(one.before_it, 'count')} are dated before it" if one.before_it else ""
    return html.Div(
        [html.H3(one.title), time, html.P(skipped + early, className="note")],
        **{"data-passage": one.key, "data-skipped": str(one.skipped)},
    )


def losses(
    asked: Asked, stage: str, regions: list[dict[str, Any]], reps: list[dict[str, Any]], written: Formats
) -> html.Section:
    """Who loses most on the way to a stage."""
    before = BY_KEY[flow.STAGES[flow.STAGES.index(stage) - 1]].title.lower()
    lost = (Column("lost", "Lost", "count", bar=True), Column("lost_share", f"Of their {before}", "percent"))
    tabs = [
        html.Button(
            BY_KEY[key].title,
            type="button",
            **{"data-set": f"stage={key}", "aria-pressed": str(key == stage).lower()},
        )
        for key in flow.STAGES[1:]
    ]
    lists = [
        table(flow.losing(rows, stage, 8), (column, *lost), written, empty="Nobody lost any", label=label)
        for rows, column, label in (
            (regions, people.region_column(asked), "Regions that lose most"),
            (reps, people.person_column(asked), "Reps who lose most"),
        )
    ]
    body = html.Div(
        [html.Div(tabs, className="windows", role="group", **{"aria-label": "Stage"}), columns(*lists)]
    )
    return panel("Who loses most before", body, note="Choose a stage here or in the chart")


def arrange(place: dict[str, Any]) -> list[Any]:
    return [
        place["head"],
        columns(place["funnel"], place["passages"]),
        place["losses"],
        place["regions"],
        place["reps"],
    ]


PAGE = LivePage(
    "funnel",
    (
        "head",
        "passages",
        "losses",
        "regions",
        "reps",
    ),
    {"funnel": 300},
    draw,
    arrange,
    own=("stage",),
)


def layout(**_parameters: str | list[str]) -> list[Any]:
    return PAGE.layout()
