"""Entries to a question's own steps: from the lake's columns, and of days that changed since from the events."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from footfall.funnels.columns import Column, DatedEntries, Entered
from footfall.funnels.engine import Coded, Keys, Places, Timeline, distinct
from footfall.questions.event_rows import Rows, joined
from footfall.questions.funnel_query import FunnelQuery
from footfall.questions.read_rows import Read, read_rows

ALL_BITS = 64
DEVICE = "device"
NONE = np.zeros(0, np.int8)


def entered(query: FunnelQuery) -> Entered:
    """Returns everybody's entries to each step; raises TooBig for too many, Unavailable."""
    read = read_rows(query)
    sessions = distinct([np.zeros(0, np.int64), *(each.who for each in read.rows)]) if query.by_session else None
    who = [each.narrow.who if sessions is None else np.searchsorted(sessions, each.who) for each in read.rows]
    found = _Found.of(query, read, who)
    reading = query.reading
    return Entered(
        [found.entries(number) for number in range(len(reading.steps))],
        found.timeline,
        found.entries(reading.excluded) if reading.exclude else None,
        found.entries(reading.others) if reading.strict else None,
        sessions,
    )


class _Found(NamedTuple):
    # of each of the rows whose they are, at which places, and what is told of them
    query: FunnelQuery
    rows: Sequence[Rows]
    who: Sequence[NDArray[Any]]
    timeline: Timeline
    places: Callable[[int], Places]
    told: Mapping[str, Sequence[Coded]]

    @classmethod
    def of(cls, query: FunnelQuery, read: Read, who: Sequence[NDArray[Any]]) -> "_Found":
        names = [name for name in query.told if name != DEVICE]
        told = {name: _alike([each.told[name] for each in read.rows]) for name in names}
        timeline, places = _by_time(read, who, len(query.days)) or _counted(read)
        return cls(query, read.rows, who, timeline, places, told)

    def entries(self, number: int) -> DatedEntries:
        ours = [at for at, each in enumerate(self.rows) if number in each.steps]
        rows = [self.rows[at] for at in ours]
        columns: Mapping[Column, Callable[[Rows], NDArray[Any]]] = {
            "days": lambda row: row.days,
            "devices": lambda row: row.devices,
            "persons": lambda row: row.narrow.people,
            "session_starts": lambda row: row.session_starts,
        }
        return DatedEntries(
            lambda: self._keys(ours),
            lambda name: np.concatenate([NONE, *map(columns[name], rows)]),
            lambda name: _one([self.told[name][at] for at in ours]),
        )

    def _keys(self, ours: Sequence[int]) -> Keys:
        # all into one array, so that there is none of them twice
        keys = np.empty(sum(len(self.who[at]) for at in ours), np.uint64)
        begin = 0
        for at in ours:
            end = begin + len(self.who[at])
            keys[begin:end] = self.timeline.keys(self.who[at], self.places(at))
            begin = end
        return keys


def _alike(columns: Sequence[Coded]) -> list[Coded]:
    # the same columns with the same texts
    whole = joined(columns)
    ends = np.cumsum([len(coded.codes) for coded in columns], dtype=np.int64)
    return [Coded(whole.texts, codes) for codes in np.split(whole.codes, ends[:-1])] if columns else []


def _one(columns: Sequence[Coded]) -> Coded:
    return Coded(columns[0].texts if columns else (), np.concatenate([NONE, *(coded.codes for coded in columns)]))


def _by_time(read: Read, who: Sequence[NDArray[Any]], days: int) -> tuple[Timeline, Callable[[int], Places]] | None:
    # places are times, unless there is no room for them and everybody on each day
    most = max((int(each.max()) for each in who if len(each)), default=0)
    if most.bit_length() + days.bit_length() + read.timeline.bits >= ALL_BITS:
        return None
    return read.timeline, lambda at: read.timeline.at(read.rows[at].times, read.rows[at].narrow.ties)


def _counted(read: Read) -> tuple[Timeline, Callable[[int], Places]]:
    # places count the events that are read
    there = distinct([np.zeros(0, np.int64), *read.places])
    places = [np.searchsorted(there, each).astype(np.uint64) for each in read.places]
    return Timeline(listed=read.timeline.times(there.view(np.uint64))), lambda at: places[at]
