"""The edges of a shop's graph as columns of numbers: people, products and categories, and when what was done."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from footfall.customers.arrays import Arrays
from footfall.recommendations.told import BOUGHT

Ints = NDArray[np.int32]
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Edges:
    """Who viewed (strength 1 and 2) or purchased (4) which product on which day, and took an interest in what category.

    An interest that somebody showed has the strength 1, one that the shop told from 1 to 5.

    `category` is of each product, -1 for none; days are counted from 1970-01-01 in the site's time zone.
    """

    people: int
    products: int
    categories: int
    person: Ints
    product: Ints
    strength: NDArray[np.uint8]
    day: Ints
    interested: Ints
    interest: Ints
    interest_day: Ints
    interest_strength: NDArray[np.uint8]
    category: Ints

    @property
    def bought(self) -> NDArray[np.bool_]:
        """Which edges are PURCHASED; the others are VIEWED."""
        bought: NDArray[np.bool_] = self.strength == BOUGHT
        return bought

    @property
    def span(self) -> tuple[int, int]:
        """The first and the last day with an edge from a person to a product; the last before the first without any."""
        return (int(self.day.min()), int(self.day.max())) if len(self.day) else (0, -1)

    def before(self, day: int) -> "Edges":
        """Returns what was known before a day; nothing of what came later is left in it."""
        return self.where(self.day < day, self.interest_day < day)

    def of_people(self, chosen: NDArray[np.bool_]) -> "Edges":
        """Returns the edges of some people, who keep their numbers."""
        return self.where(chosen[self.person], chosen[self.interested])

    def where(self, kept: NDArray[np.bool_], interests: NDArray[np.bool_]) -> "Edges":
        """Returns some of the edges."""
        return replace(
            self,
            person=self.person[kept],
            product=self.product[kept],
            strength=self.strength[kept],
            day=self.day[kept],
            interested=self.interested[interests],
            interest=self.interest[interests],
            interest_day=self.interest_day[interests],
            interest_strength=self.interest_strength[interests],
        )

    def purchases(self, first: int, last: int) -> csr_array:
        """Returns what people bought from `first` to `last`, both counted: people × products, 1 or nothing."""
        kept = self.bought & (self.day >= first) & (self.day <= last)
        return ones(self.person[kept], self.product[kept], (self.people, self.products))


def ones(row: Ints, column: Ints, shape: tuple[int, int]) -> csr_array:
    """Returns a matrix with 1 wherever there is an entry, however often."""
    found = csr_array((np.ones(len(row), np.float32), (row, column)), shape=shape)
    found.data[:] = 1
    return found


def edges_of(arrays: Arrays) -> Edges:
    """Returns the edges that were extracted."""
    return Edges(
        people=int(arrays["people"]),
        products=len(arrays["category"]),
        categories=int(max(arrays["category"].max(initial=-1), arrays["interest"].max(initial=-1))) + 1,
        person=arrays["person"],
        product=arrays["product"],
        strength=arrays["strength"],
        day=arrays["day"],
        interested=arrays["interested"],
        interest=arrays["interest"],
        interest_day=arrays["interest_day"],
        interest_strength=arrays["interest_strength"],
        category=arrays["category"],
    )
