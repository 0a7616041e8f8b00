"""The events that a question wants: from the lake's columns, and of days that changed since from the event log."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from footfall.funnels.engine import Timeline
from footfall.questions.event_rows import EventsQuery, Numbers, Rows
from footfall.questions.lake_rows import Held
from footfall.questions.recent_rows import recent_rows


@dataclass(frozen=True)
class Read:
    """Events as columns."""

    rows: list[Rows]

    @cached_property
    def timeline(self) -> Timeline:
        """The places in the order of time that all of them have, no two the same."""
        return Timeline.over([each.times for each in self.rows], [each.narrow.ties for each in self.rows])

    @cached_property
    def places(self) -> list[Numbers]:
        """The places of each rows' events in the order of time."""
        return [self.timeline.at(each.times, each.narrow.ties).view(np.int64) for each in self.rows]


_noted: ContextVar[list[EventsQuery] | None] = ContextVar("_noted", default=None)


@contextmanager
def nothing_read() -> Iterator[list[EventsQuery]]:
    """While it lasts no event is found, as where there is none; it gives which were to be read."""
    queries: list[EventsQuery] = []
    before = _noted.set(queries)
    try:
        yield queries
    finally:
        _noted.reset(before)


def read_rows(query: EventsQuery) -> Read:
    """Returns the wanted events, those of the same groups together; raises TooBig for too many, Unavailable."""
    noted = _noted.get()
    if noted is not None:
        noted.append(query)
        return Read([])
    held = Held.of(query)
    recent = recent_rows(query, [day for day in query.days if day.isoformat() not in held.days])
    return Read([*held.rows(), *recent])
