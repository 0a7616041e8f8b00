"""The break of a series that is farthest beyond chance: a stretch of periods against all the others.

Compared are each period alone, and the stretches that are long enough to be a level: circular binary segmentation
(Olshen, Venkatraman, Lucito and Wigler, Biostatistics 5, 2004). Of a longer stretch the more certain end is the break.

A series of T periods is worth about 5·T independent comparisons (simulated, from 17 to 3,660 periods), so a deviation
is beyond chance where chance makes it with a probability below FALSE_MARKS / (5·T). `make marks` measures how often a
constant rate is marked all the same: less than once in twenty series, also where days vary as a shop's do.
"""

from dataclasses import replace
from functools import lru_cache
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from footfall.funnels.evidence import Evidence, Floats, Periods, Stretches

FALSE_MARKS = 0.02
COMPARISONS = 5


class Break(NamedTuple):
    """A spike or the first period of a shift, and by how much the rate is higher there, in standard deviations."""

    place: int
    deviation: float
    spike: bool


def farthest_break(periods: Periods, lasting: int, fitted: int) -> Break | None:
    """Returns the break of a series that is farthest beyond chance; None where none is.

    A level is of `lasting` periods or more. `fitted` is how many degrees of freedom went into the periods' ratios.
    """
    compared = int(np.count_nonzero(periods.could))
    freedom = compared - 2 - fitted
    if freedom < 1 or not 0 < periods.did.sum() < periods.weighed.sum():
        return None
    stretches = _stretches(len(periods.could), lasting)
    one_level = Evidence.of(periods, np.full(len(periods.could), periods.rate()), freedom + 1)
    unbroken = replace(one_level, alike=0.0)  # a break by itself makes periods resemble the ones before
    evidence = Evidence.of(periods, _two_levels(unbroken, stretches), freedom)
    place, deviation = _farthest(evidence, stretches)
    if abs(deviation) < _beyond_chance(min(COMPARISONS * compared, len(stretches.starts))):
        return None
    first, end = int(stretches.starts[place]), int(stretches.stops[place])
    if end - first == 1:
        return Break(first, deviation, spike=True)
    return max(_shifts(evidence, first, end, lasting), key=lambda shift: abs(shift.deviation))


@lru_cache(maxsize=8)
def _stretches(length: int, lasting: int) -> Stretches:
    # single periods, ends of the series, and parts of its inside, each half as long again, at places a quarter apart
    firsts, levels = np.arange(length), np.arange(lasting, length - lasting + 1)
    starts, stops = [firsts, levels], [firsts + 1, np.full(len(levels), length)]
    long = lasting
    while long <= length // 2:
        inside = np.arange(lasting, length - lasting - long + 1, max(long // 4, 1))
        starts.append(inside)
        stops.append(inside + long)
        long += max(long // 2, 1)
    return Stretches(np.concatenate(starts), np.concatenate(stops))


def _two_levels(evidence: Evidence, stretches: Stretches) -> Floats:
    # the rates of the stretch that is farthest from the rest, and of the rest
    place, _ = _farthest(evidence, stretches)
    inside, outside = evidence.rates(stretches)
    rates = np.full(len(evidence.did) - 1, outside[place])
    rates[stretches.starts[place] : stretches.stops[place]] = inside[place]
    return rates


def _farthest(evidence: Evidence, stretches: Stretches) -> tuple[int, float]:
    deviations = evidence.deviations(stretches)
    place = int(np.argmax(np.abs(deviations)))
    return place, float(deviations[place])


def _beyond_chance(comparisons: int) -> float:
    return -NormalDist().inv_cdf(FALSE_MARKS / comparisons / 2)


def _shifts(evidence: Evidence, first: int, end: int, lasting: int) -> list[Break]:
    # the best cut between a stretch and what is before it, and the best between it and what is after
    length = len(evidence.did) - 1
    found = []
    for begin, stop in ((0, end), (first, length)):
        cuts = np.arange(begin + lasting, stop - lasting + 1)
        if len(cuts):
            tails = Stretches(cuts - begin, np.full(len(cuts), stop - begin))
            place, deviation = _farthest(evidence.within(begin, stop), tails)
            found.append(Break(int(cuts[place]), deviation, spike=False))
    return found
