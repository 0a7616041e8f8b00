"""How good chances are: against what happened, and against simpler chances of the same sessions."""

from typing import NamedTuple, TypedDict

import numpy as np
from numpy.typing import NDArray

from footfall.forecasts.scores import auc, brier
from footfall.propensity.columns import Floats
from footfall.rates import NORMAL_95

BINS = 10
LEAST = 1e-12


class Bin(TypedDict):
    """A tenth of the sessions, by their chances: the mean of them, and the share that ordered."""

    sessions: int
    chance: float
    ordered: float


class Measures(TypedDict):
    """The area under the ROC curve, the Brier score and the mean logarithmic loss of chances."""

    auc: float
    brier: float
    log_loss: float


class Interval(NamedTuple):
    """An estimate, with the ends of its 95 percent interval."""

    low: float
    value: float
    high: float


def losses(chances: Floats, happened: NDArray[np.bool_]) -> Floats:
    """Returns minus the logarithm of the chance of what happened, for each."""
    sure = np.clip(chances, LEAST, 1 - LEAST)
    found: Floats = -np.log(np.where(happened, sure, 1 - sure))
    return found


def calibration(chances: Floats, happened: NDArray[np.bool_]) -> list[Bin]:
    """Returns tenths of the sessions in the order of their chances; of fewer than ten, one for each."""
    return [
        Bin(
            sessions=len(part),
            chance=round(float(chances[part].mean()), 4),
            ordered=round(float(happened[part].mean()), 4),
        )
        for part in _tenths(chances)
    ]


def calibration_error(chances: Floats, happened: NDArray[np.bool_]) -> float:
    """Returns how far the chances of a tenth are from the share that ordered, on average over the sessions."""
    off = [abs(float(chances[part].sum()) - float(happened[part].sum())) for part in _tenths(chances)]
    return sum(off) / max(len(chances), 1)


def _tenths(chances: Floats) -> list[NDArray[np.intp]]:
    parts = np.array_split(np.argsort(chances, kind="stable"), BINS)
    return [part for part in parts if len(part)]


def gain(chances: Floats, others: Floats, happened: NDArray[np.bool_]) -> Interval:
    """Returns how much smaller the logarithmic loss is than with other chances of the same sessions, on average.

    The interval is of a mean of paired differences, by its standard error.
    """
    differences = losses(others, happened) - losses(chances, happened)
    value = float(differences.mean())
    error = float(differences.std(ddof=1)) / len(differences) ** 0.5 if len(differences) > 1 else float("inf")
    return Interval(value - NORMAL_95 * error, value, value + NORMAL_95 * error)


def figures(chances: Floats, happened: NDArray[np.bool_]) -> Measures:
    """Returns the measures of chances, rounded to be shown."""
    return Measures(
        auc=round(auc(chances, happened), 4),
        brier=round(brier(chances, happened), 5),
        log_loss=round(float(losses(chances, happened).mean()), 5),
    )
