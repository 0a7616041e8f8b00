"""Events as the live view shows them: the newest, without whose they are."""

from collections.abc import Iterable
from hashlib import sha256
from heapq import nlargest

from footfall.events.lenient import shortened
from footfall.schemas.event import LiveEventView
from footfall.schemas.message import LiveEvent
from footfall.stores.keys import MOST_LIVE_EVENTS

LONGEST = 256


def newest_live(events: Iterable[LiveEventView]) -> list[LiveEvent]:
    """Returns the twenty newest events, the newest first, bots left out; those of one instant by their key."""
    shown = (_live(event) for event in events if not event["bot"])
    return nlargest(MOST_LIVE_EVENTS, shown, key=lambda event: (event.at, event.key))


def _live(event: LiveEventView) -> LiveEvent:
    page = event.get("path") or event.get("page_type")
    return LiveEvent(
        key=sha256(event["event_id"].encode()).hexdigest()[:16],
        at=event["timestamp"],
        type=event["type"],
        name=event.get("name"),
        page=shortened(page, LONGEST) if page else None,
        device=event["device"],
        country=event.get("country"),
    )
