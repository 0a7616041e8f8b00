"""Breakdowns of a funnel: each attempt is in one group, by what a step tells of one or two dimensions."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from footfall.errors import FieldProblem, Invalid
from footfall.funnels.engine import Coded, Integers, distinct
from footfall.funnels.summary import Summary
from footfall.funnels.totals import Totals, Values, largest
from footfall.questions.funnel_query import FunnelModes, FunnelQuery, step_of

MOST_DIMENSIONS = 2
MOST_VALUES = 100
OTHER, NOT_REACHED = "other", "not reached"


class BrokenDown(FunnelModes):
    """By which dimensions, and which step tells them."""

    breakdown: list[str] | None = Field(
        default=None,
        description="Also by one or two dimensions, by commas or repeated; nobody is split over two values",
        examples=[["device", "source"]],
    )
    at: str = Field(
        default="first",
        description="Which step says the value: `first`, `last` (the last that was reached), or a step's number from 1,"
        " which has none for who did not reach it",
        pattern="^(first|last|[1-9][0-9]?)$",
        examples=["first"],
    )

    def dimensions(self) -> Sequence[str]:
        """Returns by which dimensions the answer is broken down; raises Invalid for more than two."""
        names = [name.strip() for part in self.breakdown or () for name in part.split(",")]
        if len(names) > MOST_DIMENSIONS or len(set(names)) < len(names):
            raise Invalid([FieldProblem("breakdown", f"give at most {MOST_DIMENSIONS} dimensions, each once")])
        return names

    def telling_step(self, query: FunnelQuery) -> int:
        """Returns the step that says the value, from 0, -1 for the last that was reached; raises Invalid for none."""
        if self.at in ("first", "last"):
            return 0 if self.at == "first" else -1
        return step_of(query, "at", int(self.at), 1) - 1


class Groups(NamedTuple):
    """The values there are, of two dimensions each pair, ascending, and the place of each attempt's among them.

    Without a breakdown all attempts are of one group, which has no value.
    """

    values: list[Values]
    codes: Integers

    @classmethod
    def of(cls, query: FunnelQuery, summary: Summary, step: int) -> "Groups":
        """Returns the groups of a breakdown, as a step tells it."""
        told = [summary.told(name, step) for name in query.told]
        combined = np.zeros(len(summary.attempts.people), np.int64)
        for coded in told:
            combined = combined * len(coded.texts) + coded.codes
        pairs = distinct([combined])
        found = [_values(int(pair), told) for pair in pairs]
        values = sorted(set(found))
        places = {each: place for place, each in enumerate(values)}
        return cls(values, np.array([places[each] for each in found], np.int64)[np.searchsorted(pairs, combined)])

    def having(self, value: Values) -> NDArray[np.bool_]:
        """Returns of each attempt whether it has a value; beyond the hundred largest all others are `other`."""
        kept = set(largest(np.bincount(self.codes, minlength=len(self.values)), MOST_VALUES).tolist())
        shown = [each if place in kept else (OTHER,) * len(each) for place, each in enumerate(self.values)]
        return np.isin(self.codes, [place for place, each in enumerate(shown) if each == value])


def shown(totals: Totals) -> Totals:
    """Returns the totals of the hundred largest values, and of all others as `other`."""
    return totals.largest(MOST_VALUES, OTHER)


def _values(pair: int, told: Sequence[Coded]) -> Values:
    values: list[str] = []
    for coded in reversed(told):
        pair, place = divmod(pair, len(coded.texts))
        values.insert(0, coded.texts[place] or NOT_REACHED)
    return tuple(values)
