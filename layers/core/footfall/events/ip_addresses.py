"""Addresses of people's devices in what clients send: kept to their network, like the one a request came from."""

import re
from collections.abc import Sequence
from typing import Any, TypeVar, cast

from footfall.caching import cached_for_short_texts
from footfall.identity import anonymised_ip
from footfall.schemas.event import Json

T = TypeVar("T")
PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
NAME = re.compile(
    r"(client|user|remote|real|browser|customer|visitor)ip|ip(address|addr|v4|v6)|remote_?addr(ess)?|"
    r"(x_?)?forwarded(_?for)?"
)
"""Names of which `ip` is no part of its own."""
ADDRESS = re.compile(r"(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}|(?=[\da-fA-F]*:)[\da-fA-F:]+(?:\.\d{1,3}){0,3})(?![\w.])")
NAMES_IN_JSON = re.compile(r'"([^"]*)"\s*:')
NUMBERS = range(2**24, 2**32)
"""An IPv4 address may be a number, as MySQL's INET_ATON makes it."""


INNOCENT: set[str] = set()
"""Names that were looked at and are no addresses': the names of most events are among them, which is found at once."""
NESTED = frozenset((dict, list))
MOST_INNOCENT = 20_000
LONGEST = 64


def holds_addresses(value: object) -> bool:
    """Returns whether anything in a decoded JSON value is called an address, at any depth."""
    waiting = [value]  # no recursion: what a client sends may be nested deeper than Python's stack
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            if not _are_innocent(value):
                return True
            waiting += [inner for inner in value.values() if type(inner) in NESTED]
        elif isinstance(value, list):
            waiting += [inner for inner in value if type(inner) in NESTED]
    return False


def _are_innocent(value: Json) -> bool:
    if value.keys() <= INNOCENT:
        return True
    if any(map(is_address_name, value)):
        return False
    if len(INNOCENT) < MOST_INNOCENT:
        INNOCENT.update(name for name in value if len(name) <= LONGEST)
    return True


def without_addresses(value: T) -> T:
    """Returns a decoded JSON value in which every address that is called one, at any depth, is kept to its network.

    What is not an address stays as it is, whatever it is called; what holds none is returned itself.
    """
    return cast(T, _without(value)) if holds_addresses(value) else value


def row_without_addresses(raw: bytes, columns: Sequence[str] | None) -> bytes:
    """Returns a row of a file with every address kept to its network, if one of its columns may hold any.

    Without columns, the row is a JSON value or the beginning of one.
    """
    names = NAMES_IN_JSON.findall(raw.decode(errors="replace")) if columns is None else columns
    if not any(map(is_address_name, names)):
        return raw
    return ADDRESS.sub(_anonymised, raw.decode(errors="surrogateescape")).encode(errors="surrogateescape")


def _without(value: object) -> object:
    whole: list[Any] = [value]
    waiting: list[tuple[Any, Any, bool]] = [(whole, 0, False)]
    while waiting:
        holder, place, is_address = waiting.pop()
        inner = holder[place]
        if isinstance(inner, dict):
            holder[place] = copied = dict(inner)
            waiting += [(copied, name, is_address or is_address_name(name)) for name in copied]
        elif isinstance(inner, list):
            holder[place] = listed = list(inner)
            waiting += [(listed, number, is_address) for number in range(len(listed))]
        elif is_address:
            holder[place] = _hidden(inner)
    return whole[0]


def _hidden(value: object) -> object:
    if isinstance(value, str):
        return ADDRESS.sub(_anonymised, value)
    return value & ~0xFF if isinstance(value, int) and value in NUMBERS else value


def _anonymised(found: re.Match[str]) -> str:
    return anonymised_ip(found[0]) or found[0]


@cached_for_short_texts(8192)
def is_address_name(name: str) -> bool:
    """Returns whether a field called so may hold an address: `ip`, `$ip`, `ipAddress`, `customer_ip_address`."""
    whole = name.lower().replace("-", "_").lstrip("$_")
    return NAME.fullmatch(whole) is not None or "ip" in {part.lower() for part in PART.findall(name)}
