"""Starts functions and state machines when their schedules say so, with the events that EventBridge sends.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html describes the expressions.
"""

import json
import re
import threading
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from infra.local.aws import ACCOUNT, REGION
from infra.local.plan import Schedule
from infra.local.template import TemplateError

UNITS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}
MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
YEARS_AHEAD = 5


@dataclass(frozen=True)
class Cron:
    """A cron expression's fields, each as the set of values it allows; weekdays count from 1, Sunday."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int] | None
    months: frozenset[int]
    weekdays: frozenset[int] | None
    years: frozenset[int] | None

    def allows_day(self, day: datetime) -> bool:
        """Returns whether it is due at any time of that day."""
        if day.month not in self.months or (self.years is not None and day.year not in self.years):
            return False
        if self.weekdays is not None:
            return day.isoweekday() % 7 + 1 in self.weekdays
        return self.days is None or day.day in self.days


def next_time(expression: str, after: datetime, time_zone: str = "UTC") -> datetime | None:
    """Returns when an expression, rate(…) or cron(…), is next due after a moment; None when it never is again.

    A rate counts from `after`, as EventBridge counts from the rule's creation. Raises TemplateError for an expression
    that the local stack does not know, such as one with L, W or #.
    """
    rate = re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", expression)
    if rate:
        return after + int(rate[1]) * UNITS[rate[2]]
    cron = re.fullmatch(r"cron\((.+)\)", expression)
    if not cron:
        raise TemplateError(f"the local stack does not know the schedule {expression!r}")
    return _next_match(_parse(cron[1]), after.astimezone(ZoneInfo(time_zone)))


def _next_match(cron: Cron, after: datetime) -> datetime | None:
    start = after.replace(second=0, microsecond=0) + timedelta(minutes=1)
    midnight = start.replace(hour=0, minute=0)
    for offset in range(366 * YEARS_AHEAD):
        day = midnight + timedelta(days=offset)
        if not cron.allows_day(day):
            continue
        times = (
            day.replace(hour=hour, minute=minute) for hour in sorted(cron.hours) for minute in sorted(cron.minutes)
        )
        due = next((time for time in times if time >= start), None)
        if due:
            return due.astimezone(UTC)
    return None


def _parse(fields: str) -> Cron:
    try:
        minutes, hours, days, months, weekdays, years = fields.split()
        return Cron(
            minutes=_values(minutes, 0, 59) or frozenset(range(60)),
            hours=_values(hours, 0, 23) or frozenset(range(24)),
            days=_values(days, 1, 31),
            months=_values(months, 1, 12, MONTHS) or frozenset(range(1, 13)),
            weekdays=_values(weekdays, 1, 7, WEEKDAYS),
            years=_values(years, 1970, 2199),
        )
    except ValueError:
        raise TemplateError(f"the local stack does not know the schedule cron({fields})") from None


def _values(field: str, lowest: int, highest: int, names: Sequence[str] = ()) -> frozenset[int] | None:
    if field in ("*", "?"):
        return None  # every value is allowed
    values: set[int] = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        first, _, last = span.partition("-")
        low = lowest if first == "*" else _number(first, names)
        high = _number(last, names) if last else (highest if step or first == "*" else low)
        values.update(range(low, high + 1, int(step or 1)))
    return frozenset(values)


def _number(text: str, names: Sequence[str]) -> int:
    return names.index(text.upper()) + 1 if text.upper() in names else int(text)


def event_of(schedule: Schedule, due: datetime) -> str:
    """Returns the JSON that the target gets: the schedule's own input, or EventBridge's scheduled event."""
    if schedule.input is not None:
        return schedule.input
    ours = schedule.source == "aws.events"
    resource = f"rule/{schedule.name}" if ours else f"schedule/default/{schedule.name}"
    event = {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": schedule.source,
        "account": ACCOUNT,
        "time": due.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": REGION,
        "resources": [f"arn:aws:{'events' if ours else 'scheduler'}:{REGION}:{ACCOUNT}:{resource}"],
        "detail": {} if ours else "{}",
    }
    return json.dumps(event)


class Scheduler:
    """Calls `start` with a target's ARN and its event whenever a schedule is due, from one thread of its own."""

    def __init__(self, schedules: Sequence[Schedule], start: Callable[[str, str], None]) -> None:
        self._start = start
        self._stopping = threading.Event()
        now = datetime.now(UTC)
        self._due = {schedule: next_time(schedule.expression, now, schedule.time_zone) for schedule in schedules}
        self._thread = threading.Thread(target=self._run, name="scheduler", daemon=True)

    def start(self) -> None:
        """Begin to start what is due."""
        self._thread.start()

    def stop(self) -> None:
        """Start nothing more."""
        self._stopping.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            upcoming = [(due, schedule) for schedule, due in self._due.items() if due]
            if not upcoming:
                return
            due, schedule = min(upcoming, key=lambda pair: pair[0])
            if self._stopping.wait((due - datetime.now(UTC)).total_seconds()):
                return
            self._due[schedule] = next_time(schedule.expression, datetime.now(UTC), schedule.time_zone)
            self._start(schedule.target_arn, event_of(schedule, due))
