"""What one set of files holds: a local day while its month goes on, and the whole month once it is over."""

from calendar import monthrange
from datetime import date, timedelta
from hashlib import sha256
from typing import NamedTuple
from urllib.parse import quote

OPEN_DAYS = 2
"""A month is over when so many days of the next have passed: until then most late events have arrived."""


class Period(NamedTuple):
    """A day or a month by its name, `2026-03-05` or `2026-03`, and its first and last day."""

    name: str
    first: date
    last: date

    @property
    def month(self) -> str:
        """The month it is in, as `2026-03`."""
        return self.name[:7]


def month_of(day: date) -> Period:
    """Returns the month that a day is in."""
    return Period(f"{day:%Y-%m}", day.replace(day=1), day.replace(day=monthrange(day.year, day.month)[1]))


def is_over(month: Period, today: date) -> bool:
    """Returns whether a month's days are kept together."""
    return today - month.last > timedelta(days=OPEN_DAYS)


def period_of(day: date, today: date) -> Period:
    """Returns what a day is kept in."""
    month = month_of(day)
    return month if is_over(month, today) else Period(day.isoformat(), day, day)


def folder_of(site_id: str) -> str:
    """Returns the folder of a site's files."""
    return f"lake/site={quote(site_id, safe='')}/"


def archive_of(site_id: str) -> str:
    """Returns the folder of a site's archive, apart from that whose files go once no period names them."""
    return f"lake/archive/site={quote(site_id, safe='')}/"


def name_of(body: bytes) -> str:
    """Returns what a file of this content is called."""
    return f"{sha256(body).hexdigest()[:16]}.parquet"
