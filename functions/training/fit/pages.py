"""Vectors of pages: near for pages where people come from, do and go on to the same things."""

from typing import Any

import numpy as np
from footfall.customers.arrays import Arrays, features_of_all, pack_texts, subjects_of
from footfall.customers.profile import foremost
from footfall.customers.projection import PAGE_BLOCKS, turn, unit
from numpy.typing import NDArray

from .directions import fit_directions

FEWEST_VISITS = 3
"""A page seen in fewer visits has not shown yet what is done on it."""


def fit_pages(arrays: Arrays) -> dict[str, NDArray[Any]]:
    """The pages that were seen often enough, with their types and vectors."""
    kept = np.flatnonzero(arrays["visits"] >= FEWEST_VISITS).astype(np.int32)
    features = features_of_all(arrays).of_rows(kept)
    pages = subjects_of(arrays)
    types = [foremost(tokens, "type:", 1)[0] for tokens in features.people()]
    return {
        "subjects": pack_texts([pages[row] for row in kept.tolist()]),
        "types": pack_texts(types),
        "vectors": unit(turn(fit_directions(features, PAGE_BLOCKS), PAGE_BLOCKS, features)),
    }
