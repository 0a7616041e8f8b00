"""An event from query parameters, for places where nothing but a link or an image can be sent."""

from footfall.events.reading import NAMES
from footfall.schemas.event import Json
from starlette.datastructures import QueryParams

from .access import IN_QUERY

NUMBERS = frozenset({"value", "duration", "timestamp", "sentAt"})


def event_of(parameters: QueryParams) -> Json:
    """Returns the event that query parameters spell; a page view where they name no type.

    `utm_…` are its attribution, and numbers are read as such; the key is no part of it.
    """
    event: Json = {}
    utm: Json = {}
    for name, text in parameters.items():
        if name.startswith("utm_"):
            utm[name.removeprefix("utm_")] = text
        elif name not in IN_QUERY:
            event[name] = _number(text) if name in NUMBERS else text
    if not any(event.get(name) for name in NAMES["event_type"]):
        event["eventType"] = "pageview"
    return {**event, "attribution": {"utmParams": utm}} if utm else event


def _number(text: str) -> str | float:
    try:
        return float(text)
    except ValueError:
        return text
