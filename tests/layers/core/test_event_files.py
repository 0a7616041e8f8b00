"""Events in files of other systems: GA4's export, Segment's dumps, REES46's table, any table."""

import json
from typing import Any

import pytest
from footfall.errors import Unimportable
from footfall.events.normalise import normalise
from footfall.events.reading import read_event
from footfall.schemas.event import EventDocument, Json
from footfall.schemas.message import EventsMessage

from tests.support.builders import a_site
from tests.support.reading import LATEST, read

REES46 = "event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session"


def stored(event: Json) -> EventDocument:
    """The event as etl/events stores it."""
    read_event(event)
    message = EventsMessage(site_id="demo", source="import:1", received_at=LATEST)
    return normalise(event, message, a_site(currency="GBP"), LATEST)


def parameter(key: str, **value: Any) -> Json:
    kinds = dict.fromkeys(("string_value", "int_value", "float_value", "double_value"))
    return {"key": key, "value": {**kinds, **value}}


GA4 = {
    "event_date": "20251101",
    "event_timestamp": "1762000000123456",
    "event_name": "page_view",
    "event_params": [
        parameter("page_location", string_value="https://shop.example/sale?utm_source=x"),
        parameter("page_title", string_value="Sale"),
        parameter("ga_session_id", int_value="1762000000"),
    ],
    "user_id": None,
    "user_pseudo_id": "111.222",
    "device": {"category": "mobile", "operating_system": "iOS"},
    "geo": {"country": "Italy", "city": ""},
    "collected_traffic_source": {
        "manual_source": "news",
        "manual_medium": "email",
        "manual_campaign_name": "(not set)",
    },
    "ecommerce": {"transaction_id": None, "purchase_revenue": None},
    "items": [],
}
PURCHASE = {
    **GA4,
    "event_name": "purchase",
    "event_params": [parameter("currency", string_value="EUR"), parameter("ga_session_id", int_value=7)],
    "ecommerce": {"transaction_id": "T1", "purchase_revenue": 25.0, "shipping_value": 5.0, "tax_value": None},
    "items": [
        {"item_id": "A", "item_name": "Lamp", "price": 10.0, "quantity": "2", "coupon": "(not set)", "item_params": []}
    ],
}


def test_a_row_of_ga4s_export_is_the_event_that_was_measured() -> None:
    (event,) = read("events", {"ga4.json": json.dumps(GA4)}).events
    document = stored(event)
    told = {
        name: document.get(name) for name in ("type", "visitor_id", "session_id", "path", "title", "device", "country")
    }
    assert told == {
        "type": "pageview", "visitor_id": "111.222", "session_id": "1762000000", "path": "/sale", "title": "Sale",
        "device": "Mobile", "country": "IT",
    }  # fmt: skip
    assert document["timestamp"].isoformat() == "2025-11-01T12:26:40.123000+00:00"
    assert (document["attribution"]["source"], document["attribution"]["medium"]) == ("news", "email")
    assert "campaign" not in document["attribution"]


def test_a_purchase_of_ga4s_export_is_an_order() -> None:
    (event,) = read("events", {"ga4.jsonl": json.dumps(PURCHASE)}).events
    document = stored(event)
    commerce = document["commerce"]
    assert (document["type"], commerce["order_id"], commerce["currency"]) == ("order_completed", "T1", "EUR")
    assert (commerce["total"], commerce["shipping"]) == (2500, 500)
    (line,) = commerce["lines"]
    assert (line["product_id"], line.get("unit_price"), line.get("quantity")) == ("A", 1000, 2)


def test_two_rows_of_ga4_that_differ_by_their_place_alone_are_two_events() -> None:
    rows = [{**GA4, "batch_event_index": number} for number in (1, 2)]
    text = "\n".join(map(json.dumps, rows))
    assert len({event["eventId"] for event in read("events", {"ga4.ndjson": text}).events}) == 2


def test_segments_dump_keeps_ids_and_times() -> None:
    line = {
        "type": "track", "event": "Order Completed", "messageId": "m1", "anonymousId": "v", "userId": "u",
        "timestamp": "2024-05-01T10:00:00.000Z", "sentAt": "2024-05-01T10:00:05Z", "receivedAt": "2024-05-01T10:00:06Z",
        "properties": {"order_id": "7", "total": 12.5},
    }  # fmt: skip
    (event,) = read("events", {"1714557600000.dump.json": json.dumps(line)}).events
    assert (event["eventId"], event["timestamp"], "sentAt" in event) == ("m1", "2024-05-01T10:00:00.000Z", False)
    assert stored(event)["commerce"]["total"] == 1250


@pytest.mark.parametrize("between", [",", ",\n  ", " , \r\n"])
def test_one_array_of_events_is_read_value_by_value(between: str) -> None:
    lines = [{"type": "page", "anonymousId": f"v{n}", "timestamp": 1_700_000_000 + n, "x": "]}"} for n in range(3)]
    text = f"[{between.join(json.dumps(line, indent=2) for line in lines)}\n]\n"
    meant = read("events", {"events.json": text})
    assert [event["anonymousId"] for event in meant.events] == ["v0", "v1", "v2"]
    assert meant.refused == []


def test_an_array_that_ends_early_gives_what_is_whole() -> None:
    text = '[{"type": "page", "anonymousId": "v", "timestamp": 1700000000}, {"type": "pa'
    meant = read("events", {"events.json": text})
    assert (len(meant.events), [each.reason for each in meant.refused]) == (1, ["not_json"])


def test_rees46s_views_carts_and_purchases() -> None:
    rows = [
        "2019-10-01 00:00:00 UTC,view,44600062,2103807459595387724,,shiseido,35.79,541312140,s1",
        "2019-10-01 00:01:00 UTC,cart,1,2,electronics.audio,,10.00,541312140,s1",
        "2019-10-01 00:02:00 UTC,purchase,1,2,electronics.audio,,10.00,541312140,s1",
        "2019-10-01 00:02:00 UTC,purchase,3,2,,acme,2.50,541312140,s1",
        "2019-10-01 00:02:00 UTC,purchase,3,2,,acme,2.50,7,s2",
        "2019-10-01 00:02:00 UTC,search,3,2,,acme,2.50,7,s2",
    ]
    meant = read("events", {"2019-Oct.csv": "\n".join([REES46, *rows])})
    documents = [stored(event) for event in meant.events]
    assert sorted(document["type"] for document in documents) == [
        "order_completed", "order_completed", "product_added", "product_viewed",
    ]  # fmt: skip
    orders = {
        document["user_id"]: document["commerce"] for document in documents if document["type"] == "order_completed"
    }
    assert [line["product_id"] for line in orders["541312140"]["lines"]] == ["1", "3"]
    assert {user: order["total"] for user, order in orders.items()} == {"541312140": 1250, "7": 250}
    (viewed,) = [document for document in documents if document["type"] == "product_viewed"]
    assert viewed["timestamp"].isoformat() == "2019-10-01T00:00:00+00:00"
    assert viewed["commerce"]["lines"][0]["category"] == "2103807459595387724"
    assert meant.reasons == {(0, 7): "invalid"}


def test_a_purchase_of_rees46_without_a_price_is_not_worth_nothing() -> None:
    row = "2019-10-01 00:02:00 UTC,purchase,1,2,electronics.audio,,{},541312140,s1"
    meant = read("events", {"2019-Oct.csv": "\n".join([REES46, row.format("10.00"), row.format("")])})
    assert (meant.events, meant.reasons) == ([], {(0, 2): "bad_number", (0, 3): "bad_number"})


def test_the_currency_beside_an_amount_is_the_events() -> None:
    text = "event,timestamp,user_id,order_id,value,quantity\npurchase,2024-03-13,u,o,$12.50,1\n"
    (event,) = read("events", {"log.csv": text.replace("$", "€")}).events
    assert (stored(event)["commerce"]["currency"], stored(event)["commerce"]["total"]) == ("EUR", 1250)


def test_any_table_of_events() -> None:
    header = "user_id;session_id;event;timestamp;platform;cohort"
    rows = [
        "u1;s1;page_view;13/03/2024 10:21:14;mobile;a",
        "u1;s1;add_to_cart;13/03/2024 10:22;mobile;b",
        "null;;x;13/03/2024;m;",
    ]
    text = "\n".join([header, *rows])
    meant = read("events", {"log.csv": text}, zone="Europe/Rome")
    first, second = (stored(event) for event in meant.events)
    assert (first["type"], first["device"], first["session_id"]) == ("pageview", "Mobile", "s1")
    assert first["timestamp"].isoformat() == "2024-03-13T09:21:14+00:00"
    assert (second["type"], second["properties"]["cohort"]) == ("product_added", "b")
    assert meant.reasons == {(0, 4): "invalid"}


def test_names_in_json_may_be_mapped_and_times_have_a_zone() -> None:
    line = {"typ": "page", "wer": "v1", "wann": "13.11.2025 10:00"}
    columns = {"typ": "event_type", "wer": "visitor_id", "wann": "timestamp"}
    options: dict[str, Any] = {"columns": columns, "dates": "day-first", "time_zone": "Europe/Rome"}
    meant = read("events", {"e.ndjson": json.dumps(line)}, "UTC", **options)
    assert [stored(event)["timestamp"].isoformat() for event in meant.events] == ["2025-11-13T09:00:00+00:00"]


def test_a_table_that_is_none_of_events_is_said() -> None:
    with pytest.raises(Unimportable, match="no column is its timestamp"):
        read("events", {"e.csv": "a,b\n1,2"})


@pytest.mark.parametrize(
    ("time", "detail"),
    [
        ("", "the event tells no time"),
        (', "timestamp": null', "the event tells no time"),
        (', "timestamp": ""', "the event tells no time"),
        (', "timestamp": "soon"', "the event's time cannot be read"),
        (', "timestamp": "2030-01-01T00:00:00Z"', "the event's time is in the future"),
        (', "timestamp": 1900000000', "the event's time is in the future"),
    ],
)
def test_what_is_wrong_with_an_events_time_is_said(time: str, detail: str) -> None:
    meant = read("events", {"e.ndjson": f'{{"eventType": "click", "visitorId": "v"{time}}}'})
    assert [(each.reason, each.detail) for each in meant.refused] == [("bad_date", detail)]
