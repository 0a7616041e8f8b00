"""Gamma-Gamma: what a purchase of a customer is worth, apart from how often they buy.

Purchases of one customer are gamma distributed (p, ν), and ν among customers too (q, gamma): Fader, Hardie and Lee, RFM
and CLV: Using iso-value curves for customer base analysis, Journal of Marketing Research 42 (2005). Money may be in any
unit, the same for all.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from scipy.special import gammaln, psi

from footfall.forecasts.likelihood import Found, NotFitted, Reals, most_likely

STARTS = ((1.0, 2.0, 1.0), (5.0, 4.0, 1.0))


class GammaGamma(NamedTuple):
    """A fitted model; `gamma` is in the unit of money."""

    p: float
    q: float
    gamma: float

    @staticmethod
    def fit(purchases: Reals, mean: Reals) -> Found:
        """Returns the parameters that make these means (above 0) of so many purchases most likely; raises NotFitted.

        Where q is not above 1, customers have no mean in common, and there is no model either.
        """
        scale = float(np.median(mean)) if len(mean) else 1.0
        in_scale = mean / scale

        def log_likelihood(guess: Reals) -> float:
            return float(GammaGamma(*guess.tolist()).log_likelihoods(purchases, in_scale).sum())

        def slopes(guess: Reals) -> Reals:
            return GammaGamma(*guess.tolist()).slopes(purchases, in_scale).sum(axis=1)

        found = most_likely(log_likelihood, GammaGamma._fields, STARTS, float(purchases.sum()), slopes)
        if found.parameters["q"] <= 1:
            raise NotFitted("purchases differ so much among customers that they have no mean in common")
        parameters = {**found.parameters, "gamma": found.parameters["gamma"] * scale}
        return Found(parameters, found.log_likelihood - len(mean) * float(np.log(scale)), found.endless)

    @classmethod
    def of(cls, parameters: Mapping[str, float]) -> "GammaGamma":
        """Returns the model of these parameters."""
        return cls(**parameters)

    def log_likelihoods(self, purchases: Reals, mean: Reals) -> Reals:
        """Returns the logarithm of how likely each mean is (equation 1a of the authors' note on the model, 2013)."""
        p, q, gamma = self
        shape, total = p * purchases, mean * purchases
        often = gammaln(shape + q) - gammaln(shape) - gammaln(q)
        found: Reals = (
            often + q * np.log(gamma) - np.log(mean) + shape * np.log(total) - (shape + q) * np.log(gamma + total)
        )
        return found

    def slopes(self, purchases: Reals, mean: Reals) -> Reals:
        """Returns the derivatives of these logarithms by each parameter: parameters × means."""
        p, q, gamma = self
        shape, total = p * purchases, mean * purchases
        whole, share = psi(shape + q), np.log(gamma + total)
        by_p = purchases * (whole - psi(shape) + np.log(total) - share)
        by_q = whole - psi(q) + np.log(gamma) - share
        return np.array([by_p, by_q, q / gamma - (shape + q) / (gamma + total)])

    def expected(self, purchases: Reals, mean: Reals) -> Reals:
        """Returns what the next purchase of each is expected to be worth, between their mean and everybody's."""
        return self.p * (self.gamma + purchases * mean) / (self.p * purchases + self.q - 1)

    def drawn(self, purchases: Reals, mean: Reals, counts: Reals, random: np.random.Generator) -> Reals:
        """Returns what so many purchases of each come to, a row of draws for each as `counts` has it; 0 for none."""
        shape, rate = self.p * purchases + self.q, self.gamma + purchases * mean
        scale = random.gamma(shape[:, None], 1 / rate[:, None], counts.shape)
        return random.gamma(self.p * counts) / np.maximum(scale, np.finfo(np.float64).tiny)
