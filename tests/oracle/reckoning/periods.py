"""The days, weeks and months of a range."""

import calendar
from datetime import date, timedelta
from itertools import groupby

from tests.oracle.reckoning.shop import Days


def periods(days: Days, period: str) -> list[Days]:
    """Returns the parts of a range that each period has of it."""
    parts = [list(part) for _, part in groupby(days.all(), lambda day: beginning(day, period))]
    return [Days(part[0], part[-1]) for part in parts]


def beginning(day: date, period: str) -> date:
    """Returns the first day of the period that a day is in; weeks begin on Monday."""
    if period == "week":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if period == "month" else day


def is_whole(part: Days, period: str) -> bool:
    """Returns whether a part of a range has all days of its period."""
    number = len(part.all())
    if period == "week":
        return number == 7
    return number == (calendar.monthrange(part.first.year, part.first.month)[1] if period == "month" else 1)
