"""Charts in their panels: title, unit, the chart or why there is none, and what can be done with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from dash import dcc, html

from dashapp.charts.format import Formats
from dashapp.charts.interactive import CONFIG, Figure, figure
from dashapp.charts.spec import ChartSpec
from dashapp.metrics.view import View
from dashapp.web.services import services
from dashapp.web.specs import SPECS


@dataclass(frozen=True)
class Drawn:
    """A chart as its panel shows it."""

    words: list[Any]
    figure: Figure
    said: str
    picture: str


BLANK: Final = Drawn([html.Div(className="skeleton", role="status", **{"aria-label": "Loading"})], {}, "", "")


def drawn(key: str, view: View, formats: Formats) -> Drawn:
    """The chart of this key, drawn from a view."""
    spec = SPECS[key](view, formats)
    empty = html.P(spec.empty if spec.is_empty else "", className="empty")
    words = [html.H2(spec.title), html.P(spec.note, className="note"), empty]
    return Drawn(words, figure(spec), spec.description, picture_address(spec, view))


def chart_panel(key: str, place: str, height: int, chart: Drawn) -> html.Section:
    """The panel of a chart. It stays while what it shows changes: nothing blinks or loses the focus."""
    graph = dcc.Graph(
        id={"graph": place}, figure=chart.figure, config=CONFIG, style={"height": f"{height / 16}rem"}
    )
    return html.Section(
        [
            html.Div(chart.words, id={"words": place}, className="words"),
            menu(key, place, chart.picture),
            html.Div(
                graph, id={"drawing": place}, className="drawing", role="img", **{"aria-label": chart.said}
            ),
        ],
        className="panel chart",
        **{"data-chart": key},
    )


def menu(key: str, place: str, picture: str) -> html.Details:
    """What can be done with a chart."""
    return html.Details(
        [
            html.Summary("⋯", **{"aria-label": f"More about the chart: {key.replace('_', ' ')}"}),
            html.Div(
                [
                    html.Button("View as table", type="button", **{"data-do": "table"}),
                    html.Button("Download CSV", type="button", **{"data-do": "csv"}),
                    html.A("Download PNG", id={"picture": place}, href=picture, download=f"{key}.png"),
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
    wanted = [("daysBack", str(window.days))]
    if window.label[0].isdigit():
        wanted = [("from", str(window.first_on)), ("to", str(window.last_on))]
    if scope.regions is not None:
        wanted += [
            ("region", name) for name in scope.regions or ("–",)
        ]  # of no region: nothing, not everything
    wanted += [("userId", one) for one in scope.users or ()]
    return f"{services().settings.url_prefix}chart/{spec.key}.png?{urlencode(wanted)}&width=1600&height=900"


def panel(title: str, content: Any, note: str = "", extra: Any = None) -> html.Section:
    """Anything that is not a chart, in a panel like one."""
    head = html.Header([html.H2(title), extra])
    return html.Section([head, html.P(note, className="note") if note else None, content], className="panel")


def columns(*content: Any) -> html.Div:
    """Beside each other where there is room."""
    return html.Div(list(content), className="columns")
