"""What VADER's lexicon and rules say of a text (Hutto and Gilbert 2014, doi:10.1609/icwsm.v8i1.14550)."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from footfall.chunks import chunks

WORDS_AT_A_TIME = 40
"""VADER's time grows with the square of what it reads at once: ten thousand emoji took it a minute."""
SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n+")
EMOJI = {
    **dict.fromkeys("👍👌✅💯⭐🌟👏🙌", "good"),
    **dict.fromkeys("👎❌🚫", "bad"),
    **dict.fromkeys("❤💕💖💗💚💙💜🧡💛♥😍🥰", "love"),
    **dict.fromkeys("😀😃😄😁😊🙂☺😎🤗🎉", "happy"),
    **dict.fromkeys("😡😠🤬💢", "angry"),
    **dict.fromkeys("😢😭😞😔😟🙁☹💔", "sad"),
    **dict.fromkeys("🤮🤢💩", "disgusting"),
}
"""What shoppers' emoji say, in a word; VADER's own descriptions name what they show (`thumbs up`)."""


class LexiconFeatures(NamedTuple):
    """VADER's scores of a text, each the mean of its sentences': from -1 to 1, and shares of words from 0 to 1."""

    compound: float
    positive: float
    negative: float


@lru_cache(maxsize=1)
def _analyzer() -> SentimentIntensityAnalyzer:
    analyzer = SentimentIntensityAnalyzer()
    analyzer.emojis = {**analyzer.emojis, **EMOJI}
    return analyzer


def with_words_for_emoji(text: str) -> str:
    """Returns a text with words in the place of its emoji."""
    if text.isascii():
        return text
    emojis = _analyzer().emojis
    return "".join(f" {emojis[character]} " if character in emojis else character for character in text)


def is_known(word: str) -> bool:
    """Returns whether the lexicon has a word."""
    return word in _analyzer().lexicon


def features_of(text: str) -> LexiconFeatures:
    """Returns what VADER says of a text whose emoji are words; all 0 where it knows nothing."""
    found = [_analyzer().polarity_scores(sentence) for sentence in _sentences(text)]
    if not found:
        return LexiconFeatures(0.0, 0.0, 0.0)
    sums = (sum(scores[name] for scores in found) for name in ("compound", "pos", "neg"))
    return LexiconFeatures(*(each / len(found) for each in sums))


def _sentences(text: str) -> Iterator[str]:
    for sentence in SENTENCE_END.split(text):
        yield from (" ".join(words) for words in chunks(sentence.split(), WORDS_AT_A_TIME))
