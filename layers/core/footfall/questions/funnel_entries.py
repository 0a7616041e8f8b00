"""What answers about funnels are made of: everybody's entries to the steps, from the rollups or from the events."""

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import islice

import numpy as np
from cachetools import LRUCache
from numpy.typing import NDArray

from footfall.days import start_of
from footfall.errors import FieldProblem, Invalid
from footfall.events.log import events_between
from footfall.funnels.columns import DatedEntries, Entered, milliseconds, unpack
from footfall.funnels.engine import Timeline
from footfall.funnels.steps import any_of, satisfies
from footfall.people.numbers import PersonNumbers
from footfall.questions.funnel_query import FunnelQuery
from footfall.questions.funnel_sessions import session_numbers
from footfall.schemas.event import StepEvent, order_in_time
from footfall.schemas.funnel import DEVICES, Device, DeviceEntries
from footfall.stores.collections import funnel_analytics
from footfall.stores.mongo import database

BATCH = 20_000
MOST_EVENTS = 1_000_000
MOST_MILLISECONDS = 20_000
MOST_KEPT = 4
# about 40 MB
MOST_KEPT_ENTRIES = 2_000_000
# several questions are often asked of the same days; a version changes whenever one of a site's rollups does
_kept: LRUCache[tuple[str, str | None, str, Device | None, date, date], Entered] = LRUCache(MOST_KEPT)


def entries(query: FunnelQuery) -> Entered:
    """Returns everybody's entries to each step; raises Invalid when they are too many to read event by event."""
    return _rolled_up(query) if query.from_rollups else _from_events(query)


def _rolled_up(query: FunnelQuery) -> Entered:
    rollups, days = query.rollups, query.days
    key = (rollups.site.site_id, rollups.version, query.funnel.name, query.device, days.first, days.last)
    entered = _kept.get(key)
    if entered is None:
        entered = _read_rollups(query)
        if len(entered.timeline.times) <= MOST_KEPT_ENTRIES:
            _kept[key] = entered
    return entered


def _read_rollups(query: FunnelQuery) -> Entered:
    condition: dict[str, object] = {
        "site_id": query.rollups.site.site_id,
        "funnel": query.funnel.name,
        "date": query.days.dates,
        "entries.count": {"$gt": 0},
    }
    if query.device:
        condition["device"] = query.device
    found = funnel_analytics.read(database(), DeviceEntries, condition, session=query.rollups.session, batch_size=BATCH)
    return unpack(found.to_list(), query.days, len(query.funnel.steps))


def _from_events(query: FunnelQuery) -> Entered:
    events = _events(query)
    people = session_numbers(query, events) if query.unit == "session" else _person_numbers(query, events)
    whose = np.array([-1 if person is None else person for person in people], np.int64)
    times = np.array([milliseconds(event["timestamp"]) for event in events], np.int64)
    days = np.searchsorted([milliseconds(start_of(day, query.days.zone)) for day in query.days], times, "right") - 1
    devices = np.array([DEVICES.index(event["device"]) for event in events], np.uint8)
    steps = []
    for satisfied in _satisfied(events, query.funnel.steps):
        places = np.flatnonzero(satisfied & (whose >= 0))
        who, when = whose[places].astype(np.uint32), places.astype(np.uint32)
        steps.append(DatedEntries(who, when, days[places].astype(np.uint16)))
    return Entered(steps, Timeline(times, devices))


def _satisfied(events: Sequence[StepEvent], steps: Sequence[str]) -> Iterator[NDArray[np.bool_]]:
    # of each step, which events satisfy it; of events of one kind, one is looked at
    kinds: dict[tuple[str, str | None, str | None], int] = {}
    numbers: list[int] = []
    one_of_each: list[StepEvent] = []
    for event in events:
        numbers.append(kinds.setdefault((event["type"], event.get("name"), event.get("page_type")), len(kinds)))
        if len(kinds) > len(one_of_each):
            one_of_each.append(event)
    for step in steps:
        yield np.array([satisfies(event, step) for event in one_of_each], bool)[numbers]


def _events(query: FunnelQuery) -> list[StepEvent]:
    # those that satisfy any step, in the order of time
    where = any_of(query.funnel.steps)
    if query.device:
        where["device"] = query.device
    rollups, days = query.rollups, query.days
    found = events_between(database(), rollups.site.site_id, StepEvent, days.start, days.end, where, rollups.session)
    events = list(islice(found.max_time_ms(MOST_MILLISECONDS), MOST_EVENTS + 1))
    if len(events) > MOST_EVENTS:
        raise Invalid([FieldProblem("from", f"more than {MOST_EVENTS} entries to these steps; ask for fewer days")])
    events.sort(key=order_in_time)
    return events


def _person_numbers(query: FunnelQuery, events: Sequence[StepEvent]) -> list[int | None]:
    numbers = PersonNumbers(database(), query.rollups.site.site_id, query.rollups.session)
    numbers.learn(events)
    return [numbers.of(event) for event in events]
