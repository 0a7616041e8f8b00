"""What is kept of a person beside their vector: enough to say what two people have in common."""

import json
from collections.abc import Iterable, Mapping

from pydantic import BaseModel

PAGES = 8
PRODUCTS = 30
MAX_BYTES = 8_000


class Profile(BaseModel):
    """The pages somebody sees most and the products they are most interested in, the foremost first."""

    pages: list[str] = []
    products: list[str] = []


def profile_of(tokens: Mapping[str, float]) -> Profile:
    """Returns the profile that follows from a person's tokens."""
    return Profile(pages=foremost(tokens, "page:", PAGES), products=foremost(tokens, "product:", PRODUCTS))


def main_device(tokens: Mapping[str, float]) -> str:
    """Returns the device most visits were made on; Other where there was no visit."""
    return next(iter(foremost(tokens, "device:", 1)), "Other")


def foremost(tokens: Mapping[str, float], prefix: str, most: int) -> list[str]:
    """Returns the values of the weightiest tokens with a prefix, the weightiest first."""
    found = [token for token in tokens if token.startswith(prefix)]
    found.sort(key=lambda token: (-tokens[token], token))
    return [token.removeprefix(prefix) for token in found[:most]]


def in_common(one: Profile, other: Profile) -> Profile:
    """Returns what two people have in common, in the order of the first."""
    return Profile(pages=_both(one.pages, other.pages), products=_both(one.products, other.products))


def _both(one: Iterable[str], other: Iterable[str]) -> list[str]:
    known = set(other)
    return [name for name in one if name in known]


def written(profile: Profile) -> str:
    """Returns a profile as text, with fewer products where names are long: the store takes 8,192 bytes."""
    kept = profile
    while len(text := json.dumps(kept.model_dump(), ensure_ascii=False)) and len(text.encode()) > MAX_BYTES:
        kept = Profile(pages=kept.pages, products=kept.products[:-1])
    return text


def read(text: str) -> Profile:
    """Returns the profile that `written` wrote."""
    return Profile.model_validate_json(text)
