"""The lists that training made as numbers, written out with the names of products and categories."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

import numpy as np
from footfall.customers.arrays import Arrays, unpack_texts
from footfall.recommendations.numbered import BY_INTEREST, BY_LIKENESS, NONE, PATHS
from footfall.schemas.recommendation import (
    ProductPair,
    RankedProduct,
    RecommendationReason,
    RecommendedProduct,
    Source,
    TrendingProduct,
)

BEST_PAIRS = 100
"""Of all products together."""


class Names(NamedTuple):
    """What products and categories are called, and the category of each product, NONE where none was told."""

    products: list[str]
    categories: list[str]
    category: list[int]

    @classmethod
    def of(cls, arrays: Arrays) -> "Names":
        """Returns the names that were extracted."""
        return cls(unpack_texts(arrays["names"]), unpack_texts(arrays["categories"]), arrays["category"].tolist())

    def ranked(self, product: int, score: float) -> RankedProduct:
        """Returns a product of a list."""
        found = RankedProduct(product_id=self.products[product], score=round(score, 4))
        category = self.category[product]
        return found if category == NONE else {**found, "category": self.categories[category]}


def people(names: Names, lists: Arrays) -> Iterator[tuple[int, list[RecommendedProduct]]]:
    """Returns each person's row and list; nobody whose list is empty."""
    columns = (lists[name].tolist() for name in ("row", "product", "score", "path", "through", "share"))
    for row, products, scores, *reasons in zip(*columns, strict=True):
        if products[0] != NONE:
            found = zip(products, scores, *reasons, strict=True)
            yield row, [_recommended(names, *each) for each in found if each[0] != NONE]


def _recommended(
    names: Names, product: int, score: float, paths: list[int], through: list[int], shares: list[float]
) -> RecommendedProduct:
    return RecommendedProduct(
        **names.ranked(product, score),
        source=_source([path for path in paths if path != NONE]),
        reasons=[
            _reason(names, path, at, share)
            for path, at, share in zip(paths, through, shares, strict=True)
            if path != NONE
        ],
    )


def _source(paths: Sequence[int]) -> Source:
    if any(path >= BY_LIKENESS for path in paths):
        return "vectors"
    return "graph" if any(path != BY_INTEREST for path in paths) else "popular"


def _reason(names: Names, path: int, through: int, share: float) -> RecommendationReason:
    reason = RecommendationReason(edges=list(PATHS[path]), share=round(share, 4))
    if through == NONE:
        return reason
    if path == BY_INTEREST:
        return {**reason, "category": names.categories[through]}
    return {**reason, "product_id": names.products[through]}


def popular(names: Names, lists: Arrays) -> Iterator[tuple[str, list[RankedProduct]]]:
    """Returns what is popular in each category, and under "" of all together."""
    columns = (lists[name].tolist() for name in ("category", "product", "score"))
    for category, products, scores in zip(*columns, strict=True):
        found = [names.ranked(*each) for each in zip(products, scores, strict=True) if each[0] != NONE]
        yield "" if category == NONE else names.categories[category], found


def trending(names: Names, lists: Arrays) -> list[TrendingProduct]:
    """Returns what is trending in a window; of the first, the score is 1."""
    most = lists["weight"].max(initial=0) or 1
    columns = (lists["product"], lists["weight"] / most, lists["now"], lists["before"])
    return [
        TrendingProduct(**names.ranked(product, score), now=now, before=before)
        for product, score, now, before in zip(*(column.tolist() for column in columns), strict=True)
    ]


def pairs(names: Names, lists: Arrays) -> Iterator[tuple[str, list[ProductPair]]]:
    """Returns the pairs of each product that has any, and under "" the best of all, each two products once."""
    order = np.lexsort((lists["other"], lists["product"], -lists["lift_low"])).tolist()
    every = list(_pairs(names, lists))
    seen: dict[frozenset[str], ProductPair] = {}
    for at in order:
        seen.setdefault(frozenset((every[at]["product_id"], every[at]["other_id"])), every[at])
        if len(seen) == BEST_PAIRS:
            break
    yield "", list(seen.values())
    for product_id, found in groupby(every, lambda pair: pair["product_id"]):
        yield product_id, list(found)


def _pairs(names: Names, lists: Arrays) -> Iterator[ProductPair]:
    columns = ("product", "other", "both", "with_product", "with_other", "lift", "lift_low")
    for product, other, both, one, another, lift, low in zip(*(lists[name].tolist() for name in columns), strict=True):
        yield ProductPair(
            product_id=names.products[product],
            other_id=names.products[other],
            both=both,
            with_product=one,
            with_other=another,
            lift=round(lift, 4),
            lift_low=round(low, 4),
        )
