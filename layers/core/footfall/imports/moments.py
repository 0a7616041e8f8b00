"""Times in files: local to the shop, and checked, since a wrong one would put an event on a wrong day."""

from datetime import UTC, date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from footfall.errors import Unstorable

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)


@lru_cache(maxsize=50_000)
def read_day(text: str, zone: ZoneInfo, latest: datetime) -> datetime:
    """Returns the midnight at which a day such as 2015-02-28 begins in the zone; raises Unstorable."""
    try:
        day = date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        day = None
    if day is None:
        raise Unstorable("bad_date", "the date is not a day of the calendar written as YYYY-MM-DD")
    return _possible(datetime(day.year, day.month, day.day, tzinfo=zone), latest)


@lru_cache(maxsize=50_000)
def read_moment(text: str, zone: ZoneInfo, latest: datetime) -> str:
    """Returns a local time such as 2010-12-01 08:26:00 or 12/1/2010 8:26 (month first) as ISO; raises Unstorable."""
    moment = _iso(text) or _month_first(text)
    if moment is None:
        raise Unstorable("bad_date", "the time is not one of the calendar written as YYYY-MM-DD HH:MM:SS")
    return _possible(moment if moment.tzinfo else moment.replace(tzinfo=zone), latest).isoformat()


def _iso(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _month_first(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, "%m/%d/%Y %H:%M")  # noqa: DTZ007 - the zone is the shop's
    except ValueError:
        return None


def _possible(moment: datetime, latest: datetime) -> datetime:
    try:
        possible = EARLIEST <= moment <= latest
    except OverflowError:
        possible = False
    if not possible:
        raise Unstorable("bad_date", "the time is before 1970 or in the future")
    return moment
