"""What dimensions tell of people, whom the lake knows by numbers."""

from collections.abc import Collection, Mapping
from weakref import WeakKeyDictionary

import numpy as np
from pymongo.client_session import ClientSession

from footfall.chunks import chunks
from footfall.dimensions import Dimension, Facts
from footfall.errors import FieldProblem
from footfall.funnels.engine import Coded
from footfall.lake.session_numbers import NEVER
from footfall.people.first_seen import NOT_SEEN, Moments
from footfall.people.profiles import profiles
from footfall.questions.event_rows import Numbers
from footfall.questions.how_much import LARGEST_PART, MOST_PEOPLE, TooBig
from footfall.questions.lake_state import first_seen_of
from footfall.rollups import Rollups
from footfall.schemas.person import PersonNumber, PersonProfile
from footfall.sessions.fold import GAP
from footfall.stores.collections import users
from footfall.stores.mongo import database

PEOPLE_AT_ONCE = 5_000
GAP_MILLISECONDS = round(GAP.total_seconds() * 1000)
UNTOLD = 2


_profiles: "WeakKeyDictionary[ClientSession, dict[int, PersonProfile | None]]" = WeakKeyDictionary()


class PersonValues:
    """What is told of the people of one question, each of whom is read once."""

    def __init__(self, rollups: Rollups) -> None:
        self._rollups = rollups
        self._times = LARGEST_PART if rollups.part else 1
        self._known = _profiles.setdefault(rollups.session, {})

    def told(self, row: Dimension, people: Numbers, session_starts: Numbers | None) -> Coded:
        """Returns what a dimension tells of events, each of a person by number and of a session by its start.

        Raises TooBig for too many people, of what is read of each.
        """
        if row.derived:
            starts = np.full(len(people), NEVER) if session_starts is None else session_starts
            return new_or_returning(row, _at(first_seen_of(self._rollups), people), starts)
        distinct, codes = np.unique(people, return_inverse=True)
        numbers = distinct.tolist()
        self._learn(row, numbers)
        return Coded([row.value(Facts(person=self._known.get(number))) for number in numbers], codes)

    def _learn(self, row: Dimension, numbers: Collection[int]) -> None:
        unknown = sorted(set(numbers) - self._known.keys())
        if len(unknown) + len(self._known) > MOST_PEOPLE * self._times:
            self._refuse(row)
        for some in chunks(unknown, PEOPLE_AT_ONCE):
            self._known.update(dict.fromkeys(some))
            self._known.update(self._read(some))

    def _read(self, numbers: list[int]) -> Mapping[int, PersonProfile]:
        site_id, session = self._rollups.site.site_id, self._rollups.session
        query = {"site_id": site_id, "number": {"$in": numbers}}
        ids = {one["person_id"]: one["number"] for one in users.read(database(), PersonNumber, query, session=session)}
        return {ids[who]: found for who, found in profiles(database(), site_id, ids.keys(), session).items()}

    def _refuse(self, row: Dimension) -> None:
        message = f"more than {MOST_PEOPLE} people are to be looked at; ask for fewer days, or without {row.name}"
        raise TooBig([FieldProblem("from", message)])


def new_or_returning(row: Dimension, first: Numbers, starts: Numbers) -> Coded:
    """Returns what the dimension `visitor` tells, of when people were first seen and when their sessions began."""
    known = (first != NOT_SEEN) & (starts != NEVER)
    codes = np.where(known, first < starts - GAP_MILLISECONDS, UNTOLD)
    return Coded(["new", "returning", row.missing], codes.astype(np.uint8))


def _at(moments: Moments, people: Numbers) -> Moments:
    # NOT_SEEN of numbers that nobody has any more
    known = (people >= 0) & (people < len(moments))
    return np.where(known, moments[np.where(known, people, 0)], NOT_SEEN)
