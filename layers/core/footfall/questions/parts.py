"""What a part of the people comes to, as bytes: what the answer says whoever is in it, and what is added up."""

from collections.abc import Sequence
from typing import TypeVar

from footfall.errors import Conflict
from footfall.questions.range import RangeAnswer

Answer = TypeVar("Answer", bound=RangeAnswer)


def pack(about_nobody: RangeAnswer, totals: bytes) -> bytes:
    """Returns both as one; the answer about nobody is the same for every part."""
    return about_nobody.model_dump_json(by_alias=True).encode() + b"\n" + totals


def unpack(model: type[Answer], parts: Sequence[bytes]) -> tuple[Answer, list[bytes]]:
    """Returns the answer about nobody and the totals of each part; raises Conflict where a setting changed between."""
    abouts, _, totals = zip(*(part.partition(b"\n") for part in parts), strict=True)
    if len(set(abouts)) > 1:
        raise Conflict("the site's settings changed while the answer was made: ask again")
    return model.model_validate_json(abouts[0]), list(totals)
