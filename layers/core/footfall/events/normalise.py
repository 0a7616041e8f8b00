"""From what a client sent to the document that is stored."""

from datetime import datetime, timedelta
from hashlib import sha256
from typing import Annotated, Any, NamedTuple, Required, cast

from pydantic import BaseModel, Field, TypeAdapter, ValidationError, with_config
from typing_extensions import TypedDict

from footfall.errors import FieldProblem, Invalid, Unstorable
from footfall.events.attribution import attribution_of
from footfall.events.clocks import read_clocks
from footfall.events.commerce import COMMERCE_TYPES, commerce_of, commerce_type
from footfall.events.devices import KNOWN, agent_of, device_of
from footfall.events.pages import NOWHERE, page_type_of, place_of
from footfall.events.storable import MAX_IMPORTED_VALUES, MAX_VALUES, content_of
from footfall.schemas.event import EVENT_TYPES, EventDocument, IncomingEvent, Json
from footfall.schemas.message import IMPORT_SOURCE, EventsMessage
from footfall.schemas.site import Site

SEGMENT_TYPES = {"page": "pageview", "screen": "pageview", "page_view": "pageview"}


def _adapter_of_many(model: type[BaseModel]) -> TypeAdapter[list[Json]]:
    """Checks many dictionaries as a model would, in half the time: it builds no models, and leaves out other fields."""
    fields: dict[str, Any] = {
        name: Annotated[field.annotation, *field.metadata, Field(validation_alias=field.validation_alias)]
        for name, field in model.model_fields.items()
    }
    fields |= {name: Required[fields[name]] for name, field in model.model_fields.items() if field.is_required()}
    one = with_config({**model.model_config, "extra": "ignore"})(TypedDict("one", fields, total=False))  # type: ignore[operator]
    return cast(TypeAdapter[list[Json]], TypeAdapter(list[one]))  # type: ignore[valid-type]


MANY_EVENTS = _adapter_of_many(IncomingEvent)


class Reading(NamedTuple):
    """An event as a client sent it, and what it says as one canonical text."""

    event: IncomingEvent
    content: bytes


def read_event(raw: Any, most_values: int = MAX_VALUES) -> Reading:
    """Read one event as a client sent it; raises Invalid naming its fields, or Unstorable with a reason."""
    if not isinstance(raw, dict):
        raise Invalid([FieldProblem("", "an event is a JSON object")])
    content = content_of(raw, most_values)
    try:
        event = IncomingEvent.model_validate(raw)
    except ValidationError as error:
        raise Invalid(field_problems(error)) from None
    if not (event.visitor_id or event.user_id):
        raise Invalid([FieldProblem("visitorId", "give visitorId or userId")])
    return Reading(event, content)


def read_plain(raws: list[Any]) -> list[Json] | None:
    """The fields of many events, read at once; None when there is something to say against any of them."""
    try:
        events = MANY_EVENTS.validate_python(raws)
    except ValidationError:
        return None
    return None if [event for event in events if not (event.get("visitor_id") or event.get("user_id"))] else events


def field_problems(error: ValidationError) -> list[FieldProblem]:
    """What pydantic found wrong, field by field, without the values."""
    return [FieldProblem(".".join(str(part) for part in problem["loc"]), problem["msg"]) for problem in error.errors()]


def normalise(raw: Json, message: EventsMessage, site: Site, processed_at: datetime) -> EventDocument:
    """The stored form of one event of a message; raises Invalid or Unstorable when it can never be stored."""
    imported = message.source.startswith(IMPORT_SOURCE)
    event, content = read_event(raw, MAX_IMPORTED_VALUES if imported else MAX_VALUES)
    if not event.event_id:
        raise Unstorable("no_event_id", "an event reached the queue without an id")
    kind, name = _kind(event)
    clocks = read_clocks(event.timestamp, event.sent_at, message.received_at)
    properties = _properties(event)
    context = event.context or {}
    page = _page(context, properties)
    url, referrer = event.url or _text(page.get("url")), event.referrer or _text(page.get("referrer"))
    place = place_of(url) if url else NOWHERE
    path = event.path or _text(page.get("path")) or place.path
    user_agent = _text(context.get("userAgent")) or message.user_agent
    agent = agent_of(user_agent)
    earlier_id = _id(properties.get("previousId")) if kind == "alias" else None
    visitor_id = earlier_id or event.visitor_id or event.user_id or ""
    known = {
        "_id": f"{message.site_id}:{event.event_id}",
        "site_id": message.site_id,
        "event_id": event.event_id,
        "type": kind,
        "name": name,
        "visitor_id": visitor_id,
        "user_id": event.user_id,
        "person_id": event.user_id or visitor_id,
        "session_id": event.session_id or _id(context.get("sessionId")),
        "timestamp": clocks.timestamp,
        "client_time": clocks.client_time,
        "sent_at": clocks.sent_at,
        "received_at": message.received_at,
        "processed_at": processed_at,
        "sequence": event.sequence,
        "url": url,
        "path": path,
        "title": event.title or _text(page.get("title")) or (event.event_name if kind == "pageview" else None),
        "referrer": referrer,
        "page_type": event.page_type or (page_type_of(path, site.page_rules) if kind == "pageview" else None),
        "device": device_of(event.device or _platform(context), agent),
        "browser": agent.browser,
        "os": agent.os,
        "country": _country(context, properties),
        "bot": agent.bot,
        "attribution": attribution_of(_utm(event, context), place, referrer),
        "element": event.element,
        "coordinates": event.coordinates,
        "value": event.value,
        "duration": event.duration,
        "properties": properties or None,
        "traits": _traits(event, context) if kind != "group" else None,
        "commerce": commerce_of(properties, site.currency) if kind in COMMERCE_TYPES else None,
        "flags": list(clocks.flags) or None,
        "ip": message.ip,
        "user_agent": user_agent,
        "source": message.source,
        "body_sha256": sha256(content).hexdigest(),
        "expires_at": _expiry(clocks.timestamp, site.retention_days),
    }
    return cast(EventDocument, {name: value for name, value in known.items() if value is not None})


def _kind(event: IncomingEvent) -> tuple[str, str | None]:
    """The type an event is stored under, and its name when the type does not say it all."""
    kind = SEGMENT_TYPES.get(event.event_type, event.event_type)
    name = (event.event_name if kind in ("track", "custom") else kind) or kind
    ours = commerce_type(name)
    if ours:
        return ours, None if ours == name else name
    return (name, None) if name in EVENT_TYPES else ("custom", name)


def _page(context: Json, properties: Json) -> Json:
    """Where Segment puts what it knows of a page: its context first, then the properties of a page call."""
    page = context.get("page")
    return {**properties, **page} if isinstance(page, dict) else properties


def _properties(event: IncomingEvent) -> Json:
    extra, properties = event.model_extra, event.properties
    return {**extra, **properties} if extra and properties else properties or extra or {}


def _traits(event: IncomingEvent, context: Json) -> Json | None:
    told = event.traits or context.get("traits")
    return told if isinstance(told, dict) and told else None


def _utm(event: IncomingEvent, context: Json) -> Json | None:
    utm = (event.attribution or {}).get("utmParams") or context.get("campaign")
    if not isinstance(utm, dict):
        return None
    return {**utm, "campaign": utm.get("campaign") or utm.get("name")}


def _country(context: Json, properties: Json) -> str | None:
    """Where Segment's SDKs say it, or the event itself."""
    location = context.get("location")
    named = _text(location.get("country")) if isinstance(location, dict) else None
    return _text(context.get("country")) or named or _text(properties.get("country"))


def _platform(context: Json) -> str | None:
    """The kind of device that an app's SDK names, where it is one: its HTTP library's user agent does not say."""
    device = context.get("device")
    named = _text(device.get("type")) if isinstance(device, dict) else None
    return named if named and named.lower() in KNOWN else None


def _id(value: Any) -> str | None:
    """An id, which may come as a number."""
    return _text(str(value) if isinstance(value, int) and not isinstance(value, bool) else value)


def _text(value: Any) -> str | None:
    return value[:4096] if isinstance(value, str) and value else None


def _expiry(timestamp: datetime, retention_days: int | None) -> datetime | None:
    return timestamp + timedelta(days=retention_days) if retention_days else None
