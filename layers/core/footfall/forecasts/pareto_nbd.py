"""Pareto/NBD: customers buy at rates of their own, and at any time may be gone for good.

Rates of buying are gamma distributed (r, alpha), those of being gone too (s, beta): Schmittlein, Morrison and Colombo,
Counting your customers, Management Science 33 (1987). Times are in weeks.

Given that somebody is still a customer, both rates are gamma distributed again, each by itself: (r + x, alpha + T) and
(s, beta + T). What is expected follows from that.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from scipy.special import gammaln

from footfall.forecasts.histories import Histories, weighted
from footfall.forecasts.likelihood import Found, Reals, most_likely

STARTS = ((1.0, 1.0, 1.0, 1.0), (0.5, 10.0, 0.5, 10.0))
NODES, WEIGHTS = np.polynomial.legendre.leggauss(32)
NODES, WEIGHTS = (NODES + 1) / 2, WEIGHTS / 2
"""Where a function is taken between 0 and 1, and how much each value counts, for its integral (Gauss and Legendre)."""
FOLDS = 40.0
"""An integral is cut where what is integrated has fallen by a factor of e so many times."""
NEAR_ONE = 1e-6


class ParetoNbd(NamedTuple):
    """A fitted model."""

    r: float
    alpha: float
    s: float
    beta: float

    @staticmethod
    def fit(seen: Histories) -> Found:
        """Returns the parameters that make these histories most likely; raises NotFitted."""
        different, customers = weighted(seen)

        def log_likelihood(guess: Reals) -> float:
            return float(customers @ ParetoNbd(*guess.tolist()).log_likelihoods(different))

        return most_likely(log_likelihood, ParetoNbd._fields, STARTS, float(customers @ different.repeats))

    @classmethod
    def of(cls, parameters: Mapping[str, float]) -> "ParetoNbd":
        """Returns the model of these parameters."""
        return cls(**parameters)

    def log_likelihoods(self, seen: Histories) -> Reals:
        """Returns the logarithm of how likely each history is."""
        r, alpha, s, beta = self
        rate = gammaln(r + seen.repeats) - gammaln(r) + r * np.log(alpha) + s * np.log(beta)
        found: Reals = rate + np.logaddexp(*self._there_and_gone(seen))
        return found

    def alive(self, seen: Histories) -> Reals:
        """Returns how likely each customer is still one, from 0 to 1."""
        there, gone = self._there_and_gone(seen)
        found: Reals = np.exp(there - np.logaddexp(there, gone))
        return found

    def _there_and_gone(self, seen: Histories) -> tuple[Reals, Reals]:
        # logarithms of how likely a history is of somebody who is still there, and of somebody gone at any moment after
        # the last purchase, less what both share: the second is s ∫ (alpha + t)^-(r + x) (beta + t)^-(s + 1) dt
        r, alpha, s, beta = self
        x, last, watched = seen
        there = -(r + x) * np.log(alpha + watched) - s * np.log(beta + watched)
        begin = alpha + last
        width = np.minimum(np.log((alpha + watched) / begin), FOLDS / (r + x))
        step = np.outer(width, NODES)
        moment = begin[:, None] * np.expm1(step) + last[:, None]
        falls = -(r + x - 1)[:, None] * step - (s + 1) * np.log(beta + moment)
        top = falls.max(axis=1)
        with np.errstate(divide="ignore"):  # who bought on the last day had no time to be gone
            area = np.log(np.exp(falls - top[:, None]) @ WEIGHTS * width)
        return there, np.log(s) - (r + x - 1) * np.log(begin) + top + area

    def purchases_if_alive(self, seen: Histories, weeks: float) -> Reals:
        """Returns how many purchases each is expected to make in the next weeks if still a customer."""
        x, _, watched = seen
        return (self.r + x) / (self.alpha + watched) * self._weeks_there(watched, weeks)

    def _weeks_there(self, watched: Reals, weeks: float) -> Reals:
        # how many of the weeks somebody stays: ∫ (beta / (beta + u))^s du
        beta, less = self.beta + watched, 1 - self.s
        longer = np.log1p(weeks / beta)
        stays: Reals = beta * (longer if abs(less) < NEAR_ONE else np.expm1(less * longer) / less)
        return stays

    def buys_if_alive(self, seen: Histories, weeks: Reals) -> Reals:
        """Returns how likely each is to buy within the next weeks, a number for each, if still a customer.

        That is ∫ E[λ e^(−λu)] E[e^(−μu)] du, in equal steps of log(alpha + T + u).
        """
        x, _, watched = seen
        rate, alpha, beta = self.r + x, self.alpha + watched, self.beta + watched
        width = np.minimum(np.log1p(weeks / alpha), FOLDS / rate)
        step = np.outer(width, NODES)
        later = (alpha / beta)[:, None] * np.expm1(step)
        found: Reals = rate * width * (np.exp(-rate[:, None] * step - self.s * np.log1p(later)) @ WEIGHTS)
        return found

    def drawn_if_alive(self, seen: Histories, weeks: float, random: np.random.Generator, draws: int) -> Reals:
        """Returns purchases in the next weeks of each if still a customer, a row of draws for each."""
        x, _, watched = (one[:, None] for one in seen)
        size = (len(seen.repeats), draws)
        rate = random.gamma(self.r + x, 1 / (self.alpha + watched), size)
        leaves = np.maximum(random.gamma(self.s, 1 / (self.beta + watched), size), np.finfo(np.float64).tiny)
        stays = np.minimum(random.standard_exponential(size) / leaves, weeks)
        return random.poisson(rate * stays).astype(np.float64)
