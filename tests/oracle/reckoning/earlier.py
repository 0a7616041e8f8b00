"""Which earlier days figures are compared with, and how they changed."""

from collections.abc import Iterable
from datetime import date, timedelta

from tests.oracle.life import Json
from tests.oracle.reckoning.numbers import rate
from tests.oracle.reckoning.shop import Days, Reckoning

WEEK = timedelta(days=7)


def earlier(days: Days, compare: str) -> Days:
    """Returns the days that these are compared with."""
    return earlier_of(days, days, compare)


def earlier_of(part: Days, days: Days, compare: str) -> Days:
    """Returns those that a part of these days is compared with."""
    if compare == "year":
        return Days(_year_before(part.first), _year_before(part.last))
    back = _back(days, compare)
    return Days(part.first - back, part.last - back)


def _back(days: Days, compare: str) -> timedelta:
    if compare == "previous":
        return timedelta(days=len(days.all()))
    back = WEEK
    while days.last - back >= days.first:
        back += WEEK
    return back


def _year_before(day: date) -> date:
    try:
        return date(day.year - 1, day.month, day.day)
    except ValueError:
        return date(day.year - 1, 2, 28)


def first_day(shop: Reckoning) -> date | None:
    """Returns the first day that has figures."""
    return min(shop.days_with_data(), default=None)


def compared(now: Json, before: Json | None, names: Iterable[str]) -> Json:
    """Returns these figures beside those of earlier days, if any are known."""
    return {name: _compared(now[name], before[name] if before else None) for name in names}


def _compared(now: object, before: object) -> Json:
    return {"previous": before, "change": _change(now, before)}


def _change(now: object, before: object) -> float | None:
    if not isinstance(now, int | float) or not isinstance(before, int | float) or not before:
        return None
    return rate(now - before, abs(before))
