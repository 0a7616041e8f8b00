"""What is more frequent among those who left than among those who stayed, beyond chance."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from footfall.funnels.engine import Flags
from footfall.rates import NORMAL_95

FEWEST = 30
"""People on either side: of fewer nothing is told."""
FEWEST_HAVING = 10
"""People who have a trait, on both sides together: what fewer have is not looked at."""
MOST_VALUES = 100
"""Values of a dimension that are looked at, those that most people have."""
SURE = 0.05
FARTHEST = 12
"""Standard deviations: what is farther out is less than a double can tell."""
Floats = NDArray[np.float64]


class Trait(NamedTuple):
    """How many have a trait: of so many who left and are known to have it or not, and of so many who stayed.

    `value` is that of a dimension; None for what somebody did, or had happen to them.
    """

    name: str
    value: str | None
    left_having: int
    left: int
    stayed_having: int
    stayed: int

    @property
    def worth_a_look(self) -> bool:
        """Whether there are enough people on both sides, some of whom have it and some not: it may tell them apart."""
        having = self.left_having + self.stayed_having
        enough = min(self.left, self.stayed) >= FEWEST and having >= FEWEST_HAVING
        return enough and having < self.left + self.stayed

    @property
    def extra(self) -> float:
        """How many more of those who left have it than if it were as frequent as among those who stayed."""
        return self.left_having - self.left * self.stayed_having / self.stayed


class Lift(NamedTuple):
    """The share among those who left by the share among those who stayed, and between which bounds it is, by 95 %."""

    ratio: float
    low: float
    high: float


class Reason(NamedTuple):
    """A trait that is more frequent among those who left; `p` is corrected for all that were looked at."""

    trait: Trait
    lift: Lift
    p: float


def trait_of(name: str, having: Flags, left: Flags, known: Flags | None = None) -> Trait:
    """Returns how many have what is told of each; of some it may not be known."""
    both = [side if known is None else side & known for side in (left, ~left)]
    counts = [int(np.count_nonzero(count)) for side in both for count in (side & having, side)]
    return Trait(name, None, *counts)


def traits_of(name: str, having: Mapping[str, tuple[int, int]]) -> Iterator[Trait]:
    """Yields a dimension's values, the most frequent hundred, from how many of those who left and who stayed have each.

    Of values that are as frequent the first come first.
    """
    of_left, of_stayed = (sum(counts[side] for counts in having.values()) for side in (0, 1))
    for value in sorted(having, key=lambda value: (-sum(having[value]), value))[:MOST_VALUES]:
        left, stayed = having[value]
        yield Trait(name, value, left, of_left, stayed, of_stayed)


def lift_of(trait: Trait) -> Lift:
    """Returns the ratio of the two shares, with its interval by the normal distribution of its logarithm.

    Katz, Baptista, Azen and Pike, Obtaining confidence intervals for the risk ratio in cohort studies, Biometrics 34,
    1978. Where nobody on one side has it, half a person is added to all four counts: Pettigrew, Gart and Thomas, The
    bias and higher cumulants of the logarithm of a binomial variate, Biometrika 73, 1986.
    """
    counts = [float(count) for count in trait[2:]]
    if not (trait.left_having and trait.stayed_having):
        counts = [count + 0.5 for count in counts]
    left_having, left, stayed_having, stayed = counts
    ratio = (left_having / left) / (stayed_having / stayed)
    spread = math.sqrt(max(1 / left_having - 1 / left + 1 / stayed_having - 1 / stayed, 0))
    return Lift(ratio, ratio * math.exp(-NORMAL_95 * spread), ratio * math.exp(NORMAL_95 * spread))


def chance_of(trait: Trait) -> float:
    """Returns how probable it is by chance that a trait is at least so much more frequent on one of the two sides.

    Fisher's exact test, its one side doubled; 1 where it is not more frequent among those who left.
    """
    having, everybody = trait.left_having + trait.stayed_having, trait.left + trait.stayed
    if trait.extra <= 0:
        return 1.0
    spread = math.sqrt(trait.left * trait.stayed * having * (everybody - having)) / everybody**1.5
    most = min(having, trait.left) - trait.left_having
    more = trait.left_having + np.arange(min(most, int(FARTHEST * spread) + FARTHEST))
    steps = (trait.left - more) * (having - more) / ((more + 1) * (trait.stayed - having + more + 1))
    return min(1.0, 2 * math.exp(_log_probability(trait, having, everybody)) * (1 + float(np.cumprod(steps).sum())))


def _log_probability(trait: Trait, having: int, everybody: int) -> float:
    # of exactly this table, its margins given
    ways = _log_ways(trait.left, trait.left_having) + _log_ways(trait.stayed, trait.stayed_having)
    return ways - _log_ways(everybody, having)


def _log_ways(of: int, chosen: int) -> float:
    return math.lgamma(of + 1) - math.lgamma(chosen + 1) - math.lgamma(of - chosen + 1)


def corrected(chances: Floats) -> Floats:
    """Returns probabilities corrected for how many there are: of those that stay below a bound, on average no larger a
    share than that is chance.

    Benjamini and Hochberg, Controlling the false discovery rate, Journal of the Royal Statistical Society B 57, 1995.
    """
    order = np.argsort(chances)[::-1]
    ranks = np.arange(len(chances), 0, -1)
    found = np.ones(len(chances))
    found[order] = np.minimum.accumulate(np.append(1.0, chances[order] * len(chances) / ranks))[1:]
    return found


class Compared(NamedTuple):
    """The reasons that were found among each group of traits, and how many traits were looked at in all."""

    reasons: list[list[Reason]]
    looked_at: int


def compared(groups: Sequence[Iterable[Trait]]) -> Compared:
    """Returns which of the traits that are worth a look are more frequent among those who left, beyond chance.

    Of each group those of most people first; what chance makes of them is corrected for all groups together.
    """
    looked_at = [[trait for trait in group if trait.worth_a_look] for group in groups]
    chances = iter(corrected(np.array([chance_of(trait) for group in looked_at for trait in group], np.float64)))
    found = [[Reason(trait, lift_of(trait), float(next(chances))) for trait in group] for group in looked_at]
    return Compared([_beyond_chance(group) for group in found], sum(map(len, looked_at)))


def _beyond_chance(found: Iterable[Reason]) -> list[Reason]:
    sure = [reason for reason in found if reason.p <= SURE and reason.lift.low > 1]
    return sorted(sure, key=lambda reason: -reason.trait.extra)
