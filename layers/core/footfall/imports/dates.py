"""Times in files: local to the shop, their order of day and month decided once for a whole file, from all its rows."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo

from footfall.caching import cached_for_short_texts
from footfall.errors import Unimportable
from footfall.events.times import parse_time

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
YEAR_FIRST, DAY_FIRST, MONTH_FIRST = "year-first", "day-first", "month-first"
ORDERS = (YEAR_FIRST, DAY_FIRST, MONTH_FIRST)
CENTURY, PIVOT = 2000, 70
"""Years of two digits are of this century, from 70 on of the last: as in POSIX."""
ANY_ZONES = ("+00:00", "EST")
"""Either alone may follow a zone that is told already: `GMT +00:00`, `+00:00 EST`."""
COMPACT = (8, 14)
"""Digits of 20191001 and 20191001080000; so long no Unix time is that begins as a year does."""
NUMERIC = re.compile(
    r"(?P<first>\d{1,4})(?P<mark>[/.\-])(?P<other>\d{1,2})(?P=mark)(?P<third>\d{1,4})"
    r"(?:[T,\s]\s*(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,](?P<fraction>\d{1,9}))?)?"
    r"\s*(?P<half>[AaPp]\.?[Mm]\.?)?)?\s*(?P<zone>Z|z|UTC|GMT|[+-]\d{2}:?\d{2})?"
)


@dataclass
class DateEvidence:
    """What the dates of a file say of the order of day and month; `ambiguous` is one that says nothing of it."""

    day_first: str | None = None
    month_first: str | None = None
    ambiguous: str | None = None

    def look_at(self, texts: Iterable[str]) -> None:
        """Take more dates into account."""
        for text in texts:
            if found := NUMERIC.fullmatch(text.strip()):
                self._weigh(text.strip(), found)

    def _weigh(self, text: str, found: re.Match[str]) -> None:
        first, second = int(found["first"]), int(found["other"])
        if len(found["first"]) > 2 or first == second:
            return
        year = _year(found["third"])
        as_day, as_month = _exists(year, second, first), _exists(year, first, second)
        if as_day and (not as_month or found["mark"] == "."):  # nobody puts the month first between dots
            self.day_first = text
        elif as_month and not as_day:
            self.month_first = text
        elif as_day:
            self.ambiguous = text

    def decide(self, file_name: str) -> str:
        """Returns the order of the whole file; raises Unimportable, with the option to give, when nothing decides."""
        ask = f"give --dates {DAY_FIRST} or --dates {MONTH_FIRST}"
        if self.day_first and self.month_first:
            both = f"{self.day_first} has the day first and {self.month_first} the month"
            raise Unimportable(f"{file_name} has dates of two orders: {both}: {ask}")
        if self.day_first or self.month_first:
            return DAY_FIRST if self.day_first else MONTH_FIRST
        if self.ambiguous:
            which = "and none says whether the day or the month is first"
            raise Unimportable(f"{file_name} has dates such as {self.ambiguous}, {which}: {ask}")
        return YEAR_FIRST


@cached_for_short_texts(100_000)
def read_moment(text: str, dates: str, zone: tzinfo, latest: datetime) -> datetime | None:
    """Returns the time that a text tells, in its own offset or else in `zone`; None when it is none of the calendar.

    `dates` is an order of day and month, or a format of strptime. Times before 1970 and after `latest` are none.
    """
    try:
        moment = _read(text.strip(), dates)
        if moment is None:
            return None
        moment = moment if moment.tzinfo else moment.replace(tzinfo=zone)
        return moment if EARLIEST <= moment <= latest else None
    except (ValueError, OverflowError):
        return None


def _read(text: str, dates: str) -> datetime | None:
    if dates not in ORDERS and (moment := _formatted(text, dates)):
        return moment
    if found := NUMERIC.fullmatch(text):
        return _numeric(found, dates)
    if text[4:5] == "-" and (moment := _iso(text)):
        return moment
    moment = parse_time(text)
    # one that can be given any zone has none of its own, and neither has a day of eight digits
    is_local = moment and (
        all(parse_time(f"{text} {zone}") for zone in ANY_ZONES) or (text.isdigit() and len(text) in COMPACT)
    )
    return moment.replace(tzinfo=None) if moment and is_local else moment


def _iso(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _formatted(text: str, dates: str) -> datetime | None:
    try:
        return datetime.strptime(text, dates)  # noqa: DTZ007 - the zone is the shop's
    except ValueError:
        return None


def _numeric(found: re.Match[str], dates: str) -> datetime | None:
    first, second, third = found["first"], int(found["other"]), found["third"]
    if len(first) == 4 and len(third) <= 2:
        return _at(date(int(first), second, int(third)), found)
    if len(first) > 2 or len(third) not in (2, 4):
        return None
    if dates == DAY_FIRST:
        return _at(date(_year(third), second, int(first)), found)
    if dates == MONTH_FIRST or int(first) == second:
        return _at(date(_year(third), int(first), second), found)
    return None


def _at(day: date, found: re.Match[str]) -> datetime:
    hour = int(found["hour"] or 0)
    if half := found["half"]:
        if not 1 <= hour <= 12:
            raise ValueError(hour)
        hour = hour % 12 + (12 if half[0] in "Pp" else 0)
    second = int(found["second"] or 0)
    moment = datetime(
        day.year,
        day.month,
        day.day,
        hour,
        int(found["minute"] or 0),
        min(second, 59) if second == 60 else second,  # a leap second, which no clock of ours has
        int((found["fraction"] or "0").ljust(6, "0")[:6]),
        tzinfo=_offset(found["zone"]),
    )
    return moment + timedelta(seconds=1) if second == 60 else moment


def _offset(text: str | None) -> tzinfo | None:
    if not text:
        return None
    if text in ("Z", "z", "UTC", "GMT"):
        return UTC
    minutes = int(text[1:3]) * 60 + int(text[-2:])
    return timezone(timedelta(minutes=-minutes if text[0] == "-" else minutes))


def _year(text: str) -> int:
    return int(text) if len(text) > 2 else int(text) + (CENTURY if int(text) < PIVOT else CENTURY - 100)


def _exists(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True
