"""Nobody: what clients, shops' systems and files write where they know no id.

The words are those that Mixpanel, PostHog and Amplitude refuse as ids, and what JavaScript, PHP, Python, Objective-C,
Excel and templates that were not filled in leave behind. The tracker has the same
pattern (web/tracker/src/nobody.ts); a test compares them.
"""

import math
import re

from footfall.caching import cached_for_short_texts

NOBODY = re.compile(
    r"((0+|null|nil|none|nan?|nat|n a|undef(ined)?|false|true|object (object|html\w+|window|promise)|"
    r"not (set|provided|available|authenticated|logged in)|logged out|nobody|no (user|id)|default|"
    r"(anonymous|unknown|guest)( user)?|guest customer|anon(yme?)?|gast|invitado|ospite|email|"
    r"(((user|customer|client|visitor|anonymous|distinct|order) ?)?|u)id)( |$))*"
)
"""Words in small letters with single blanks between them, none at all, and numbers of zeros."""
LONGEST = 64
"""Nobody is said in more."""
WORD = re.compile(r"[^\W_]+")
ODD = re.compile(
    r"-1|\\n|\[object \w+\]|#[a-z0-9/]+[!?]|\{\{.*\}\}|\{%.*%\}|\$\{.*\}|<%.*%>|%%.*%%|\*\|.*\|\*", re.IGNORECASE
)
"""Whole texts: MySQL's null, an object as a text, Excel's errors, and templates that nobody filled in."""

SURE = re.compile(r"\w.*[1-9]")
"""Nobody has a number: most ids are known to be somebody's at once."""
WHOLE = ".0"
"""How spreadsheets and data frames write an id that they hold as a number."""


def somebody(value: object) -> str | None:
    """Returns an id, from a text or a number, as a text without blanks around it; None where it says nobody."""
    if isinstance(value, str):
        if SURE.match(value) and not value.endswith(WHOLE):
            return value.strip()
        told = value.strip()
        if told.endswith(WHOLE) and told[: -len(WHOLE)].isdigit():
            told = told[: -len(WHOLE)]
        return None if is_nobody(told) else told
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return somebody(str(value))


def is_nobody(text: str) -> bool:
    """Returns whether a text says that there is no id."""
    return not SURE.match(text) and _is_placeholder(text)


@cached_for_short_texts(16_384)
def _is_placeholder(text: str) -> bool:
    if len(text) > LONGEST:
        return False
    return bool(NOBODY.fullmatch(" ".join(WORD.findall(text.lower()))) or ODD.fullmatch(text.strip()))
