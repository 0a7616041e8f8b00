"""Google Analytics 4's Measurement Protocol, so that servers and apps that speak it work with a changed host.

https://developers.google.com/analytics/devguides/collection/protocol/ga4/reference
"""

from footfall.errors import FieldProblem, Invalid
from footfall.schemas.event import Json

from .answers import Rejected
from .intake import Sender, take_all

PAGE = {
    "page_location": "url",
    "page_path": "path",
    "page_title": "title",
    "page_referrer": "referrer",
    "screen_name": "title",
    "session_id": "sessionId",
    "ga_session_id": "sessionId",
    "event_id": "eventId",
}
"""What we have fields for."""
CAMPAIGN = ("source", "medium", "campaign", "term", "content")
VISITOR = ("client_id", "app_instance_id")


def take_measurement(sender: Sender, body: Json) -> list[Rejected]:
    """Queue the events of a request; returns what is rejected, and raises as `take_all` does."""
    events = body.get("events")
    if not isinstance(events, list) or not events:
        raise Invalid([FieldProblem("events", "a list of at least one event")])
    told = _of_all(body)
    return take_all(sender, {"batch": [_event(raw, told) for raw in events]})


def _of_all(body: Json) -> Json:
    # what the request says of every event in it
    told = {
        "visitorId": next((body[name] for name in VISITOR if body.get(name)), None),
        "userId": body.get("user_id"),
        "timestamp": body.get("timestamp_micros"),
        "traits": _values(body.get("user_properties")),
        "context": _context(body),
        "device": _part(body.get("device"), "category"),
    }
    return {name: value for name, value in told.items() if value}


def _event(raw: object, told: Json) -> object:
    if not isinstance(raw, dict):
        return raw
    given = raw.get("params")
    params = given if isinstance(given, dict) else {}
    properties = {name: value for name, value in params.items() if name not in PAGE and name not in CAMPAIGN}
    fields = {ours: params[name] for name, ours in reversed(PAGE.items()) if name in params}
    campaign = {name: params[name] for name in CAMPAIGN if name in params}
    moment = {"timestamp": raw["timestamp_micros"]} if raw.get("timestamp_micros") else {}
    told_properties = properties if isinstance(given, dict) else given
    named = {"type": "track", "event": raw.get("name"), "properties": told_properties}
    found = {**told, **fields, **moment, **named}
    if raw.get("name") in ("page_view", "screen_view"):
        found["type"] = raw["name"]
    return {**found, "attribution": {"utmParams": campaign}} if campaign else found


def _values(properties: object) -> object:
    # {"plan": {"value": "gold"}}
    if not isinstance(properties, dict):
        return None
    return {name: _part(told, "value") if isinstance(told, dict) else told for name, told in properties.items()}


def _part(value: object, name: str) -> object:
    return value.get(name) if isinstance(value, dict) else None


def _context(body: Json) -> Json:
    location, device = body.get("user_location"), body.get("device")
    context = {
        "ip": body.get("ip_override"),
        "userAgent": body.get("user_agent"),
        "location": {"country": _part(location, "country_id")} if _part(location, "country_id") else None,
        "locale": _part(device, "language"),
        "screen": _part(device, "screen_resolution"),
    }
    return {name: value for name, value in context.items() if value}
