"""Tables: exact numbers, names that lead further, sorting and search by the address."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dash import html

from dashapp.charts.format import Formats
from dashapp.domain.numbers import put_out
from dashapp.metrics.catalog import BY_KEY, Unit

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Column:
    """A column of a table: which field of a row it shows, and how.

    unit      numbers of this unit, right-aligned; without: text
    bar       with a bar behind the number, its length relative to the highest
    optional  left out on phones
    draw      the content of the cell where it is not just the text
    """

    key: str
    title: str
    unit: Unit | None = None
    bar: bool = False
    optional: bool = False
    draw: Callable[[Row], Any] | None = None

    @property
    def style(self) -> str:
        return " ".join(["number"] * (self.unit is not None) + ["optional"] * self.optional) or "text"


def figure_column(key: str, *, bar: bool = False, optional: bool = False) -> Column:
    """A column that shows a figure of the catalogue."""
    return Column(key, BY_KEY[key].title, BY_KEY[key].unit, bar, optional)


def name_column(title: str, key: str, address: Callable[[Row], str]) -> Column:
    """Names that lead to a page of their own."""

    def draw(row: Row) -> html.A:
        return html.A(row[key], href=address(row), **{"data-go": ""})

    return Column(key, title, draw=draw)


def table(
    rows: Sequence[Row],
    columns: Sequence[Column],
    formats: Formats,
    *,
    empty: str,
    label: str,
    sort: str | None = None,
    hook: Callable[[Row], dict[str, str]] = lambda row: {},
) -> Any:
    """Rows as a table. With `sort`, the key they are sorted by, the heads of the columns sort by others."""
    if not rows:
        return html.P(empty, className="empty")
    tops = {one.key: max((float(row[one.key]) for row in rows), default=0.0) for one in columns if one.bar}
    heads = html.Tr([head(one, sort) for one in columns])
    body = [html.Tr([cell(one, row, formats, tops) for one in columns], **hook(row)) for row in rows]
    return html.Div(
        html.Table([html.Thead(heads), html.Tbody(body)], className="rows", **{"aria-label": label}),
        className="scroll",
        tabIndex="0",
        role="region",
        **{"aria-label": label},
    )


def head(column: Column, sort: str | None) -> html.Th:
    if sort is None:
        return html.Th(column.title, className=column.style, scope="col")
    name, descending = sort.lstrip("-"), sort.startswith("-")
    here = column.key == name
    # Numbers first by the highest, names from A; again the other way round.
    other = column.key if (here and descending) or (not here and column.unit is None) else f"-{column.key}"
    arrow = (" ↓" if descending else " ↑") if here else ""
    order = {"aria-sort": "descending" if descending else "ascending"} if here else {}
    button = html.Button(f"{column.title}{arrow}", type="button", **{"data-set": f"sort={other}"})
    return html.Th(button, className=column.style, scope="col", **order)


def cell(column: Column, row: Row, formats: Formats, tops: Mapping[str, float]) -> html.Td:
    value = row[column.key]
    if column.unit is None:
        content = column.draw(row) if column.draw else ("–" if value in (None, "") else str(value))
        return html.Td(content, className=column.style)
    if value is None:
        return html.Td("–", className=column.style)
    text = formats.exact(value, column.unit)
    hooks = {"data-value": str(put_out(value)), "data-key": column.key}
    if not column.bar:
        return html.Td(text, className=column.style, **hooks)
    top = tops[column.key]
    width = f"{100 * float(value) / top if top > 0 else 0:.1f}%"
    bar = html.I(className="bar", style={"width": width})
    measured = html.Div([html.Div(bar, className="track"), html.Span(text)], className="measured")
    return html.Td(measured, className=f"{column.style} barred", **hooks)


def shortened(
    found: Sequence[Row], asked: str, most: int, formats: Formats
) -> tuple[Sequence[Row], str, Any]:
    """The first rows (all where that is asked), how many of how many in words, a button for the rest."""
    rows = found if asked == "all" else found[:most]
    total = formats.exact(len(found), "count")
    said = f"{formats.exact(len(rows), 'count')} of {total}"
    if len(rows) == len(found):
        return rows, said, None
    style = "btn btn-outline-secondary"
    return (
        rows,
        said,
        html.Button(f"Show all {total}", type="button", className=style, **{"data-set": "show=all"}),
    )


def csv_button(name: str) -> html.Button:
    """Saves the table of the same panel as it is shown."""
    return html.Button(
        "Download CSV", type="button", className="quiet", **{"data-do": "rows", "data-name": name}
    )
