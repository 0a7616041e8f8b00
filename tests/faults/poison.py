"""Events and messages that can never be stored, each with the reason it has to be quarantined for."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import uuid4

from tests.faults.traffic import Json, Traffic

DEEP = 40
MANY = 12_000


def _deep(traffic: Traffic) -> Json:
    nest: Json = {}
    for _ in range(DEEP):
        nest = {"in": nest}
    return _event(traffic, nest)


def _event(traffic: Traffic, properties: Json) -> Json:
    return traffic.event("poisoner", traffic.moment(), properties=properties)


def _without(traffic: Traffic, name: str) -> Json:
    event = _event(traffic, {})
    return {key: value for key, value in event.items() if key != name}


EVENTS: dict[str, Callable[[Traffic], Json]] = {
    "too_deep": _deep,
    "too_many_values": lambda traffic: _event(traffic, {"list": list(range(MANY))}),
    "invalid": lambda traffic: _without(traffic, "eventType"),
}
"""Events that Segment's batch lets through, as its clients hear of no rejected one."""


def message(site_id: str, events: list[Json], **but: object) -> str:
    """Returns a message as collect sends it; a value that is None is left out."""
    numbered = [
        {"eventId": f"e-{event['properties']['serial']}", **event, "sequence": n} for n, event in enumerate(events)
    ]
    received = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    whole = {"version": 1, "site_id": site_id, "source": "collect", "received_at": received, "ip": None}
    whole |= {"message_id": uuid4().hex, **but}
    return json.dumps({name: value for name, value in (whole | {"events": numbered}).items() if value is not None})


MESSAGES: dict[str, Callable[[str, list[Json]], tuple[str, str, str]]] = {
    "cut short": lambda site_id, events: (site_id, message(site_id, events)[:-2], "unreadable_message"),
    "no object": lambda site_id, events: (site_id, f"[{message(site_id, events)}]", "unreadable_message"),
    "version 2": lambda site_id, events: (site_id, message(site_id, events, version=2), "unreadable_message"),
    "of nobody": lambda site_id, events: ("nobody", message("nobody", events), "unknown_site"),
    "of another": lambda site_id, events: (site_id, message("nobody", events), "wrong_site"),
}
"""Messages of a producer gone wrong: the group they are sent for, their text, and the reason of all their events."""
