"""Many things in portions of what one message, question or write can carry."""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TypeVar

Item = TypeVar("Item")


def chunks(
    items: Iterable[Item], most: int | None, weight: Callable[[Item], int] | None = None, heaviest: int = 0
) -> Iterator[list[Item]]:
    """Returns the items in order, in portions of `most` at most, and where they are weighed, of `heaviest` together.

    An item that is heavier than that goes alone.
    """
    if weight is None:
        left = iter(items)
        while chunk := list(islice(left, most)):
            yield chunk
    else:
        yield from _weighed(items, most, weight, heaviest)


def _weighed(
    items: Iterable[Item], most: int | None, weight: Callable[[Item], int], heaviest: int
) -> Iterator[list[Item]]:
    chunk: list[Item] = []
    carried = 0
    for item in items:
        weighs = weight(item)
        if chunk and (len(chunk) == most or carried + weighs > heaviest):
            yield chunk
            chunk, carried = [], 0
        chunk.append(item)
        carried += weighs
    if chunk:
        yield chunk
