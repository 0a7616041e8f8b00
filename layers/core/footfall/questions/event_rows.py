"""Events of a range as columns, from wherever they are read, and which of them a question wants."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from footfall.days import DayRange
from footfall.dimensions import Dimension, dimensions_of, none_named
from footfall.errors import FieldProblem, Invalid
from footfall.funnels.engine import Coded
from footfall.questions.filters import Filtered, Wanted
from footfall.questions.range import RangeAnswer
from footfall.rollups import Rollups
from footfall.schemas.event import NamedEvent
from footfall.schemas.funnel import DEVICES, Device
from footfall.schemas.site import Site

Numbers = NDArray[np.int64]
Answer = TypeVar("Answer", bound=RangeAnswer)


class Sorting(Protocol):
    """Which events a question reads, by what they are called, and to which of its groups each belongs."""

    def places(self, event: NamedEvent) -> frozenset[int]:
        """Returns the numbers of the groups that an event is in; empty for one that is not read."""

    def condition(self) -> dict[str, object]:
        """Returns the MongoDB condition for the events that are in any group."""


@dataclass(frozen=True)
class EventsQuery:
    """Which events of a range are read, and what is wanted of each.

    `device` is the one that is asked for, `filters` are all others. `told` are the dimensions whose values are wanted;
    those of `lake.contents.NAMES` may be among them. With `by_session`, `who` of each row is its session, and events
    outside of sessions are left out; else it is its person.
    """

    rollups: Rollups
    days: DayRange
    device: Device | None
    filters: Mapping[str, Wanted]
    told: Mapping[str, Dimension]
    by_session: bool
    reading: Sorting

    def fitting(self, rows: "Rows", _fits: "Callable[[Wanted], NDArray[np.bool_]]") -> "Iterator[Rows]":
        """Yields the same events, of which `_fits` tells whether they pass a filter, in the groups that they are in."""
        yield rows

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
        return EventsQuery(rollups, question.days_of(rollups), device, filters, told or {}, by_session, reading)

    def counted(self, answer: Answer) -> Answer:
        """Returns the answer with the watermark of what it was made of: all events that are stored."""
        return answer.counted_to(self.rollups.received_to)


@dataclass(frozen=True)
class Rows:
    """Events of the same groups, with the same places in all columns: whose they are, and when they happened.

    `who` are the numbers of what is counted, people or sessions, and `people` of who did it. `days` count from the
    range's first, `ranks` are places in each day's order of time, `times` Unix milliseconds; `devices` are places in
    DEVICES, and `told` holds what else was asked for. `session_starts`, in Unix milliseconds, are read `by_session`.
    """

    steps: frozenset[int]
    who: Numbers
    people: Numbers
    days: Numbers
    ranks: Numbers
    times: Numbers
    devices: NDArray[np.uint8]
    session_starts: Numbers
    told: Mapping[str, Coded] = field(default_factory=dict)

    def where(self, those: NDArray[np.bool_] | Numbers, steps: frozenset[int]) -> "Rows":
        """Returns the same of some of the events, which are of these groups."""
        return Rows(
            steps,
            self.who[those],
            self.people[those],
            self.days[those],
            self.ranks[those],
            self.times[those],
            self.devices[those],
            self.session_starts[those],
            {name: Coded(coded.texts, coded.codes[those]) for name, coded in self.told.items()},
        )


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
    texts: dict[str, int] = {}
    codes = [np.zeros(0, np.int64)]
    for coded in columns:
        ours = np.array([texts.setdefault(text, len(texts)) for text in coded.texts], np.int64)
        codes.append(ours[coded.codes] if len(coded.codes) else codes[0])
    return Coded(list(texts), np.concatenate(codes))
