"""The fitted projection: from behaviour to a vector of 128 numbers whose cosine says how alike two people behave.

The vector is made of blocks. In each, a person's tokens are weighted by TF-IDF (log(1 + weight) times how rare the
token is), brought to length 1, and turned onto the directions that tell people apart best (latent semantic analysis:
Deerwester et al. 1990); the measures are standardised. Each block then has its share in the whole, and the whole has
length 1. What a person has nothing of stays zero, so being alike means having the same things, not lacking them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from footfall.customers.features import MEASURES, Features, Floats, measures

DIMENSIONS = 128
CHUNK = 200_000
"""Entries that are multiplied at once: a row of components for each is in memory then."""
MOST_DEVIATION = 3.0


class Block(NamedTuple):
    """One part of the vector: which kinds of token it reads, its dimensions, and its weight in the whole."""

    name: str
    kinds: tuple[str, ...]
    size: int
    weight: float


BLOCKS = (
    Block("pages", ("page", "step", "event"), 32, 1.0),
    Block("products", ("product", "category"), 64, 1.2),
    Block("times", ("hour", "weekday"), 12, 0.3),
    Block("device", ("device",), 4, 0.5),
)
MEASURES_SIZE = DIMENSIONS - sum(block.size for block in BLOCKS)
MEASURES_WEIGHT = 0.5
PAGE_BLOCKS = (
    Block("steps", ("type", "from", "to"), 40, 1.0),
    Block("interactions", ("event", "element", "stay"), 56, 1.0),
    Block("areas", ("area",), 28, 0.6),
    Block("device", ("device",), 4, 0.3),
)


@dataclass(frozen=True)
class Directions:
    """What training found of tokens: those that count, how rare each is, and each block's directions.

    `tokens` are ordered by block; `components[b]` has a row for each token of block b.
    """

    tokens: list[str]
    rarity: Floats
    components: list[Floats]

    @cached_property
    def column_of(self) -> Mapping[str, int]:
        """The column of each token."""
        return {token: column for column, token in enumerate(self.tokens)}


@dataclass(frozen=True)
class Projection:
    """What training found of people: directions, and the scale of their measures."""

    directions: Directions
    measure_means: NDArray[np.float64]
    measure_scales: NDArray[np.float64]


def project(projection: Projection, features: Features, recency: NDArray[np.float64]) -> Floats:
    """Returns the vector of every person, one row each, of length 1; `recency` in days, NaN where they never bought."""
    turned = turn(projection.directions, BLOCKS, features)
    standard = MEASURES_WEIGHT * _standard_measures(projection, features, recency)
    return unit(np.hstack([turned, standard], dtype=np.float32))


def turn(directions: Directions, blocks: Sequence[Block], features: Features) -> Floats:
    """Returns every row's tokens in the directions of the blocks, each block of the length of its weight."""
    column = features.columns(directions.column_of)
    first = 0
    parts = []
    for block, components in zip(blocks, directions.components, strict=True):
        inside = (column >= first) & (column < first + len(components))
        values = tf_idf(features.weight[inside], directions.rarity[column[inside]])
        rows = unit_rows(features.rows, features.row[inside], column[inside] - first, values, components)
        parts.append(block.weight * rows)
        first += len(components)
    return np.hstack(parts, dtype=np.float32)


def tf_idf(weight: Floats, rarity: Floats) -> Floats:
    """Returns how much each entry counts: what is done often more, but not in proportion; what everybody does less."""
    return np.log1p(weight) * rarity


def unit_rows(
    rows: int, row: NDArray[np.int32], column: NDArray[np.int32], value: Floats, components: Floats
) -> Floats:
    """Returns sparse rows times components, each brought to length 1; rows without entries stay zero."""
    total = np.zeros((rows, components.shape[1]), np.float32)
    edges = np.searchsorted(row, row[CHUNK::CHUNK])
    for part in np.split(np.arange(len(row)), edges):
        if len(part):
            starts = np.flatnonzero(np.concatenate(([True], np.diff(row[part]) != 0)))
            moved = components[column[part]] * value[part, None]
            total[row[part][starts]] = np.add.reduceat(moved, starts)
    return unit(total)


def _standard_measures(projection: Projection, features: Features, recency: NDArray[np.float64]) -> Floats:
    raw = (measures(features.sums(), recency) - projection.measure_means) / projection.measure_scales
    standard = np.clip(np.nan_to_num(raw, nan=0.0), -MOST_DEVIATION, MOST_DEVIATION) / np.sqrt(len(MEASURES))
    return np.pad(standard, ((0, 0), (0, MEASURES_SIZE - len(MEASURES)))).astype(np.float32)


def unit(vectors: Floats) -> Floats:
    """Returns every vector brought to length 1; those without any length stay zero."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 1e-6)
