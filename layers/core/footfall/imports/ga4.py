"""Google Analytics 4's export to BigQuery, a row of it as JSON: https://support.google.com/analytics/answer/7029846."""

from collections.abc import Mapping

from footfall.events.nobody import somebody
from footfall.schemas.event import Json

VALUES = ("string_value", "int_value", "double_value", "float_value")
ECOMMERCE = {
    "transaction_id": "transaction_id",
    "purchase_revenue": "value",
    "refund_value": "refund_value",
    "shipping_value": "shipping",
    "tax_value": "tax",
}
UTM = {"manual_source": "source", "manual_medium": "medium", "manual_campaign_name": "campaign", "manual_term": "term"}
NOT_SET = frozenset({"", "(not set)", "(not provided)", "(data deleted)"})


def is_ga4(raw: Mapping[str, object]) -> bool:
    """Returns whether a line is a row of that export."""
    return "event_timestamp" in raw and "event_name" in raw


def plain_event(raw: Json) -> Json:
    """Returns a row as an event that a client would have sent."""
    parameters = _parameters(raw.get("event_params"))
    name = str(raw.get("event_name") or "")
    properties = {**parameters, **_ecommerce(raw.get("ecommerce")), "items": _items(raw.get("items"))}
    if name == "refund" and "refund_value" in properties:
        properties["value"] = properties.pop("refund_value")
    session = parameters.get("ga_session_id")
    event = {
        "eventType": "pageview" if name in ("page_view", "screen_view") else "track",
        "event": name,
        "visitorId": somebody(raw.get("user_pseudo_id")),
        "userId": somebody(raw.get("user_id")),
        "sessionId": None if session is None else str(session),
        "timestamp": _number(raw.get("event_timestamp")),
        "url": parameters.get("page_location"),
        "referrer": parameters.get("page_referrer"),
        "title": parameters.get("page_title"),
        "attribution": _attribution(raw.get("collected_traffic_source")),
        "context": _context(raw),
        "properties": {name: value for name, value in properties.items() if value not in (None, [], "")},
        "place": _place(raw),
    }
    return {name: value for name, value in event.items() if value not in (None, {}, "")}


def _number(told: object) -> object:
    # BigQuery writes whole numbers of 64 bits as texts
    return int(told) if isinstance(told, str) and told.isascii() and told.isdigit() else told


def _parameters(told: object) -> Json:
    found: Json = {}
    for each in told if isinstance(told, list) else ():
        value = each.get("value") if isinstance(each, dict) else None
        if isinstance(value, dict) and isinstance(each.get("key"), str) and each["key"]:
            found[each["key"]] = next((value[name] for name in VALUES if value.get(name) is not None), None)
    return found


def _ecommerce(told: object) -> Json:
    if not isinstance(told, dict):
        return {}
    found = {ours: told.get(name) for name, ours in ECOMMERCE.items()}
    return {name: value for name, value in found.items() if value is not None and value not in NOT_SET}


def _items(told: object) -> list[Json]:
    items = [each for each in told if isinstance(each, dict)] if isinstance(told, list) else []
    return [{name: value for name, value in item.items() if value is not None and not _unset(value)} for item in items]


def _unset(value: object) -> bool:
    return (isinstance(value, str) and value in NOT_SET) or isinstance(value, list)


def _attribution(told: object) -> Json:
    if not isinstance(told, dict):
        return {}
    utm = {ours: told[name] for name, ours in UTM.items() if isinstance(told.get(name), str) and not _unset(told[name])}
    return {"utmParams": utm} if utm else {}


def _context(raw: Json) -> Json:
    device, geo = raw.get("device"), raw.get("geo")
    kind = device.get("category") if isinstance(device, dict) else None
    country = geo.get("country") if isinstance(geo, dict) else None
    told: Json = {"device": {"type": kind} if isinstance(kind, str) and kind else None}
    told["location"] = {"country": country} if isinstance(country, str) and country else None
    return {name: value for name, value in told.items() if value}


def _place(raw: Json) -> Json:
    # rows of one batch may say the same: these tell them apart
    names = ("event_bundle_sequence_id", "batch_event_index", "batch_page_id", "batch_ordering_id")
    return {name: raw[name] for name in names if raw.get(name) is not None}
