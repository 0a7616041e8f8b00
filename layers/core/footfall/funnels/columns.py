"""Step entries as columns of numbers: packed into a day's rollup, and unpacked for a range of days."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import accumulate
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from footfall.days import DayRange, start_of
from footfall.funnels.engine import Entries, Integers, Timeline
from footfall.schemas.funnel import DEVICES, DeviceEntries, PackedEntries

NUMBERS = "<u4"


@dataclass(frozen=True)
class DatedEntries(Entries):
    """Entries to one step over a range of days; `days` count from the range's first."""

    days: NDArray[np.uint16]


@dataclass(frozen=True)
class Entered:
    """Everybody's entries to each step of a funnel over a range of days.

    `excluded` are the events that end an attempt, `others` those that satisfy no step and count as in between: of
    questions for them. Where sessions are counted, `owners` are their numbers in the lake; else people's are their own.
    """

    steps: list[DatedEntries]
    timeline: Timeline
    excluded: DatedEntries | None = None
    others: DatedEntries | None = None
    owners: Integers | None = None


def pack(people: ArrayLike, ranks: ArrayLike, milliseconds: ArrayLike) -> PackedEntries:
    """Returns the entries to one step on one day and device, as they are stored."""
    columns = [np.asarray(column, NUMBERS) for column in (people, ranks, milliseconds)]
    packed = [column.tobytes() for column in columns]
    return PackedEntries(count=len(columns[0]), people=packed[0], ranks=packed[1], milliseconds=packed[2])


def unpack(documents: Iterable[DeviceEntries], days: DayRange, steps: int) -> Entered:
    """Returns the entries to each of so many steps of one funnel, from its rollups of a range of days."""
    by_step: list[list[DeviceEntries]] = [[] for _ in range(steps)]
    ranked: dict[str, int] = {}
    for document in documents:
        by_step[document["order"] - 1].append(document)
        ranked[document["date"]] = document["ranked"]
    places = accumulate((ranked[day] for day in sorted(ranked)), initial=0)
    heads = {day: _head(day, place, days) for day, place in zip(sorted(ranked), places, strict=False)}
    count = sum(ranked.values())
    timeline = Timeline(np.zeros(count, np.int64), np.zeros(count, np.uint8))
    return Entered([_dated(found, heads, timeline) for found in by_step], timeline)


class _Head(NamedTuple):
    day: int  # its number in the range
    begin: int
    place: int  # of its first rank


def _head(written: str, place: int, days: DayRange) -> _Head:
    day = date.fromisoformat(written)
    return _Head((day - days.first).days, milliseconds(start_of(day, days.zone)), place)


def _dated(documents: Sequence[DeviceEntries], heads: Mapping[str, _Head], timeline: Timeline) -> DatedEntries:
    # when and on which device the entries happened is written into the timeline
    packed = [document["entries"] for document in documents]
    counts = [entries["count"] for entries in packed]
    found = [heads[document["date"]] for document in documents]
    devices = [DEVICES.index(document["device"]) for document in documents]
    places = _joined(packed, "ranks") + np.repeat(np.array([head.place for head in found], np.uint32), counts)
    begins = np.repeat(np.array([head.begin for head in found], np.int64), counts)
    timeline.times[places] = begins + _joined(packed, "milliseconds")
    timeline.devices[places] = np.repeat(np.array(devices, np.uint8), counts)
    days = np.repeat(np.array([head.day for head in found], np.uint16), counts)
    return DatedEntries(_joined(packed, "people"), places, days)


def _joined(packed: Iterable[PackedEntries], name: str) -> NDArray[np.uint32]:
    return np.frombuffer(b"".join(entries[name] for entries in packed), NUMBERS)  # type: ignore[literal-required]


def starts_of(days: DayRange) -> list[int]:
    """Returns when each day of a range begins, in Unix milliseconds."""
    return [milliseconds(start_of(day, days.zone)) for day in days]


def milliseconds(moment: datetime) -> int:
    """Returns a moment in Unix milliseconds."""
    return round(moment.timestamp() * 1000)
