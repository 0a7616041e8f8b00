"""Rates, money and days as answers give them."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from tests.oracle.life import Json
from tests.oracle.reckoning.tellings import DIGITS


def rate(part: float, whole: float) -> float:
    """Returns a part in percent with two decimals, 0 without a whole."""
    return round(100 * part / whole, 2) if whole else 0.0


def money(minor: float, currency: str) -> float:
    """Returns minor units as major ones, rounded to what the currency has."""
    digits = DIGITS.get(currency, 2)
    return float(round(minor / 10**digits, digits))


def milliseconds(moment: datetime) -> int:
    """Returns a moment in Unix milliseconds."""
    return round(moment.timestamp() * 1_000)


def percentile(ascending: Sequence[float], share: float) -> float:
    """Returns the value below which a share of them is, between the two nearest in proportion."""
    place = share * (len(ascending) - 1)
    below, above = ascending[int(place)], ascending[min(int(place) + 1, len(ascending) - 1)]
    return below + (above - below) * (place - int(place))


def local_day(moment: datetime, zone: ZoneInfo) -> date:
    """Returns the day of a site's time zone that a moment falls on."""
    return moment.astimezone(zone).date()


def by_number(found: Iterable[str], **names: str) -> list[Json]:
    """Returns how often each text is among these, the most frequent first, under the names of the two fields."""
    counted = sorted(Counter(found).items(), key=lambda each: (-each[1], each[0]))
    return [{names["what"]: what, names["count"]: number} for what, number in counted]
