"""Entries to a question's own steps: from the lake's columns, and of days that changed since from the events."""

from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from footfall.funnels.columns import DatedEntries, Entered
from footfall.funnels.engine import Coded, Timeline, distinct
from footfall.lake.columns import NEVER, NOBODY
from footfall.questions.event_rows import Rows, joined
from footfall.questions.funnel_query import FunnelQuery
from footfall.questions.read_rows import read_rows

SPARSE = 4
MOST_FLAGS = 100_000_000
"""Of more events it takes less room to sort the places of those that are steps."""
Number = TypeVar("Number", np.uint16, np.uint32)
DEVICE = "device"


def entered(query: FunnelQuery) -> Entered:
    """Returns everybody's entries to each step; raises TooBig for too many, Unavailable."""
    rows, counted = read_rows(query)
    total = int(counted.sum())
    kind = np.uint32 if total <= MOST_FLAGS else np.int64
    begins = np.concatenate([[0], counted.cumsum()[:-1]]).astype(kind)
    places = [begins[each.narrow.days] + each.narrow.ranks.astype(kind) for each in rows]
    return _entered(query, rows, *_close(places, total))


def _close(places: list[NDArray[Any]], total: int) -> tuple[list[NDArray[np.uint32]], int]:
    # all events of the days have a place in the order of time; where few of them are steps, places are counted anew
    if total <= SPARSE * sum(map(len, places)):
        return [each.astype(np.uint32, copy=False) for each in places], total
    if total > MOST_FLAGS:
        among = distinct([np.zeros(0, np.int64), *places])
        return [np.searchsorted(among, each).astype(np.uint32) for each in places], len(among)
    used = np.zeros(total, bool)
    for each in places:
        used[each] = True
    numbers = used.cumsum(dtype=np.uint32) - np.uint32(1)
    return [numbers[each] for each in places], int(used.sum())


def _entered(query: FunnelQuery, rows: Sequence[Rows], places: Sequence[NDArray[np.uint32]], total: int) -> Entered:
    columns = [each.narrow for each in rows]
    sessions = distinct([np.zeros(0, np.int64), *(each.who for each in rows)]) if query.by_session else None
    who = [each.who if sessions is None else np.searchsorted(sessions, each.who) for each in columns]

    def entries(number: int) -> DatedEntries:
        ours = [at for at, each in enumerate(rows) if number in each.steps]
        return DatedEntries(
            _joined([who[at] for at in ours], np.uint32),
            _joined([places[at] for at in ours], np.uint32),
            _joined([columns[at].days for at in ours], np.uint16),
        )

    reading = query.reading
    return Entered(
        [entries(number) for number in range(len(reading.steps))],
        _timeline(query, rows, places, total),
        entries(reading.excluded) if reading.exclude else None,
        entries(reading.others) if reading.strict else None,
        sessions,
    )


def _timeline(query: FunnelQuery, rows: Sequence[Rows], places: Sequence[NDArray[np.uint32]], total: int) -> Timeline:
    names = [name for name in query.told if name != DEVICE]
    told = {name: _told([each.told[name] for each in rows], places, total) for name in names}
    whose = np.full(total, NOBODY, np.int64) if query.by_session else None
    starts = np.full(total if query.with_sessions else 0, NEVER, np.int64)
    timeline = Timeline(np.zeros(total, np.int64), np.zeros(total, np.uint8), whose, told, starts)
    for some, at in zip(rows, places, strict=True):
        timeline.times[at] = some.times
        timeline.devices[at] = some.devices
        if whose is not None:
            whose[at] = some.narrow.people
        if query.with_sessions:
            starts[at] = some.session_starts
    return timeline


def _told(columns: Sequence[Coded], places: Sequence[NDArray[np.uint32]], total: int) -> Coded:
    whole = joined(columns)
    codes = np.zeros(total, whole.codes.dtype)
    begin = 0
    for at in places:
        codes[at] = whole.codes[begin : begin + len(at)]
        begin += len(at)
    return Coded(whole.texts, codes)


def _joined(columns: Sequence[NDArray[Any]], kind: type[Number]) -> NDArray[Number]:
    return np.concatenate(columns, dtype=kind, casting="unsafe") if columns else np.zeros(0, kind)
