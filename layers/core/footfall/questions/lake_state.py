"""What the lake holds of a range, who visitors turned out to be, and when people were first seen.

It is read once for a question, which sees one moment.
"""

from typing import NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray
from pymongo.client_session import ClientSession

from footfall.days import DayRange
from footfall.lake.archived import archived_dates
from footfall.lake.definition import written_by
from footfall.people.first_seen import Moments, first_seen, of_persons
from footfall.people.links import people_of
from footfall.rollups import Rollups
from footfall.schemas.lake import LakePeriod
from footfall.schemas.metrics import StaleDate
from footfall.stores.collections import lake_periods, stale_days
from footfall.stores.mongo import database

Links = NDArray[np.int32] | None
"""The person of each visitor's number; None where everybody is who they were."""


class LakeState(NamedTuple):
    """What the lake holds of a range by the site's present settings, and which days have changed since."""

    periods: list[LakePeriod]
    changed: set[str]


_states: "WeakKeyDictionary[ClientSession, dict[DayRange, LakeState]]" = WeakKeyDictionary()
_links: "WeakKeyDictionary[ClientSession, Links]" = WeakKeyDictionary()
_first_seen: "WeakKeyDictionary[ClientSession, Moments]" = WeakKeyDictionary()


def periods_of(rollups: Rollups, days: DayRange) -> LakeState:
    """Returns the periods of the lake that have days of a range.

    Of a day that is archived MongoDB has not all events: the lake's last state of it counts until it is computed anew.
    """
    known = _states.setdefault(rollups.session, {})
    if days not in known:
        known[days] = _state(rollups, days)
    return known[days]


def _state(rollups: Rollups, days: DayRange) -> LakeState:
    dates = days.dates
    site = {"site_id": rollups.site.site_id}
    ends = {"first": {"$lte": dates["$lte"]}, "last": {"$gte": dates["$gte"]}}
    condition = {**site, **written_by(rollups.site), **ends}
    current = lake_periods.read(database(), LakePeriod, condition, session=rollups.session).to_list()
    marks = stale_days.read(database(), StaleDate, {**site, "date": dates}, session=rollups.session)
    stale = {mark["date"] for mark in marks}
    archived = archived_dates(database(), site["site_id"], days, rollups.session) if stale else set()
    return LakeState(current, stale - archived)


def links_of(rollups: Rollups) -> Links:
    """Returns whom every visitor turned out to be."""
    if rollups.session not in _links:
        links = people_of(database(), rollups.site.site_id, rollups.session, rollups.moment).astype(np.int32)
        _links[rollups.session] = None if np.array_equal(links, np.arange(len(links))) else links
    return _links[rollups.session]


def first_seen_of(rollups: Rollups) -> Moments:
    """Returns when the person of every number was first seen, whoever they were then, in Unix milliseconds."""
    if rollups.session not in _first_seen:
        moments = first_seen(database(), rollups.site.site_id, rollups.session, rollups.moment)
        _first_seen[rollups.session] = of_persons(moments, links_of(rollups))
    return _first_seen[rollups.session]
