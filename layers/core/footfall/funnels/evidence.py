"""How far part of a series of counts is from the rest, beyond chance and beyond what its rate varies by anyway.

A period has a number of people who could go on and of those who did. None of these is a change of the rate:

* Weekdays that differ. What is expected of a day is the common rate times its weekday's ratio to the seven days around.
* Days that differ by more than chance. The rate varies with a correlation ρ between the people of one period, such that
  the squared residuals, each divided by 1 + (n − 1)·ρ, add up to their degrees of freedom (Williams, Extra-binomial
  variation in logistic linear models, Applied Statistics 31, 1982). Counts divided by 1 + (n − 1)·ρ are then as good
  as binomial ones (Rao and Scott, A simple method for the analysis of clustered binary data, Biometrics 48, 1992).
  Student's distribution pays for a ρ known from few periods; and what is more frequent varies more.
* Days that resemble the day before. By their correlation r, stretches vary more than periods do, (1 + r)/(1 − r) times.
  It and ρ are also found from the steps from one period to the next, which breaks elsewhere in the series hardly touch.

What is left is a table of two by two: the part and the rest, who did and who did not. Its deviation is that of Fisher's
exact test in standard deviations of the normal distribution, by the saddlepoint approximation with a correction for
whole numbers (Skovgaard, Saddlepoint expansions for conditional distributions, Journal of Applied Probability 24,
1987), which holds for a handful of people as for millions.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Places = NDArray[np.intp]
DAYS = 7
PRIOR = 10
"""As if so many more had gone on as expected on each weekday: of few people nothing is learned about weekdays."""
FARTHEST = 3.0
"""A residual counts as this many standard deviations at most, so that one odd period does not hide another."""
MOST_ALIKE = 0.5
SMALLEST_CHANGE = 0.05
"""A rate that is nearer than this to the other, as a share of it, is not worth a mark, however sure it is."""
SKEW = 2 / 3
"""A rate of R times the other varies R to this power times as much: log-normal rates then deviate as normal ones do,
within 3 % up to four times the rate."""
SURE = 0.98
TINY = 1e-9


class Stretches(NamedTuple):
    """Parts of a series: where each begins, and the place after its last period."""

    starts: Places
    stops: Places


@dataclass(frozen=True)
class Periods:
    """Of each period how many could go on, how many did, and its weekday's rate as a ratio to the common one."""

    could: Floats
    did: Floats
    usual: Floats

    @property
    def weighed(self) -> Floats:
        """How many could, as many as would do the same at the common rate."""
        return self.could * self.usual

    def rate(self) -> float:
        """Returns the common rate, 0 where nobody could."""
        return float(self.did.sum() / max(self.weighed.sum(), TINY))


def ratios_of_weekdays(could: Floats, did: Floats, weekdays: Places) -> Floats:
    """Returns each weekday's rate as a ratio to that of the seven days around its days; needs seven days or more."""
    begins = np.clip(np.arange(len(could)) - DAYS // 2, 0, len(could) - DAYS)
    week_could, week_did = (sums[begins + DAYS] - sums[begins] for sums in (_sums(could), _sums(did)))
    expected = np.bincount(weekdays, could * week_did / np.maximum(week_could, 1), DAYS)
    return (np.bincount(weekdays, did, DAYS) + PRIOR) / (expected + PRIOR)


@dataclass(frozen=True)
class Evidence:
    """A series as sums from its beginning, of counts that vary as binomial ones do."""

    did: Floats
    could: Floats
    freedom: int
    half: float  # half a person, counted as the sums are
    varying: float  # the share of the variance that is not chance
    alike: float  # the correlation with the period before

    @classmethod
    def of(cls, periods: Periods, rates: Floats, freedom: int) -> "Evidence":
        """Returns what a series tells whose rates vary around `rates`; `freedom` ≥ 1 is what fitting these left."""
        correlation, alike = _variation(periods, rates, freedom)
        design = 1 + np.maximum(periods.could - 1, 0) * correlation
        varying = 1 - periods.could.sum() / (design @ periods.could)
        design *= _unlikely(periods.usual * periods.rate()) / (1 - min(periods.rate(), SURE))
        did, could = _sums(periods.did / design), _sums(periods.weighed / design)
        return cls(did, could, freedom, float(could[-1] / periods.weighed.sum()) / 2, float(varying), alike)

    def within(self, first: int, end: int) -> "Evidence":
        """Returns the evidence of some of the periods, by what is known of all."""
        places = slice(first, end + 1)
        did, could = self.did[places] - self.did[first], self.could[places] - self.could[first]
        return Evidence(did, could, self.freedom, self.half, self.varying, self.alike)

    def rates(self, stretches: Stretches) -> tuple[Floats, Floats]:
        """Returns the rate of each stretch, and that of all but the stretch; 0 where nobody could."""
        did, could = self._parts(stretches)
        return did / np.maximum(could, TINY), (self.did[-1] - did) / np.maximum(self.could[-1] - could, TINY)

    def deviations(self, stretches: Stretches) -> Floats:
        """Returns how many standard deviations each stretch is above the rest; 0 where it is near or of nobody."""
        did, could = self._parts(stretches)
        rate, rest = self.rates(stretches)
        ratio = rate / np.maximum(rest, TINY)
        higher = np.maximum(ratio, _unlikely(rate) / _unlikely(rest))
        variance = 1 + self.varying * (np.clip(higher, 1, 1 / TINY) ** SKEW - 1)
        variance *= np.where(stretches.stops - stretches.starts > 1, (1 + self.alike) / (1 - self.alike), 1)
        found = _as_normal(self._exact(did, could) / np.sqrt(variance), self.freedom)
        comparable = (could > TINY) & (self.could[-1] - could > TINY) & (np.abs(ratio - 1) >= SMALLEST_CHANGE)
        return np.where(comparable, found, 0)

    def _parts(self, stretches: Stretches) -> tuple[Floats, Floats]:
        starts, stops = stretches
        return self.did[stops] - self.did[starts], self.could[stops] - self.could[starts]

    def _exact(self, did: Floats, could: Floats) -> Floats:
        # Fisher's exact test: the root of the likelihood ratio, and by how far Wald's statistic differs from it
        all_did, others = self.did[-1], self.could[-1] - could
        expected = could * all_did / self.could[-1]
        above = np.sign(did - expected)
        did = expected + above * np.maximum(np.abs(did - expected) - self.half, 0)
        seen, awaited = _table(did, could, all_did, others), _table(expected, could, all_did, others)
        root = np.sqrt(np.maximum(2 * (seen * np.log(seen / awaited)).sum(axis=0), TINY))
        odds = np.log(seen[0] * seen[3] / (seen[1] * seen[2]))
        fixed = max(all_did * (1 - all_did / self.could[-1]), TINY)
        wald = np.maximum(np.abs(odds) * np.sqrt(seen.prod(axis=0) / np.maximum(could * others, TINY) / fixed), TINY)
        exact: Floats = above * np.maximum(root + np.log(wald / root) / root, 0)
        return exact


def _sums(counts: Floats) -> Floats:
    return np.concatenate(([0.0], np.cumsum(counts)))


def _unlikely(rate: Floats) -> Floats:
    return 1 - np.minimum(rate, SURE)


def _chance(periods: Periods, rates: Floats) -> Floats:
    # the variance of a binomial count
    unlikely = _unlikely(periods.usual * rates)
    return np.maximum(periods.could * (1 - unlikely) * unlikely, TINY)


def _variation(periods: Periods, rates: Floats, freedom: int) -> tuple[float, float]:
    # ρ, from the residuals or from the steps between them, which other breaks hardly touch; and r
    chance, residuals = _chance(periods, rates), periods.did - periods.weighed * rates
    others = np.maximum(periods.could - 1, 0)
    both = chance[1:] + chance[:-1]
    of_both = (chance[1:] * others[1:] + chance[:-1] * others[:-1]) / both
    by_steps = _correlation(np.diff(residuals) ** 2 / both, of_both, freedom)
    by_residuals = _correlation(residuals**2 / chance, others, freedom)
    alike = _alike(residuals / np.sqrt(chance * (1 + others * min(by_residuals, by_steps))))
    return min(by_residuals, by_steps / (1 - alike)), alike


def _correlation(squares: Floats, others: Floats, freedom: int) -> float:
    # ρ, from 0 to 1, for which squares / (1 + others·ρ) add up to the degrees of freedom: Newton's method on 1/total
    found = 0.0
    for _ in range(20):
        parts = squares / (1 + others * found)
        inner = parts < FARTHEST**2
        total = np.minimum(parts, FARTHEST**2).sum()
        if abs(total - freedom) < freedom / 1000 or (total < freedom and not found):
            break
        slope = (parts * others / (1 + others * found))[inner].sum()
        found += total * (total - freedom) / (freedom * slope) if slope else found + TINY
        found = min(max(found, 0.0), 1.0)
    return found


def _alike(residuals: Floats) -> float:
    # steps of two periods against steps of one: their squares are as 1 + r to 1
    one, two = (np.minimum((residuals[by:] - residuals[:-by]) ** 2, 2 * FARTHEST**2).mean() for by in (1, 2))
    return float(min(max((two - one) / max(one, 2), 0.0), MOST_ALIKE))


def _table(did: Floats, could: Floats, all_did: float, others: Floats) -> Floats:
    rest = all_did - did
    return np.maximum([did, could - did, rest, others - rest], TINY)


def _as_normal(deviations: Floats, freedom: int) -> Floats:
    # from Student's: Wallace, Bounds on normal approximations, Annals of Mathematical Statistics 30, 1959
    root = np.sqrt(freedom * np.log1p(deviations**2 / freedom))
    return np.sign(deviations) * root * (8 * freedom + 1) / (8 * freedom + 3)
