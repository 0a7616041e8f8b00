"""Events of a range as columns, from wherever they are read, and which of them a question wants."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from footfall.days import DayRange
from footfall.dimensions import Dimension, Facts, Level, dimensions_of, none_named
from footfall.errors import FieldProblem, Invalid
from footfall.funnels.engine import Coded
from footfall.lake.columns import EPOCH
from footfall.lake.contents import NAMES, Text
from footfall.questions.cache import Asked
from footfall.questions.filters import Filtered, Wanted
from footfall.questions.range import RangeAnswer
from footfall.rollups import Rollups
from footfall.schemas.event import NamedEvent
from footfall.schemas.funnel import DEVICES, Device
from footfall.schemas.site import Site

Numbers = NDArray[np.int64]
Answer = TypeVar("Answer", bound=RangeAnswer)


@dataclass(frozen=True)
class Column(Dimension):
    """A column of the lake that is no dimension, with its texts as they are there; an empty one for nothing known."""

    text: Text = field(kw_only=True)

    def value(self, facts: Facts) -> str:
        """Returns the text that the lake has of an event."""
        document = facts.session if self.text.of == "session" else facts.event
        return (self.text.shown(self.text.told([document])[0]) or "") if document else ""

    def shown_of(self, told: Iterable[object]) -> list[str]:
        """Returns the text as it is."""
        return [next(map(str, told), "")]


def columns_named(*names: str) -> dict[str, Dimension]:
    """Returns columns of `lake.contents.NAMES`, to be told of events."""
    texts = {name: NAMES[name] for name in names}
    levels: dict[str, Level] = {"session": "session", "lines": "line"}
    return {name: Column(name, "", levels.get(text.of, "event"), missing="", text=text) for name, text in texts.items()}


@dataclass(frozen=True)
class Kinds:
    """Reads events of these types, each as one group: the number of its place; without any, all events as group 0."""

    types: tuple[str, ...] = ()

    def places(self, event: NamedEvent) -> frozenset[int]:
        """Returns the place of an event's type."""
        if not self.types:
            return frozenset((0,))
        return frozenset((self.types.index(event["type"]),)) if event["type"] in self.types else frozenset()

    def condition(self) -> dict[str, object]:
        """Returns the MongoDB condition for these types."""
        return {"type": {"$in": list(self.types)}} if self.types else {}


class Sorting(Protocol):
    """Which events a question reads, by what they are called, and to which of its groups each belongs."""

    def places(self, event: NamedEvent) -> frozenset[int]:
        """Returns the numbers of the groups that an event is in; empty for one that is not read."""

    def condition(self) -> dict[str, object]:
        """Returns the MongoDB condition for the events that are in any group."""


@dataclass(frozen=True)
class EventsQuery:
    """Which events of a range are read, and what is wanted of each.

    `device` is the one that is asked for, `filters` are all others; `bots` are read too where it says so. `told` are
    the dimensions whose values are wanted; those of `lake.contents.NAMES` may be among them. With `by_session`, `who`
    of each row is its session, and events outside of sessions are left out; else it is its person.
    """

    rollups: Rollups
    days: DayRange
    device: Device | None
    filters: Mapping[str, Wanted]
    told: Mapping[str, Dimension]
    by_session: bool
    bots: bool
    reading: Sorting

    def fitting(self, rows: "Rows", _fits: "Callable[[Wanted], NDArray[np.bool_]]") -> "Iterator[Rows]":
        """Yields the same events, of which `_fits` tells whether they pass a filter, in the groups that they are in."""
        yield rows

    @property
    def tells_sessions(self) -> bool:
        """Whether it is told of each event when its session began."""
        return self.by_session

    @property
    def first_day(self) -> int:
        """The range's first day, since 1970."""
        return (self.days.first - EPOCH).days

    @property
    def dimensions(self) -> Mapping[str, Dimension]:
        """All dimensions that must be read of events, by their names."""
        return {**self.told, **{name: wanted.row for name, wanted in self.filters.items()}}

    @classmethod
    def over(
        cls,
        rollups: Rollups,
        question: Filtered,
        reading: Sorting,
        told: Mapping[str, Dimension] | None = None,
        *,
        by_session: bool = False,
    ) -> "EventsQuery":
        """Returns what a question that is narrowed by filters reads; raises Invalid."""
        device, filters = narrowed(rollups.site, question)
        days, bots = question.days_of(rollups), question.bots == "include"
        return EventsQuery(rollups, days, device, filters, told or {}, by_session, bots, reading)

    def asked(self, question: BaseModel) -> Asked:
        """Returns what an answer to the question is remembered by."""
        return Asked(self.rollups, self.days, question, "events", self.dimensions.values())

    def counted(self, answer: Answer) -> Answer:
        """Returns the answer with the watermark of what it was made of: all events that are stored."""
        return answer.counted_to(self.rollups.received_to)


class Narrow(NamedTuple):
    """Columns as narrow as they are read, `days` since 1970: a sum or product of them may need wider ones."""

    who: NDArray[np.integer[Any]]
    people: NDArray[np.int32]
    days: NDArray[np.integer[Any]]
    times: Numbers
    ties: NDArray[np.integer[Any]]
    devices: NDArray[np.uint8]
    session_starts: Numbers | None

    def where(self, those: NDArray[np.bool_] | Numbers) -> "Narrow":
        """Returns the same of some of the events."""
        return Narrow._make(None if column is None else column[those] for column in self)


@dataclass(frozen=True)
class Rows:
    """Events of the same groups, with the same places in all columns: whose they are, and when they happened.

    `who` are the numbers of what is counted, people or sessions, and `people` of who did it. `days` count from the
    range's first, which is day `begin` since 1970; `times` are Unix milliseconds, and `ties` say which of all events of
    its millisecond each is. `devices` are places in DEVICES, and `told` holds what else was asked for.
    `session_starts`, in Unix milliseconds, are there where the question tells them.
    """

    steps: frozenset[int]
    narrow: Narrow
    begin: int
    told: Mapping[str, Coded] = field(default_factory=dict)

    @property
    def who(self) -> Numbers:
        """The number of each event's person or session."""
        return self.narrow.who.astype(np.int64)

    @property
    def people(self) -> Numbers:
        """The number of each event's person."""
        return self.narrow.people.astype(np.int64)

    @property
    def days(self) -> Numbers:
        """The day of each event, from the range's first."""
        return self.narrow.days.astype(np.int64) - self.begin

    @property
    def times(self) -> Numbers:
        """When each event was, in Unix milliseconds."""
        return self.narrow.times

    @property
    def ties(self) -> Numbers:
        """Which of its millisecond's events each is, so that times and these are in the order of time."""
        return self.narrow.ties.astype(np.int64)

    @property
    def devices(self) -> NDArray[np.uint8]:
        """Each event's device, as a place in DEVICES."""
        return self.narrow.devices

    @property
    def session_starts(self) -> Numbers:
        """When each event's session began, in Unix milliseconds; nothing where the question does not tell."""
        return np.zeros(0, np.int64) if self.narrow.session_starts is None else self.narrow.session_starts

    def where(self, those: NDArray[np.bool_] | Numbers, steps: frozenset[int]) -> "Rows":
        """Returns the same of some of the events, which are of these groups."""
        told = {name: Coded(coded.texts, coded.codes[those]) for name, coded in self.told.items()}
        return Rows(steps, self.narrow.where(those), self.begin, told)


CHOSEN = -1
"""The group of the events that a question is narrowed to, where it reads the others too."""


@dataclass(frozen=True)
class ChoosingQuery(EventsQuery):
    """Reads all events of some kinds; those that pass the filters in `chosen` are in the group CHOSEN too."""

    chosen: Mapping[str, Wanted]

    @classmethod
    def by(
        cls,
        rollups: Rollups,
        days: DayRange,
        question: Filtered,
        told: Mapping[str, Dimension],
        reading: Sorting,
        *,
        by_session: bool = True,
    ) -> "ChoosingQuery":
        """Returns what a question reads that looks at whole sessions, or at all that people did; raises Invalid."""
        narrowed(rollups.site, question)
        bots, chosen = question.bots == "include", question.filters_of(rollups.site)
        return ChoosingQuery(rollups, days, None, {}, told, by_session, bots, reading, chosen)

    @property
    def dimensions(self) -> Mapping[str, Dimension]:
        """All dimensions that must be read of events, by their names."""
        return {**super().dimensions, **{name: wanted.row for name, wanted in self.chosen.items()}}

    def fitting(self, rows: Rows, fits: Callable[[Wanted], NDArray[np.bool_]]) -> Iterator[Rows]:
        """Yields the same events, apart those that are chosen."""
        if not self.chosen:
            yield replace(rows, steps=rows.steps | {CHOSEN})
            return
        passes: NDArray[np.bool_] = np.logical_and.reduce([fits(wanted) for wanted in self.chosen.values()])
        yield rows.where(passes, rows.steps | {CHOSEN})
        yield rows.where(~passes, rows.steps)


def narrowed(site: Site, question: Filtered) -> tuple[Device | None, dict[str, Wanted]]:
    """Returns the one device that filters ask for, as rollups can tell, and all other filters; raises Invalid."""
    filters = question.filters_of(site)
    wanted = filters.get("device")
    if wanted is None:
        return None, filters
    known = {device.casefold(): device for device in DEVICES}
    if not (wanted.values | wanted.excluded) <= known.keys():
        raise Invalid([FieldProblem("device", f"is one of {', '.join(DEVICES)}")])
    if wanted.excluded or len(wanted.values) != 1:
        return None, filters
    return known[next(iter(wanted.values))], {name: each for name, each in filters.items() if each is not wanted}


def dimensions_named(site: Site, names: Sequence[str], field: str = "breakdown") -> dict[str, Dimension]:
    """Returns a site's dimensions of these names; raises Invalid, naming the field, for one that it has not."""
    rows = dimensions_of(site)
    unknown = next((name for name in names if name not in rows), None)
    if unknown is not None:
        raise Invalid([FieldProblem(field, none_named(site, unknown))])
    return {name: rows[name] for name in names}


def joined(columns: Sequence[Coded]) -> Coded:
    """Returns the columns of several rows one after the other: each has texts of its own, here each has one place."""
    if len({id(coded.texts) for coded in columns}) == 1 and len(set(columns[0].texts)) == len(columns[0].texts):
        known, width = columns[0].texts, np.min_scalar_type(len(columns[0].texts))
        return Coded(known, np.concatenate([coded.codes for coded in columns], dtype=width, casting="unsafe"))
    texts: dict[str, int] = {}
    numbers: dict[int, list[int]] = {}
    for coded in columns:
        if id(coded.texts) not in numbers:  # many columns may have the same texts
            numbers[id(coded.texts)] = [texts.setdefault(text, len(texts)) for text in coded.texts]
    width = np.min_scalar_type(len(texts))
    places = {texts_of: np.array(ours, width) for texts_of, ours in numbers.items()}
    codes = [places[id(coded.texts)][coded.codes] for coded in columns if len(coded.codes)]
    return Coded(list(texts), np.concatenate(codes) if codes else np.zeros(0, width))
