"""What /collect takes: it reads bodies and query strings itself, so its application cannot say it."""

from typing import Any

from footfall.schemas.event import IncomingEvent

MAX_EVENTS = 500
EVENT: dict[str, Any] = IncomingEvent.model_json_schema(by_alias=True)
EVENT["properties"].pop("sequence")  # collect gives it
PAGE_VIEW = {
    "eventType": "pageview",
    "eventId": "5f0c1f5e-3a8e-4b57-9a53-0f7d1f4b9a11",
    "visitorId": "v-1",
    "url": "https://shop.example.com/product/kit-001",
    "pageType": "product",
}
ORDER = {
    "eventType": "order_completed",
    "visitorId": "v-1",
    "userId": "customer-1",
    "properties": {
        "order_id": "SO-1",
        "total": 24.5,
        "currency": "GBP",
        "products": [{"product_id": "KIT-001", "name": "Teapot", "price": 24.5, "quantity": 1}],
    },
}
BATCH = {
    "title": "Batch",
    "type": "object",
    "required": ["batch"],
    "properties": {
        "batch": {"type": "array", "minItems": 1, "maxItems": MAX_EVENTS, "items": EVENT},
        "sentAt": {"type": "string", "description": "When the batch was sent, for events that do not say it"},
        "writeKey": {"type": "string", "description": "The write key, where no header can be set (a beacon)"},
    },
}
CONTENT = {
    "schema": {"anyOf": [EVENT, BATCH]},
    "examples": {
        "pageview": {"summary": "A page view", "value": PAGE_VIEW},
        "batch": {"summary": "A batch", "value": {"batch": [PAGE_VIEW, ORDER]}},
    },
}
BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": (
            "One event or a batch, as it is or with `Content-Encoding: gzip`; at most 1 MB, 5 MB unpacked and 32 KB for"
            " one event. `text/plain` holds the same JSON, as sendBeacon sends it."
        ),
        "content": {"application/json": CONTENT, "text/plain": CONTENT},
    }
}
QUERY: dict[str, Any] = {
    "parameters": [
        {"name": name, "in": "query", "required": False, "schema": {"type": kind}, "description": description}
        for name, kind, description in [
            ("eventType", "string", "`pageview` when not given"),
            ("visitorId", "string", "Who; without it and `userId`, a visitor of its own"),
            ("userId", "string", "The shop's own id of the person"),
            ("sessionId", "string", "The visit; else visits are cut after 30 minutes of silence"),
            ("eventId", "string", "Makes a retry harmless"),
            ("url", "string", "The page"),
            ("pageType", "string", "home, search, product, cart, payment, confirmation, or the site's own"),
            ("value", "number", "The event's value, such as how far was scrolled"),
            ("utm_source", "string", "With `utm_medium`, `utm_campaign`, …: where the visit came from"),
        ]
    ]
}
SEGMENT_CALL: dict[str, Any] = {
    "title": "SegmentCall",
    "type": "object",
    "properties": {
        "anonymousId": {"type": "string"},
        "userId": {"type": "string"},
        "messageId": {"type": "string", "description": "Makes a retry harmless"},
        "event": {"type": "string", "description": "The event's name, for `track`", "examples": ["Order Completed"]},
        "name": {"type": "string", "description": "The page's or screen's name"},
        "properties": {"type": "object"},
        "traits": {"type": "object"},
        "context": {"type": "object"},
        "timestamp": {"type": "string", "format": "date-time"},
        "sentAt": {"type": "string", "format": "date-time"},
        "batch": {"type": "array", "maxItems": MAX_EVENTS, "items": {"type": "object"}, "description": "For `batch`"},
    },
    "examples": [{"anonymousId": "v-1", "event": "Order Completed", "properties": ORDER["properties"]}],
}
SEGMENT_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "A call as Segment's SDKs make it: https://segment.com/docs/connections/sources/catalog/libraries/server/http-api/",
        "content": {"application/json": {"schema": SEGMENT_CALL}},
    }
}
