"""Heatmaps from columns of events: bins of a grid, elements, and how far down each view went."""

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from footfall.funnels.engine import Coded, distinct
from footfall.schemas.funnel import DEVICES

Numbers = NDArray[np.int64]
Codes = NDArray[np.uint8]
Flags = NDArray[np.bool_]
NOWHERE = -1
FINEST = 100
"""So many columns and rows a place is told in."""
TENTHS = 10
BITS = 32


class Bin(NamedTuple):
    """A part of a grid in which something happened: its left and upper edge, in percent, and how often."""

    x: int
    y: int
    times: int


class ElementCount(NamedTuple):
    """How often something was clicked or hovered over, and by how many people."""

    element: str
    times: int
    people: int


class Moments(NamedTuple):
    """Events of people on pages as numbers that sort by person and page, and then by time, which has so many `bits`."""

    keys: Numbers
    bits: int

    @property
    def whose(self) -> Numbers:
        """The number of each person on each page."""
        return self.keys >> self.bits

    def where(self, those: Flags | Numbers) -> "Moments":
        """Returns some of them."""
        return Moments(self.keys[those], self.bits)


def cells_of(places: Coded, grid: int) -> Numbers:
    """Returns the part of a grid that each event is in, row by row from the upper left; NOWHERE without a place.

    A place is told as `events.spots` does, and `grid` divides its hundred columns and rows.
    """
    cells = np.array([_cell(text, grid) for text in places.texts], np.int64)
    return cells[places.codes] if len(cells) else np.zeros(0, np.int64)


@lru_cache(maxsize=100_000)
def _cell(place: str, grid: int) -> int:
    if not place:
        return NOWHERE
    column, row = map(int, place.split())
    return row * grid // FINEST * grid + column * grid // FINEST


def counted(places: Numbers, devices: Codes, size: int) -> Numbers:
    """Returns how often each of so many places is told on each device, which has a row; NOWHERE is none of them."""
    cells = devices.astype(np.int64) * (size + 1) + (places + 1)
    return np.bincount(cells, minlength=len(DEVICES) * (size + 1)).reshape(-1, size + 1)[:, 1:]


def bins_of(counts: Numbers, grid: int) -> list[Bin]:
    """Returns the parts of a grid in which anything happened, row by row."""
    step = FINEST // grid
    return [Bin(cell % grid * step, cell // grid * step, int(counts[cell])) for cell in np.flatnonzero(counts).tolist()]


def elements_of(elements: Coded, people: Numbers) -> list[ElementCount]:
    """Returns what was clicked, how often and by how many people; events that name nothing are left out."""
    counts = np.bincount(elements.codes, minlength=len(elements.texts))
    pairs = distinct([elements.codes.astype(np.int64) << BITS | people])
    clicked_by = np.bincount(pairs >> BITS, minlength=len(elements.texts))
    return [
        ElementCount(elements.texts[code], int(counts[code]), int(clicked_by[code]))
        for code in np.flatnonzero(counts).tolist()
        if elements.texts[code]
    ]


def people_on(people: Numbers, devices: Codes) -> Flags:
    """Returns who did anything on each device, which has a row: of each number of people, whether it is among them."""
    seen = np.zeros((len(DEVICES), people.max(initial=0) + 1), bool)
    seen[devices, people] = True
    return seen


def depths_of(texts: Coded) -> Numbers:
    """Returns how far down each scroll went, in percent; NOWHERE where it does not tell."""
    depths = np.array([int(text) if text else NOWHERE for text in texts.texts], np.int64)
    return depths[texts.codes] if len(depths) else np.zeros(0, np.int64)


class Scrolled(NamedTuple):
    """How far down each view was scrolled, in percent, 0 where it was not; and which scrolls are of some view."""

    deepest: Numbers
    placed: Flags


def scrolled(views: Moments, scrolls: Moments, depths: Numbers) -> Scrolled:
    """Returns how far down each view went: its scrolls are those of the same person there until they view it again."""
    deepest, placed = np.zeros(len(views.keys), np.int64), np.zeros(len(depths), bool)
    if not len(deepest):
        return Scrolled(deepest, placed)
    keys = views.keys
    order = np.argsort(keys)
    ordered = keys[order]
    last = np.searchsorted(ordered, scrolls.keys, "right") - 1
    placed = (last >= 0) & (ordered[last] >> views.bits == scrolls.whose) & (depths != NOWHERE)
    np.maximum.at(deepest, order[last[placed]], depths[placed])
    return Scrolled(deepest, placed)


def reached(views: Numbers, parts: int = TENTHS) -> list[int]:
    """Returns how many views went down to the end of each part of the page, as tenths: 10 %, 20 % … all of it.

    `views` are how many went down by so many percent.
    """
    ended_in = np.zeros(parts + 1, np.int64)
    np.add.at(ended_in, np.arange(FINEST + 1) * parts // FINEST, views)
    return [int(count) for count in ended_in[::-1].cumsum()[::-1][1:]]


def numbered(people: Numbers, pages: NDArray[Any]) -> Numbers:
    """Returns a number for each person on each page, from 0, one for every event."""
    pairs = pages.astype(np.int64) << BITS | people
    return np.searchsorted(distinct([pairs]), pairs)
