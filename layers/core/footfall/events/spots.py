"""Where on a page something happened, and what with, as an event tells it: read for the lake's columns.

A place is two numbers, as `37 82`: which of a hundred columns from the left, and which of a hundred rows from the top.
"""

from collections.abc import Mapping

FINEST = 100
"""So many columns and rows are told apart."""
MOST_PIXELS = 1_000_000
"""A screen or a page that is larger is none."""
WHOLE = 100
LONGEST_ELEMENT = 256


def place_on_screen(coordinates: object) -> str | None:
    """Returns the place in the part of the page that was in view; None where an event tells none that lies in it."""
    return _place(coordinates, coordinates.get("viewport")) if isinstance(coordinates, Mapping) else None


def place_on_page(coordinates: object) -> str | None:
    """Returns the place on the whole page; None where an event tells none that lies on it."""
    page = coordinates.get("page") if isinstance(coordinates, Mapping) else None
    return _place(page, page)


def _place(point: object, size: object) -> str | None:
    if not isinstance(point, Mapping) or not isinstance(size, Mapping):
        return None
    column = _part(point.get("x"), size.get("width"))
    row = _part(point.get("y"), size.get("height"))
    return None if column is None or row is None else f"{column} {row}"


def _part(at: object, length: object) -> int | None:
    # clients round, so that the far edge is inside
    where, whole = _number(at), _number(length)
    if where is None or whole is None or not 0 < whole <= MOST_PIXELS or not 0 <= where <= whole:
        return None
    return min(int(where * FINEST // whole), FINEST - 1)


def _number(told: object) -> int | float | None:
    return told if isinstance(told, int | float) and not isinstance(told, bool) else None


def scrolled_to(value: object) -> str | None:
    """Returns how far down the value of a scroll says that a page was scrolled, in whole percent; None for no such."""
    percent = _number(_read(value) if isinstance(value, str) else value)
    return str(int(percent)) if percent is not None and 0 <= percent <= WHOLE else None


def _read(text: str) -> float | None:
    try:
        return float(text.strip().removesuffix("%"))
    except ValueError:
        return None


def element_of(element: object) -> str | None:
    """Returns what was clicked or hovered over, as the client names it; None where it does not."""
    named = _named(element) if isinstance(element, Mapping) else element
    return named.strip()[:LONGEST_ELEMENT] or None if isinstance(named, str) else None


def _named(element: Mapping[str, object]) -> object:
    # a selector as the client writes it, else one of the tag and the id
    tag, own_id = element.get("tag"), element.get("id")
    by_id = f"{tag if isinstance(tag, str) else ''}#{own_id}" if isinstance(own_id, str) and own_id else tag
    return element.get("selector") or by_id
