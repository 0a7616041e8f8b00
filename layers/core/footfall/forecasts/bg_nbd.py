"""BG/NBD: customers buy at rates of their own, and after each repeat purchase may be gone for good.

Rates are gamma distributed (r, alpha), chances to be gone after a purchase beta (a, b): Fader, Hardie and Lee,
“Counting your customers” the easy way, Marketing Science 24 (2005). Times are in weeks.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from scipy.special import betaln, expit, gammaln, hyp2f1, psi

from footfall.forecasts.histories import Histories, weighted
from footfall.forecasts.likelihood import Found, Reals, most_likely

STARTS = ((1.0, 1.0, 1.0, 1.0), (0.3, 5.0, 1.0, 3.0))
NEAR_ONE = 1e-6


class BgNbd(NamedTuple):
    """A fitted model."""

    r: float
    alpha: float
    a: float
    b: float

    @staticmethod
    def fit(seen: Histories) -> Found:
        """Returns the parameters that make these histories most likely; raises NotFitted."""
        different, customers = weighted(seen)

        def log_likelihood(guess: Reals) -> float:
            return float(customers @ BgNbd(*guess.tolist()).log_likelihoods(different))

        def slopes(guess: Reals) -> Reals:
            return BgNbd(*guess.tolist()).slopes(different) @ customers

        return most_likely(log_likelihood, BgNbd._fields, STARTS, float(customers @ different.repeats), slopes)

    @classmethod
    def of(cls, parameters: Mapping[str, float]) -> "BgNbd":
        """Returns the model of these parameters."""
        return cls(**parameters)

    def log_likelihoods(self, seen: Histories) -> Reals:
        """Returns the logarithm of how likely each history is (equation 6): still there, or gone since the last."""
        x, last, watched = seen
        rate = gammaln(self.r + x) - gammaln(self.r) + self.r * np.log(self.alpha) - betaln(self.a, self.b)
        there = betaln(self.a, self.b + x) - (self.r + x) * np.log(self.alpha + watched)
        gone = betaln(self.a + 1, self.b + np.maximum(x - 1, 0)) - (self.r + x) * np.log(self.alpha + last)
        found: Reals = rate + np.where(x > 0, np.logaddexp(there, gone), there)
        return found

    def slopes(self, seen: Histories) -> Reals:
        """Returns the derivatives of these logarithms by each parameter: parameters × histories."""
        x, last, watched = seen
        there = betaln(self.a, self.b + x) - (self.r + x) * np.log(self.alpha + watched)
        gone = betaln(self.a + 1, self.b + np.maximum(x - 1, 0)) - (self.r + x) * np.log(self.alpha + last)
        left = np.where(x > 0, expit(gone - there), 0.0)
        stayed, both = 1 - left, psi(self.a + self.b + x)
        start = psi(self.a + self.b)
        by_r = psi(self.r + x) - psi(self.r) + np.log(self.alpha)
        by_r -= stayed * np.log(self.alpha + watched) + left * np.log(self.alpha + last)
        by_alpha = self.r / self.alpha - (self.r + x) * (stayed / (self.alpha + watched) + left / (self.alpha + last))
        by_a = start - psi(self.a) + stayed * psi(self.a) + left * psi(self.a + 1) - both
        by_b = start - psi(self.b) + stayed * psi(self.b + x) + left * psi(self.b + np.maximum(x - 1, 0)) - both
        return np.array([by_r, by_alpha, by_a, by_b])

    def alive(self, seen: Histories) -> Reals:
        """Returns how likely each customer is still one, from 0 to 1; 1 for everybody who bought once."""
        x, last, watched = seen
        longer = np.log((self.alpha + watched) / (self.alpha + last))
        odds = np.exp(np.minimum(np.log(self.a / (self.b + np.maximum(x, 1) - 1)) + (self.r + x) * longer, 700))
        return np.where(x > 0, 1 / (1 + odds), 1.0)

    def purchases_if_alive(self, seen: Histories, weeks: float) -> Reals:
        """Returns how many purchases each is expected to make in the next weeks if still a customer.

        Equation 10, with Euler's transformation of its hypergeometric function, which no number of repeats overflows.
        """
        x, _, watched = seen
        rest = self.a - 1 if abs(self.a - 1) > NEAR_ONE else NEAR_ONE
        z = weeks / (self.alpha + watched + weeks)
        stays = np.exp(rest * np.log1p(-z)) * hyp2f1(rest + self.b - self.r, rest, rest + self.b + x, z)
        found: Reals = (rest + self.b + x) / rest * (1 - stays)
        return found

    def buys_if_alive(self, seen: Histories, weeks: Reals) -> Reals:
        """Returns how likely each is to buy within the next weeks, a number for each, if still a customer."""
        x, _, watched = seen
        found: Reals = -np.expm1((self.r + x) * np.log1p(-weeks / (self.alpha + watched + weeks)))
        return found

    def drawn_if_alive(self, seen: Histories, weeks: float, random: np.random.Generator, draws: int) -> Reals:
        """Returns purchases in the next weeks of each if still a customer, a row of draws for each."""
        x, _, watched = (one[:, None] for one in seen)
        size = (len(seen.repeats), draws)
        rate = random.gamma(self.r + x, 1 / (self.alpha + watched), size)
        leaves = np.maximum(random.beta(self.a, self.b + x, size), np.finfo(np.float64).tiny)
        return np.minimum(random.poisson(rate * weeks), random.geometric(leaves)).astype(np.float64)
