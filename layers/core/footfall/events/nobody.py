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


def somebody(value: object) -> str | None:
    """Returns an id, from a text or a number, as a text without blanks around it; None where it says nobody."""
    if isinstance(value, str):
        return _somebody(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return _somebody(str(int(value)) if value == int(value) else str(value))


@lru_cache(maxsize=16_384)
def _somebody(text: str) -> str | None:
    told = text.strip()
    words = WORD.findall(told.lower())
    if all(word in NOBODY or not word.strip("0") for word in words) or " ".join(words) in NOBODY or ODD.fullmatch(told):
        return None
    return told
