"""How features and projections are laid out as arrays, for .npz files without pickle."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from footfall.customers.features import Features, summed
from footfall.customers.projection import BLOCKS, Directions, Projection

Arrays = Mapping[str, NDArray[Any]]
"""Arrays by name, as they are in one file; who reads one knows what numbers it holds."""


def pack_texts(texts: list[str]) -> NDArray[np.uint8]:
    """Returns texts of any length and content as one array, since an array of objects would need pickle."""
    return np.frombuffer(json.dumps(texts).encode(), np.uint8)


def unpack_texts(array: NDArray[np.uint8]) -> list[str]:
    """Returns the texts of an array that `pack_texts` made."""
    texts: list[str] = json.loads(array.tobytes())
    return texts


def subjects_of(arrays: Arrays) -> list[str]:
    """Returns of whom, or of which page, each row of extracted features is."""
    return unpack_texts(arrays["subjects"])


def features_of_all(arrays: Arrays) -> Features:
    """Returns everybody's (or every page's) features, both halves of each one's together."""
    return _features(arrays, np.ones(len(arrays["half"]), bool))


def features_of_half(arrays: Arrays, half: int) -> Features:
    """Returns everybody's features by one half of their visits and orders."""
    return _features(arrays, arrays["half"] == half)


def _features(arrays: Arrays, chosen: NDArray[np.bool_]) -> Features:
    return summed(
        len(subjects_of(arrays)),
        unpack_texts(arrays["tokens"]),
        arrays["row"][chosen],
        arrays["token"][chosen],
        arrays["weight"][chosen],
    )


def recency_of_all(arrays: Arrays) -> NDArray[np.float64]:
    """Returns everybody's days since their last order; NaN for who is no customer."""
    recency = np.full(len(subjects_of(arrays)), np.nan)
    recency[arrays["customer"]] = arrays["recency"]
    return recency


def projection_arrays(projection: Projection) -> Arrays:
    """Returns a projection as arrays, under the names that they have in the files of published models."""
    directions = projection.directions
    named = {f"components_{block.name}": found for block, found in zip(BLOCKS, directions.components, strict=True)}
    return {
        "tokens": pack_texts(directions.tokens),
        "rarity": directions.rarity,
        "figure_means": projection.measure_means,
        "figure_scales": projection.measure_scales,
        **named,
    }


def projection_of(arrays: Arrays) -> Projection:
    """Returns the projection that `projection_arrays` laid out."""
    components = [arrays[f"components_{block.name}"] for block in BLOCKS]
    directions = Directions(unpack_texts(arrays["tokens"]), arrays["rarity"], components)
    return Projection(directions, arrays["figure_means"], arrays["figure_scales"])
