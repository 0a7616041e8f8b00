"""What people did in a range and their sessions, of those that pass filters, as columns with values of dimensions."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from footfall.breakdowns.columns import Activity, Flags, Integers, Visits
from footfall.breakdowns.engine import MOST_VALUES, Figures, Having, by_doing, everywhere, figures
from footfall.days import DayRange
from footfall.dimensions import Dimension
from footfall.funnels.engine import Coded
from footfall.questions.event_rows import EventsQuery, Rows, joined
from footfall.questions.filters import Wanted
from footfall.questions.read_rows import read_rows
from footfall.questions.read_sessions import read_sessions
from footfall.rollups import Rollups
from footfall.schemas.event import ACTIVITY_TYPES, NamedEvent

VIEWS, OTHERS = frozenset([0]), frozenset([1])


class _Doing:
    """What people do by being there: pages that they view, and all else."""

    def places(self, event: NamedEvent) -> frozenset[int]:
        """Returns which of the two an event is."""
        if event["type"] not in ACTIVITY_TYPES:
            return frozenset()
        return VIEWS if event["type"] == "pageview" else OTHERS

    def condition(self) -> dict[str, object]:
        """Returns the MongoDB condition for both."""
        return {"type": {"$in": sorted(ACTIVITY_TYPES)}}


@dataclass(frozen=True)
class BehaviourQuery:
    """Of which days, narrowed by which filters, with bots or not, and by which dimensions it is to be told.

    `done` are dimensions that are only wanted of events.
    """

    rollups: Rollups
    days: DayRange
    filters: Mapping[str, Wanted]
    told: Mapping[str, Dimension]
    done: Mapping[str, Dimension] = field(default_factory=dict)
    bots: bool = False

    @property
    def dimensions(self) -> dict[str, Dimension]:
        """All dimensions that are needed."""
        return {**self.told, **{name: wanted.row for name, wanted in self.filters.items()}}

    @property
    def of_events(self) -> dict[str, Wanted]:
        """The filters that only events can tell: a session passes by what was done in it."""
        return {name: wanted for name, wanted in self.filters.items() if _is_of_events(wanted.row)}

    def events(self, *, by_session: bool) -> EventsQuery:
        """Returns the question for the events that pass; `by_session` it is about what sessions pass by."""
        filters = self.of_events if by_session else self.filters
        told = {name: row for name, row in self.told.items() if _is_of_events(row)}
        told = told if by_session else {**self.told, **self.done}
        return EventsQuery(self.rollups, self.days, None, filters, told, by_session, self.bots, _Doing())


def _is_of_events(row: Dimension) -> bool:
    return not (row.session or row.needs_person)


@dataclass(frozen=True)
class Behaviour:
    """The events and the sessions that pass filters, with the values that both have of some dimensions."""

    activity: Activity
    does: Mapping[str, Coded]
    visits: Visits
    have: Mapping[str, Having]

    @classmethod
    def of(cls, query: BehaviourQuery) -> "Behaviour":
        """Returns what a question wants to know; raises Invalid for too many events, sessions or people, Unavailable.

        A session passes by its own values and its person's; by what events alone have if one on its first day passes.
        """
        rows = read_rows(query.events(by_session=False)).rows
        visits, have = _sessions(query)
        if query.of_events or any(_is_of_events(row) for row in query.told.values()):
            done = read_rows(query.events(by_session=True)).rows
            begun = visits.on_first_day(_joined(each.who for each in done), _joined(each.days for each in done))
            have |= {name: by_doing(_told(done, name), begun) for name, row in query.told.items() if _is_of_events(row)}
            if query.of_events:
                visits, have = _only(np.isin(np.arange(len(visits.numbers)), begun), visits, have)
        return cls(_activity(rows), {name: _told(rows, name) for name in (*query.told, *query.done)}, visits, have)

    def by(self, name: str, most: int | None = MOST_VALUES) -> Figures:
        """Returns the figures of each value of one of the dimensions, of those with most people; of all without."""
        return figures(self.activity, self.does[name], self.visits, self.have[name], most)

    def by_day(self, days: DayRange) -> Figures:
        """Returns the figures of each day on which anything happened, by its date, in no order."""
        dates = [day.isoformat() for day in days]
        began = everywhere(Coded(dates, self.visits.days))
        return figures(self.activity, Coded(dates, self.activity.days), self.visits, began, None)

    def together(self) -> Figures:
        """Returns the figures of all; no place where nothing happened."""
        everything = [Coded([""], np.zeros(len(column), np.int64)) for column in (self.activity.days, self.visits.days)]
        return figures(self.activity, everything[0], self.visits, everywhere(everything[1]), None)


def _joined(columns: Iterable[Integers]) -> Integers:
    return np.concatenate([np.zeros(0, np.int64), *columns])


def _told(rows: Sequence[Rows], name: str) -> Coded:
    whole = joined([each.told[name] for each in rows])
    return Coded(whole.texts, whole.codes.astype(np.int64))


def _activity(rows: Sequence[Rows]) -> Activity:
    views = [np.full(len(each.who), each.steps == VIEWS) for each in rows]
    people, days = _joined(each.people for each in rows), _joined(each.days for each in rows)
    return Activity(people, np.concatenate([np.zeros(0, np.bool_), *views]), np.zeros(len(people), np.int64), days)


def _only(those: Flags, visits: Visits, have: Mapping[str, Having]) -> tuple[Visits, dict[str, Having]]:
    numbers = those.cumsum() - 1
    left = {}
    for name, having in have.items():
        ours = those[having.places]
        coded = Coded(having.coded.texts, having.coded.codes[ours])
        left[name] = Having(numbers[having.places[ours]], coded)
    return visits.where(those), left


def _sessions(query: BehaviourQuery) -> tuple[Visits, dict[str, Having]]:
    # those that pass what sessions and people have themselves
    rows = {name: row for name, row in query.dimensions.items() if not _is_of_events(row)}
    visits, told = read_sessions(query.rollups, query.days, rows, bots=query.bots)
    passes = np.ones(len(visits.numbers), np.bool_)
    for name, wanted in query.filters.items():
        if name in told:
            passes &= _passing(wanted, told[name])
    return _only(passes, visits, {name: everywhere(told[name]) for name in query.told if name in told})


def _passing(wanted: Wanted, coded: Coded) -> Flags:
    found: Flags = np.array([wanted.takes([text]) for text in coded.texts], np.bool_)[coded.codes]
    return found
