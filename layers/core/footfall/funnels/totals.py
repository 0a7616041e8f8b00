"""What attempts at a funnel come to, by groups of them, so that totals of parts of the people add up to those of all.

Everything in them is a whole number and in one order: the totals of the same attempts are the same however the people
were parted.
"""

import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from footfall.funnels.engine import Indices, Integers

Values = tuple[str, ...]
MOST_BITS = 62


class Counted(NamedTuple):
    """Numbers of groups, each once: ascending by group and then by number, and how often each is there."""

    groups: Integers
    numbers: Integers
    counts: Integers

    @classmethod
    def of(cls, groups: Integers, numbers: Integers, counts: Integers | None = None) -> "Counted":
        """Returns numbers of groups that come in any order; without `counts` each is there once."""
        if not len(numbers):
            return cls(groups, numbers, np.zeros(0, np.int64))
        both = _Both.of(groups, numbers)
        if both is None:
            order = np.lexsort((numbers, groups))
            groups, numbers = groups[order], numbers[order]
            at = np.flatnonzero(_begins(groups) | _begins(numbers))
            return cls(groups[at], numbers[at], _sums(at, None if counts is None else counts[order], len(numbers)))
        if counts is None:
            keys = np.sort(both.keys)
        else:
            order = np.argsort(both.keys)
            keys, counts = both.keys[order], counts[order]
        at = np.flatnonzero(_begins(keys))
        return cls(*both.parted(keys[at]), _sums(at, counts, len(keys)))

    @classmethod
    def added(cls, parts: Iterable["Counted"]) -> "Counted":
        """Returns the numbers of several parts together."""
        return cls.of(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))

    def moved(self, places: Integers) -> "Counted":
        """Returns the same with each group's place instead of its own number; several may have one place."""
        return Counted.of(places[self.groups], self.numbers, self.counts)

    def where(self, those: NDArray[np.bool_] | slice) -> "Counted":
        """Returns some of them."""
        return Counted(self.groups[those], self.numbers[those], self.counts[those])

    def of_group(self, group: int) -> "Counted":
        """Returns the numbers of one group."""
        return self.where(slice(*np.searchsorted(self.groups, [group, group + 1])))


NO_TIMES = Counted(*(np.zeros(0, np.int64) for _ in Counted._fields))


class _Both(NamedTuple):
    # groups and numbers as one number each, which is quicker to sort than two
    keys: Integers
    low: int
    span: int

    @classmethod
    def of(cls, groups: Integers, numbers: Integers) -> "_Both | None":
        low = int(numbers.min())
        span = int(numbers.max()) - low + 1
        has_room = (int(groups.max()) + 1) * span < 2**MOST_BITS
        return cls(groups * span + (numbers - low), low, span) if has_room else None

    def parted(self, keys: Integers) -> tuple[Integers, Integers]:
        if keys[-1] < self.span:
            return np.zeros(len(keys), np.int64), keys + self.low
        groups, numbers = np.divmod(keys, self.span)
        return groups, numbers + self.low


def _begins(ascending: Integers) -> NDArray[np.bool_]:
    begins = np.ones(len(ascending), bool)
    begins[1:] = ascending[1:] != ascending[:-1]
    return begins


def _sums(at: NDArray[np.intp], counts: Integers | None, rows: int) -> Integers:
    # how often each is there, of so many rows that begin at these places
    sums: Integers = np.diff(at, append=rows) if counts is None else np.add.reduceat(counts, at)
    return sums


@dataclass(frozen=True)
class Totals:
    """The attempts of some people at so many steps, by group.

    `groups` are the values of each, ascending. `ended` has a row for each group: how many of its attempts reached no
    step, one step, two. `times[i]` are the milliseconds that attempts took to the step after the first i + 1. `bought`
    is like `ended` what orders amount to, in minor units. `net` is what was left after refunds of an attempt's orders,
    where it is not nothing; its groups are places in `ended`. Both are None where sessions are counted.
    """

    groups: Sequence[Values]
    ended: Integers
    times: Sequence[Counted]
    bought: Integers | None = None
    net: Counted | None = None

    @property
    def steps(self) -> int:
        """How many steps the funnel has."""
        return int(self.ended.shape[1]) - 1

    @property
    def entered(self) -> Integers:
        """How many attempts each group has."""
        attempts: Integers = self.ended.sum(axis=1)
        return attempts

    @classmethod
    def added(cls, parts: Sequence["Totals"]) -> "Totals":
        """Returns the totals of the people of all parts, of which nobody is in two."""
        groups = sorted({values for part in parts for values in part.groups})
        places = {values: place for place, values in enumerate(groups)}
        moved = [part.moved([places[values] for values in part.groups], groups) for part in parts]
        bought = [part.bought for part in moved if part.bought is not None]
        net = [part.net for part in moved if part.net is not None]
        return cls(
            groups,
            np.sum([part.ended for part in moved], axis=0),
            [Counted.added(times) for times in zip(*(part.times for part in moved), strict=True)],
            np.sum(bought, axis=0) if bought else None,
            Counted.added(net) if net else None,
        )

    def moved(self, to: Sequence[int], groups: Sequence[Values]) -> "Totals":
        """Returns the same of other groups: each of ours belongs to the one at its place, several may to one."""
        places, sizes = np.array(to, np.int64), self.steps + 1
        cells = (places[:, None] * sizes + np.arange(sizes)).ravel()
        return Totals(
            groups,
            _moved(self.ended, places, len(groups)),
            [times.moved(places) for times in self.times],
            None if self.bought is None else _moved(self.bought, places, len(groups)),
            None if self.net is None else self.net.moved(cells),
        )

    def together(self) -> "Totals":
        """Returns the totals of all groups as one."""
        return self if len(self.groups) == 1 else self.moved([0] * len(self.groups), [()])

    def largest(self, most: int, other: str) -> "Totals":
        """Returns the same with as many groups as `most`, those with most attempts, and all others as one behind them.

        Of groups as large as each other, the first count.
        """
        if len(self.groups) <= most:
            return self
        kept = largest(self.entered, most)
        places = np.full(len(self.groups), most)
        places[kept] = np.arange(most)
        others = (other,) * len(self.groups[0])
        return self.moved(places.tolist(), [*(self.groups[place] for place in kept), others])

    def packed(self) -> bytes:
        """Returns them as bytes, which `unpacked` reads."""
        arrays = {"ended": self.ended, "groups": np.frombuffer(json.dumps(self.groups).encode(), np.uint8)}
        arrays |= {f"times{place}": np.stack(times) for place, times in enumerate(self.times)}
        arrays |= {} if self.bought is None else {"bought": self.bought}
        arrays |= {} if self.net is None else {"net": np.stack(self.net)}
        packed = io.BytesIO()
        np.savez(packed, **arrays)  # type: ignore[arg-type]
        return packed.getvalue()

    @classmethod
    def unpacked(cls, packed: bytes) -> "Totals":
        """Returns what was packed."""
        with np.load(io.BytesIO(packed)) as arrays:
            groups = [tuple(values) for values in json.loads(arrays["groups"].tobytes())]
            ended = arrays["ended"]
            times = [Counted(*arrays[f"times{place}"]) for place in range(ended.shape[1] - 2)]
            bought = arrays.get("bought")
            net = Counted(*arrays["net"]) if "net" in arrays else None
        return cls(groups, ended, times, bought, net)


def largest(sizes: Integers, most: int) -> Indices:
    """Returns the places of so many of the largest, ascending; of those as large as each other the first count."""
    return np.sort(np.argsort(-sizes, kind="stable")[:most])


def _moved(rows: Integers, places: Integers, groups: int) -> Integers:
    moved = np.zeros((groups, rows.shape[1]), np.int64)
    np.add.at(moved, places, rows)
    return moved
