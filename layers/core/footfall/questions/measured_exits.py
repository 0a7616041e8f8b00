"""Exits of pages with what browsers measured of them, as columns, and how often each vital was how much."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from footfall.dimensions import UNKNOWN, dimensions_of
from footfall.events.vitals import VITALS, Vital
from footfall.funnels.engine import Coded
from footfall.lake.contents import SPEED
from footfall.questions.event_rows import EventsQuery, Numbers, joined
from footfall.questions.filters import Filtered
from footfall.questions.read_rows import read_rows
from footfall.rollups import Rollups
from footfall.schemas.event import NamedEvent
from footfall.schemas.funnel import DEVICES

EXIT = "page_exit"
NOWHERE = "other"
Tallies = Mapping[Vital, Counter[int]]
"""How often each vital was so many steps."""
Parts = Mapping[tuple[str | None, str], Tallies]
"""The same by page and device; the page is None for all pages that are not listed."""


class Exits:
    """Which events are read: exits of pages."""

    def places(self, event: NamedEvent) -> frozenset[int]:
        """Returns that an exit is of the one group that there is; empty for any other event."""
        return frozenset({0}) if event["type"] == EXIT else frozenset()

    def condition(self) -> dict[str, object]:
        """Returns the MongoDB condition for exits of which anything was measured."""
        return {"type": EXIT, "vitals": {"$exists": True}}


@dataclass(frozen=True)
class MeasuredExits:
    """Exits of pages of which anything was measured: each one's page, a place in `names`, its device and its vitals."""

    names: Sequence[str]
    pages: Numbers
    devices: NDArray[np.uint8]
    vitals: Mapping[Vital, Coded]

    def pages_by_exits(self) -> list[str]:
        """Returns the pages, those first of which most was measured."""
        exits = np.bincount(self.pages, minlength=len(self.names)).tolist()
        return [
            name for _, name in sorted((-count, name) for name, count in zip(self.names, exits, strict=True) if count)
        ]

    def parts(self, listed: Sequence[str]) -> Parts:
        """Returns how often each vital was how much, by page of those listed and by device."""
        places = {name: place for place, name in enumerate(listed)}
        pages = np.array([places.get(name, len(listed)) for name in self.names], np.int64)
        part = pages[self.pages] * len(DEVICES) + self.devices if len(pages) else self.pages
        found: dict[tuple[str | None, str], dict[Vital, Counter[int]]] = {}
        for vital, coded in self.vitals.items():
            for number, steps, count in _counted(part, coded):
                page, device = divmod(number, len(DEVICES))
                tallies = found.setdefault((listed[page] if page < len(listed) else None, DEVICES[device]), {})
                tallies.setdefault(vital, Counter())[steps] += count
        return found


def _counted(part: Numbers, coded: Coded) -> Iterator[tuple[int, int, int]]:
    # how often a vital was so many steps in each part
    kinds = len(coded.texts)
    counts = np.bincount(part * kinds + coded.codes) if kinds else np.zeros(0, np.int64)
    for place in np.flatnonzero(counts).tolist():
        number, code = divmod(place, kinds)
        if coded.texts[code]:
            yield number, int(coded.texts[code]), int(counts[place])


def measured_exits(rollups: Rollups, question: Filtered) -> MeasuredExits:
    """Returns the exits of a range that pass the filters; raises Invalid, also for too many, and Unavailable."""
    dimensions = dimensions_of(rollups.site)
    paths = {name: dimensions[name] for name in ("page", "page_type")}
    query = EventsQuery.over(rollups, question, Exits(), {**paths, **{row.name: row for row in SPEED}})
    rows = [each for each in read_rows(query).rows if each.steps]
    told = {name: joined([each.told[name] for each in rows]) for name in query.told}
    measured = np.any([_is_told(told[vital]) for vital in VITALS], axis=0)
    devices = np.concatenate([np.zeros(0, np.uint8), *(each.devices for each in rows)])
    pages = _named(told["page"], told["page_type"])
    return MeasuredExits(
        pages.texts,
        pages.codes[measured],
        devices[measured],
        {vital: Coded(told[vital].texts, told[vital].codes[measured]) for vital in VITALS},
    )


def _is_told(coded: Coded) -> NDArray[np.bool_]:
    told = np.array([bool(text) for text in coded.texts], bool)
    return told[coded.codes] if len(told) else np.zeros(0, bool)


def _named(paths: Coded, types: Coded) -> Coded:
    # a page is called by its path, or by its type where it came without a path
    kinds = max(len(types.texts), 1)
    both = paths.codes.astype(np.int64) * kinds + types.codes
    pairs, codes = np.unique(both, return_inverse=True)
    names = [_name(paths.texts[pair // kinds], types.texts[pair % kinds]) for pair in pairs.tolist()]
    return joined([Coded(names, codes)])


def _name(path: str, page_type: str) -> str:
    return next((told for told in (path, page_type) if told != UNKNOWN), NOWHERE)
