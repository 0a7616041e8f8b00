"""Which JSON values can be stored: what BSON, JSON and our limits cannot carry is named before it does harm."""

import math
from collections.abc import Iterable
from typing import NamedTuple

import orjson

from footfall.codec import encode_ascii
from footfall.errors import Unstorable
from footfall.schemas.event import Json

MAX_DEPTH = 20
MAX_EVENT_BYTES = 32_768
ROOM = 1_024
"""What collect adds to an event: its id and its place."""
MAX_VALUES = 10_000
MAX_IMPORTED_VALUES = 50_000
"""An import brings whole invoices; what makes them up was counted as rows before."""
LARGEST_INTEGER = 2**63
MENDABLE = frozenset({"bad_key", "bad_text", "not_finite", "integer_too_large"})
"""Reasons that cost a value, not its event."""
NOT_CONTENT = ("sentAt", "sent_at", "sequence")
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


def mended(event: Json) -> tuple[Json, list[str]]:
    """Returns an event whose values can be stored, and the names of its fields in which some could not.

    A whole number over 64 bits becomes a text, one that is not finite and an empty name are left out, and so is a NUL
    in a name; half a surrogate pair, as a text cut in the middle of an emoji has it, becomes the replacement character.
    Raises Unstorable when values are nested too deep.
    """
    whole = _mended_object(event, 0)
    return whole, [name for name, value in event.items() if whole.get(_mended_text(name), LEFT_OUT) is not value]


LEFT_OUT = object()


def _mended(value: object, depth: int) -> object:
    # the same object when there is nothing to mend
    if isinstance(value, dict):
        return _mended_object(value, depth)
    if isinstance(value, list):
        _check_depth(depth)
        found = [_mended(inner, depth + 1) for inner in value]
        same = all(inner is other for inner, other in zip(found, value, strict=True))
        return value if same else [None if inner is LEFT_OUT else inner for inner in found]
    if isinstance(value, str):
        return _mended_text(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else LEFT_OUT
    return str(value) if isinstance(value, int) and not -LARGEST_INTEGER <= value < LARGEST_INTEGER else value


def _mended_object(value: Json, depth: int) -> Json:
    _check_depth(depth)
    whole = {_mended_text(name).replace("\x00", ""): _mended(inner, depth + 1) for name, inner in value.items()}
    kept = {name: inner for name, inner in whole.items() if name and inner is not LEFT_OUT}
    same = len(kept) == len(value) and all(value.get(name, LEFT_OUT) is inner for name, inner in kept.items())
    return value if same else kept


def _mended_text(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


class Encoded(NamedTuple):
    """Events as JSON in ASCII; `flat` when nothing in them is nested but what was said to be."""

    texts: list[str]
    flat: bool


def encode_storable(events: list[Json], objects: int) -> Encoded | None:
    """Returns many strictly decoded events as JSON, looked at together; None when one may not be storable.

    `objects` are those that are known to be in them, themselves included. Strict JSON has no numbers that are not
    finite, so what is null was sent as null.
    """
    try:
        texts = [orjson.dumps(event, option=orjson.OPT_STRICT_INTEGER) for event in events]
    except TypeError:
        return None
    together = b"\n".join(texts)
    if _holds_nul(together) or EMPTY_NAME in together:
        return None
    flat = together.count(b"{") == objects and together.count(b"[") < MAX_DEPTH
    if not (flat and max(map(len, texts), default=0) < MAX_VALUES) and not all(map(_is_small, texts)):
        return None
    plain = together.decode().split("\n") if together.isascii() else [encode_ascii(event) for event in events]
    return Encoded(plain, flat)


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
    _check_depth(depth)
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


def _check_depth(depth: int) -> None:
    if depth > MAX_DEPTH:
        raise Unstorable("too_deep", f"values are nested more than {MAX_DEPTH} deep")


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
