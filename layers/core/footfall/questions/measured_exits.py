"""What browsers measured of pages at their exits: how often each vital was how much."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from footfall.dimensions import UNKNOWN, dimensions_of
from footfall.events.vitals import VITALS, Vital
from footfall.funnels.engine import Coded
from footfall.lake.contents import SPEED
from footfall.questions.event_rows import EventsQuery, Numbers, joined
from footfall.questions.filters import Filtered
from footfall.questions.read_rows import read_rows
from footfall.questions.table import NONE, Table
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


class MeasuredExits(NamedTuple):
    """How many exits of each page had anything measured, and by page how often what was how much.

    The numbers of `counts` are places in DEVICES and VITALS, and the steps that were measured.
    """

    exits: Table
    counts: Table

    def pages_by_exits(self) -> list[str]:
        """Returns the pages, those first of which most was measured."""
        return [self.exits.texts[code] for code in self.exits.codes[0, self.exits.largest(len(self.exits))]]

    def parts(self, listed: Sequence[str]) -> Parts:
        """Returns how often each vital was how much, by page of those listed and by device."""
        found: dict[tuple[str | None, str], dict[Vital, Counter[int]]] = {}
        some = self._of(listed)
        for row, (device, vital, steps) in enumerate(some.numbers.T.tolist()):
            tallies = found.setdefault((some.text(0, row), DEVICES[device]), {})
            tallies.setdefault(VITALS[vital], Counter())[steps] = int(some.sums[0, row])
        return found

    def _of(self, listed: Sequence[str]) -> Table:
        # all pages that are not listed together
        places = {text: place for place, text in enumerate(self.counts.texts)}
        codes = self.counts.codes[0]
        ours = np.isin(codes, [places[page] for page in listed if page in places])
        return Table.of(self.counts.texts, [np.where(ours, codes, NONE)], self.counts.numbers, self.counts.sums)


def measured_exits(rollups: Rollups, question: Filtered) -> MeasuredExits:
    """Returns what was measured in a range of what passes the filters; raises Invalid, also for too many exits."""
    dimensions = dimensions_of(rollups.site)
    paths = {name: dimensions[name] for name in ("page", "page_type")}
    query = EventsQuery.over(rollups, question, Exits(), {**paths, **{row.name: row for row in SPEED}})
    rows = [each for each in read_rows(query).rows if each.steps]
    told = {name: joined([each.told[name] for each in rows]) for name in query.told}
    devices = np.concatenate([np.zeros(0, np.uint8), *(each.devices for each in rows)])
    pages = _named(told["page"], told["page_type"])
    measured = np.any([_is_told(told[vital]) for vital in VITALS], axis=0)
    exits = Table.of(pages.texts, [pages.codes[measured]], sums=[np.ones(np.count_nonzero(measured), np.int64)])
    return MeasuredExits(exits, _counts(pages, devices, [told[vital] for vital in VITALS]))


def _counts(pages: Coded, devices: NDArray[np.uint8], vitals: Sequence[Coded]) -> Table:
    there = [_is_told(coded) for coded in vitals]
    steps = [_steps(coded)[those] for coded, those in zip(vitals, there, strict=True)]
    numbers = [np.full(len(each), place) for place, each in enumerate(steps)]
    return Table.of(
        pages.texts,
        [np.concatenate([pages.codes[those] for those in there])],
        [np.concatenate([devices[those] for those in there]), np.concatenate(numbers), np.concatenate(steps)],
        [np.ones(sum(map(len, steps)), np.int64)],
    )


def _steps(coded: Coded) -> Numbers:
    steps = np.array([int(text) if text else 0 for text in coded.texts], np.int64)
    return steps[coded.codes] if len(steps) else np.zeros(0, np.int64)


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
