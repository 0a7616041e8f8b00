"""When people visit: by hour of the day and device, by day of the week, and slowly more of them."""

from datetime import UTC, date, datetime
from random import Random

from cli.traffic.people import Device

WEEKDAYS = (1.06, 1.03, 0.98, 0.97, 0.9, 0.95, 1.11)
"""Monday to Sunday, as multiples of an average day."""
GROWTH_PER_WEEK = 0.02
HOURS: dict[Device, tuple[int, ...]] = {
    "Desktop": (6, 3, 2, 1, 1, 2, 6, 16, 38, 58, 68, 70, 64, 66, 68, 66, 60, 52, 44, 46, 50, 46, 30, 14),
    "Mobile": (16, 8, 4, 3, 3, 6, 20, 42, 46, 38, 36, 38, 50, 46, 38, 38, 42, 52, 58, 68, 84, 88, 66, 36),
    "Tablet": (8, 4, 2, 1, 1, 3, 10, 22, 28, 28, 28, 28, 30, 28, 28, 30, 34, 42, 52, 66, 80, 74, 46, 18),
}
"""Visits in each hour of a day, relative to one another."""
HOUR_MS = 3_600_000


def visits_on(day: date, first: date, per_day: int, rng: Random) -> int:
    """Returns how many visits that day has, around `per_day` in the first week."""
    weeks = (day - first).days / 7
    expected = per_day * WEEKDAYS[day.weekday()] * (1 + GROWTH_PER_WEEK * weeks)
    return max(0, round(rng.gauss(expected, expected**0.5)))


def moment_on(day: date, device: Device, rng: Random) -> int:
    """Returns a moment of that day (UTC) in milliseconds since 1970, by the hours in which the device is used."""
    hour = rng.choices(range(24), HOURS[device])[0]
    return midnight_ms(day) + hour * HOUR_MS + rng.randrange(HOUR_MS)


def midnight_ms(day: date) -> int:
    """Returns when that day begins (UTC), in milliseconds since 1970."""
    return round(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000)
