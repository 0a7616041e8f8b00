"""How good ranked lists are, against what people really did later: recall, NDCG and how much of the shop they show."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from footfall.rates import NORMAL_95
from footfall.recommendations.edges import Ints
from footfall.recommendations.numbered import NONE

AT = 20
"""Places of a list that are looked at."""


class Quality(NamedTuple):
    """Of each person with anything to find: recall and NDCG at 20; and the share of products that are in any list."""

    recall: NDArray[np.float64]
    ndcg: NDArray[np.float64]
    coverage: float

    @property
    def mean_ndcg(self) -> float:
        """The mean over people, 0 without any."""
        return mean(self.ndcg)


def quality(lists: Ints, truth: csr_array) -> Quality:
    """Returns how good lists are: `lists` has a row of ranked products for each row of `truth`, the best first.

    Who did nothing is left out. Recall is the share of what somebody did that is in the list; NDCG is
    Σ 1/log2(place + 1) over what is, divided by what the best list would have (Järvelin and Kekäläinen, 2002).
    """
    there = np.diff(truth.indptr) > 0
    lists, truth = lists[there, :AT], truth[there]
    hits = _hits(lists, truth)
    wanted = np.diff(truth.indptr)
    gains = 1 / np.log2(np.arange(2, AT + 2))
    best = np.concatenate(([0.0], np.cumsum(gains)))[np.minimum(wanted, AT)]
    shown = len(np.unique(lists[lists != NONE]))
    return Quality(hits.sum(axis=1) / wanted, hits @ gains[: lists.shape[1]] / best, shown / max(truth.shape[1], 1))


def _hits(lists: Ints, truth: csr_array) -> NDArray[np.bool_]:
    row = np.repeat(np.arange(truth.shape[0]), np.diff(truth.indptr))
    keys = row.astype(np.int64) * truth.shape[1] + truth.indices
    asked = np.arange(len(lists))[:, None].astype(np.int64) * truth.shape[1] + lists
    hits: NDArray[np.bool_] = np.isin(asked, keys) & (lists != NONE)
    return hits


def mean(values: NDArray[np.float64]) -> float:
    """Returns the mean, 0 of nothing."""
    return float(values.mean()) if len(values) else 0.0


def interval(values: NDArray[np.float64]) -> list[float]:
    """Returns the mean's 95 % interval by the normal distribution."""
    off = NORMAL_95 * float(values.std()) / np.sqrt(max(len(values), 1)) if len(values) else 0.0
    return [round(mean(values) - off, 4), round(mean(values) + off, 4)]
