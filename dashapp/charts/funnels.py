"""How visits become orders."""

from __future__ import annotations

from dashapp.charts import theme
from dashapp.charts.format import Formats
from dashapp.charts.parts import nothing
from dashapp.charts.spec import LINE, ChartSpec, Series
from dashapp.domain.numbers import percent
from dashapp.metrics import answers
from dashapp.metrics.catalog import BY_KEY
from dashapp.metrics.flow import STAGES
from dashapp.metrics.view import View


def funnel(view: View, formats: Formats) -> ChartSpec:
    """The stages from visit to order, with what is lost before each."""
    figures = answers.conversion(view)
    values = [figures[key] for key in STAGES]
    counts = [formats.exact(value, "count") for value in values]
    texts, marks = [counts[0]], [counts[0]]
    for before, value, count in zip(values, values[1:], counts[1:], strict=False):
        share = formats.compact(percent(value, values[0]), "percent")
        marks.append(f"{count} · {share}{_loss(before, value, formats)}")
        texts.append(f"{count}, {share} of visits; {_step(before, value, formats)}")
    return ChartSpec(
        key="funnel",
        title="From visit to order",
        note="Counts, their share of the visits, and ▼ what the stage before lost",
        label_title="Stage",
        labels=[BY_KEY[key].title for key in STAGES],
        series=(Series("Count", "count", values, texts, theme.STAGES[0], marks, form="stages"),),
        empty=nothing(view, "visits or orders"),
        pick="stage",
        ids=STAGES,
    )


def _loss(before: int, value: int, formats: Formats) -> str:
    return f"{LINE}▼ {formats.compact(percent(before - value, before), 'percent')}" if value < before else ""


def _step(before: int, value: int, formats: Formats) -> str:
    if value > before:
        return f"{formats.exact(value - before, 'count')} more than the stage before"
    lost, share = before - value, percent(before - value, before)
    return f"{formats.exact(lost, 'count')} ({formats.compact(share, 'percent')}) lost since the stage before"
