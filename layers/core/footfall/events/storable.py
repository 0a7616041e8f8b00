"""Which JSON values can be stored: what BSON, JSON and our limits cannot carry is named before it does harm."""

import math
from typing import Any

from footfall.errors import Unstorable

MAX_DEPTH = 20
MAX_VALUES = 1_000
LARGEST_INTEGER = 2**63


def check_storable(value: Any) -> None:
    """Raise Unstorable, with a reason code, when a decoded JSON value cannot be stored as it is."""
    pending = [(value, 0)]
    seen = 0
    while pending:
        item, depth = pending.pop()
        seen += 1
        if depth > MAX_DEPTH:
            raise Unstorable("too_deep", f"values are nested more than {MAX_DEPTH} deep")
        if seen > MAX_VALUES:
            raise Unstorable("too_many_values", f"more than {MAX_VALUES} values in one event")
        if isinstance(item, dict):
            for key in item:
                _check_key(key)
            pending.extend((child, depth + 1) for child in item.values())
        elif isinstance(item, list):
            pending.extend((child, depth + 1) for child in item)
        else:
            _check_scalar(item)


def _check_key(key: str) -> None:
    if not key or "\x00" in key:
        raise Unstorable("bad_key", "a name is empty or holds a NUL character")
    _check_text(key)


def _check_scalar(item: Any) -> None:
    if isinstance(item, str):
        _check_text(item)
    elif isinstance(item, float):
        if not math.isfinite(item):
            raise Unstorable("not_finite", "a number is not finite")
    elif isinstance(item, int) and not -LARGEST_INTEGER <= item < LARGEST_INTEGER:
        raise Unstorable("integer_too_large", "a whole number does not fit in 64 bits")


def _check_text(text: str) -> None:
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise Unstorable("bad_text", "a text holds half of a surrogate pair") from None
