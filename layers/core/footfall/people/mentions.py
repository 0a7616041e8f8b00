"""Whom inputs speak of that were never read as events: every value in them, where an id may stand."""

import json
import re
from collections.abc import Collection, Iterator

PARTS = re.compile(r"""[^\s"',;|={}\[\]&?]+""")
CELLS = re.compile(r'[",;|\t\r\n]+')


def values_in(body: str) -> Iterator[str]:
    """Yields every value of a text: of JSON, of lines of JSON, or of cells of a table; and the words of what is none.

    One value may come more than once.
    """
    try:
        yield from _values(json.loads(body))
    except (ValueError, RecursionError):
        for line in body.splitlines():
            yield from _in_line(line)


def _in_line(line: str) -> Iterator[str]:
    if line.lstrip()[:1] in ("{", "["):
        try:
            yield from _values(json.loads(line))
        except (ValueError, RecursionError):
            pass
        else:
            return
    yield from (cell.strip() for cell in CELLS.split(line))
    yield from PARTS.findall(line)


def _values(value: object) -> Iterator[str]:
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            waiting += one.values()
            yield from one
        elif isinstance(one, list):
            waiting += one
        elif isinstance(one, str):
            yield one.strip()
        elif isinstance(one, int | float) and not isinstance(one, bool):
            yield str(one)


def mentions(body: str, ids: Collection[str]) -> bool:
    """Returns whether a text holds one of these ids as a value."""
    return any(value in ids for value in values_in(body))
