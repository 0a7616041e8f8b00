"""From what a client sent to the document that is stored."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from typing import Annotated, NamedTuple, Required, cast

from pydantic import AliasChoices, BaseModel, Field, TypeAdapter, ValidationError, with_config
from typing_extensions import TypedDict

from footfall.errors import FieldProblem, Invalid, Unstorable
from footfall.events.addresses import NOWHERE, page_at, url_parts
from footfall.events.attribution import attribution_of, own_hosts
from footfall.events.clocks import read_clocks
from footfall.events.commerce import COMMERCE_TYPES, action_type, commerce_type
from footfall.events.commerce_fields import read_commerce
from footfall.events.devices import KNOWN, agent_of, device_of
from footfall.events.page_types import type_of_page
from footfall.events.storable import MAX_IMPORTED_VALUES, MAX_VALUES, content_of
from footfall.schemas.event import EVENT_TYPES, Commerce, EventDocument, IncomingEvent, Json
from footfall.schemas.message import IMPORT_SOURCE, EventsMessage
from footfall.schemas.site import Site

SEGMENT_TYPES = {"page": "pageview", "screen": "pageview", "page_view": "pageview"}


def _adapter_of_many(model: type[BaseModel]) -> TypeAdapter[list[Json]]:
    # it checks as the model would, in half the time: no model is built, and other fields are left out
    fields: dict[str, object] = {
        name: Annotated[field.annotation, *field.metadata, Field(validation_alias=field.validation_alias)]
        for name, field in model.model_fields.items()
    }
    fields |= {name: Required[fields[name]] for name, field in model.model_fields.items() if field.is_required()}
    one = with_config({**model.model_config, "extra": "ignore"})(TypedDict("one", fields, total=False))  # type: ignore[operator]
    return cast(TypeAdapter[list[Json]], TypeAdapter(list[one]))  # type: ignore[valid-type]


EVENTS = _adapter_of_many(IncomingEvent)


def _spellings(model: type[BaseModel]) -> dict[str, tuple[str, ...]]:
    # with each name those of the same field that are read in its place
    spellings: dict[str, tuple[str, ...]] = {}
    for field, info in model.model_fields.items():
        aliases = info.validation_alias.choices if isinstance(info.validation_alias, AliasChoices) else []
        names = (*map(str, aliases), field)
        spellings |= {name: names[:place] for place, name in enumerate(names)}
    return spellings


SPELLINGS = _spellings(IncomingEvent)
USUAL_SPELLINGS = frozenset(name for name, before in SPELLINGS.items() if not before)


class Reading(NamedTuple):
    """The fields that an event has, under our names, and what it says as one canonical text."""

    event: Json
    content: bytes


def read_event(raw: object, most_values: int = MAX_VALUES) -> Reading:
    """Returns one event as it is read; raises Invalid naming its fields, or Unstorable with a reason."""
    if not isinstance(raw, dict):
        raise Invalid([FieldProblem("", "an event is a JSON object")])
    content = content_of(raw, most_values)
    try:
        (event,) = EVENTS.validate_python([raw])
    except ValidationError as error:
        raise Invalid(_field_problems(error)) from None
    if not _has_sender(event):
        raise Invalid([FieldProblem("visitorId", "give visitorId or userId")])
    return Reading(event, content)


def read_plain(raws: Sequence[object]) -> list[Json] | None:
    """Returns the fields of many events, read at once; None when there is something to say against any of them."""
    try:
        events = EVENTS.validate_python(raws)
    except ValidationError:
        return None
    return events if all(map(_has_sender, events)) else None


def _has_sender(event: Json) -> bool:
    return bool(event.get("visitor_id") or event.get("user_id"))


def _field_problems(error: ValidationError) -> list[FieldProblem]:
    return [
        FieldProblem(".".join(str(part) for part in problem["loc"][1:]), problem["msg"]) for problem in error.errors()
    ]


def normalise(raw: Json, message: EventsMessage, site: Site, processed_at: datetime) -> EventDocument:
    """Returns the stored form of one event of a message; raises Invalid or Unstorable when it can never be stored."""
    imported = message.source.startswith(IMPORT_SOURCE)
    event, content = read_event(raw, MAX_IMPORTED_VALUES if imported else MAX_VALUES)
    get = event.get
    event_id, user_id = get("event_id"), get("user_id")
    if not event_id:
        raise Unstorable("no_event_id", "an event reached the queue without an id")
    kind, name = _kind(event["event_type"], get("event_name"))
    clocks = read_clocks(get("timestamp"), get("sent_at"), message.received_at)
    properties = _properties(raw, get("properties"))
    kind = (action_type(properties) or kind) if kind == "custom" else kind
    context = get("context") or {}
    page = _page(context, properties)
    url, referrer = get("url") or _text(page.get("url")), get("referrer") or _text(page.get("referrer"))
    address = url_parts(url, site.hash_routes) if url else NOWHERE
    place = page_at(address, get("path") or _text(page.get("path")), site.hash_routes)
    user_agent = _text(context.get("userAgent")) or message.user_agent
    agent = agent_of(user_agent)
    earlier_id = _id(properties.get("previousId")) if kind == "alias" else None
    visitor_id = earlier_id or get("visitor_id") or user_id or ""
    flags = list(clocks.flags)  # what was not read as it was sent; every reader below may add to it
    always = {
        "_id": f"{message.site_id}:{event_id}",
        "site_id": message.site_id,
        "event_id": event_id,
        "type": kind,
        "visitor_id": visitor_id,
        "person_id": user_id or visitor_id,
        "timestamp": clocks.timestamp,
        "received_at": message.received_at,
        "processed_at": processed_at,
        "sequence": get("sequence", 0),
        "device": device_of(get("device") or _platform(context), agent),
        "bot": agent.bot,
        "attribution": attribution_of(_utm(get("attribution"), context), address, referrer, own_hosts(site)),
        "source": message.source,
        "body_sha256": sha256(content).hexdigest(),
    }
    perhaps = {
        "name": name,
        "user_id": user_id,
        "session_id": get("session_id") or _id(context.get("sessionId")),
        "client_time": clocks.client_time,
        "sent_at": clocks.sent_at,
        "url": url,
        "path": place.path,
        "title": get("title") or _text(page.get("title")) or (get("event_name") if kind == "pageview" else None),
        "referrer": referrer,
        "page_type": get("page_type") or (type_of_page(place, site.page_rules) if kind == "pageview" else None),
        "browser": agent.browser,
        "os": agent.os,
        "country": _country(context, properties),
        "element": get("element"),
        "coordinates": get("coordinates"),
        "value": get("value"),
        "duration": get("duration"),
        "properties": properties or None,
        "traits": _traits(get("traits"), context) if kind != "group" else None,
        "commerce": _commerce(kind, properties, get("value"), site, flags) if kind in COMMERCE_TYPES else None,
        "ip": message.ip,
        "user_agent": user_agent,
        "expires_at": _expiry(clocks.timestamp, site.retention_days),
    }
    known = {name: value for name, value in perhaps.items() if value is not None}
    if flags:
        known["flags"] = list(dict.fromkeys(flags))
    return cast(EventDocument, always | known)


@lru_cache(maxsize=4096)
def _kind(event_type: str, event_name: str | None) -> tuple[str, str | None]:
    kind = SEGMENT_TYPES.get(event_type, event_type)
    name = (event_name if kind in ("track", "custom") else kind) or kind
    ours = commerce_type(name)
    if ours:
        return ours, None if ours == name else name
    return (name, None) if name in EVENT_TYPES else ("custom", name)


def _page(context: Json, properties: Json) -> Json:
    # Segment puts what it knows of a page into the context first, then into the properties of a page call
    page = context.get("page")
    return {**properties, **page} if isinstance(page, dict) else properties


def _properties(raw: Json, properties: Json | None) -> Json:
    # what is none of the event's fields is a property
    if raw.keys() <= USUAL_SPELLINGS:
        return properties or {}
    others = {name: value for name, value in raw.items() if _is_no_field(name, raw)}
    return {**others, **(properties or {})}


def _is_no_field(name: str, raw: Json) -> bool:
    # the second: another name of the same field was read in its place
    return name not in SPELLINGS or any(other in raw for other in SPELLINGS[name])


def _commerce(kind: str, properties: Json, value: object, site: Site, flags: list[str]) -> Commerce:
    # an event without `properties` has its `value` beside its type
    told = properties if value is None else {"value": value, **properties}
    return read_commerce(kind, told, site.currency, flags)


def _traits(traits: Json | None, context: Json) -> Json | None:
    told = traits or context.get("traits")
    return told if isinstance(told, dict) and told else None


def _utm(attribution: Json | None, context: Json) -> Json | None:
    utm = (attribution or {}).get("utmParams") or context.get("campaign")
    if not isinstance(utm, dict):
        return None
    return {**utm, "campaign": utm.get("campaign") or utm.get("name")}


def _country(context: Json, properties: Json) -> str | None:
    # where Segment's SDKs say it, or the event itself
    location = context.get("location")
    named = _text(location.get("country")) if isinstance(location, dict) else None
    return _text(context.get("country")) or named or _text(properties.get("country"))


def _platform(context: Json) -> str | None:
    # the user agent of an app is that of its HTTP library, so the SDK's word on the device counts before it
    device = context.get("device")
    named = _text(device.get("type")) if isinstance(device, dict) else None
    return named if named and named.lower() in KNOWN else None


def _id(value: object) -> str | None:
    # an id may come as a number
    return _text(str(value) if isinstance(value, int) and not isinstance(value, bool) else value)


def _text(value: object) -> str | None:
    return value[:4096] if isinstance(value, str) and value else None


def _expiry(timestamp: datetime, retention_days: int | None) -> datetime | None:
    return timestamp + timedelta(days=retention_days) if retention_days else None
