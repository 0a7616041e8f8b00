"""How good the vectors are: do they find the same person again, and people who like the same things?"""

from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from footfall.customers.arrays import Arrays, features_of_half
from footfall.customers.features import Features, Floats
from footfall.customers.projection import Projection, project
from footfall.forecasts.bootstrap import intervals

NEAREST = 10
SAMPLE = 2_000
BUYERS = 300
SEED = 20


class Recall(TypedDict):
    """How many people were split in two, the share that was found again, and the share that chance would find."""

    people: int
    recall_at_10: float
    random: float
    intervals: dict[str, list[float]]


class SharedProducts(TypedDict, total=False):
    """How many products people share with their 10 nearest, and with 10 others; `lift` is the one by the other."""

    people: int
    with_nearest: float
    with_anybody: float
    lift: float | None


def recall(projection: Projection, arrays: Arrays) -> Recall:
    """Returns of how many people, their visits and orders split in two, one half is among the 10 nearest of the other.

    The halves are not seen together, but the projection was fitted on both. Days since the last order are left out,
    since both halves would give them away.
    """
    halves = [features_of_half(arrays, half) for half in (0, 1)]
    split = np.intersect1d(halves[0].row, halves[1].row)
    sample = _sample(split, SAMPLE)
    unknown = np.full(len(sample), np.nan)
    one, other = (project(projection, half.of_rows(sample), unknown) for half in halves)
    similarity = one @ other.T
    nearer = (similarity > np.diag(similarity)[:, None]).sum(axis=1)
    again = nearer < NEAREST
    found = float(again.mean()) if len(sample) else 0.0
    chance = min(NEAREST / len(sample), 1.0) if len(sample) else 0.0
    ends = intervals({"recall_at_10": lambda rows: float(again[rows].mean())}, len(sample))
    return Recall(people=len(sample), recall_at_10=round(found, 4), random=round(chance, 4), intervals=ends)


def shared_products(vectors: Floats, features: Features) -> SharedProducts:
    """Returns how many products people share with their 10 nearest, and with 10 others who have any products."""
    interested = np.unique(features.row[_of_products(features)])
    sample = _sample(interested, BUYERS)
    if len(interested) <= NEAREST:
        return SharedProducts(people=0)
    similarity = vectors[sample] @ vectors.T
    similarity[np.arange(len(sample)), sample] = -2
    nearest = np.argpartition(-similarity, NEAREST, axis=1)[:, :NEAREST].astype(np.int32)
    anybody = np.random.default_rng(SEED).choice(interested, nearest.shape)
    with_nearest, with_anybody = (_mean_shared(features, sample, others) for others in (nearest, anybody))
    lift = round(with_nearest / with_anybody, 2) if with_anybody else None
    return {
        "people": len(sample),
        "with_nearest": round(with_nearest, 3),
        "with_anybody": round(with_anybody, 3),
        "lift": lift,
    }


def _mean_shared(features: Features, people: NDArray[np.int32], others: NDArray[np.int32]) -> float:
    rows, number = np.unique(np.concatenate([people[:, None], others], axis=1), return_inverse=True)
    chosen = features.of_rows(rows)
    products = _of_products(chosen)
    edges = np.searchsorted(chosen.row[products], np.arange(len(rows) + 1))
    of_row = [set(found.tolist()) for found in np.split(chosen.token[products], edges[1:-1])]
    shared = [len(of_row[first] & of_row[second]) for first, *rest in number.tolist() for second in rest]
    return float(np.mean(shared))


def _of_products(features: Features) -> NDArray[np.bool_]:
    names = [token for token in features.tokens if token.startswith("product:")]
    return features.columns(dict.fromkeys(names, 0)) >= 0


def _sample(rows: NDArray[np.int32], most: int) -> NDArray[np.int32]:
    if len(rows) <= most:
        return rows
    return np.sort(np.random.default_rng(SEED).choice(rows, most, replace=False))
