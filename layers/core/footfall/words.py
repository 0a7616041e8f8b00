"""Words that something is found by, as their beginnings: folded alike when they are stored and when they are asked."""

import unicodedata
from collections.abc import Iterable
from itertools import islice
from re import findall

MOST_WORDS = 40
LONGEST_WORD = 64
LAST_CHARACTER = "\U0010ffff"


def words(text: str) -> list[str]:
    """Returns the words of a text without case and accents, each once, in order, at most forty of 64 characters."""
    plain = "".join(each for each in unicodedata.normalize("NFKD", text) if not unicodedata.combining(each))
    found = (word[:LONGEST_WORD] for word in findall(r"\w+", plain.casefold()))
    return list(islice(dict.fromkeys(found), MOST_WORDS))


def beginning(field: str, word: str) -> dict[str, object]:
    """Returns the condition that a text in a list begins with a word: a range of an index, and never a pattern."""
    return {field: {"$elemMatch": {"$gte": word, "$lt": word + LAST_CHARACTER}}}


def all_begin(field: str, asked: Iterable[str]) -> list[dict[str, object]]:
    """Returns the conditions that each word is the beginning of some text in a list."""
    return [beginning(field, word) for word in asked]
