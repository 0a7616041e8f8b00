"""What an event sells or shows, as one text of the lake's column `lines`, and back."""

from functools import lru_cache
from typing import NamedTuple

from footfall.codec import decode, encode_ascii
from footfall.schemas.event import Commerce

MOST_LINES = 200
"""Of an event with more lines, the first are kept here: Google takes as many in an event."""
FIELDS = ("quantity", "total", "list", "position")


class Line(NamedTuple):
    """One line: a product, how much of it, what that costs in minor units, and where in the shop it was found.

    `list` and `position` are None where that is not told; so is `total` where a price is told that cannot be read.
    """

    product: str
    quantity: float = 0
    total: int | None = None
    list: str | None = None
    position: int | None = None


class Lines(NamedTuple):
    """The lines of one event, with the currency of their amounts."""

    currency: str
    lines: tuple[Line, ...]


NOTHING = Lines("", ())


def packed(commerce: Commerce) -> str | None:
    """Returns the text: JSON of the currency and then of each line, without what is not told at its end."""
    lines = commerce.get("lines")
    if not isinstance(lines, list) or not lines:
        return None
    rows = [_row([line["product_id"], *map(line.get, FIELDS)]) for line in lines[:MOST_LINES]]
    return encode_ascii([commerce.get("currency", ""), *rows])


def _row(values: list[object]) -> list[object]:
    while values[-1] is None:
        values.pop()
    return values


@lru_cache(maxsize=20_000)
def unpacked(text: str) -> Lines:
    """Returns the lines that a text holds; none for an empty one."""
    if not text:
        return NOTHING
    currency, *rows = decode(text.encode())
    lines = (Line(*row) for row in rows)
    return Lines(currency, tuple(line if line.quantity else line._replace(quantity=0) for line in lines))
