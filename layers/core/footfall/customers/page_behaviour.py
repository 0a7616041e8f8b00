"""What is done on a page, as weighted tokens that add up, from visit to visit.

Kinds: `type` of the page · `from` and `to` the pages before and after it (`^` is the entry, `$` the exit) · `event`
what was done on it · `element` with what · `area` where, in fifths of the viewport · `stay` for how long, each step
twice the one before · `device` of the visit.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from math import floor

from footfall.customers.behaviour import MAX_NAME, Tokens, page_name
from footfall.schemas.event import BehaviourEvent, Json

LONGEST_PAGE = 200
AREAS_ACROSS = 5
"""The viewport is divided into as many areas across as down."""


def pages_of(visit: Sequence[BehaviourEvent]) -> dict[str, Tokens]:
    """Returns the tokens of each page seen in a visit, its events in order; what comes before any page is left out."""
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
            _add_interaction(tokens, event)
    return {page: dict(tokens) for page, tokens in found.items()}


def _page(event: BehaviourEvent) -> str:
    return (event.get("path") or event.get("page_type") or "/")[:LONGEST_PAGE]


def _stay(begin: datetime, end: datetime) -> int:
    return int((end - begin).total_seconds() + 1).bit_length()


def _add_interaction(tokens: defaultdict[str, float], event: BehaviourEvent) -> None:
    tokens[f"event:{(event.get('name') or event['type'])[:MAX_NAME]}"] += 1
    element = event.get("element")
    if isinstance(element, str) and element:
        tokens[f"element:{element[:MAX_NAME]}"] += 1
    if area := _area(event.get("coordinates")):
        tokens[f"area:{area}"] += 1


def _area(coordinates: Json | None) -> str | None:
    # a client may send anything as coordinates
    try:
        found = coordinates or {}
        across = floor(AREAS_ACROSS * found["x"] / found["viewport"]["width"])
        down = floor(AREAS_ACROSS * found["y"] / found["viewport"]["height"])
    except (KeyError, TypeError, ValueError, ZeroDivisionError, OverflowError):
        return None
    return f"{across},{down}" if 0 <= across < AREAS_ACROSS and 0 <= down < AREAS_ACROSS else None
