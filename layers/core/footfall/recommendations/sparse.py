"""Sparse matrices by their rows: brought to a sum or a largest entry of one, cut to the largest entries, and ranked."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from footfall.recommendations.edges import Floats, Ints
from footfall.recommendations.numbered import NONE


def shares(matrix: csr_array) -> csr_array:
    """Returns each row divided by its sum."""
    return divided(matrix, np.asarray(matrix.sum(axis=1)).ravel())


def to_largest(matrix: csr_array) -> csr_array:
    """Returns each row divided by its largest entry."""
    return divided(matrix, largest_of(matrix))


def largest_of(matrix: csr_array) -> Floats:
    """Returns each row's largest entry, 0 where it has none."""
    found = np.zeros(matrix.shape[0], np.float32)
    filled = np.diff(matrix.indptr) > 0
    found[filled] = np.maximum.reduceat(matrix.data, matrix.indptr[:-1][filled]) if matrix.nnz else 0
    return found


def times(matrix: csr_array, factor: float) -> csr_array:
    """Returns the matrix with each entry multiplied."""
    return with_data(matrix, matrix.data * np.float32(factor))


def without(matrix: csr_array, other: csr_array) -> csr_array:
    """Returns the matrix without the entries where the other has one above 0."""
    left = (matrix - matrix.multiply(other > 0)).tocsr()
    left.eliminate_zeros()
    return left


def divided(matrix: csr_array, by: NDArray[np.float32]) -> csr_array:
    """Returns each row divided by a number of its own; rows of a 0 stay as they are."""
    rows = np.repeat(np.where(by > 0, by, 1), np.diff(matrix.indptr))
    return with_data(matrix, (matrix.data / rows).astype(np.float32))


def with_data(matrix: csr_array, data: Floats) -> csr_array:
    """Returns a matrix with the same entries and other values."""
    return csr_array((data, matrix.indices, matrix.indptr), shape=matrix.shape)


def largest(matrix: csr_array, most: int) -> csr_array:
    """Returns the matrix with the largest `most` entries of each row; of equal ones, those that come first."""
    kept = np.ones(matrix.nnz, bool)
    for row in np.flatnonzero(np.diff(matrix.indptr) > most).tolist():
        part = slice(matrix.indptr[row], matrix.indptr[row + 1])
        kept[part] = _largest(matrix.data[part], most)
    ends = np.concatenate(([0], np.cumsum(kept)))[matrix.indptr].astype(np.int32)
    return csr_array((matrix.data[kept], matrix.indices[kept], ends), shape=matrix.shape)


def _largest(values: Floats, most: int) -> NDArray[np.bool_]:
    least = np.partition(values, -most)[-most]
    kept: NDArray[np.bool_] = values > least
    kept[np.flatnonzero(values == least)[: most - int(kept.sum())]] = True
    return kept


def ranked(matrix: csr_array, most: int) -> tuple[Ints, Floats]:
    """Returns of each row the columns of its largest entries above 0, the largest first, and the entries.

    Equal ones are in the order of their columns; NONE and 0 fill the rest of a row.
    """
    columns = np.full((matrix.shape[0], most), NONE, np.int32)
    values = np.zeros((matrix.shape[0], most), np.float32)
    for row, (found, scores) in enumerate(_rows(matrix)):
        order = np.lexsort((found, -scores))[:most] if len(found) <= 4 * most else _first(found, scores, most)
        columns[row, : len(order)] = found[order]
        values[row, : len(order)] = scores[order]
    return columns, values


def _rows(matrix: csr_array) -> Iterator[tuple[Ints, Floats]]:
    for start, end in zip(matrix.indptr[:-1].tolist(), matrix.indptr[1:].tolist(), strict=True):
        found, scores = matrix.indices[start:end], matrix.data[start:end]
        yield (found, scores) if scores.min(initial=1) > 0 else (found[scores > 0], scores[scores > 0])


def _first(found: Ints, scores: Floats, most: int) -> NDArray[np.intp]:
    # of many, only those as large as the last that is wanted are put in order
    near = np.flatnonzero(scores >= np.partition(scores, -most)[-most])
    return near[np.lexsort((found[near], -scores[near]))[:most]]
