"""How good forecasts were, once it is known what came: of chances, and of amounts. Equal forecasts count alike."""

import math
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from footfall.forecasts.likelihood import Reals

Truths = NDArray[np.bool_]
TENTHS = 10


class Tenth(TypedDict):
    """A tenth of the customers, by what was forecast: how many, and the means of what was forecast and of what came."""

    customers: int
    predicted: float
    actual: float


def auc(chances: Reals, came: Truths) -> float:
    """Returns how often one of whom it came had the higher chance than one of whom it did not; equal ones count half.

    That is the area under the ROC curve; 0.5 where it came of everybody or of nobody.
    """
    ours, others = int(came.sum()), int((~came).sum())
    if not ours or not others:
        return 0.5
    ordered = np.sort(chances)
    ranks = (np.searchsorted(ordered, chances, "left") + np.searchsorted(ordered, chances, "right") + 1) / 2
    return float((ranks[came].sum() - ours * (ours + 1) / 2) / (ours * others))


def brier(chances: Reals, came: Truths) -> float:
    """Returns the mean squared difference between chances and what came: Brier, Monthly Weather Review 78 (1950)."""
    return float(np.mean((chances - came) ** 2)) if len(chances) else 0.0


def log_loss(chances: Reals, came: Truths) -> float:
    """Returns the mean of −ln of the chance that was given to what came."""
    given = np.where(came, chances, 1 - chances)
    return float(-np.log(np.maximum(given, 1e-15)).mean()) if len(chances) else 0.0


def lift(chances: Reals, came: Truths, share: float = 0.1) -> float:
    """Returns how often it came of those with the highest chances, a share of all, against how often it came of all.

    Of those who are equal at the edge, as many as still fit count, each for all of them. 0 where it came of nobody.
    """
    if not came.any():
        return 0.0
    top = max(1, math.ceil(share * len(chances)))
    edge = np.sort(chances)[-top]
    above, equal = chances > edge, chances == edge
    found = came[above].sum() + (top - above.sum()) * came[equal].mean()
    return float(found / top / came.mean())


def tenths(predicted: Reals, actual: NDArray[np.generic]) -> list[Tenth]:
    """Returns the tenths of customers, those of whom most was forecast first; fewer where there are not ten."""
    order = np.argsort(-predicted, kind="stable")
    parts = [part for part in np.array_split(order, TENTHS) if len(part)]
    return [
        Tenth(
            customers=len(part),
            predicted=float(predicted[part].mean()),
            actual=float(actual[part].astype(np.float64).mean()),
        )
        for part in parts
    ]


def calibration_error(found: list[Tenth]) -> float:
    """Returns how far forecasts are from what came, in the mean over tenths, each as heavy as its customers."""
    customers = sum(one["customers"] for one in found)
    off = sum(one["customers"] * abs(one["predicted"] - one["actual"]) for one in found)
    return off / customers if customers else 0.0


def gini(predicted: Reals, actual: Reals) -> float:
    """Returns how well forecasts put customers in the order of what came: 1 as well as can be, 0 as by chance.

    That is the area between the curve of what came, those of whom most was forecast first, and the diagonal, over the
    same area in the order of what came itself. 0 where nothing came, or as much of everybody.
    """
    best = _area(actual, actual)
    return float(_area(predicted, actual) / best) if best > 0 else 0.0


def _area(predicted: Reals, actual: Reals) -> float:
    # twice the area, by the middles of the ranks, so that equal forecasts count alike
    if not len(actual) or actual.sum() <= 0:
        return 0.0
    ordered = np.sort(predicted)
    ranks = (np.searchsorted(ordered, predicted, "left") + np.searchsorted(ordered, predicted, "right")) / 2
    return float((actual * (2 * ranks / len(actual) - 1)).sum() / actual.sum())
