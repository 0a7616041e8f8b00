"""The scale of figures that some people lack."""

import numpy as np
from numpy.typing import NDArray


def scale(raw: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and spread of each column over those who have it (not NaN); spread 1 where there is no difference."""
    there = np.isfinite(raw)
    count = np.maximum(there.sum(axis=0), 1)
    means = np.where(there, raw, 0).sum(axis=0) / count
    spread = np.sqrt((np.where(there, raw - means, 0) ** 2).sum(axis=0) / count)
    return means, np.where(spread > 1e-9, spread, 1.0)
