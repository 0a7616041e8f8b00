"""Segment's HTTP tracking API and RudderStack's, so that their SDKs work with a changed host.

https://segment.com/docs/connections/sources/catalog/libraries/server/http-api/, and in browsers the short names of
@segment/analytics-next. https://www.rudderstack.com/docs/api/http-api/
"""

from typing import Literal

from footfall.schemas.event import Json

from .answers import Rejected
from .intake import Sender, take_all

Call = Literal["track", "page", "screen", "identify", "group", "alias", "batch", "import"]
Letter = Literal["t", "p", "s", "i", "g", "a", "b", "m"]
Kind = Call | Letter
SHORT = {"t": "track", "p": "page", "s": "screen", "i": "identify", "g": "group", "a": "alias", "b": "batch"}
BATCHES = frozenset(("batch", "import", "b"))
METRICS = "m"
"""How the SDK itself does, which is for who makes it."""
NOT_EVENTS = frozenset(("writeKey", "integrations", "receivedAt", "_metadata"))
"""Keys, Segment's own routing, and what a copy of an event tells of its way so far."""


def take_call(kind: Kind, sender: Sender, body: Json) -> list[Rejected]:
    """Queue what one call of an SDK brings; returns what is rejected, and raises as `take_all` does."""
    batch = body.get("batch") if kind in BATCHES else [{**body, "type": SHORT.get(kind, kind)}]
    events = batch if not isinstance(batch, list) else [_event(raw, body.get("context")) for raw in batch]
    return take_all(sender, {"batch": events, "sentAt": body.get("sentAt")})


def _event(raw: object, context: object) -> object:
    # with the batch's context where it has none
    if not isinstance(raw, dict):
        return raw
    event = {name: value for name, value in raw.items() if name not in NOT_EVENTS}
    return {**event, "context": context} if context and "context" not in event else event
