"""A text as the words and pairs of words that the weights are of."""

import re
from collections.abc import Iterator
from itertools import pairwise

LONGEST_TEXT = 2_000
"""Characters of a text that are read: some 400 words, whose sentiment more words hardly change."""
WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*|[!?]")
NEGATIONS = frozenset(
    {
        *("not", "no", "never", "none", "nothing", "nor", "cannot", "cant", "dont", "doesnt", "didnt", "isnt", "wasnt"),
        *("wont", "without", "hardly", "barely", "neither", "nobody", "nowhere"),
    }
)
NEGATED_WORDS = 3


def words_of(text: str) -> list[str]:
    """Returns the words of a text in lower case, in order, each `!` and `?` as one of them."""
    return WORD.findall(text[:LONGEST_TEXT].replace("’", "'").lower())


def grams_of(words: list[str]) -> Iterator[str]:
    """Returns the words, the words that a negation stands before (as `not:word`), and all pairs of neighbours."""
    yield from words
    yield from _negated(words)
    yield from (f"{one} {other}" for one, other in pairwise(words))


def _negated(words: list[str]) -> Iterator[str]:
    left = 0
    for word in words:
        if word in NEGATIONS or word.endswith("n't"):
            left = NEGATED_WORDS
        elif word in "!?" or word == "but":
            left = 0
        elif left:
            left -= 1
            yield f"not:{word}"
