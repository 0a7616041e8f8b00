"""One day's figures by dimension, from the columns of its events and from its sessions."""

from collections.abc import Iterator

import numpy as np
from footfall.breakdowns.columns import NOT_COUNTED, Activity, Flags, Integers
from footfall.breakdowns.days import documents
from footfall.breakdowns.engine import MOST_VALUES, by_doing, everywhere, figures
from footfall.breakdowns.sessions import SessionColumns
from footfall.dimensions import Dimension, dimensions_of
from footfall.funnels.engine import Coded
from footfall.lake.coded import first_values
from footfall.lake.columns import DayColumns
from footfall.schemas.dimension import DimensionDocument
from footfall.schemas.event import ACTIVITY_TYPES
from footfall.schemas.site import Site


def stored_dimensions(site: Site) -> list[Dimension]:
    """Returns the dimensions that days have figures by: those of people change without an event, and are told later."""
    return [row for row in dimensions_of(site).values() if not row.needs_person]


def dimension_documents(
    site: Site, date: str, people: Integers, columns: DayColumns, sessions: SessionColumns
) -> Iterator[DimensionDocument]:
    """Returns the documents of `daily_dimensions`: of each dimension, where any event or session has a value.

    `people` are the dense numbers of whose the day's events are, in the order of time, NOT_COUNTED for no one.
    """
    ours = columns.numbers("bot") == 0
    activity, visits = _activity(people, columns, ours), sessions.visits
    begun = np.where(activity.people >= 0, visits.on_first_day(activity.sessions, activity.days), -1)
    for row in stored_dimensions(site):
        told = first_values(row, columns.coded(row.name))
        does = Coded(told.texts, told.codes[ours])
        having = everywhere(sessions.coded(row.name)) if row.session else by_doing(does, begun)
        found = figures(activity, does, visits, having, MOST_VALUES)
        yield from documents(site.site_id, date, row.name, found)


def _activity(people: Integers, columns: DayColumns, ours: Flags) -> Activity:
    types = columns.coded("type")
    codes, whose = types.codes[ours], people[columns.numbers("place")[ours]]
    counts = np.array([text in ACTIVITY_TYPES for text in types.texts], np.bool_)
    return Activity(
        people=np.where(counts[codes], whose, NOT_COUNTED),
        views=np.array([text == "pageview" for text in types.texts], np.bool_)[codes],
        sessions=columns.numbers("session")[ours],
        days=np.zeros(len(codes), np.int64),
    )
