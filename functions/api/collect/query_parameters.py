"""An event from query parameters, for places where nothing but a link or an image can be sent."""

from footfall.schemas.event import Json
from starlette.datastructures import QueryParams

NUMBERS = frozenset({"value", "duration", "timestamp", "sentAt"})
KEY = "k"


def event_of(parameters: QueryParams) -> Json:
    """Returns the event that query parameters spell; `utm_…` are its attribution, and numbers are read as such."""
    event: Json = {"eventType": "pageview"}
    utm: Json = {}
    for name, text in parameters.items():
        if name.startswith("utm_"):
            utm[name.removeprefix("utm_")] = text
        elif name != KEY:
            event[name] = _number(text) if name in NUMBERS else text
    return {**event, "attribution": {"utmParams": utm}} if utm else event


def _number(text: str) -> str | float:
    try:
        return float(text)
    except ValueError:
        return text
