"""What a text feels, from -1 to 1, and which language it is in."""

import math
from collections import Counter
from collections.abc import Iterable

from footfall.schemas.feedback import Label, Sentiment
from footfall.sentiment.categories import categories_of
from footfall.sentiment.grams import LONGEST_TEXT, grams_of, words_of
from footfall.sentiment.language import ENGLISH, NO_LANGUAGE, language_of
from footfall.sentiment.lexicon import LexiconFeatures, features_of, is_known, with_words_for_emoji
from footfall.sentiment.version import VERSION
from footfall.sentiment.weights import GramWeight, Weights, weights

NEUTRAL = 0.05
"""Scores nearer to 0 are neutral, as VADER's authors have it."""


def read(text: str) -> Sentiment:
    """Returns the sentiment of a text, without a label and a score where it is in no language that can be read."""
    spoken = with_words_for_emoji(text[:LONGEST_TEXT])[:LONGEST_TEXT]
    words = words_of(spoken)
    language = language_of(words_of(text), _is_english)
    score = _score(spoken, words) if language == ENGLISH or _is_mute(language, spoken) else None
    return Sentiment(
        label=None if score is None else label_of(score),
        score=score,
        categories=categories_of(words) if language == ENGLISH else [],
        language=language,
        version=VERSION,
    )


def label_of(score: float) -> Label:
    """Returns what a score is called."""
    if abs(score) < NEUTRAL:
        return "neutral"
    return "positive" if score > 0 else "negative"


def score_of(grams: Iterable[str], lexicon: LexiconFeatures, fitted: Weights) -> float:
    """Returns a text's score from -1 to 1: twice the probability that it is positive, less one."""
    of_lexicon = sum(weight * value for weight, value in zip(fitted["lexicon"], lexicon, strict=True))
    return math.tanh((of_lexicon + _of_grams(grams, fitted["grams"])) / 2)


def _of_grams(grams: Iterable[str], known: dict[str, GramWeight]) -> float:
    counts = Counter(gram for gram in grams if gram in known)
    sizes = {gram: (1 + math.log(count)) * known[gram].rarity for gram, count in counts.items()}
    length = math.hypot(*sizes.values())
    return sum(size * known[gram].coefficient for gram, size in sizes.items()) / length if length else 0.0


def _score(text: str, words: list[str]) -> float:
    return round(score_of(grams_of(words), features_of(text), weights()), 3)


def _is_mute(language: str, text: str) -> bool:
    # emoji and emoticons say something in every language
    return language == NO_LANGUAGE and any(features_of(text))


def _is_english(word: str) -> bool:
    return word in weights()["english"] or is_known(word)
