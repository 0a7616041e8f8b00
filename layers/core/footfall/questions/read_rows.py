"""The events that a question wants: from the lake's columns, and of days that changed since from the event log."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple

import numpy as np

from footfall.questions.event_rows import EventsQuery, Numbers, Rows
from footfall.questions.lake_rows import Held
from footfall.questions.recent_rows import recent_rows


class Read(NamedTuple):
    """Events as columns, and how many places in the order of time each day of the range has."""

    rows: list[Rows]
    counted: Numbers


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
        return Read([], np.zeros(len(query.days), np.int64))
    held = Held.of(query)
    recent = list(recent_rows(query, [day for day in query.days if day.isoformat() not in held.events]))
    return Read([*held.rows(), *recent], _counted(query, held, recent))


def _counted(query: EventsQuery, held: Held, recent: Iterable[Rows]) -> Numbers:
    counted = np.array([held.events.get(day.isoformat(), 0) for day in query.days], np.int64)
    for rows in recent:
        np.maximum.at(counted, rows.narrow.days, rows.narrow.ranks + 1)
    return counted
