"""Many people's tokens as sparse rows of numbers, and the measures that follow from them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int32]
Floats = NDArray[np.float32]

SUMS = (
    "visits",
    "pages",
    "interactions",
    "seconds",
    "bounces",
    "orders",
    "spent",
    "products",
    "items",
    "refunds",
    "refunded",
)
MEASURES = (
    "visits",
    "pages_per_visit",
    "seconds_per_visit",
    "interactions_per_visit",
    "bounce_rate",
    "orders",
    "order_value",
    "products_per_order",
    "items_per_product",
    "spent",
    "refund_rate",
    "recency",
)


@dataclass(frozen=True)
class Features:
    """Sparse rows, one for each person: `weight[i]` of `tokens[token[i]]` in row `row[i]`.

    Sorted by row, then token, each pair once.
    """

    rows: int
    tokens: list[str]
    row: Ints
    token: Ints
    weight: Floats

    def sums(self) -> NDArray[np.float64]:
        """Returns each person's sums, a column for each of SUMS, 0 where there is nothing."""
        columns = {f"sum:{name}": column for column, name in enumerate(SUMS)}
        column = self.columns(columns)
        found = column >= 0
        dense = np.zeros((self.rows, len(SUMS)))
        dense[self.row[found], column[found]] = self.weight[found]
        return dense

    def people(self) -> Iterator[dict[str, float]]:
        """Returns each person's tokens again, row by row."""
        edges = np.searchsorted(self.row, np.arange(self.rows + 1))
        for start, stop in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
            names = (self.tokens[token] for token in self.token[start:stop].tolist())
            yield dict(zip(names, self.weight[start:stop].tolist(), strict=True))

    def of_rows(self, rows: NDArray[np.int32]) -> "Features":
        """Returns the features of some rows, in the order asked for."""
        number = np.full(self.rows, -1, np.int32)
        number[rows] = np.arange(len(rows), dtype=np.int32)
        found = number[self.row] >= 0
        return summed(len(rows), self.tokens, number[self.row[found]], self.token[found], self.weight[found])

    def columns(self, column_of: Mapping[str, int]) -> Ints:
        """Returns the column of every entry, -1 where its token has none."""
        columns = np.fromiter((column_of.get(token, -1) for token in self.tokens), np.int32, len(self.tokens))
        return columns[self.token] if len(self.tokens) else np.zeros(0, np.int32)

    def shares(self, tokens: Sequence[str], of: str) -> NDArray[np.float64]:
        """Returns each person's share of these tokens among all of the kind `of`; 0 for who has none of that kind."""
        kind = self._total([token for token in self.tokens if token.startswith(f"{of}:")])
        return np.divide(self._total(tokens), kind, out=np.zeros(self.rows), where=kind > 0)

    def _total(self, tokens: Sequence[str]) -> NDArray[np.float64]:
        found = self.columns(dict.fromkeys(tokens, 0)) >= 0
        return np.bincount(self.row[found], self.weight[found], self.rows)


def summed(rows: int, tokens: list[str], row: Ints, token: Ints, weight: Floats) -> Features:
    """Returns features from entries in any order, those of one person and token added up."""
    if not len(row):
        return Features(rows, tokens, row, token, weight)
    order = np.lexsort((token, row))
    row, token, weight = row[order], token[order], weight[order]
    starts = np.flatnonzero(np.concatenate(([True], (np.diff(row) != 0) | (np.diff(token) != 0))))
    return Features(rows, tokens, row[starts], token[starts], np.add.reduceat(weight, starts).astype(np.float32))


def features_of(people: Sequence[Mapping[str, float]]) -> Features:
    """Returns features of some people from their tokens, row by row."""
    number: dict[str, int] = {}
    entries = [
        (row, number.setdefault(token, len(number)), weight)
        for row, tokens in enumerate(people)
        for token, weight in tokens.items()
    ]
    row, token, weight = zip(*entries, strict=True) if entries else ((), (), ())
    return summed(
        len(people),
        list(number),
        np.array(row, np.int32),
        np.array(token, np.int32),
        np.array(weight, np.float32),
    )


def measures(sums: NDArray[np.float64], recency: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns each person's MEASURES from their sums and the days since their last order; NaN stands for none.

    Counts and amounts are logarithms of one more, since the difference between 1 and 2 says more than from 101 to 102.
    """
    total = dict(zip(SUMS, sums.T, strict=True))
    visits, orders = _positive(total["visits"]), _positive(total["orders"])
    return np.column_stack(
        [
            np.log1p(total["visits"]),
            np.log1p(total["pages"] / visits),
            np.log1p(total["seconds"] / visits),
            np.log1p(total["interactions"] / visits),
            total["bounces"] / visits,
            np.log1p(total["orders"]),
            np.log1p(total["spent"] / orders),
            np.log1p(total["products"] / orders),
            np.log1p(total["items"] / _positive(total["products"])),
            np.log1p(total["spent"]),
            np.minimum(total["refunded"] / _positive(total["spent"]), 1),
            np.log1p(recency),
        ]
    )


def scale(columns: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Returns mean and spread of each column over those who have it (not NaN); spread 1 where all are the same."""
    there = np.isfinite(columns)
    count = np.maximum(there.sum(axis=0), 1)
    means = np.where(there, columns, 0).sum(axis=0) / count
    spread = np.sqrt((np.where(there, columns - means, 0) ** 2).sum(axis=0) / count)
    return means, np.where(spread > 1e-9, spread, 1.0)


def _positive(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(values > 0, values, np.nan)
