"""Remembering what was made of a text: of short ones only, as what a client sends must not fill the memory."""

from collections.abc import Callable
from functools import lru_cache
from typing import TypeVar, TypeVarTuple

Others = TypeVarTuple("Others")
T = TypeVar("T")
LONGEST = 256


def cached_for_short_texts(maxsize: int) -> Callable[[Callable[[str, *Others], T]], Callable[[str, *Others], T]]:
    """Returns a decorator that remembers the answers to the last `maxsize` texts of at most 256 characters.

    The text is the function's first argument; a longer one is answered anew each time.
    """

    def decorate(function: Callable[[str, *Others], T]) -> Callable[[str, *Others], T]:
        remembered = lru_cache(maxsize)(function)

        def answer(text: str, *others: *Others) -> T:
            return remembered(text, *others) if len(text) <= LONGEST else function(text, *others)

        return answer

    return decorate
