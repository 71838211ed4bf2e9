"""Charts as Plotly figures: plain dicts, which are thirty times cheaper than figure objects."""

from __future__ import annotations

from datetime import date
from functools import partial
from html import escape as escaped
from typing import Any, Final

from dashapp.charts import theme
from dashapp.charts.spec import LINE, OVER_TIME, ChartSpec, Series
from dashapp.domain.numbers import put_out

Figure = dict[str, Any]

CONFIG: Final = {
    "displayModeBar": False,
    "displaylogo": False,
    "showSendToCloud": False,
    "responsive": True,
    "doubleClick": False,
    "scrollZoom": False,
}
AXIS: Final = {"fixedrange": True, "zeroline": False, "automargin": True, "ticks": "", "title": None}
escape = partial(escaped, quote=False)  # Plotly shows the code of a quotation mark as it is
DAY_MS: Final = 86_400_000
FEW_DAYS: Final = 8
MOST_WRITTEN_CELLS: Final = 100
MOST_HEADS: Final = 12
WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
SCALE: Final = [
    [0, f"rgba{(*theme.CELLS, theme.FAINTEST)}"],
    [1, f"rgba{(*theme.CELLS, theme.STRONGEST)}"],
]


def figure(spec: ChartSpec) -> Figure:
    """The chart drawn. Names in it are shown as text, whatever characters they hold.

    `layout.meta` holds what the page needs to show the chart as a table and to narrow itself by a click.
    """
    draw = _over_time if spec.form in OVER_TIME else DRAWN[spec.form]
    traces, axes = draw(spec)
    layout: Figure = {
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"size": 12, "color": theme.GREY},
        "hovermode": "x unified" if spec.form in OVER_TIME else "closest",
        "hoverlabel": {"bgcolor": "#1c2434", "bordercolor": "#1c2434", "font": {"color": "#ffffff"}},
        "showlegend": spec.form in OVER_TIME and len(spec.series) > 1,
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        "bargap": 0.28,
        "uirevision": spec.key,
        "dragmode": False,  # or a finger on a chart could not scroll the page
        "meta": _meta(spec),
    }
    return {"data": traces, "layout": layout | axes}


def _meta(spec: ChartSpec) -> Figure:
    return {
        "key": spec.key,
        "form": spec.form,
        "title": spec.title,
        "labelTitle": spec.label_title,
        "labels": list(spec.labels),
        "columns": [one.name for one in spec.series],
        "pick": spec.pick,
        "ids": list(spec.ids or (spec.labels if spec.pick else ())),
    }


def _numbers(series: Series) -> list[Any]:
    return [put_out(value) for value in series.values]


# --- Over time


def _over_time(spec: ChartSpec) -> tuple[list[Figure], Figure]:
    hourly = bool(spec.labels) and len(spec.labels[0]) > len("2026-05-31")
    days = len(spec.labels)
    x: Figure = {**AXIS, "type": "date", "showgrid": False}
    x |= {"tickformat": "%H:%M", "nticks": 8, "hoverformat": "%H:%M"} if hourly else {"tickformat": "%-d %b"}
    if not hourly:
        x |= {"dtick": DAY_MS} if days <= FEW_DAYS else {"nticks": 8}
        x["hoverformat"] = "%A, %-d %B %Y"
    y = {**AXIS, "rangemode": "tozero", "tickformat": "~s"}
    two = any(one.row for one in spec.series)
    axes: Figure = {"xaxis": x, "yaxis": {**y, "nticks": 4}}
    if two:
        axes["xaxis"] = {**x, "anchor": "y2"}
        axes["yaxis"] = {**y, "nticks": 4, "domain": [0.45, 1]}
        axes["yaxis2"] = {**y, "nticks": 3, "domain": [0, 0.36]}
    return [_timed(spec, one) for one in spec.series], axes


def _timed(spec: ChartSpec, series: Series) -> Figure:
    kind: Figure
    if series.form == "columns":
        kind = {"type": "bar", "marker": {"color": series.color, "cornerradius": 3}}
    elif series.form == "ghost":
        line = {"color": series.color, "width": 1.5, "dash": "dot"}
        kind = {"type": "scatter", "mode": "lines", "line": line, "opacity": 0.65}
    else:
        kind = {
            "type": "scatter",
            "mode": "lines+markers" if len(spec.labels) <= 45 else "lines",
            "line": {"color": series.color, "width": 2},
            "marker": {"size": 4},
        }
    return {
        **kind,
        "name": escape(series.name),
        "x": list(spec.labels),
        "y": _numbers(series),
        "customdata": list(series.texts),
        "hovertemplate": "%{customdata}<extra>" + escape(series.name) + "</extra>",
        "yaxis": "y2" if series.row else "y",
    }


# --- Bars, one under the other


def _bars(spec: ChartSpec) -> tuple[list[Figure], Figure]:
    names = [escape(label) for label in spec.labels]
    # A little room behind the longest bar for its number.
    most = max(spec.series[0].heights, default=0.0)
    lines = [line for mark in spec.series[0].marks for line in mark.split(LINE)]
    room = 1.2 + 0.03 * max((len(line) for line in lines), default=0)
    vertical = {
        **AXIS,
        "type": "category",
        "autorange": "reversed",
        "showgrid": False,
        "ticklabelstandoff": 8,
        "categoryorder": "array",
        "categoryarray": names,
    }
    axes = {"xaxis": {**AXIS, "visible": False, "range": [0, most * room or 1]}, "yaxis": vertical}
    return [_bar_trace(names, one) for one in spec.series], axes


def _bar_trace(names: list[str], series: Series) -> Figure:
    colors: Any = list(theme.STAGES[: len(names)]) if series.form == "stages" else series.color
    return {
        "type": "bar",
        "orientation": "h",
        "name": escape(series.name),
        "x": _numbers(series),
        "y": names,
        "texttemplate": "\u2009%{text}",
        "text": [mark.replace(LINE, "<br>\u2009") for mark in series.marks],
        "customdata": list(series.texts),
        "textposition": "outside",
        "cliponaxis": False,
        "marker": {"color": colors, "cornerradius": 4},
        "hovertemplate": "%{y}: %{customdata}<extra></extra>",
    }


# --- Cells


def shares(spec: ChartSpec) -> list[list[float]]:
    """How strong each cell is, 0 to 1, by row and column: its part of the highest on its scale."""
    columns = [one.heights for one in spec.series]
    tops = [max(column, default=0.0) for column in columns]
    scale = [max(tops, default=0.0)] * len(tops) if spec.even else tops
    return [
        [column[row] / top if top > 0 else 0.0 for column, top in zip(columns, scale, strict=True)]
        for row in range(len(spec.labels))
    ]


def _cells(spec: ChartSpec) -> tuple[list[Figure], Figure]:
    rows = range(len(spec.labels))
    names = [escape(one.name) for one in spec.series]
    written = len(spec.labels) * len(names) <= MOST_WRITTEN_CELLS
    trace: Figure = {
        "type": "heatmap",
        "name": escape(spec.title),
        "x": names,
        "y": [escape(label) for label in spec.labels],
        "z": shares(spec),
        "customdata": [[[one.texts[row], put_out(one.values[row])] for one in spec.series] for row in rows],
        "hovertemplate": "%{y}, %{x}: %{customdata[0]}<extra></extra>",
    }
    if written:
        trace["text"] = [[one.marks[row] for one in spec.series] for row in rows]
        trace["texttemplate"] = "%{text}"
    category = {**AXIS, "type": "category", "showgrid": False}
    # Short lines stand above their columns where a long name would have to lean.
    step = 1 if len(names) <= MOST_HEADS else 3
    heads = [name.replace(" ", "<br>") for name in names]
    axes = {
        "xaxis": {
            **category,
            "side": "top",
            "tickangle": 0,
            "tickvals": names[::step],
            "ticktext": heads[::step],
        },
        "yaxis": {**category, "autorange": "reversed", "ticklabelstandoff": 8},
    }
    return [_shaded(trace)], axes


def _calendar(spec: ChartSpec) -> tuple[list[Figure], Figure]:
    """A column per week, a row per weekday."""
    series, first = spec.series[0], date.fromisoformat(spec.labels[0])
    offset, most = first.weekday(), max(series.heights, default=0.0)
    weeks = (offset + len(spec.labels) + 6) // 7
    strength: list[list[Any]] = [[None] * weeks for _ in WEEKDAYS]
    texts: list[list[Any]] = [[["", None]] * weeks for _ in WEEKDAYS]
    for n, (value, text) in enumerate(zip(series.values, series.texts, strict=True)):
        week, weekday = divmod(offset + n, 7)
        strength[weekday][week] = float(value or 0) / most if most else 0.0
        texts[weekday][week] = [f"{spec.labels[n]}: {text}", put_out(value)]
    trace = {
        "type": "heatmap",
        "name": escape(series.name),
        "x": [f"w{n}" for n in range(weeks)],
        "y": list(WEEKDAYS),
        "z": strength,
        "customdata": texts,
        "hovertemplate": "%{customdata[0]}<extra></extra>",
        "hoverongaps": False,
    }
    starts = [max(0, 7 * n - offset) for n in range(weeks)]
    months = [
        n for n in range(weeks) if n == 0 or spec.labels[starts[n]][:7] != spec.labels[starts[n - 1]][:7]
    ]
    category = {**AXIS, "type": "category", "showgrid": False}
    ticks = {
        "tickmode": "array",
        "tickvals": [f"w{n}" for n in months],
        "ticktext": [f"{date.fromisoformat(spec.labels[starts[n]]):%b}" for n in months],
    }
    axes = {
        "xaxis": {**category, **ticks, "side": "top"},
        "yaxis": {**category, "autorange": "reversed", "tickvals": ["Mon", "Wed", "Fri"]},
    }
    return [_shaded(trace)], axes


def _shaded(trace: Figure) -> Figure:
    return {**trace, "colorscale": SCALE, "zmin": 0, "zmax": 1, "showscale": False, "xgap": 2, "ygap": 2}


DRAWN: Final = {"bars": _bars, "stages": _bars, "cells": _cells, "calendar": _calendar}
