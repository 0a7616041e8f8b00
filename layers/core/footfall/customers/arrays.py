"""How features and projections are laid out as arrays, for .npz files without pickle."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from footfall.customers.features import Features, summed
from footfall.customers.projection import BLOCKS, Projection

Arrays = Mapping[str, NDArray[Any]]


def pack_texts(texts: list[str]) -> NDArray[np.uint8]:
    """Texts of any length and content as one array, since an array of objects would need pickle."""
    return np.frombuffer(json.dumps(texts).encode(), np.uint8)


def unpack_texts(array: NDArray[np.uint8]) -> list[str]:
    """The texts of an array that `pack_texts` made."""
    texts: list[str] = json.loads(array.tobytes())
    return texts


def people_of(arrays: Arrays) -> list[str]:
    """The person id of each row of extracted features."""
    return unpack_texts(arrays["people"])


def features_of_all(arrays: Arrays) -> Features:
    """Everybody's features, both halves of each person's behaviour together."""
    return _features(arrays, np.ones(len(arrays["half"]), bool))


def features_of_half(arrays: Arrays, half: int) -> Features:
    """Everybody's features by one half of their visits and orders."""
    return _features(arrays, arrays["half"] == half)


def _features(arrays: Arrays, chosen: NDArray[np.bool_]) -> Features:
    return summed(
        len(people_of(arrays)),
        unpack_texts(arrays["tokens"]),
        arrays["row"][chosen],
        arrays["token"][chosen],
        arrays["weight"][chosen],
    )


def recency_of_all(arrays: Arrays) -> NDArray[np.float64]:
    """Everybody's days since their last order; NaN for who is no customer."""
    recency = np.full(len(people_of(arrays)), np.nan)
    recency[arrays["customer"]] = arrays["recency"]
    return recency


def projection_arrays(projection: Projection) -> dict[str, NDArray[Any]]:
    """A projection as arrays."""
    named = {f"components_{block.name}": found for block, found in zip(BLOCKS, projection.components, strict=True)}
    return {
        "tokens": pack_texts(projection.tokens),
        "rarity": projection.rarity,
        "figure_means": projection.figure_means,
        "figure_scales": projection.figure_scales,
        **named,
    }


def projection_of(arrays: Arrays) -> Projection:
    """The projection that `projection_arrays` laid out."""
    return Projection(
        unpack_texts(arrays["tokens"]),
        arrays["rarity"],
        [arrays[f"components_{block.name}"] for block in BLOCKS],
        arrays["figure_means"],
        arrays["figure_scales"],
    )
