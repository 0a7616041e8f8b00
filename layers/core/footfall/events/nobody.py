"""Nobody: what clients, shops' systems and files write where they know no id.

The words are those that Mixpanel, PostHog and Amplitude refuse as ids, and what JavaScript, PHP, Python, Objective-C,
Excel and templates that were not filled in leave behind. web/tracker/src/nobody.ts says the same; a test compares them.
"""

import math
import re
from functools import lru_cache

PLACEHOLDERS = (
    "null|nil|none|nan|nat|na|n a|undefined|undef|void|empty|missing|false|true|object object|not set|not provided|"
    "not available|unknown|unknown user|nobody|no user|no id|default|anonymous|anonymous user|anonym|anonyme|anon|"
    "guest|guest user|guest customer|gast|invitado|ospite|not authenticated|not logged in|logged out|id|uid|email|"
    "userid|user id|customerid|customer id|clientid|client id|visitorid|visitor id|anonymousid|anonymous id|"
    "distinctid|distinct id|orderid|order id"
)
"""Words in small letters, and phrases of them with single blanks."""
NOBODY = frozenset(PLACEHOLDERS.split("|"))
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


@lru_cache(maxsize=16_384)
def _is_placeholder(text: str) -> bool:
    words = WORD.findall(text.lower())
    return (
        all(word in NOBODY or not word.strip("0") for word in words)
        or " ".join(words) in NOBODY
        or ODD.fullmatch(text.strip()) is not None
    )
