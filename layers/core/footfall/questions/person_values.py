"""What dimensions tell of people, whom the lake knows by numbers."""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from footfall.chunks import chunks
from footfall.dimensions import Dimension, Facts
from footfall.errors import FieldProblem
from footfall.funnels.engine import Coded
from footfall.lake.session_numbers import NEVER
from footfall.people.profiles import profiles
from footfall.questions.event_rows import EventsQuery, Numbers
from footfall.questions.how_much import LARGEST_PART, MOST_PEOPLE, TooBig
from footfall.schemas.person import PersonNumber, PersonProfile
from footfall.stores.collections import users
from footfall.stores.mongo import database

MOST_VISITS = 500_000
PEOPLE_AT_ONCE = 5_000


class PersonValues:
    """What is told of the people of one question, each of whom is read once."""

    def __init__(self, query: EventsQuery) -> None:
        self._query = query
        self._times = LARGEST_PART if query.rollups.part else 1
        self._known: dict[int, PersonProfile | None] = {}

    def told(self, row: Dimension, people: Numbers, session_starts: Numbers | None) -> Coded:
        """Returns what a dimension tells of events, each of a person by number and of a session by its start.

        Raises TooBig for too many people.
        """
        starts = session_starts if row.derived and session_starts is not None else np.full(len(people), NEVER)
        pairs = np.stack([people, starts])
        distinct, codes = _distinct(pairs)
        if distinct.shape[1] > MOST_VISITS * self._times:
            self._refuse(row)
        self._learn(row, {int(number) for number in distinct[0]})
        facts = [self._facts(int(number), int(start)) for number, start in distinct.T]
        return Coded([row.value(each) for each in facts], codes)

    def _facts(self, number: int, start: int) -> Facts:
        session = {"started_at": datetime.fromtimestamp(start / 1000, UTC)} if start != NEVER else None
        return Facts(session=session, person=self._known.get(number))

    def _learn(self, row: Dimension, numbers: Collection[int]) -> None:
        unknown = sorted(numbers - self._known.keys())
        if len(unknown) + len(self._known) > MOST_PEOPLE * self._times:
            self._refuse(row)
        for some in chunks(unknown, PEOPLE_AT_ONCE):
            self._known.update(dict.fromkeys(some))
            self._known.update(self._read(some))

    def _read(self, numbers: list[int]) -> Mapping[int, PersonProfile]:
        rollups = self._query.rollups
        site_id, session = rollups.site.site_id, rollups.session
        query = {"site_id": site_id, "number": {"$in": numbers}}
        ids = {one["person_id"]: one["number"] for one in users.read(database(), PersonNumber, query, session=session)}
        return {ids[who]: found for who, found in profiles(database(), site_id, ids.keys(), session).items()}

    def _refuse(self, row: Dimension) -> None:
        message = f"more than {MOST_PEOPLE} people are to be looked at; ask for fewer days, or without {row.name}"
        raise TooBig([FieldProblem("from", message)])


def _distinct(pairs: Numbers) -> tuple[Numbers, NDArray[np.intp]]:
    # each column once, and the place of every column among them
    order = np.lexsort(pairs[::-1])
    ordered = pairs[:, order]
    begins = np.ones(ordered.shape[1], bool)
    begins[1:] = (ordered[:, 1:] != ordered[:, :-1]).any(axis=0)
    codes = np.zeros(ordered.shape[1], np.intp)
    codes[order] = begins.cumsum() - 1
    return ordered[:, begins], codes
