"""What is expected, and how often that came true. Made of predictions, which are plain floats."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, Final

from dashapp.charts import theme
from dashapp.charts.format import Formats
from dashapp.charts.spec import ChartSpec, Form, Number, Series
from dashapp.metrics.models.outlook import Figure, Outlook

SHOWN_PAST: Final = 60  # days beside the 30 that are foretold
NOTHING: Final = "–"


def amount(value: float | None) -> Fraction | None:
    """An amount as it is put out, exactly."""
    return None if value is None else Fraction(str(round(value, 2)))


def amounts(
    values: Sequence[Number | None], name: str, color: str, formats: Formats, form: Form = "line"
) -> Series:
    texts = [NOTHING if value is None else formats.exact(value, "money") for value in values]
    return Series(name, "money", values, texts, color, form=form)


def forecast(outlook: Outlook, history: Sequence[Mapping[str, Any]], formats: Formats) -> ChartSpec:
    """The last days of the history, and what is expected of the next thirty."""
    past = history[-SHOWN_PAST:]
    first = outlook["daily"][0]["date"] if outlook["daily"] else ""
    past = [day for day in past if not first or day["date"] < first]
    expected = [amount(day["revenue"]) for day in outlook["daily"]]
    came: list[Number | None] = [day["revenue"] for day in past]
    return ChartSpec(
        key="forecast",
        title="Revenue: what came, and what is expected",
        note=f"{formats.currency} by day; expected: the next 30 days",
        label_title="Day",
        labels=[*(day["date"] for day in past), *(day["date"] for day in outlook["daily"])],
        series=(
            amounts([*came, *[None] * len(expected)], "Revenue", theme.REVENUE, formats, "columns"),
            amounts([*[None] * len(came), *expected], "Expected", theme.ORDERS, formats),
        ),
        empty=outlook["reason"] or "No revenue to foretell from",
    )


def checks(figure: Figure, formats: Formats) -> ChartSpec:
    """Past forecasts, each made from what was known on its day, against what came."""
    rows = figure["checks"]

    def column(key: str) -> list[Number | None]:
        return [amount(row[key]) for row in rows]

    return ChartSpec(
        key=f"checks_{figure['days']}",
        title=f"Forecasts of {figure['days']} days against what came",
        note=f"{formats.currency}; dotted: where 8 in 10 were to lie",
        label_title="Made on",
        labels=[row["made_on"] for row in rows],
        series=(
            amounts(column("actual"), "Came", theme.REVENUE, formats, "columns"),
            amounts(column("forecast"), "Foretold", theme.ORDERS, formats),
            amounts(column("low"), "Low", theme.GREY, formats, "ghost"),
            amounts(column("high"), "High", theme.GREY, formats, "ghost"),
        ),
        empty=figure["reason"] or "No forecast is old enough to be checked",
    )


def calibration(bins: Sequence[Mapping[str, Any]], formats: Formats) -> ChartSpec:
    """Of the facilities that were given a probability of staying away, how many did."""
    observed = [Fraction(str(round(100 * one["observed"], 2))) for one in bins]
    told = [formats.compact(Fraction(str(round(100 * one["predicted"], 2))), "percent") for one in bins]
    counts = [formats.exact(one["count"], "count") for one in bins]
    came = [formats.compact(value, "percent") for value in observed]
    return ChartSpec(
        key="calibration",
        title="How many stayed away, by what was foretold",
        note="Share of the facilities that did not order within 60 days; the mark says what was foretold",
        label_title="Foretold",
        labels=[f"{100 * one['low']:.0f}–{100 * one['high']:.0f} %" for one in bins],
        series=(
            Series(
                "Stayed away",
                "percent",
                observed,
                [f"{came[n]}, foretold {told[n]}, {counts[n]} scores" for n in range(len(bins))],
                theme.VISITS,
                [f"{came[n]} · foretold {told[n]}" for n in range(len(bins))],
                form="bars",
            ),
        ),
        empty="No score is old enough to be checked",
    )
