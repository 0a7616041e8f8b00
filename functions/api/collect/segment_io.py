"""Segment's HTTP tracking API, so that its SDKs work with a changed host.

https://segment.com/docs/connections/sources/catalog/libraries/server/http-api/
"""

from typing import Literal

from footfall.schemas.event import Json

from .intake import Sender, take_all

Kind = Literal["track", "page", "screen", "identify", "group", "alias", "batch"]
TIMESTAMPS = ("originalTimestamp", "receivedAt")


def take_call(kind: Kind, sender: Sender, body: Json) -> None:
    """Queue what one call of a Segment SDK brings; raises as `take_all` does."""
    batch = body.get("batch") if kind == "batch" else [{**body, "type": kind}]
    events = batch if not isinstance(batch, list) else [_event(raw, body.get("context")) for raw in batch]
    take_all(sender, {"batch": events, "sentAt": body.get("sentAt")})


def _event(raw: object, context: object) -> object:
    # without the key and Segment's own routing, and with the batch's context where it has none
    if not isinstance(raw, dict):
        return raw
    event = {name: value for name, value in raw.items() if name not in ("writeKey", "integrations", *TIMESTAMPS)}
    return {**event, "context": context} if context and "context" not in event else event
