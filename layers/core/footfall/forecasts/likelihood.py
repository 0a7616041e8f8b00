"""Fitting by maximum likelihood: the positive parameters that make what was seen most likely."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import OptimizeResult, minimize

Reals = NDArray[np.float64]
Slope = Callable[[Reals], Reals] | Literal["3-point"]
SMALLEST, LARGEST = 1e-4, 1e6
"""Parameters beyond say that the data do not tell them."""
NEAR_THE_END = 0.01
FLAT = 1e-4
"""A slope of the likelihood, for each purchase, that is as good as none: a search may stop there for want of digits."""


class NotFitted(Exception):
    """Raised when no parameters are found, or none that mean anything: too little to learn from, or all are alike."""


class Found(NamedTuple):
    """Parameters by name, the logarithm of the likelihood at them, and whether one of them would grow without end.

    Then the likelihood has no largest value: what is foreseen by them is near its limit, they themselves mean nothing.
    """

    parameters: Mapping[str, float]
    log_likelihood: float
    endless: bool = False

    def settled(self) -> "Found":
        """Returns the same; raises NotFitted where a parameter would grow without end."""
        if self.endless:
            raise NotFitted("the likelihood has no largest value: a parameter grows without end")
        return self


def most_likely(
    log_likelihood: Callable[[Reals], float],
    names: Sequence[str],
    starts: Sequence[Sequence[float]],
    seen: float,
    slopes: Callable[[Reals], Reals] | None = None,
) -> Found:
    """Returns the parameters at which `log_likelihood` is largest; raises NotFitted where they are not found.

    It is searched by L-BFGS-B over the logarithms of the parameters from each of the starts. `seen` is of how many
    purchases: of none, nothing is learnt. `slopes` are the derivatives of `log_likelihood` by the parameters; without
    them they are found by differences.
    """
    if seen <= 0:
        raise NotFitted("nobody bought again")

    def loss(logs: Reals) -> float:
        found = -log_likelihood(np.exp(logs)) / seen
        return found if math.isfinite(found) else 1e10

    slope = _by_logarithms(slopes, seen)
    best = min((_search(loss, slope, start) for start in starts), key=lambda found: float(found.fun))
    endless = _at_an_end(best.x)
    if not best.success and not endless and np.abs(best.jac).max() > FLAT:
        raise NotFitted(f"the search did not converge: {best.message}")
    return Found(dict(zip(names, np.exp(best.x).tolist(), strict=True)), float(-best.fun * seen), endless)


def _by_logarithms(slopes: Callable[[Reals], Reals] | None, seen: float) -> Slope:
    if slopes is None:
        return "3-point"

    def of_loss(logs: Reals) -> Reals:
        guess = np.exp(logs)
        found: Reals = np.nan_to_num(-slopes(guess) * guess / seen)
        return found

    return of_loss


def _search(loss: Callable[[Reals], float], slope: Slope, start: Sequence[float]) -> OptimizeResult:
    bounds = [(math.log(SMALLEST), math.log(LARGEST))] * len(start)
    options = {"ftol": 1e-14, "gtol": 1e-7, "maxiter": 1_000, "maxfun": 100_000}
    return minimize(loss, np.log(start), method="L-BFGS-B", jac=slope, bounds=bounds, options=options)


def _at_an_end(logs: Reals) -> bool:
    lowest, highest = math.log(SMALLEST) + NEAR_THE_END, math.log(LARGEST) - NEAR_THE_END
    return bool(((logs <= lowest) | (logs >= highest)).any())
