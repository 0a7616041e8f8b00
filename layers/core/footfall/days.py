"""Days as a shop knows them: local days of a site's time zone, and ranges of them with both ends counted."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import groupby
from math import ceil
from typing import Annotated, Literal, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from footfall.errors import Misconfigured

ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
FIRST_YEAR, LAST_YEAR = 1970, 2999
DAYS_OF_WEEK = 7
PeriodName = Literal["day", "week", "month"]
"""Periods of the calendar; weeks begin on Monday."""
Compare = Literal["previous", "weekdays", "year"]
"""What days are compared with: as many just before; so many whole weeks before that no day of a range is compared with
another of it; the same dates a year before."""


def read_day(text: object) -> date:
    """Returns the day written as YYYY-MM-DD; raises ValueError for another form and for a day that no calendar has."""
    if isinstance(text, date):
        return text
    if not isinstance(text, str) or not ISO_DAY.fullmatch(text):
        raise PydanticCustomError("day", "write a day as YYYY-MM-DD")
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise PydanticCustomError("day", "there is no such day") from None
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise PydanticCustomError("day", f"days are known from {FIRST_YEAR} to {LAST_YEAR}")
    return day


Day = Annotated[date, BeforeValidator(read_day), WithJsonSchema({"type": "string", "format": "date"})]


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except OverflowError:
        raise ValueError("a moment before the year 1 or after 9999 in UTC") from None


Moment = Annotated[datetime, AfterValidator(_in_utc)]
"""A moment in ISO 8601; without an offset it is UTC, and a day alone is its midnight."""


@lru_cache(maxsize=64)
def zone_named(name: str) -> ZoneInfo:
    """Returns the time zone of an IANA name; raises Misconfigured when a site's is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise Misconfigured("the site's time zone is not an IANA name") from error


def day_of(moment: datetime, zone: ZoneInfo) -> date:
    """Returns the local day that a moment falls on."""
    return moment.astimezone(zone).date()


def start_of(day: date, zone: ZoneInfo) -> datetime:
    """Returns the moment a local day begins, in UTC; where clocks skip midnight, the moment they do."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


@dataclass(frozen=True)
class DayRange:
    """Local days from `first` to `last`, both counted."""

    first: date
    last: date
    zone: ZoneInfo

    def __len__(self) -> int:
        return (self.last - self.first).days + 1

    def __iter__(self) -> Iterator[date]:
        return (self.first + timedelta(days=number) for number in range(len(self)))

    def __reversed__(self) -> Iterator[date]:
        return (self.last - timedelta(days=number) for number in range(len(self)))

    def earlier(self, compare: Compare) -> "DayRange":
        """Returns the days that these are compared with."""
        return self.earlier_of(self, compare)

    def earlier_of(self, part: "DayRange", compare: Compare) -> "DayRange":
        """Returns what a part of these days is compared with, when they are as a whole."""
        if compare == "year":
            return DayRange(_year_before(part.first), _year_before(part.last), self.zone)
        shift = timedelta(days=len(self) if compare == "previous" else DAYS_OF_WEEK * ceil(len(self) / DAYS_OF_WEEK))
        return DayRange(part.first - shift, part.last - shift, self.zone)

    @property
    def start(self) -> datetime:
        """The moment the first day begins, in UTC."""
        return start_of(self.first, self.zone)

    @property
    def end(self) -> datetime:
        """The moment the last day is over, in UTC; not itself in the range."""
        return start_of(self.last + timedelta(days=1), self.zone)

    @property
    def dates(self) -> dict[str, str]:
        """The stored days (YYYY-MM-DD) of the range, as a MongoDB condition."""
        return {"$gte": self.first.isoformat(), "$lte": self.last.isoformat()}


def _year_before(day: date) -> date:
    is_leap_day = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year - 1, day=28 if is_leap_day else day.day)


def runs_of(days: Iterable[date], zone: ZoneInfo) -> Iterator[DayRange]:
    """Returns days that come in order as ranges, neighbours together."""
    for _, found in groupby(enumerate(days), lambda each: each[1] - timedelta(days=each[0])):
        run = [day for _, day in found]
        yield DayRange(run[0], run[-1], zone)


class Period(NamedTuple):
    """The days of a period that are in a range, `first` to `last`, both counted; `whole` when none is missing."""

    first: date
    last: date
    whole: bool


def periods_of(days: DayRange, period: PeriodName) -> Iterator[Period]:
    """Returns the periods of a range in order."""
    for beginning, group in groupby(days, lambda day: beginning_of(day, period)):
        found = list(group)
        whole = found[0] == beginning and beginning_of(found[-1] + timedelta(days=1), period) != beginning
        yield Period(found[0], found[-1], whole)


def beginning_of(day: date, period: PeriodName) -> date:
    """Returns the first day of the period that a day is of."""
    if period == "month":
        return day.replace(day=1)
    return day - timedelta(days=day.weekday()) if period == "week" else day
