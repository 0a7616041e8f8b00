"""Which language somebody reads: the first part of a language tag, such as `pt` of pt-BR; where they are is `country`.

https://www.rfc-editor.org/rfc/rfc5646 (tags), https://www.rfc-editor.org/rfc/rfc9110#name-accept-language
"""

import re

from footfall.caching import cached_for_short_texts

TAG = re.compile(r"([a-z]{2,3})(?:[-_.@][\w.@-]*)?", re.IGNORECASE | re.ASCII)
NONE = frozenset({"und", "mul", "mis", "zxx"})
"""ISO 639's codes for no language or many."""
TODAYS = {"iw": "he", "in": "id", "ji": "yi", "jw": "jv"}
"""What older systems still write."""
WEIGHT = re.compile(r"\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*")


@cached_for_short_texts(4096)
def language_of(tag: str) -> str | None:
    """Returns the language of a tag or locale in small letters, as `it` of it_IT.UTF-8; None for anything else."""
    found = TAG.fullmatch(tag.strip())
    code = found[1].lower() if found else None
    return None if code in NONE else TODAYS.get(code or "", code)


@cached_for_short_texts(4096)
def preferred_language(header: str) -> str | None:
    """Returns the language that an Accept-Language header wants most, the first of equals; None where it names none."""
    ranked = sorted((_ranked(part) for part in header.split(",")), key=lambda each: -each[0])
    return next((code for weight, tag in ranked if weight and (code := language_of(tag))), None)


def _ranked(part: str) -> tuple[float, str]:
    tag, _, weight = part.partition(";")
    found = WEIGHT.fullmatch(weight)
    return float(found[1]) if found else 1.0, tag
