"""Entries to a question's own steps: from the lake's columns, and of days that changed since from the events."""

from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from footfall.funnels.columns import DatedEntries, Entered
from footfall.funnels.engine import Coded, Timeline, distinct
from footfall.lake.columns import NOBODY
from footfall.questions.event_rows import Numbers, Rows, joined
from footfall.questions.funnel_query import FunnelQuery
from footfall.questions.read_rows import read_rows

SPARSE = 4
Number = TypeVar("Number", np.uint16, np.uint32)


def entered(query: FunnelQuery) -> Entered:
    """Returns everybody's entries to each step; raises Invalid for too many, Unavailable."""
    rows, counted = read_rows(query)
    return _entered(query, rows, np.concatenate([[0], counted.cumsum()[:-1]]), int(counted.sum()))


def _entered(query: FunnelQuery, rows: Sequence[Rows], begins: Numbers, total: int) -> Entered:
    # all events of the days have a place in the order of time; where few of them are steps, places are counted anew
    places = [begins[each.days] + each.ranks for each in rows]
    if total > SPARSE * sum(map(len, places)):
        used = np.zeros(total, bool)
        for each in places:
            used[each] = True
        numbers = used.cumsum() - 1
        places, total = [numbers[each] for each in places], int(used.sum())
    sessions = distinct([np.zeros(0, np.int64), *(each.who for each in rows)]) if query.by_session else None
    who = [_numbered(each.who, sessions) for each in rows]

    def entries(number: int) -> DatedEntries:
        ours = [at for at, each in enumerate(rows) if number in each.steps]
        whose, when, days = [who[at] for at in ours], [places[at] for at in ours], [rows[at].days for at in ours]
        return DatedEntries(_joined(whose, np.uint32), _joined(when, np.uint32), _joined(days, np.uint16))

    reading = query.reading
    return Entered(
        [entries(number) for number in range(len(reading.steps))],
        _timeline(query, rows, places, total),
        entries(reading.excluded) if reading.exclude else None,
        entries(reading.others) if reading.strict else None,
        sessions,
    )


def _timeline(query: FunnelQuery, rows: Sequence[Rows], places: Sequence[Numbers], total: int) -> Timeline:
    told = {name: _told([each.told[name] for each in rows], places, total) for name in query.told}
    whose = np.full(total, NOBODY, np.int64) if query.by_session else None
    timeline = Timeline(np.zeros(total, np.int64), np.zeros(total, np.uint8), whose, told)
    for some, at in zip(rows, places, strict=True):
        timeline.times[at] = some.times
        timeline.devices[at] = some.devices
        if whose is not None:
            whose[at] = some.people
    return timeline


def _told(columns: Sequence[Coded], places: Sequence[Numbers], total: int) -> Coded:
    whole = joined(columns)
    codes = np.zeros(total, np.uint32)
    codes[np.concatenate([np.zeros(0, np.int64), *places])] = whole.codes
    return Coded(whole.texts, codes)


def _joined(columns: Sequence[NDArray[Any]], kind: type[Number]) -> NDArray[Number]:
    return np.concatenate(columns).astype(kind) if columns else np.zeros(0, kind)


def _numbered(who: Numbers, sessions: Numbers | None) -> NDArray[np.uint32]:
    # whose each event is; sessions are numbered anew
    return (who if sessions is None else np.searchsorted(sessions, who)).astype(np.uint32)
