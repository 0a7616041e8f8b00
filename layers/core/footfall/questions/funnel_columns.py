"""Entries to a question's own steps: from the lake's columns, and of days that changed since from the events."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from footfall.funnels.columns import DatedEntries, Entered
from footfall.funnels.engine import PERSON_BITS, Coded, Timeline, distinct
from footfall.questions.event_rows import Numbers, Rows, joined
from footfall.questions.funnel_query import FunnelQuery
from footfall.questions.read_rows import read_rows

People = NDArray[np.uint32]


def entered(query: FunnelQuery) -> Entered:
    """Returns everybody's entries to each step; raises Invalid for too many, Unavailable."""
    rows, counted = read_rows(query)
    begins = np.concatenate([[0], counted.cumsum()[:-1]]).astype(np.uint32)
    who, sessions = _numbered(rows, by_session=query.by_session)
    return _entered(query, rows, who, sessions, _in_order(who, rows, begins))


def _numbered(rows: Sequence[Rows], *, by_session: bool) -> tuple[People, Numbers | None]:
    # whose each event is; sessions are numbered anew, in the order of their own numbers
    who = _joined([each.narrow.who for each in rows], np.int64 if by_session else np.uint32)
    if not by_session:
        return who, None
    sessions = distinct([who])
    return np.searchsorted(sessions, who).astype(np.uint32), sessions


def _in_order(who: People, rows: Sequence[Rows], begins: People) -> NDArray[np.intp]:
    # the events by person, and each person's in the order of time: those that are looked at together are together
    keys = who.astype(np.uint64)
    keys <<= PERSON_BITS
    keys |= _joined([begins[each.narrow.days] for each in rows], np.uint32)
    keys += _joined([each.narrow.ranks for each in rows], np.uint32)
    return np.argsort(keys, kind="stable")


def _entered(
    query: FunnelQuery, rows: Sequence[Rows], who: People, sessions: Numbers | None, order: NDArray[np.intp]
) -> Entered:
    lengths = [len(each.narrow.who) for each in rows]
    origin = np.repeat(np.arange(len(rows), dtype=np.uint16), lengths)[order]
    who = who[order]
    days = _joined([each.narrow.days for each in rows], np.uint16)[order]

    def entries(number: int) -> DatedEntries:
        ours = np.array([number in each.steps for each in rows], bool)
        places = np.flatnonzero(ours[origin]) if len(ours) else np.zeros(0, np.intp)
        return DatedEntries(who[places], places.astype(np.uint32), days[places])

    reading = query.reading
    return Entered(
        [entries(number) for number in range(len(reading.steps))],
        _timeline(query, rows, order),
        entries(reading.excluded) if reading.exclude else None,
        entries(reading.others) if reading.strict else None,
        sessions,
    )


def _timeline(query: FunnelQuery, rows: Sequence[Rows], order: NDArray[np.intp]) -> Timeline:
    columns = [each.narrow for each in rows]
    return Timeline(
        _joined([each.times for each in columns], np.int64)[order],
        _joined([each.devices for each in columns], np.uint8)[order],
        _joined([each.people for each in columns], np.int64)[order] if query.by_session else None,
        {name: _told([each.told[name] for each in rows], order) for name in query.told},
    )


def _told(columns: Sequence[Coded], order: NDArray[np.intp]) -> Coded:
    whole = joined(columns)
    return Coded(whole.texts, whole.codes[order])


def _joined(columns: Sequence[NDArray[Any]], kind: type[np.generic]) -> NDArray[Any]:
    return np.concatenate(columns).astype(kind, copy=False) if columns else np.zeros(0, kind)
