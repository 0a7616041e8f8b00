"""Products that are bought in one order more often than chance would have it."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array

from footfall.rates import NORMAL_95
from footfall.recommendations.edges import Ints, ones

FEWEST = 3
"""Orders with both products, below which nothing is said of them."""
OF_A_PRODUCT = 20
PRODUCTS_AT_ONCE = 500


class Pairs(NamedTuple):
    """Who bought `product` may want `other`: orders with both and with each, and the lift with its lower bound."""

    product: Ints
    other: Ints
    both: NDArray[np.int64]
    with_product: NDArray[np.int64]
    with_other: NDArray[np.int64]
    lift: NDArray[np.float64]
    lift_low: NDArray[np.float64]
    orders: int


def pairs_of(order: Ints, product: Ints, orders: int, products: int) -> Pairs:
    """Returns of each product the 20 others with the highest lower bounds of the lift above 1, the highest first.

    Of orders with nothing but one product, each counts among all.
    """
    baskets = ones(order, product, (orders, products))
    having = np.asarray(baskets.sum(axis=0)).ravel().astype(np.int64)
    turned = baskets.T.tocsr()
    found = [
        _chosen((turned[start : start + PRODUCTS_AT_ONCE] @ baskets).tocoo(), start, having, orders)
        for start in range(0, products, PRODUCTS_AT_ONCE)
    ]
    nothing = (np.zeros(0, np.int64),) * 3
    row, other, both = (np.concatenate(columns) for columns in zip(nothing, *found, strict=True))
    lift, low = lifts(both, having[row], having[other], orders)
    return Pairs(row.astype(np.int32), other.astype(np.int32), both, having[row], having[other], lift, low, orders)


def _chosen(near: coo_array, start: int, having: NDArray[np.int64], orders: int) -> tuple[NDArray[np.int64], ...]:
    # of products from `start` on: the product, the other one, and how many orders have both
    kept = (near.data >= FEWEST) & (near.row + start != near.col)
    row, other, both = (column[kept].astype(np.int64) for column in (near.row + start, near.col, near.data))
    low = lifts(both, having[row], having[other], orders)[1]
    order = np.lexsort((other, -both, -low, row))
    order = order[low[order] > 1]
    rank = np.arange(len(order)) - np.searchsorted(row[order], row[order])
    best = order[rank < OF_A_PRODUCT]
    return row[best], other[best], both[best]


def lifts(
    both: NDArray[np.int64], one: NDArray[np.int64], other: NDArray[np.int64], orders: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Returns how many times as often two products are bought together as chance would have it, and its lower bound.

    Lift is P(both) / (P(one) · P(other)) (Brin, Motwani and Silverstein, 1997). Its logarithm has, by the delta method,
    the variance 1/both − 1/one − 1/other + (2·lift − 1)/orders; the bound is that of a 95 % interval.
    """
    lift = both * float(orders) / np.maximum(one * other.astype(np.float64), 1)
    variance = 1 / np.maximum(both, 1) - 1 / np.maximum(one, 1) - 1 / np.maximum(other, 1)
    variance = variance + (2 * lift - 1) / max(orders, 1)
    return lift, lift * np.exp(-NORMAL_95 * np.sqrt(np.maximum(variance, 0)))
