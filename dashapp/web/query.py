"""The query string → a scope. What is unknown, repeated or malformed is refused, with what would be right."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Final

from werkzeug.datastructures import MultiDict

from dashapp.domain.scope import Scope, Window, day_range, last_days
from dashapp.errors import InvalidParameter
from dashapp.web.services import Services

FILTERS: Final = ("region", "userId")
WINDOW: Final = ("daysBack", "from", "to")
MOST_VALUES: Final = 100
LONGEST_VALUE: Final = 200
MOST_PERFORMERS: Final = 100

Arguments = MultiDict[str, str]


def checked(arguments: Arguments, allowed: tuple[str, ...]) -> Arguments:
    """The arguments, all of them known and given as often as they may be."""
    for name in arguments:
        if name not in allowed:
            known = ", ".join(sorted(allowed)) or "none"
            raise InvalidParameter(f"Unknown parameter; this address takes: {known}")
        values = arguments.getlist(name)
        if name not in FILTERS and len(values) > 1:
            raise InvalidParameter(f"{name} must be given once")
        if len(values) > MOST_VALUES:
            raise InvalidParameter(f"{name} must be given {MOST_VALUES} times at the most")
    return arguments


def whole(arguments: Arguments, name: str, default: int, highest: int, lowest: int = 1) -> int:
    """A whole number within these bounds."""
    text = arguments.get(name)
    if text is None:
        return default
    if not re.fullmatch(r"[0-9]{1,9}", text, re.ASCII) or not lowest <= int(text) <= highest:
        raise InvalidParameter(f"{name} must be a whole number from {lowest} to {highest}")
    return int(text)


def day(arguments: Arguments, name: str) -> date:
    text = arguments.get(name, "")
    try:
        if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text, re.ASCII):
            raise ValueError
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidParameter(f"{name} must be a date such as 2026-05-31") from None


def window(arguments: Arguments, default_days: int, context: Services) -> Window:
    """`daysBack`, or `from` and `to`."""
    now, zone = context.now(), context.settings.timezone
    longest = context.settings.history_days
    if "from" not in arguments and "to" not in arguments:
        days = whole(arguments, "daysBack", min(default_days, longest), longest)
        return last_days(days, now, zone)
    if "daysBack" in arguments:
        raise InvalidParameter("Give either daysBack, or from and to")
    if "from" not in arguments or "to" not in arguments:
        raise InvalidParameter("from and to must be given together")
    first_on, last_on = day(arguments, "from"), day(arguments, "to")
    today = now.astimezone(zone).date()
    if first_on > last_on:
        raise InvalidParameter("from must not be after to")
    if last_on > today:
        raise InvalidParameter("to must not be after today")
    earliest = today - timedelta(days=longest - 1)
    if first_on < earliest:
        raise InvalidParameter(f"from must not be before {earliest}, where the history begins")
    return day_range(first_on, last_on, now, zone)


def filter_values(arguments: Arguments, name: str) -> tuple[str, ...] | None:
    """The distinct values of a filter in order; None where it is not set."""
    values = arguments.getlist(name)
    if not values:
        return None
    if any(not value.strip() or len(value) > LONGEST_VALUE for value in values):
        raise InvalidParameter(f"{name} must be a text of 1 to {LONGEST_VALUE} characters")
    return tuple(sorted(set(values)))


def scope(
    arguments: Arguments, default_days: int | None, context: Services, allowed_regions: tuple[str, ...] | None
) -> Scope:
    """What is asked for, within what the person may see. Without default days: today."""
    regions = filter_values(arguments, "region")
    if allowed_regions is not None:
        wanted = allowed_regions if regions is None else regions
        regions = tuple(sorted(region for region in wanted if region in allowed_regions))
    if default_days is None:
        period = last_days(1, context.now(), context.settings.timezone)
    else:
        period = window(arguments, default_days, context)
    return Scope(period, regions, filter_values(arguments, "userId"))
