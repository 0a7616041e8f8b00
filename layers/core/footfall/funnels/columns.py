"""Step entries as columns of numbers: packed into a day's rollup, and unpacked for a range of days."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from footfall.days import DayRange, start_of
from footfall.funnels.engine import Codes, Entries, Integers
from footfall.schemas.funnel import DEVICES, PackedEntries

NUMBERS = "<u4"


@dataclass(frozen=True)
class Columns:
    """Entries to one step over a range of days, in any order.

    `places` put the entries of all steps of the range in the order of time; `times` are Unix milliseconds; `devices`
    are places in DEVICES; `days` count from the range's first.
    """

    people: NDArray[np.uint32]
    places: NDArray[np.uint32]
    times: Integers
    devices: Codes
    days: Integers

    def entries(self) -> Entries:
        """The entries as the engine takes them."""
        return Entries.of(self.people, self.places, self.times, self.devices)


def pack(people: ArrayLike, ranks: ArrayLike, milliseconds: ArrayLike) -> PackedEntries:
    """The entries to one step on one day and device, as they are stored."""
    count = len(np.asarray(people))
    packed = [np.asarray(column, NUMBERS).tobytes() for column in (people, ranks, milliseconds)]
    return PackedEntries(count=count, people=packed[0], ranks=packed[1], milliseconds=packed[2])


def unpack(documents: Iterable[Mapping[str, Any]], days: DayRange, steps: int) -> list[Columns]:
    """The entries to each step of one funnel, from the rollup documents of a range of days."""
    by_step: list[list[Mapping[str, Any]]] = [[] for _ in range(steps)]
    ranked: dict[str, int] = {}
    for document in documents:
        if document["entries"]["count"]:
            by_step[document["order"] - 1].append(document)
            ranked[document["date"]] = document["ranked"]
    dates = sorted(ranked)
    places = accumulate((ranked[day] for day in dates), initial=0)
    heads = {day: (*_begin(day, days), place) for day, place in zip(dates, places, strict=False)}
    return [_columns(found, heads) for found in by_step]


def _begin(written: str, days: DayRange) -> tuple[int, int]:
    """A day's number in the range, and when it begins."""
    day = date.fromisoformat(written)
    return (day - days.first).days, milliseconds(start_of(day, days.zone))


def _columns(documents: Sequence[Mapping[str, Any]], days_heads: Mapping[str, tuple[int, int, int]]) -> Columns:
    packed = [document["entries"] for document in documents]
    heads = [(*days_heads[document["date"]], DEVICES.index(document["device"])) for document in documents]
    counts = [entries["count"] for entries in packed]
    days, begins, offsets, devices = np.repeat(np.array(heads, np.int64).reshape(-1, 4), counts, axis=0).T
    return Columns(
        people=_joined(packed, "people"),
        places=_joined(packed, "ranks") + offsets.astype(np.uint32),
        times=_joined(packed, "milliseconds") + begins,
        devices=devices.astype(np.uint8),
        days=days,
    )


def _joined(packed: Iterable[PackedEntries], name: str) -> NDArray[np.uint32]:
    return np.frombuffer(b"".join(entries[name] for entries in packed), NUMBERS)  # type: ignore[literal-required]


def milliseconds(moment: datetime) -> int:
    """A moment in Unix milliseconds."""
    return round(moment.timestamp() * 1000)
