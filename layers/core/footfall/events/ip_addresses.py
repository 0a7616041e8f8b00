"""Addresses of people's devices in what clients send: kept to their network, like the one a request came from."""

import re
from functools import lru_cache
from typing import TypeVar, cast

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
NUMBERS = range(2**24, 2**32)
"""An IPv4 address may be a number, as MySQL's INET_ATON makes it."""


INNOCENT: set[str] = set()
"""Names that were looked at and are no addresses': the names of most events are among them, which is found at once."""
NESTED = frozenset((dict, list))
MOST_INNOCENT = 20_000


def holds_addresses(value: object) -> bool:
    """Returns whether anything in a decoded JSON value is called an address, at any depth."""
    if isinstance(value, dict):
        if not _are_innocent(value):
            return True
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            if type(inner) in NESTED and holds_addresses(inner):
                return True
    return False


def _are_innocent(value: Json) -> bool:
    if value.keys() <= INNOCENT:
        return True
    if any(map(is_address_name, value)):
        return False
    if len(INNOCENT) < MOST_INNOCENT:
        INNOCENT.update(value)
    return True


def without_addresses(value: T) -> T:
    """Returns a decoded JSON value in which every address that is called one, at any depth, is kept to its network.

    What is not an address stays as it is, whatever it is called; what holds none is returned itself.
    """
    return cast(T, _without(value)) if holds_addresses(value) else value


def _without(value: object) -> object:
    if isinstance(value, dict):
        return {name: _hidden(inner) if is_address_name(name) else _without(inner) for name, inner in value.items()}
    return [_without(inner) for inner in value] if isinstance(value, list) else value


def _hidden(value: object) -> object:
    if isinstance(value, str):
        return ADDRESS.sub(_anonymised, value)
    if isinstance(value, dict):
        return {name: _hidden(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_hidden(inner) for inner in value]
    return value & ~0xFF if isinstance(value, int) and value in NUMBERS else value


def _anonymised(found: re.Match[str]) -> str:
    return anonymised_ip(found[0]) or found[0]


@lru_cache(maxsize=8192)
def is_address_name(name: str) -> bool:
    """Returns whether a field called so may hold an address: `ip`, `$ip`, `ipAddress`, `customer_ip_address`."""
    whole = name.lower().replace("-", "_").lstrip("$_")
    return NAME.fullmatch(whole) is not None or "ip" in {part.lower() for part in PART.findall(name)}
