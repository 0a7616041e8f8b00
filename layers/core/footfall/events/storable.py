"""Which JSON values can be stored: what BSON, JSON and our limits cannot carry is named before it does harm."""

import math
from collections.abc import Iterable

import orjson

from footfall.codec import encode_ascii
from footfall.errors import Unstorable
from footfall.schemas.event import Json

MAX_DEPTH = 20
MAX_VALUES = 1_000
MAX_IMPORTED_VALUES = 50_000
"""An import brings whole invoices; what makes them up was counted as rows before."""
LARGEST_INTEGER = 2**63
NOT_CONTENT = ("sentAt", "sequence")
NUL = rb"\u0000"
EMPTY_NAME = b'"":'
NULL = b"null"
"""What orjson also writes for a number that is not finite."""


def content_of(event: Json, most_values: int = MAX_VALUES) -> bytes:
    """Returns an event's content as one canonical text, the same for every retry of it, and checks it on the way.

    The send time and the place in the body differ between retries of the same event, so they are left out. Raises
    Unstorable, with a reason code, when the event holds what cannot be stored.
    """
    content = event.copy()
    for name in NOT_CONTENT:
        content.pop(name, None)
    try:
        text = orjson.dumps(content, option=orjson.OPT_SORT_KEYS | orjson.OPT_STRICT_INTEGER)
    except TypeError:  # too deep, half a surrogate pair, a number over 53 bits: the check knows which
        _check(content, most_values)
        return orjson.dumps(content, option=orjson.OPT_SORT_KEYS)
    if not _is_plain(text) or not _is_small(text, most_values):
        _check(content, most_values)
    return text


def encode_storable(events: list[Json]) -> list[str] | None:
    """Returns many strictly decoded events as JSON in ASCII, looked at together; None when one may not be storable.

    Strict JSON has no numbers that are not finite, so what is null was sent as null.
    """
    try:
        texts = [orjson.dumps(event, option=orjson.OPT_STRICT_INTEGER) for event in events]
    except TypeError:
        return None
    together = b"\n".join(texts)
    brackets = [text.count(b"{") + text.count(b"[") for text in texts]
    large = [text for text in texts if len(text) >= MAX_VALUES]
    if (
        _holds_nul(together)
        or EMPTY_NAME in together
        or max(brackets, default=0) > MAX_DEPTH
        or not all(map(_is_small, large))
    ):
        return None
    return together.decode().split("\n") if together.isascii() else [encode_ascii(event) for event in events]


def _is_plain(text: bytes) -> bool:
    return not _holds_nul(text) and EMPTY_NAME not in text and NULL not in text


def _holds_nul(text: bytes) -> bool:
    return b"\\" in text and NUL in text  # one character is found ten times as fast


def _is_small(text: bytes, most_values: int = MAX_VALUES) -> bool:
    # too few brackets to be deep, and too few commas to hold too many values
    return text.count(b"{") + text.count(b"[") <= MAX_DEPTH and (
        len(text) < most_values or text.count(b",") < most_values // 2
    )


def _check(value: object, most_values: int) -> None:
    if _count(value, 0) > most_values:
        raise Unstorable("too_many_values", f"more than {most_values} values in one event")


def _count(value: object, depth: int) -> int:
    if depth > MAX_DEPTH:
        raise Unstorable("too_deep", f"values are nested more than {MAX_DEPTH} deep")
    if isinstance(value, dict):
        for key in value:
            _check_key(key)
        children: Iterable[object] = value.values()
    else:
        children = value if isinstance(value, list) else (value,)
    count = 1
    for child in children:
        if isinstance(child, dict | list):
            count += _count(child, depth + 1)
        else:
            count += 1
            _check_scalar(child)
    return count


def _check_key(key: str) -> None:
    if not key or "\x00" in key:
        raise Unstorable("bad_key", "a name is empty or holds a NUL character")
    _check_text(key)


def _check_scalar(item: object) -> None:
    if isinstance(item, str):
        _check_text(item)
    elif isinstance(item, float):
        if not math.isfinite(item):
            raise Unstorable("not_finite", "a number is not finite")
    elif isinstance(item, int) and not -LARGEST_INTEGER <= item < LARGEST_INTEGER:
        raise Unstorable("integer_too_large", "a whole number does not fit in 64 bits")


def _check_text(text: str) -> None:
    if text.isascii():
        return
    try:
        text.encode()
    except UnicodeEncodeError:
        raise Unstorable("bad_text", "a text holds half of a surrogate pair") from None
