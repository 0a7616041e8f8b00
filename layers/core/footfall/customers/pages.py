"""What is done on a page, as weighted tokens that add up, from visit to visit.

Kinds: `type` of the page · `from` and `to` the pages before and after it (`^` is the entry, `$` the exit) · `event`
what was done on it · `element` with what · `spot` where, in fifths of the viewport · `stay` for how long, each step
twice the one before · `device` of the visit.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from math import floor
from typing import Any

from footfall.customers.behaviour import MAX_NAME, Tokens, page_name
from footfall.schemas.event import BehaviourEvent

LONGEST_PAGE = 200
SPOTS = 5


def pages_of(visit: Sequence[BehaviourEvent]) -> dict[str, Tokens]:
    """What one visit, its events in order, says of each page that was seen; what comes before any page says nothing."""
    starts = [number for number, event in enumerate(visit) if event["type"] == "pageview"]
    types = ["^", *(page_name(visit[start]) for start in starts), "$"]
    found: defaultdict[str, defaultdict[str, float]] = defaultdict(lambda: defaultdict(float))
    for place, (start, end) in enumerate(pairwise([*starts, len(visit)]) if starts else [], start=1):
        tokens = found[_page(visit[start])]
        tokens[f"from:{types[place - 1]}"] += 1
        tokens[f"type:{types[place]}"] += 1
        tokens[f"to:{types[place + 1]}"] += 1
        tokens[f"device:{visit[0]['device']}"] += 1
        tokens[f"stay:{_stay(visit[start]['timestamp'], visit[min(end, len(visit) - 1)]['timestamp'])}"] += 1
        for event in visit[start + 1 : end]:
            _add_deed(tokens, event)
    return {page: dict(tokens) for page, tokens in found.items()}


def _page(event: BehaviourEvent) -> str:
    return (event.get("path") or event.get("page_type") or "/")[:LONGEST_PAGE]


def _stay(begin: datetime, end: datetime) -> int:
    return int((end - begin).total_seconds() + 1).bit_length()


def _add_deed(tokens: defaultdict[str, float], event: BehaviourEvent) -> None:
    tokens[f"event:{(event.get('name') or event['type'])[:MAX_NAME]}"] += 1
    element = event.get("element")
    if isinstance(element, str) and element:
        tokens[f"element:{element[:MAX_NAME]}"] += 1
    if spot := _spot(event.get("coordinates")):
        tokens[f"spot:{spot}"] += 1


def _spot(coordinates: dict[str, Any] | None) -> str | None:
    """Which fifth of the viewport, across and down; None where a client says no such thing."""
    try:
        found = coordinates or {}
        across = floor(SPOTS * found["x"] / found["viewport"]["width"])
        down = floor(SPOTS * found["y"] / found["viewport"]["height"])
    except (KeyError, TypeError, ValueError, ZeroDivisionError, OverflowError):
        return None
    return f"{across},{down}" if 0 <= across < SPOTS and 0 <= down < SPOTS else None
