"""JSON in and out: orjson for what it does exactly, the standard library for the rest."""

import json
import math
from typing import Any, Never

import orjson

SURROGATE = rb"\ud"
LONG_NUMBER = b"0" * 19
DIGITS = bytes(ord("0") if chr(byte).isdigit() and byte < 128 else byte for byte in range(256))
"""Every digit becomes 0, which finds a long number many times quicker than a regular expression does."""


def decode(text: bytes) -> Any:
    """Returns strict JSON in UTF-8; raises ValueError, with line and column where it is a json.JSONDecodeError.

    A whole number that does not fit in 64 bits stays exact: orjson would round it. Half a surrogate pair, which a
    browser writes where a text was cut in the middle of an emoji, stays what it is: orjson would refuse all of it.
    """
    if LONG_NUMBER in text.translate(DIGITS):
        return _decode_exactly(text)
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        if SURROGATE not in text.lower():
            raise
    return _decode_exactly(text)


def _decode_exactly(text: bytes) -> Any:
    return json.loads(text.decode(), parse_constant=_refuse, parse_float=_finite)


def decode_leniently(text: str) -> Any:
    """Returns what any producer may have put in a queue: besides JSON also NaN, infinity and half surrogate pairs."""
    raw = text.encode(errors="surrogatepass")
    try:
        return decode(raw)
    except ValueError:
        return json.loads(text)


def encode_ascii(value: object) -> str:
    """Returns compact JSON in ASCII, so that its length is its size and any queue can carry it."""
    try:
        raw = orjson.dumps(value)
    except TypeError:
        return json.dumps(value, separators=(",", ":"))
    return raw.decode() if raw.isascii() else json.dumps(value, separators=(",", ":"))


def _finite(number: str) -> float:
    value = float(number)
    return value if math.isfinite(value) else _refuse("a number that is not finite")


def _refuse(name: str) -> Never:
    raise ValueError(f"{name} is not JSON")
