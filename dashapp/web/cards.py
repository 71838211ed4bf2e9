"""Figures on cards: value, change, the line it took."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, Final
from urllib.parse import quote

from dash import html

from dashapp.charts.format import Formats
from dashapp.domain.numbers import put_out
from dashapp.metrics import answers
from dashapp.metrics.catalog import BY_KEY, Metric
from dashapp.metrics.timeline import Row, timeline
from dashapp.metrics.view import View

Exact = int | Fraction
RISE_IS_NEUTRAL: Final = frozenset({"pending_quotations"})
MOST_TOLD: Final = 1000  # per cent: what grew out of next to nothing says little
WIDTH: Final = 120
HEIGHT: Final = 32


def hooks(metric: str, value: Exact) -> dict[str, Any]:
    """What scripts and tests find a figure by: its key and its exact value."""
    return {"data-metric": metric, "data-value": str(put_out(value))}


def strip(
    figures: Mapping[str, Exact], before: Mapping[str, Exact] | None, compared_with: str, formats: Formats
) -> html.Dl:
    """Figures in a row, each with its change."""
    cells = []
    for key, value in figures.items():
        metric = BY_KEY[key]
        changed = change_of(metric, value, before[key] if before else None, compared_with, formats)
        cells.append(
            html.Div(
                [
                    html.Dt(metric.title, title=metric.definition),
                    html.Dd(formats.compact(value, metric.unit), title=formats.exact(value, metric.unit)),
                    html.Dd(changed, className="change"),
                ],
                **hooks(key, value),
            )
        )
    return html.Dl(cells, className="strip")


def cards(
    figures: Mapping[str, Exact],
    before: Mapping[str, Exact] | None,
    compared_with: str,
    rows: Sequence[Row],
    formats: Formats,
) -> list[html.Div]:
    """A card per figure; `rows` give the line each took."""
    return [
        card(
            BY_KEY[key],
            key,
            value,
            change_of(BY_KEY[key], value, before[key] if before else None, compared_with, formats),
            [row[key] for row in rows],
            formats,
        )
        for key, value in figures.items()
    ]


def summary(view: View, formats: Formats) -> list[html.Div]:
    """The key figures of a view, against the window before."""
    figures = answers.summary(view)
    before = figures.pop("previous")
    compared = f"the {view.scope.previous().window.label.lower()}"
    return cards(figures, before, compared, timeline(view), formats)


def card(
    metric: Metric, key: str, value: Exact, change: list[Any], line: Sequence[Exact], formats: Formats
) -> html.Div:
    about = html.Button(
        "i",
        className="about",
        type="button",
        **{
            "aria-label": f"What is {metric.title}?",
            "aria-description": metric.definition,
            "data-tip": metric.definition,
        },
    )
    shown = html.P(
        formats.compact(value, metric.unit), className="value", title=formats.exact(value, metric.unit)
    )
    return html.Div(
        [
            html.H2([html.Span(metric.title), about], className="card-title"),
            shown,
            html.P(change, className="change"),
            sparkline(line),
        ],
        className="panel kpi",
        **hooks(key, value),
    )


def change_of(
    metric: Metric, value: Exact, before: Exact | None, compared_with: str, formats: Formats
) -> list[Any]:
    """The change in words, sign and colour."""
    if before is None:
        return ["Comparison is being loaded"]
    if value == before:
        return [html.Span("No change", title=f"As in {compared_with}")]
    if metric.unit != "percent" and not before:
        return [html.Span("None before", title=f"None in {compared_with}")]
    up = value > before
    tone = "" if metric.key in RISE_IS_NEUTRAL else "up" if up else "down"
    if metric.unit == "percent":
        points = Fraction(value) - Fraction(before)
        size = formats.signed_percent(points).replace("%", "points")
    else:
        share = 100 * (Fraction(value) / Fraction(before) - 1)
        size = (
            formats.signed_percent(share)
            if share < MOST_TOLD
            else f"over {formats.exact(MOST_TOLD, 'count')} %"
        )
    was = formats.exact(before, metric.unit)
    mark = html.B(f"{'▲' if up else '▼'} {size}", className=tone, title=f"{was} in {compared_with}")
    return [mark, html.Span(f" on {compared_with}", className="visually-hidden")]


def sparkline(values: Sequence[Exact]) -> html.Img | None:
    """The course of a figure as a small line, without numbers; nothing where there is no course."""
    if len(values) < 2 or not any(values):
        return None
    numbers = [float(value) for value in values]
    low, high = min(0.0, *numbers), max(numbers)
    across, up = WIDTH / (len(numbers) - 1), (HEIGHT - 4) / (high - low)
    points = " ".join(
        f"{across * n:.1f},{HEIGHT - 2 - up * (number - low):.1f}" for n, number in enumerate(numbers)
    )
    picture = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none">'
        f'<polygon points="0,{HEIGHT} {points} {WIDTH},{HEIGHT}" fill="#5b7cf0" fill-opacity=".12"/>'
        f'<polyline points="{points}" fill="none" stroke="#5b7cf0" stroke-width="1.5" '
        'vector-effect="non-scaling-stroke" stroke-linejoin="round"/></svg>'
    )
    return html.Img(src=f"data:image/svg+xml,{quote(picture, safe=' =/:,')}", alt="", className="spark")
