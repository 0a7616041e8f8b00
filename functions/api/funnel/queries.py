"""What a funnel's answer is made of: entries to its steps, and the orders of the range."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

import numpy as np
from footfall.days import start_of
from footfall.errors import FieldProblem, Invalid
from footfall.events.log import events_between
from footfall.funnels.columns import DatedEntries, Entered, milliseconds, unpack
from footfall.funnels.engine import Timeline
from footfall.funnels.steps import any_of, satisfies
from footfall.people.numbers import PersonNumbers
from footfall.schemas.event import StepEvent, order_in_time
from footfall.schemas.funnel import DEVICES
from footfall.stores.mongo import database
from numpy.typing import NDArray

from .question import Asked
from .sessions import session_numbers

Document = dict[str, Any]
ROLLED = {"_id": 0, "date": 1, "device": 1, "order": 1, "ranked": 1, "entries": 1}
BATCH = 20_000
MOST_EVENTS = 1_000_000
MOST_MILLISECONDS = 20_000
MOST_KEPT = 4
MOST_KEPT_ENTRIES = 2_000_000
"""About 40 MB."""
_kept: dict[tuple[Any, ...], Entered] = {}


def entries(asked: Asked) -> Entered:
    """Everybody's entries to each step in the range; raises Invalid when they are too many to read one by one."""
    return _rolled_up(asked) if asked.from_rollups else _from_events(asked)


def _rolled_up(asked: Asked) -> Entered:
    """The entries from the rollups; several questions are often asked of the same, so they are kept a while.

    They are those of one version of the rollups, which changes whenever one of them does.
    """
    rollups, days = asked.rollups, asked.days
    key = (rollups.site.site_id, rollups.version, asked.funnel.name, asked.device, days.first, days.last)
    if key not in _kept:
        entered = _read_rollups(asked)
        if len(entered.timeline.times) > MOST_KEPT_ENTRIES:
            return entered
        _kept[key] = entered
        while len(_kept) > MOST_KEPT:
            _kept.pop(next(iter(_kept)))
    return _kept[key]


def _read_rollups(asked: Asked) -> Entered:
    query: Document = {
        "site_id": asked.rollups.site.site_id,
        "funnel": asked.funnel.name,
        "date": asked.days.dates,
        "entries.count": {"$gt": 0},
    }
    if asked.device:
        query["device"] = asked.device
    documents = database()["funnel_analytics"].find(query, ROLLED, batch_size=BATCH, session=asked.rollups.session)
    return unpack(documents.to_list(), asked.days, len(asked.funnel.steps))


def _from_events(asked: Asked) -> Entered:
    events = _events(asked)
    people = session_numbers(asked, events) if asked.unit == "session" else _person_numbers(asked, events)
    whose = np.array([-1 if person is None else person for person in people], np.int64)
    times = np.array([milliseconds(event["timestamp"]) for event in events], np.int64)
    days = np.searchsorted([milliseconds(start_of(day, asked.days.zone)) for day in asked.days], times, "right") - 1
    devices = np.array([DEVICES.index(event["device"]) for event in events], np.uint8)
    steps = []
    for satisfied in _satisfied(events, asked.funnel.steps):
        places = np.flatnonzero(satisfied & (whose >= 0))
        who, when = whose[places].astype(np.uint32), places.astype(np.uint32)
        steps.append(DatedEntries(who, when, days[places].astype(np.uint16)))
    return Entered(steps, Timeline(times, devices))


def _satisfied(events: list[StepEvent], steps: Sequence[str]) -> Iterator[NDArray[np.bool_]]:
    """Of each step, which events satisfy it; events of one kind are looked at once."""
    kinds: dict[tuple[str, str | None, str | None], int] = {}
    numbers: list[int] = []
    one_of_each: list[StepEvent] = []
    for event in events:
        numbers.append(kinds.setdefault((event["type"], event.get("name"), event.get("page_type")), len(kinds)))
        if len(kinds) > len(one_of_each):
            one_of_each.append(event)
    for step in steps:
        yield np.array([satisfies(event, step) for event in one_of_each], bool)[numbers]


def _events(asked: Asked) -> list[StepEvent]:
    """The events of the range that satisfy any step, bots left out, in the order of time."""
    where = any_of(asked.funnel.steps)
    if asked.device:
        where["device"] = asked.device
    rollups, days = asked.rollups, asked.days
    found = events_between(database(), rollups.site.site_id, StepEvent, days.start, days.end, where, rollups.session)
    events = list(islice(found.max_time_ms(MOST_MILLISECONDS), MOST_EVENTS + 1))
    if len(events) > MOST_EVENTS:
        raise Invalid([FieldProblem("from", f"more than {MOST_EVENTS} entries to these steps; ask for fewer days")])
    events.sort(key=order_in_time)
    return events


def _person_numbers(asked: Asked, events: list[StepEvent]) -> list[int | None]:
    numbers = PersonNumbers(database(), asked.rollups.site.site_id, asked.rollups.session)
    numbers.learn(events)
    return [numbers.of(event) for event in events]


def orders(asked: Asked) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """The orders placed in the range, in the site's currency: who bought, and for how much in minor units."""
    query = {"site_id": asked.rollups.site.site_id, "date": asked.days.dates, "orders": {"$gt": 0}}
    found = list(database()["daily_metrics"].find(query, {"_id": 0, "buyers": 1}, session=asked.rollups.session))
    people = b"".join(day["buyers"]["people"] for day in found)
    totals = b"".join(day["buyers"]["totals"] for day in found)
    return np.frombuffer(people, "<u4"), np.frombuffer(totals, "<i8")
