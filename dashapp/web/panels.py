"""Charts in their panels: title, unit, the chart or why there is none, and what can be done with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from dash import dcc, html

from dashapp.charts.catalog import CHARTS
from dashapp.charts.format import Formats
from dashapp.charts.interactive import CONFIG, figure
from dashapp.charts.spec import ChartSpec
from dashapp.metrics.view import View
from dashapp.web.services import services

ROW_HEIGHT = 30


def chart(key: str, view: View, formats: Formats, height: int = 300) -> html.Section:
    """The chart of this key, drawn from a view."""
    spec = CHARTS[key](view, formats)
    return html.Section(
        [
            html.Header([html.H2(spec.title), menu(spec, view)]),
            html.P(spec.note, className="note"),
            body(spec, height_of(spec, height)),
        ],
        className="panel chart",
        **{"data-chart": key},
    )


def height_of(spec: ChartSpec, height: int) -> int:
    """Bars and cells need room for every row."""
    if spec.form in {"bars", "cells"}:
        return max(height, 40 + ROW_HEIGHT * len(spec.labels))
    return height


def body(spec: ChartSpec, height: int) -> html.Div:
    if spec.is_empty:
        return html.Div(html.P(spec.empty, className="empty"), className="blank")
    graph = dcc.Graph(
        id={"graph": spec.key}, figure=figure(spec), config=CONFIG, style={"height": f"{height}px"}
    )
    pick = {"data-pick": spec.pick} if spec.pick else {}
    return html.Div(graph, role="img", className="drawing", **{"aria-label": spec.description}, **pick)


def menu(spec: ChartSpec, view: View) -> html.Details | None:
    """What can be done with a chart."""
    if spec.is_empty:
        return None
    return html.Details(
        [
            html.Summary("⋯", **{"aria-label": f"More: {spec.title}"}),
            html.Div(
                [
                    html.Button("View as table", type="button", **{"data-do": "table"}),
                    html.Button("Download CSV", type="button", **{"data-do": "csv"}),
                    html.A("Download PNG", href=picture_address(spec, view), download=f"{spec.key}.png"),
                    html.Button("Full screen", type="button", **{"data-do": "full"}),
                ],
                className="choices",
            ),
        ],
        className="menu",
    )


def picture_address(spec: ChartSpec, view: View) -> str:
    """Where the same chart is drawn as a picture."""
    window, scope = view.window, view.scope
    wanted: list[tuple[str, str]] = [("from", str(window.first_on)), ("to", str(window.last_on))]
    wanted += [("region", name) for name in scope.regions or ()]
    wanted += [("userId", one) for one in scope.users or ()]
    return f"{services().settings.url_prefix}chart/{spec.key}.png?{urlencode(wanted)}"


def panel(title: str, content: Any, note: str = "", extra: Any = None) -> html.Section:
    """Anything that is not a chart, in a panel like one."""
    head = html.Header([html.H2(title), extra])
    return html.Section([head, html.P(note, className="note") if note else None, content], className="panel")


def columns(*content: Any) -> html.Div:
    """Beside each other where there is room."""
    return html.Div(list(content), className="columns")


def stacked(content: Sequence[Any]) -> html.Div:
    return html.Div(list(content), className="stack")
