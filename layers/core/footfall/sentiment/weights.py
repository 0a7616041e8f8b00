"""The weights by which a text is read: a logistic regression over words, pairs of words and VADER's scores."""

import json
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple, TypedDict, cast

WEIGHTS = Path(__file__).with_name("weights.json")


class GramWeight(NamedTuple):
    """What a word or pair of words is worth: its inverse document frequency, and its coefficient."""

    rarity: float
    coefficient: float


class Weights(TypedDict):
    """A fitted model: coefficients of VADER's three scores, and of each gram. There is no intercept: nothing is 0.

    `english` are the words of the sentences that it was fitted on, whatever they feel.
    """

    lexicon: tuple[float, float, float]
    grams: dict[str, GramWeight]
    english: frozenset[str]


@lru_cache(maxsize=1)
def weights() -> Weights:
    """Returns the weights that the project comes with, which `make sentiment` fits."""
    stored = cast("Weights", json.loads(WEIGHTS.read_text(encoding="utf-8")))
    return Weights(
        lexicon=stored["lexicon"],
        grams={gram: GramWeight(*of) for gram, of in stored["grams"].items()},
        english=frozenset(stored["english"]),
    )
