"""Where a rate breaks: spikes, single periods that are far from their level, and shifts, from which on it is another.

The break of a series that is farthest beyond chance (`segmentation`) is marked: a spike is then set aside, a shift cuts
the series in two, and what is left is searched in the same way.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import numpy as np

from footfall.days import PeriodName
from footfall.funnels.evidence import DAYS, Floats, Periods, Places, ratios_of_weekdays
from footfall.funnels.segmentation import farthest_break

Kind = Literal["shift", "spike"]
LASTING: dict[PeriodName, int] = {"day": 3, "week": 2, "month": 2}
"""The fewest periods that are a level."""
MOST_SEARCHED = 200_000
"""Periods looked at in all, again after each spike and each shift: ten years of days with fifty spikes."""
OWN_WEEKDAYS = 3 * DAYS
"""Fewer days are compared by the weekdays of the longer stretch that they are part of."""


@dataclass(frozen=True)
class Anomaly:
    """A marked period; rates as shares of 1. `level` is the rate from a shift to the next, None of a spike."""

    index: int
    rate: float
    expected: float
    level: float | None
    deviation: float

    @property
    def kind(self) -> Kind:
        """What it is."""
        return "spike" if self.level is None else "shift"


def find_anomalies(series: Sequence[tuple[int, int]], period: PeriodName, first_weekday: int = 0) -> list[Anomaly]:
    """Returns the marked periods of a series of (how many could go on, how many did), in order.

    (0, 0) stands for a period that is not to be compared. `first_weekday` is that of the first day, 0 for a Monday; it
    means nothing for weeks and months.
    """
    could, did = np.array(series, np.float64).reshape(-1, 2).T
    rates = did / np.maximum(could, 1)
    rarer = did if 2 * did.sum() <= could.sum() else could - did
    weekdays = (np.arange(len(could)) + first_weekday) % DAYS if period == "day" else None
    search = _Search(could.copy(), rarer.copy(), weekdays, LASTING[period])
    search.run()
    told = search.marks() if rarer is did else map(_of_the_others, search.marks())
    return [Anomaly(mark.place, float(rates[mark.place]), mark.expected, mark.level, mark.deviation) for mark in told]


class _Piece(NamedTuple):
    # periods between two shifts, and the ratios of weekdays, to which `fitted` of their degrees of freedom went
    first: int
    end: int
    ratios: Floats
    fitted: int = 0


class _Mark(NamedTuple):
    place: int
    expected: float
    level: float | None
    deviation: float


def _of_the_others(mark: _Mark) -> _Mark:
    level = None if mark.level is None else 1 - mark.level
    return _Mark(mark.place, 1 - mark.expected, level, -mark.deviation)


@dataclass
class _Search:
    # the counts without those of spikes, and what was found in them
    could: Floats
    did: Floats
    weekdays: Places | None
    lasting: int
    spikes: dict[int, float] = field(default_factory=dict)
    shifts: dict[int, float] = field(default_factory=dict)
    levels: list[_Piece] = field(default_factory=list)

    def run(self) -> None:
        pieces, searched = deque([_Piece(0, len(self.could), np.ones(DAYS))]), 0
        while pieces and searched < MOST_SEARCHED:
            piece = pieces.popleft()
            searched += piece.end - piece.first
            pieces.extend(self._searched(piece))
        self.levels = sorted([*self.levels, *pieces], key=lambda piece: piece.first)

    def _searched(self, piece: _Piece) -> list[_Piece]:
        # keeps what is farthest in a piece; returns what has to be searched after that
        fitted = self._fitted(piece)
        found = farthest_break(self._periods(fitted), self.lasting, fitted.fitted)
        if found is None:
            self.levels.append(fitted)
            return []
        index = piece.first + found.place
        if found.spike:
            self.spikes[index] = found.deviation
            self.could[index] = self.did[index] = 0
            return [piece]
        self.shifts[index] = found.deviation
        return [_Piece(piece.first, index, fitted.ratios), _Piece(index, piece.end, fitted.ratios)]

    def _fitted(self, piece: _Piece) -> _Piece:
        days = slice(piece.first, piece.end)
        fewest = OWN_WEEKDAYS if self.shifts else DAYS
        if self.weekdays is None or piece.end - piece.first < fewest:
            return piece
        ratios = ratios_of_weekdays(self.could[days], self.did[days], self.weekdays[days])
        return piece._replace(ratios=ratios, fitted=DAYS - 1)

    def _periods(self, piece: _Piece) -> Periods:
        days = slice(piece.first, piece.end)
        usual = np.ones(piece.end - piece.first) if self.weekdays is None else piece.ratios[self.weekdays[days]]
        return Periods(self.could[days], self.did[days], usual)

    def marks(self) -> Iterator[_Mark]:
        before = self.levels[0]
        for piece in self.levels:
            if piece.first in self.shifts:
                yield self._shift(piece, before)
            for index in range(piece.first, piece.end):
                if index in self.spikes and not self._is_of_a_shift(index):
                    yield _Mark(index, self._expected(piece, index), None, self.spikes[index])
            before = piece

    def _shift(self, piece: _Piece, before: _Piece) -> _Mark:
        periods = self._periods(piece)
        level = float(periods.did.sum() / max(periods.could.sum(), 1))
        return _Mark(piece.first, self._expected(before, piece.first), level, self.shifts[piece.first])

    def _expected(self, piece: _Piece, index: int) -> float:
        ratio = 1.0 if self.weekdays is None else float(piece.ratios[self.weekdays[index]])
        return min(self._periods(piece).rate() * ratio, 1.0)

    def _is_of_a_shift(self, index: int) -> bool:
        # its first period, or one before it in which less than half of it shows
        return index in self.shifts or self.spikes[index] * self.shifts.get(index + 1, 0) > 0
