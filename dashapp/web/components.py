"""The parts pages are made of."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any, Final

from dash import dcc, html

from dashapp.charts.catalog import CHARTS
from dashapp.charts.format import Formats
from dashapp.charts.interactive import CONFIG, figure
from dashapp.charts.spec import ChartSpec
from dashapp.domain.numbers import put_out
from dashapp.metrics.catalog import BY_KEY, Metric
from dashapp.metrics.view import View

Exact = int | Fraction
RISE_IS_NEUTRAL: Final = frozenset({"pending_quotations"})


def hooks(metric: str, value: Exact) -> dict[str, Any]:
    """What scripts and tests find a figure by: its key and its exact value."""
    return {"data-metric": metric, "data-value": str(put_out(value))}


def figure_strip(figures: dict[str, Exact], formats: Formats) -> html.Dl:
    """Figures in a row, without comparison."""
    parts = []
    for key, value in figures.items():
        metric = BY_KEY[key]
        shown = html.Dd(formats.compact(value, metric.unit), title=formats.exact(value, metric.unit))
        parts.append(html.Div([html.Dt(metric.title, title=metric.definition), shown], **hooks(key, value)))
    return html.Dl(parts, className="strip")


def kpi_card(key: str, value: Exact, before: Exact | None, compared_with: str, formats: Formats) -> html.Div:
    """A figure with its change against the previous window."""
    metric = BY_KEY[key]
    head = html.H2(
        [metric.title, html.Button("i", className="about", title=metric.definition, type="button")],
        className="card-title",
    )
    shown = html.P(
        formats.compact(value, metric.unit), className="value", title=formats.exact(value, metric.unit)
    )
    change = html.P(change_of(metric, value, before, compared_with, formats), className="change")
    return html.Div([head, shown, change], className="panel kpi", **hooks(key, value))


def change_of(
    metric: Metric, value: Exact, before: Exact | None, compared_with: str, formats: Formats
) -> list[Any]:
    """The change in words, sign and colour."""
    if before is None:
        return ["Comparison is being loaded"]
    if value == before:
        return [f"As in the {compared_with}"]
    if metric.unit != "percent" and not before:
        return [f"None in the {compared_with}"]
    up = value > before
    neutral = metric.key in RISE_IS_NEUTRAL
    tone = "" if neutral else "up" if up else "down"
    if metric.unit == "percent":
        points = Fraction(value) - Fraction(before)
        size = formats.signed_percent(points).replace("%", "points")
    else:
        size = formats.signed_percent(100 * (Fraction(value) / Fraction(before) - 1))
    return [html.B(f"{'▲' if up else '▼'} {size}", className=tone), f" on {compared_with}"]


def chart_panel(key: str, width: str, content: Sequence[Any]) -> html.Section:
    """The place of a chart; the callback of the page fills it anew."""
    return html.Section(content, id={"chart": key}, className=f"panel {width}", **{"data-chart": key})


def chart(spec: ChartSpec, height: int) -> list[Any]:
    """A chart with its title, unit, text alternative and, where there is nothing, the reason."""
    head = [html.H2(spec.title), html.P(spec.note, className="note")]
    if spec.is_empty:
        return [*head, html.P(spec.empty, className="empty")]
    graph = dcc.Graph(
        id={"graph": spec.key}, figure=figure(spec), config=CONFIG, style={"height": f"{height}px"}
    )
    return [*head, html.Div(graph, role="img", **{"aria-label": spec.description})]


def drawn(keys: Sequence[str], view: View, formats: Formats, heights: dict[str, int]) -> list[list[Any]]:
    """The charts of these keys from one view."""
    return [chart(CHARTS[key](view, formats), heights[key]) for key in keys]


def ranking(rows: Sequence[dict[str, Any]], formats: Formats, empty: str) -> Any:
    """The best performers as a table."""
    if not rows:
        return html.P(empty, className="empty")
    heads = ("#", "Name", "Region", "Visits", "Orders", "Revenue", "Conversion")
    optional = {"#", "Region", "Visits", "Conversion"}  # left out on phones
    numbers = {"Visits", "Orders", "Revenue", "Conversion"}

    def style(title: str) -> str:
        return " ".join(["number"] * (title in numbers) + ["optional"] * (title in optional))

    body = []
    for place, row in enumerate(rows, start=1):
        cells = (
            str(place),
            row["name"],
            row["region"],
            formats.exact(row["visit_count"], "count"),
            formats.exact(row["order_count"], "count"),
            formats.exact(row["total_revenue"], "money"),
            formats.exact(row["conversion_rate"], "percent"),
        )
        tds = [html.Td(cell, className=style(title)) for title, cell in zip(heads, cells, strict=True)]
        body.append(html.Tr(tds, **{"data-user": row["userId"]}))
    head = html.Tr([html.Th(title, className=style(title), scope="col") for title in heads])
    return html.Div(html.Table([html.Thead(head), html.Tbody(body)], className="ranking"), className="scroll")
