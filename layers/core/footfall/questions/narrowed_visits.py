"""The visits of ranges of days, of the events and sessions that pass filters."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from pyroaring import BitMap

from footfall.breakdowns.columns import Activity, Integers, Visits
from footfall.days import DayRange
from footfall.questions.behaviour import Behaviour, BehaviourQuery
from footfall.rates import percentage


class NarrowedVisits(NamedTuple):
    """What visits of some days come to. Rates in percent, 0 where there is nothing to divide by."""

    users: int
    sessions: int
    page_views: int
    conversions: int
    session_conversion_rate: float
    bounce_rate: float
    avg_session_seconds: float


def narrowed_visits(query: BehaviourQuery, ranges: Sequence[DayRange]) -> list[NarrowedVisits]:
    """Returns the visits of ranges of the query's days; raises Invalid for too many events or sessions, Unavailable."""
    found = Behaviour.of(query)
    done, began = (np.argsort(each.days, kind="stable") for each in (found.activity, found.visits))
    days_done, days_began = found.activity.days[done], found.visits.days[began]
    return [
        _of(
            found.activity,
            done[_within(days_done, query.days, each)],
            found.visits,
            began[_within(days_began, query.days, each)],
        )
        for each in ranges
    ]


def _within(days: Integers, whole: DayRange, some: DayRange) -> slice:
    # the places of days in order
    first, last = (some.first - whole.first).days, (some.last - whole.first).days
    return slice(*np.searchsorted(days, [first, last + 1]).tolist())


def _of(activity: Activity, done: Integers, visits: Visits, began: Integers) -> NarrowedVisits:
    sessions, milliseconds = len(began), int(visits.milliseconds[began].sum())
    conversions, bounces = (int(column[began].sum()) for column in (visits.conversions, visits.bounces))
    return NarrowedVisits(
        users=len(BitMap(activity.people[done].astype(np.uint32))),
        sessions=sessions,
        page_views=int(activity.views[done].sum()),
        conversions=conversions,
        session_conversion_rate=percentage(conversions, sessions),
        bounce_rate=percentage(bounces, sessions),
        avg_session_seconds=round(milliseconds / 1000 / sessions, 1) if sessions else 0.0,
    )
