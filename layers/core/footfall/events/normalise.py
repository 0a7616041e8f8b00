"""From what a client sent to the document that is stored."""

from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import sha256
from typing import NamedTuple, cast

from footfall.countries import country_code
from footfall.errors import Unstorable
from footfall.events.addresses import NOWHERE, UrlParts, page_at, url_parts
from footfall.events.agent import Agent
from footfall.events.attribution import attribution_of, own_hosts, referring_host
from footfall.events.clocks import history_clocks, read_clocks
from footfall.events.commerce import COMMERCE_TYPES, action_type
from footfall.events.commerce_fields import is_filled, read_commerce
from footfall.events.devices import KNOWN, agent_of, device_of
from footfall.events.languages import language_of, preferred_language
from footfall.events.lenient import shortened
from footfall.events.names import page_type_named, type_of
from footfall.events.nobody import somebody
from footfall.events.page_types import type_of_page
from footfall.events.privacy import Privacy, privacy_of
from footfall.events.reading import SPELLINGS, USUAL_SPELLINGS, read_event
from footfall.events.screens import screen_class
from footfall.events.storable import MAX_EVENT_BYTES, MAX_IMPORTED_VALUES, MAX_VALUES, ROOM
from footfall.events.vitals import read_vitals
from footfall.schemas.event import Commerce, EventDocument, Json
from footfall.schemas.message import COLLECT_SOURCE, IMPORT_SOURCE, EventsMessage
from footfall.schemas.site import HOT_DAYS, Site


def normalise(raw: Json, message: EventsMessage, site: Site, processed_at: datetime) -> EventDocument:
    """Returns the stored form of one event of a message; raises Invalid or Unstorable when it can never be stored."""
    imported = message.source.startswith(IMPORT_SOURCE)
    event, content, _, whole, flags = read_event(raw, MAX_IMPORTED_VALUES if imported else MAX_VALUES)
    get = event.get
    event_id = get("event_id")
    if not event_id:
        raise Unstorable("no_event_id", "an event reached the queue without an id")
    if not imported and len(content) > MAX_EVENT_BYTES + ROOM:
        raise Unstorable("too_large", f"one event holds at most {MAX_EVENT_BYTES} bytes")
    kind, name = type_of(event["event_type"], get("event_name"))
    clocks = (history_clocks if imported else read_clocks)(get("timestamp"), get("sent_at"), message.received_at)
    if message.source == COLLECT_SOURCE and clocks.timestamp < message.received_at - believed_back(site):
        raise Unstorable("too_old", "older than the public key is believed: import it, or send it with a secret key")
    flags += clocks.flags  # what was not read as it was sent; every reader below may add to it
    properties = _properties(whole, get("properties"))
    kind = (action_type(properties) or kind) if kind == "custom" else kind
    context = get("context") or {}
    page = _page(context, properties)
    privacy = privacy_of(site)
    url, referrer, path = (
        _address(privacy, get(name) or _text(page.get(name))) for name in ("url", "referrer", "path")
    )
    address = url_parts(url, site.hash_routes) if url else NOWHERE
    place = page_at(address, path, site.hash_routes)
    user_agent = _text(context.get("userAgent")) or message.user_agent
    agent = agent_of(user_agent)
    own = own_hosts(site)
    request = message if _is_a_browsers(message, user_agent) else None
    who = _who(event, event_id, properties.get("previousId") if kind == "alias" else None, flags)
    always = {
        "_id": f"{message.site_id}:{event_id}",
        "site_id": message.site_id,
        "event_id": event_id,
        "type": kind,
        "visitor_id": who.visitor_id,
        "person_id": who.user_id or who.visitor_id,
        "timestamp": clocks.timestamp,
        "received_at": message.received_at,
        "processed_at": processed_at,
        "sequence": get("sequence", 0),
        "device": device_of(get("device") or _platform(context), agent),
        "bot": agent.bot,
        "attribution": attribution_of(_utm(privacy, get("attribution"), context), address, referrer, own),
        "source": message.source,
        "body_sha256": sha256(content).hexdigest(),
    }
    perhaps = {
        "name": name,
        "user_id": who.user_id,
        "session_id": who.session_id,
        "client_time": clocks.client_time,
        "sent_at": clocks.sent_at,
        "url": url,
        "path": place.path,
        "title": _title(
            privacy, get("title") or _text(page.get("title")) or (get("event_name") if kind == "pageview" else None)
        ),
        "referrer": referrer,
        "referrer_host": referring_host(referrer, address.host, own) if referrer else None,
        "page_type": _page_type(get("page_type"), kind, place, site),
        "browser": agent.browser,
        "os": agent.os,
        "language": _language(context, request, flags),
        "screen": screen_class(get("screen_width") or context.get("screen"), _is_android_app(agent, user_agent)),
        "country": _country(context, properties, request, flags),
        "element": privacy.properties({"element": get("element")})["element"],
        "coordinates": get("coordinates"),
        "value": get("value"),
        "duration": get("duration"),
        "vitals": read_vitals(get("vitals"), flags),
        "properties": privacy.properties(properties) or None,
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


def believed_back(site: Site) -> timedelta:
    """Returns how far back a site believes the public write key: as far as it keeps events at hand, `hot_days`."""
    return timedelta(days=site.hot_days or HOT_DAYS)


LONGEST_ID = 256
KEYS = frozenset({"writeKey", "write_key", "apiKey", "api_key"})
"""Keys that items of a batch may carry, and that are nobody's properties."""
EVERY_BROWSER = "Mozilla/"
"""How the user agents of all browsers begin, and those of SDKs for servers and apps do not."""


class _Who(NamedTuple):
    visitor_id: str
    user_id: str | None
    session_id: str | None


def _who(event: Json, event_id: str, earlier_id: object, flags: list[str]) -> _Who:
    # who says neither a visitor nor a user is a visitor for the session, or else for the one event
    user_id, visitor_id = _known(event, "user_id", flags), _known(event, "visitor_id", flags)
    session_id = _known(event, "session_id", flags) or _nested_id((event.get("context") or {}).get("sessionId"))
    found = _nested_id(earlier_id) or visitor_id or user_id
    if not found:
        flags.append("no_visitor")
    return _Who(found or f"nobody:{session_id or event_id}", user_id, session_id)


def _nested_id(told: object) -> str | None:
    found = somebody(told)
    return shortened(found, LONGEST_ID) if found else None


def _known(event: Json, field: str, flags: list[str]) -> str | None:
    # of a placeholder nothing is left but the flag
    told = event.get(field)
    if not told:
        return None
    found = somebody(told)
    if found is None:
        flags.append(f"{field}_placeholder")
    return found


def _page(context: Json, properties: Json) -> Json:
    # Segment puts what it knows of a page into the context first, then into the properties of a page call
    page = context.get("page")
    return {**properties, **page} if isinstance(page, dict) else properties


def _page_type(told: str | None, kind: str, place: UrlParts, site: Site) -> str | None:
    if told:
        return page_type_named(told) or told
    return type_of_page(place, site.page_rules) if kind == "pageview" else None


def _properties(raw: Json, properties: Json | None) -> Json:
    # what is none of the event's fields is a property
    if raw.keys() <= USUAL_SPELLINGS:
        return properties or {}
    others = {name: value for name, value in raw.items() if _is_no_field(name, raw)}
    return {**others, **(properties or {})}


def _is_no_field(name: str, raw: Json) -> bool:
    # the second: another name of the same field was read in its place
    return name not in KEYS and (name not in SPELLINGS or any(other in raw for other in SPELLINGS[name]))


def _commerce(kind: str, properties: Json, value: object, site: Site, flags: list[str]) -> Commerce:
    # an event without `properties` has its `value` beside its type
    told = properties if value is None else {"value": value, **properties}
    return read_commerce(kind, told, site.currency, flags)


def _traits(traits: Json | None, context: Json) -> Json | None:
    told = traits or context.get("traits")
    return told if isinstance(told, dict) and told else None


def _address(privacy: Privacy, told: str | None) -> str | None:
    return privacy.address(told) if told else None


def _title(privacy: Privacy, told: str | None) -> str | None:
    return privacy.text(told) if told else None


def _utm(privacy: Privacy, attribution: Json | None, context: Json) -> Json | None:
    utm = (attribution or {}).get("utmParams") or context.get("campaign")
    if not isinstance(utm, dict):
        return None
    return privacy.properties({**utm, "campaign": utm.get("campaign") or utm.get("name")})


def _is_a_browsers(message: EventsMessage, user_agent: str | None) -> bool:
    # only then do the headers of a request tell of the visitor, and not of a server that passes their events on
    sent = message.user_agent or ""
    return message.source == COLLECT_SOURCE and sent.startswith(EVERY_BROWSER) and sent == user_agent


def _is_android_app(agent: Agent, user_agent: str | None) -> bool:
    return agent.os == "Android" and not (user_agent or "").startswith(EVERY_BROWSER)


def _country(context: Json, properties: Json, request: EventsMessage | None, flags: list[str]) -> str | None:
    # as Segment's SDKs say it, or the event itself, else the gateway
    location = context.get("location")
    named = location.get("country") if isinstance(location, dict) else None
    told = _first_told(context.get("country"), named, properties.get("country"))
    if told is None:
        return country_code(request.country) if request and request.country else None
    return _read(told, country_code, "country", flags)


def _language(context: Json, request: EventsMessage | None, flags: list[str]) -> str | None:
    told = _first_told(context.get("locale"), context.get("language"))
    if told is None:
        return preferred_language(request.accept_language) if request and request.accept_language else None
    return _read(told, language_of, "language", flags)


def _first_told(*values: object) -> str | None:
    return next((value for value in values if isinstance(value, str) and is_filled(value)), None)


def _read(told: str, read: Callable[[str], str | None], field: str, flags: list[str]) -> str | None:
    found = read(told)
    if found is None:
        flags.append(f"{field}_unreadable")
    return found


def _platform(context: Json) -> str | None:
    # the user agent of an app is that of its HTTP library, so the SDK's word on the device counts before it
    device = context.get("device")
    named = _text(device.get("type")) if isinstance(device, dict) else None
    return named if named and named.lower() in KNOWN else None


def _text(value: object) -> str | None:
    return value[:4096] if isinstance(value, str) and value else None


def _expiry(timestamp: datetime, retention_days: int | None) -> datetime | None:
    return timestamp + timedelta(days=retention_days) if retention_days else None
