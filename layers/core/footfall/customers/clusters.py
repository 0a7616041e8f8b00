"""How far groups of customers can be relied on, and what their customers do more often than others."""

import math
from collections.abc import Callable
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from footfall.customers.features import Features
from footfall.schemas.model import Habit, HabitKind

Labels = NDArray[np.int32]
Grouper = Callable[[NDArray[np.intp]], Labels]
"""Groups some rows anew; returns the group of each."""
ROUNDS = 20
KINDS: tuple[HabitKind, ...] = ("page", "event", "category")
FEWEST = 30
"""Of something that fewer customers of a group do, nothing is said."""
MOST_HABITS = 5
SURE = 0.95
HALF = 0.5


def stabilities(labels: Labels, group_anew: Grouper, seed: int) -> list[float]:
    """Returns of each group how much of it is found again among customers who are drawn by chance, from 0 to 1.

    As many are drawn as there are, some several times, and each who was is grouped once. Of these, it is the Jaccard
    similarity with the most similar of the new groups, its mean over all draws: Hennig, Cluster-wise assessment of
    cluster stability, Computational Statistics & Data Analysis 52 (2007). By him, groups below 0.6 should not be relied
    on, those from 0.85 on are highly stable.
    """
    random = np.random.default_rng(seed)
    found = np.zeros(labels.max(initial=-1) + 1)
    drawn_in = np.zeros(len(found))
    for _ in range(ROUNDS):
        rows = np.unique(random.integers(0, len(labels), len(labels)))
        alike = _similarities(labels[rows], group_anew(rows), len(found))
        there = np.bincount(labels[rows], minlength=len(found)) > 0
        found[there] += alike[there]
        drawn_in += there
    return [round(one, 3) for one in (found / np.maximum(drawn_in, 1)).tolist()]


def _similarities(before: Labels, after: Labels, groups: int) -> NDArray[np.float64]:
    both = np.zeros((groups, after.max(initial=-1) + 1))
    np.add.at(both, (before, after), 1)
    either = both.sum(axis=1, keepdims=True) + both.sum(axis=0, keepdims=True) - both
    similarities: NDArray[np.float64] = (both / np.maximum(either, 1)).max(axis=1)
    return similarities


def habits(features: Features, labels: Labels, group: int) -> list[Habit]:
    """Returns what a larger share of a group's customers than of the others did, the surest first.

    Of pages, events and categories of products that at least thirty of its customers have. The lift is the ratio of
    the two shares, half a customer added to each count and one to each whole; its interval (Katz et al., Obtaining
    confidence intervals for the risk ratio in cohort studies, Biometrics 34, 1978) holds with 95 % for all that are
    compared together (Bonferroni), and begins above 1.
    """
    tokens = [place for place, token in enumerate(features.tokens) if token.partition(":")[0] in KINDS]
    ours, size = labels == group, int((labels == group).sum())
    did = np.bincount(features.token, minlength=len(features.tokens))
    did_here = np.bincount(features.token[ours[features.row]], minlength=len(features.tokens))
    compared = [place for place in tokens if did_here[place] >= FEWEST]
    others = len(labels) - size
    if not compared or not others:
        return []
    wide = NormalDist().inv_cdf(1 - (1 - SURE) / (2 * len(compared)))
    found = [
        _habit(features.tokens[place], int(did_here[place]), size, int(did[place] - did_here[place]), others, wide)
        for place in compared
    ]
    return sorted([one for one in found if one["low"] > 1], key=lambda one: (-one["low"], one["name"]))[:MOST_HABITS]


def _habit(token: str, here: int, size: int, there: int, others: int, wide: float) -> Habit:
    kind, _, name = token.partition(":")
    lift = (here + HALF) / (size + 1) / ((there + HALF) / (others + 1))
    error = math.sqrt(1 / (here + HALF) - 1 / (size + 1) + 1 / (there + HALF) - 1 / (others + 1))
    low, high = (round(lift * math.exp(side * wide * error), 2) for side in (-1, 1))
    known = next(one for one in KINDS if one == kind)
    return Habit(kind=known, name=name, customers=here, others=there, lift=round(lift, 2), low=low, high=high)
