"""Fitting the projection: which tokens count, how rare they are, and the directions that tell people apart best."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from sklearn.decomposition import TruncatedSVD

from footfall.customers.features import Features, Floats, measures, scale
from footfall.customers.projection import BLOCKS, Block, Directions, Projection, tf_idf

MOST_TOKENS = 20_000
FEWEST_PEOPLE = 2
SEED = 20


def fit_projection(features: Features, recency: NDArray[np.float64], before: Projection | None = None) -> Projection:
    """Returns the projection that fits these people, turned like the one `before`; the same people give the same."""
    directions = fit_directions(features, BLOCKS)
    if before is not None:
        directions = turned_like(directions, before.directions)
    return Projection(directions, *scale(measures(features.sums(), recency)))


def fit_directions(features: Features, blocks: Sequence[Block]) -> Directions:
    """Returns the directions of each block in which these rows differ most."""
    having = np.bincount(features.token, minlength=len(features.tokens))
    by_block = [_choose(features.tokens, having, block) for block in blocks]
    chosen = np.concatenate(by_block)
    rarity = (np.log((1 + features.rows) / (1 + having[chosen])) + 1).astype(np.float32)
    tokens = [features.tokens[token] for token in chosen]
    column = features.columns({token: number for number, token in enumerate(tokens)})
    edges = np.concatenate(([0], np.cumsum([len(found) for found in by_block])))
    components = [
        _directions(features, column, rarity, slice(*edges[number : number + 2]), block.size)
        for number, block in enumerate(blocks)
    ]
    return Directions(tokens, rarity, components)


def turned_like(found: Directions, before: Directions) -> Directions:
    """Returns the directions turned, each block as a whole, to be as near to an earlier model's as they can.

    So vectors of either model can be compared while one replaces the other; within the model no angle changes
    (orthogonal Procrustes: Schönemann, 1966).
    """
    column = before.column_of
    starts = np.cumsum([0, *map(len, found.components)])
    turned = []
    for block, (components, earlier) in enumerate(zip(found.components, before.components, strict=True)):
        names = found.tokens[starts[block] : starts[block + 1]]
        first = sum(map(len, before.components[:block]))
        both = [(at, column[name] - first) for at, name in enumerate(names) if name in column]
        turned.append(components @ _turn(components, earlier, both) if both else components)
    return Directions(found.tokens, found.rarity, turned)


def _turn(components: Floats, earlier: Floats, both: Sequence[tuple[int, int]]) -> Floats:
    here, there = (list(rows) for rows in zip(*both, strict=True))
    left, _, right = np.linalg.svd(components[here].T @ earlier[there])
    return np.asarray(left @ right, np.float32)


def _choose(tokens: list[str], having: NDArray[np.int64], block: Block) -> NDArray[np.int64]:
    # a token that one person alone has tells nobody apart; where there are too many tokens, the most common count
    fewest = min(FEWEST_PEOPLE, int(having.max(initial=0)))
    of_kind = [number for number, token in enumerate(tokens) if token.partition(":")[0] in block.kinds]
    common = [number for number in of_kind if having[number] >= fewest]
    common.sort(key=lambda number: (-having[number], tokens[number]))
    return np.array(common[:MOST_TOKENS], np.int64)


def _directions(features: Features, column: NDArray[np.int32], rarity: Floats, columns: slice, size: int) -> Floats:
    # with no more tokens than dimensions, each token keeps a direction of its own
    width = columns.stop - columns.start
    if width <= size:
        return np.eye(width, size, dtype=np.float32)
    inside = (column >= columns.start) & (column < columns.stop)
    values = tf_idf(features.weight[inside], rarity[column[inside]])
    matrix = csr_array((values, (features.row[inside], column[inside] - columns.start)), (features.rows, width))
    matrix = matrix[np.diff(matrix.indptr) > 0]
    lengths = np.sqrt(matrix.multiply(matrix).sum(axis=1))
    matrix = matrix.multiply(1 / lengths[:, None]).tocsr()
    components = TruncatedSVD(min(size, *matrix.shape), random_state=SEED).fit(matrix).components_.T
    return np.pad(components, ((0, 0), (0, size - components.shape[1]))).astype(np.float32)
