"""The sessions of a range of days as columns, from the events that are in them."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from footfall.funnels.engine import Coded, among
from footfall.questions.event_rows import CHOSEN, ChoosingQuery, Numbers, joined
from footfall.questions.read_rows import read_rows


@dataclass(frozen=True)
class VisitColumns:
    """Sessions in the order of their numbers: whose, when they began in Unix milliseconds, and what is told of them.

    A session is the person's who did its last event, as somebody may sign in on the way. `chosen` are those of which
    any event passes the filters.
    """

    numbers: Numbers
    people: Numbers
    starts: Numbers
    told: dict[str, Coded]
    chosen: NDArray[np.bool_]


def visits_of(query: ChoosingQuery) -> VisitColumns:
    """Returns the sessions that anything happened in; raises Invalid for too many events, Unavailable."""
    read = read_rows(query)
    lasts = [_last_of_each(rows.who, places) for rows, places in zip(read.rows, read.places, strict=True)]
    parts = [rows.where(last, rows.steps) for rows, last in zip(read.rows, lasts, strict=True)]
    who, people, starts = (
        stacked(getattr(rows, name) for rows in parts) for name in ("who", "people", "session_starts")
    )
    last = _last_of_each(who, stacked(places[last] for places, last in zip(read.places, lasts, strict=True)))
    texts = {name: joined([rows.told[name] for rows in parts]) for name in query.told}
    told = {name: Coded(coded.texts, coded.codes[last]) for name, coded in texts.items()}
    chosen = among(who[last], stacked(rows.who for rows in parts if CHOSEN in rows.steps))
    return VisitColumns(who[last], people[last], starts[last], told, chosen)


def _last_of_each(who: Numbers, places: Numbers) -> Numbers:
    order = np.argsort(who, kind="stable")
    begins = np.flatnonzero(np.diff(who[order], prepend=-1) != 0)
    when = places[order]
    latest = np.maximum.reduceat(when, begins) if len(begins) else when
    last: Numbers = order[when == np.repeat(latest, np.diff(begins, append=len(order)))]
    return last


def stacked(columns: Iterable[Numbers]) -> Numbers:
    """Returns columns one after the other."""
    return np.concatenate([np.zeros(0, np.int64), *columns])
