"""The sessions of a range of days as columns, from the events that are in them."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from footfall.funnels.engine import Coded
from footfall.questions.event_rows import EventsQuery, Numbers, Rows, joined
from footfall.questions.read_rows import read_rows


@dataclass(frozen=True)
class Visits:
    """Sessions by number, in that order: whose, when they began in Unix milliseconds, and what is told of them.

    A session is the person's who did its last event, as somebody may sign in on the way.
    """

    numbers: Numbers
    people: Numbers
    starts: Numbers
    told: dict[str, Coded]

    def hold(self, numbers: Numbers) -> "np.typing.NDArray[np.bool_]":
        """Returns which of these sessions are among them."""
        return np.isin(numbers, self.numbers)


def visits_of(query: EventsQuery) -> Visits:
    """Returns the sessions of which anything that is asked for happened; raises Invalid for too many, Unavailable."""
    return _joined([_last_of_each(rows) for rows in read_rows(query).rows], query.told)


def _last_of_each(rows: Rows) -> Rows:
    last = np.zeros(len(rows.who), bool)
    order = np.lexsort((rows.ranks, rows.days, rows.who))
    last[order] = np.diff(rows.who[order], append=-1) != 0
    return rows.where(last, rows.steps)


def _joined(parts: Iterable[Rows], told: Iterable[str]) -> Visits:
    found = list(parts)
    who, people, starts, days, ranks = (
        np.concatenate([np.zeros(0, np.int64), *(getattr(each, name) for each in found)])
        for name in ("who", "people", "session_starts", "days", "ranks")
    )
    order = np.lexsort((ranks, days, who))
    last = order[np.diff(who[order], append=-1) != 0]
    texts = {name: joined([each.told[name] for each in found]) for name in told}
    return Visits(
        who[last],
        people[last],
        starts[last],
        {name: Coded(coded.texts, coded.codes[last]) for name, coded in texts.items()},
    )
