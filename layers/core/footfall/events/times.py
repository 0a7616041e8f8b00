"""A moment, from what clients, shops' systems and files write for one.

ISO 8601 with any offset and precision, Unix time in seconds to nanoseconds, RFC 2822, and what JavaScript, Java, Go,
Ruby, C and web servers' logs write. 10/01/2019 is one of two days, and one text cannot tell which: it is not read.
"""

import re
from datetime import UTC, datetime, timedelta

from footfall.caching import cached_for_short_texts

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LONGEST = 100
"""No time is written so long."""
MAGNITUDES = ((10**8, 0.0), (10**11, 1.0), (10**14, 1e3), (10**17, 1e6), (10**20, 1e9))
"""Below each is so much of a second: milliseconds from March 1973 on are more than any year's seconds until 5138.

What is less than seconds of 1973 is no time: a placeholder, or milliseconds since a page was opened.
"""
NUMBER = re.compile(r"\d+(\.\d*)?(e\+?\d+)?", re.IGNORECASE)
COMPACT = re.compile(r"((?:19|20)\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)")
ISO = re.compile(
    r"(\d{4})[-/.](\d\d?)[-/.](\d\d?)(?:(?:T|\s+|\s*,\s*)(\d\d?):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?)?\s*(.*)",
    re.IGNORECASE,
)
DAY_FIRST = re.compile(
    r"\[?(?:[a-z]{3,9},?\s+)?(\d\d?)(?:st|nd|rd|th)?[-/\s.]+([a-z]{3,9})\.?[-/\s,]+(\d{4})"
    r"(?:[\s,:T]+(\d\d?):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?)?\s*(.*?)\]?",
    re.IGNORECASE,
)
MONTH_FIRST = re.compile(
    r"(?:[a-z]{3,9},?\s+)?([a-z]{3,9})\.?\s+(\d\d?)(?:st|nd|rd|th)?,?\s+(\d{4})"
    r"(?:[\s,]+(?:at\s+)?(\d\d?):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?)?\s*(.*)",
    re.IGNORECASE,
)
YEAR_LAST = re.compile(
    r"(?:[a-z]{3,9},?\s+)?([a-z]{3,9})\s+(\d\d?)\s+(\d\d?):(\d\d):(\d\d)(?:[.,](\d+))?\s+(.*?)\s*(\d{4})", re.IGNORECASE
)
MONTHS = {"jan": 1, "feb": 2, "mar": 3, "apr": 4, "may": 5, "jun": 6, "jul": 7, "aug": 8, "sep": 9, "oct": 10} | {
    "nov": 11,
    "dec": 12,
}
HALVES = re.compile(r"([ap])\.?m\.?\b\s*", re.IGNORECASE)
OFFSET = re.compile(r"(?:UTC|GMT)?\s*([+-−])(\d\d?):?(\d\d)?(?::?(\d\d)(?:\.\d+)?)?", re.IGNORECASE)
NAMED = re.compile(r"(?:\s*\([^()]*\)|\s*\[[^\[\]]*\]|\s+[A-Z]{2,5}|\s+m=[+-][\d.]+)+\s*")
"""What may follow an offset, saying it again: JavaScript's (Central European Time), Java's [Europe/Rome]; Go's."""
ZONES = {"": 0, "z": 0, "utc": 0, "gmt": 0, "ut": 0} | {
    f"{letter}{kind}t": hours - (kind == "s")
    for letter, hours in {"e": -4, "c": -5, "m": -6, "p": -7}.items()
    for kind in "sd"
}
"""Hours from UTC; RFC 2822 gives America's names this meaning, and no other name has one that all agree on."""
MINUTES = 24 * 60
"""Of a day: 24:00 is the next day's beginning."""


def parse_time(raw: object) -> datetime | None:
    """Returns a UTC time, cut to milliseconds, from a text or a number; None when it is neither.

    A number is Unix time: seconds, milliseconds, microseconds or nanoseconds by its magnitude, also where it is written
    as a text. A text without an offset is UTC; a leap second is the moment after it; times before 1970 are nobody's.
    """
    try:
        if isinstance(raw, str):
            parsed = datetime.fromisoformat(raw) if raw[4:5] == "-" else _read(raw)
        else:
            parsed = _unix(raw) if isinstance(raw, int | float) and not isinstance(raw, bool) else None
    except ValueError:
        parsed = _read(raw) if isinstance(raw, str) else None
    if parsed is None:
        return None
    if parsed.tzinfo is not UTC:
        parsed = _in_utc(parsed)
    if parsed <= EARLIEST:
        return None
    return parsed.replace(microsecond=parsed.microsecond // 1000 * 1000) if parsed.microsecond % 1000 else parsed


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError:
        return EARLIEST


@cached_for_short_texts(4096)
def _read(text: str) -> datetime | None:
    text = text.strip().strip("\"'")
    if len(text) > LONGEST:
        return None
    try:
        return _digits(text) if NUMBER.fullmatch(text) else _written(text)
    except (ValueError, OverflowError):
        return None


def _digits(text: str) -> datetime | None:
    if compact := COMPACT.fullmatch(text):
        return datetime.fromisoformat("{}{}{}T{}{}{}".format(*compact.groups()))
    if len(text) == len("20191001") and text.startswith(("19", "20")):
        return datetime.fromisoformat(text)
    return _unix(int(text) if text.isdigit() else float(text))


def _unix(number: float) -> datetime | None:
    units = next((units for below, units in MAGNITUDES if number < below), 0.0)
    if not units:
        return None
    if isinstance(number, int):  # whole, because a float has no room for nanoseconds
        seconds, rest = divmod(number, int(units))
        return EARLIEST + timedelta(seconds=seconds, microseconds=rest * 1_000_000 // int(units))
    return EARLIEST + timedelta(seconds=number / units)


def _written(text: str) -> datetime | None:
    if found := ISO.fullmatch(text):
        return _moment(*found.groups())
    if found := DAY_FIRST.fullmatch(text):
        day, month, year, *time = found.groups()
        return _moment(year, _month(month), day, *time)
    if found := MONTH_FIRST.fullmatch(text):
        month, day, year, *time = found.groups()
        return _moment(year, _month(month), day, *time)
    if found := YEAR_LAST.fullmatch(text):
        month, day, hour, minute, second, fraction, zone, year = found.groups()
        return _moment(year, _month(month), day, hour, minute, second, fraction, zone)
    return datetime.fromisoformat(text)  # without punctuation: 20191001T080000Z


def _month(name: str) -> str:
    return str(MONTHS[name[:3].lower()]) if name[:3].lower() in MONTHS else ""


def _moment(
    year: str,
    month: str,
    day: str,
    hour: str | None,
    minute: str | None,
    second: str | None,
    fraction: str | None,
    rest: str,
) -> datetime | None:
    hours, rest = _of_half(int(hour or 0), rest)
    offset = _offset(rest)
    minutes, seconds = int(minute or 0), int(second or 0)
    if offset is None or hours * 60 + minutes > MINUTES or minutes > 59 or seconds > 60:
        return None
    day_began = datetime(int(year), int(month), int(day), tzinfo=UTC)
    milliseconds = int(f"{fraction or 0:0<3}"[:3])
    return day_began + timedelta(hours=hours, minutes=minutes, seconds=seconds, milliseconds=milliseconds) - offset


def _of_half(hours: int, rest: str) -> tuple[int, str]:
    half = HALVES.match(rest)
    if not half:
        return hours, rest
    if not 1 <= hours <= 12:
        return 25, ""
    return hours % 12 + (12 if half[1].lower() == "p" else 0), rest[half.end() :]


def _offset(text: str) -> timedelta | None:
    if text.lower() in ZONES:
        return timedelta(hours=ZONES[text.lower()])
    found = OFFSET.match(text)
    if not found:
        return timedelta() if _is_utc(text) else None
    rest = text[found.end() :]
    if rest and not NAMED.fullmatch(rest):
        return None
    offset = timedelta(hours=int(found[2]), minutes=int(found[3] or 0), seconds=int(found[4] or 0))
    return -offset if found[1] != "+" else offset


def _is_utc(text: str) -> bool:
    # Java's 2019-10-01T00:00:00Z[UTC], JavaScript's (Coordinated Universal Time) after GMT
    name, _, _ = text.partition("[" if text.endswith("]") else "(")
    return name.strip().lower() in ("z", "utc", "gmt")
