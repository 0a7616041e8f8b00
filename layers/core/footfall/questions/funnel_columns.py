"""Entries to a question's own steps: from the lake's columns, and of days that changed since from the events."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from footfall.funnels.columns import DatedEntries, Entered
from footfall.funnels.engine import Coded, Places, Timeline, distinct
from footfall.questions.event_rows import Numbers, Rows, joined
from footfall.questions.funnel_query import FunnelQuery
from footfall.questions.read_rows import Read, read_rows

ALL_BITS = 64
DEVICE = "device"
Number = TypeVar("Number", bound=np.generic)


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
    places: Sequence[Places]
    told: Mapping[str, Sequence[Coded]]

    @classmethod
    def of(cls, query: FunnelQuery, read: Read, who: Sequence[NDArray[Any]]) -> "_Found":
        names = [name for name in query.told if name != DEVICE]
        told = {name: _alike([each.told[name] for each in read.rows]) for name in names}
        timeline, places = _by_time(read.rows, who) or _counted(read)
        return cls(query, read.rows, who, timeline, places, told)

    def entries(self, number: int) -> DatedEntries:
        ours = [at for at, each in enumerate(self.rows) if number in each.steps]

        def column(kind: type[Number], of: Callable[[int], NDArray[Any]]) -> NDArray[Number]:
            found = [of(at) for at in ours]
            return np.concatenate(found, dtype=kind, casting="unsafe") if found else np.zeros(0, kind)

        rows, query = [each.narrow for each in self.rows], self.query
        return DatedEntries(
            column(np.uint32, lambda at: self.who[at]),
            column(np.uint64, lambda at: self.places[at]),
            column(np.uint16, lambda at: rows[at].days),
            column(np.uint8, lambda at: rows[at].devices),
            {
                name: Coded(told[0].texts if told else [], column(np.uint32, lambda at, told=told: told[at].codes))  # type: ignore[misc]
                for name, told in self.told.items()
            },
            column(np.int64, lambda at: rows[at].people if query.by_session else rows[at].times[:0]),
            column(np.int64, lambda at: self.rows[at].session_starts if query.with_sessions else rows[at].times[:0]),
        )


def _alike(columns: Sequence[Coded]) -> list[Coded]:
    # the same columns with the same texts
    whole = joined(columns)
    ends = np.cumsum([len(coded.codes) for coded in columns], dtype=np.int64)
    return [Coded(whole.texts, codes) for codes in np.split(whole.codes, ends[:-1])] if columns else []


def _by_time(rows: Sequence[Rows], who: Sequence[NDArray[Any]]) -> tuple[Timeline, list[Places]] | None:
    # places are times, unless somebody did several things at one moment, or there is no room for them and the people
    times = [each.times for each in rows if len(each.times)]
    if not times:
        return Timeline(), [each.times.astype(np.uint64) for each in rows]
    begin, end = min(int(each.min()) for each in times), max(int(each.max()) for each in times)
    timeline = Timeline((end - begin).bit_length(), begin)
    most = max(int(each.max()) for each in who if len(each))
    if most.bit_length() + timeline.bits >= ALL_BITS:
        return None
    places = [(each.times - begin).view(np.uint64) for each in rows]
    keys = np.concatenate([timeline.keys(*each) for each in zip(who, places, strict=True)])
    keys.sort()
    return None if (keys[1:] == keys[:-1]).any() else (timeline, places)


def _counted(read: Read) -> tuple[Timeline, list[Places]]:
    # places count the events of all days
    begins: Numbers = np.cumsum(read.counted) - read.counted
    places = [(begins[each.narrow.days] + each.narrow.ranks).astype(np.uint64) for each in read.rows]
    times = np.zeros(int(read.counted.sum()), np.int64)
    for some, at in zip(read.rows, places, strict=True):
        times[at] = some.times
    return Timeline(listed=times), places
