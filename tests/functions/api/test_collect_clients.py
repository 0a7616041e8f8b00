"""What published SDKs and protocols say to api/collect, with a real queue behind it."""

import json
from datetime import timedelta
from typing import Any

import pytest
from footfall.events.normalise import normalise
from footfall.schemas.message import EventsMessage

from tests.support.builders import NOON, a_site, nested
from tests.support.collecting import KEY, call, queue, queued, segment

__all__ = ["queue"]


def test_segments_calls_are_events(queue: str) -> None:
    batch = [
        {"type": "track", "event": "Order Completed", "userId": "u", "messageId": "m1", "properties": {"order_id": 1}},
        {"type": "identify", "userId": "u", "anonymousId": "a", "messageId": "m2", "traits": {"plan": "gold"}},
    ]
    assert segment("batch", {"batch": batch, "sentAt": "2026-03-01T12:00:00Z", "writeKey": "x"}) == (
        200,
        {"success": True},
    )
    assert segment("page", {"anonymousId": "a", "messageId": "m3", "properties": {"path": "/"}})[0] == 200
    events = [event for message in queued(queue) for event in message["events"]]
    assert {(event["type"], event["messageId"]) for event in events} == {
        ("track", "m1"),
        ("identify", "m2"),
        ("page", "m3"),
    }


def test_what_segment_sends_wrong_goes_along_to_quarantine(queue: str) -> None:
    status, problem = segment("track", {"event": "x", "messageId": "m", "properties": nested(25)})
    assert (status, problem["title"]) == (422, "Invalid request")
    assert queued(queue)[0]["events"][0]["messageId"] == "m"
    good, bad = {"type": "page", "messageId": "g"}, {"type": "page", "properties": {"x": "y" * 40_000}}
    status, answer = segment("batch", {"batch": [good, bad]})
    assert (status, answer["success"], [found["index"] for found in answer["rejected"]]) == (200, False, [1])
    assert [event.get("messageId") for event in queued(queue)[0]["events"]] == ["g", None]


def test_segments_key_is_checked_and_its_calls_are_few(queue: str) -> None:
    assert segment("track", {"event": "x", "userId": "u"}, key="wrong")[0] == 403
    assert segment("delete", {"userId": "u"})[0] == 422


@pytest.mark.parametrize(
    ("letter", "call_"),
    [("t", "track"), ("p", "page"), ("s", "screen"), ("i", "identify"), ("g", "group"), ("a", "alias")],
)
def test_the_browser_sdks_short_names_are_the_calls(queue: str, letter: str, call_: str) -> None:
    assert segment(letter, {"anonymousId": "a", "event": "Cart Viewed"}) == (200, {"success": True})
    assert queued(queue)[0]["events"][0]["type"] == call_


@pytest.mark.parametrize("path", ["b", "import", "batch"])
def test_a_batch_has_three_names(queue: str, path: str) -> None:
    batch = [{"type": "track", "event": "Cart Viewed", "anonymousId": "a"}]
    assert segment(path, {"batch": batch}) == (200, {"success": True})
    assert len(queued(queue)[0]["events"]) == 1


def test_how_an_sdk_itself_does_is_answered_and_no_event(queue: str) -> None:
    assert segment("m", {"series": [{"type": "Counter", "metric": "analytics_js.invoke"}]}) == (200, {"success": True})
    assert queued(queue) == []


def test_a_page_that_is_left_sends_rudderstacks_beacon(queue: str) -> None:
    body = json.dumps(
        {"batch": [{"type": "page", "messageId": "m", "anonymousId": "a"}], "sentAt": "2026-03-01T12:00:00Z"}
    )
    answer = call(body=body, path="/beacon/v1/batch", query=f"writeKey={KEY}", content_type="text/plain")
    assert (answer["statusCode"], len(queued(queue)[0]["events"])) == (200, 1)


def test_a_browser_sdk_is_told_to_send_to_the_host_that_it_asked() -> None:
    answer = call("GET", path=f"/v1/projects/{KEY}/settings", host="footfall.example")
    told = json.loads(answer["body"])["integrations"]["Segment.io"]
    assert told == {"apiKey": KEY, "apiHost": "footfall.example/v1", "protocol": "https"}
    source = json.loads(call("GET", path="/sourceConfig", query=f"p=npm&writeKey={KEY}")["body"])["source"]
    assert (source["writeKey"], source["enabled"], source["destinations"]) == (KEY, True, [])


def test_googles_protocol_is_taken_whatever_its_type_says(queue: str) -> None:
    body = json.dumps({"client_id": "1.2", "events": [{"name": "page_view"}]})
    query = f"measurement_id=G-1&api_secret={KEY}"
    form = "application/x-www-form-urlencoded"
    assert call(body=body, query=query, path="/mp/collect", content_type=form)["statusCode"] == 204
    assert call(body=body, query=f"k={KEY}", content_type=form)["statusCode"] == 415


def measure(payload: Any, query: str = f"measurement_id=G-1&api_secret={KEY}") -> int:
    """The status of one request of Google's Measurement Protocol."""
    return call(body=json.dumps(payload), path="/mp/collect", query=query)["statusCode"]


def test_googles_measurement_protocol_is_events(queue: str) -> None:
    purchase = {
        "transaction_id": "T1",
        "value": 25,
        "currency": "EUR",
        "items": [{"item_id": "p", "price": 12.5, "quantity": 2}],
    }
    page = {"page_location": "https://shop.example/", "page_title": "Shop", "ga_session_id": 1700, "source": "news"}
    told = {
        "client_id": "123.456",
        "user_id": "u",
        "timestamp_micros": 1_772_366_400_000_000,
        "user_properties": {"plan": {"value": "gold"}},
        "ip_override": "203.0.113.77",
        "user_location": {"country_id": "IT"},
        "device": {"category": "mobile", "language": "it-it", "screen_resolution": "390x844"},
        "events": [
            {"name": "purchase", "params": purchase},
            {"name": "page_view", "params": page, "timestamp_micros": "1772366401000000"},
            {"name": "login", "params": []},
        ],
    }
    assert measure(told) == 204
    (found,) = queued(queue)
    message = EventsMessage.model_validate({name: value for name, value in found.items() if name != "attributes"})
    order, view, login = (normalise(raw, message, a_site(), NOON) for raw in message.events)
    assert (order["type"], order["visitor_id"], order["user_id"], order["timestamp"]) == (
        "order_completed",
        "123.456",
        "u",
        NOON,
    )
    assert (order["commerce"]["order_id"], order["commerce"]["total"], order["traits"]) == (
        "T1",
        2500,
        {"plan": "gold"},
    )
    assert (view["country"], view["language"], view["screen"], view["device"]) == ("IT", "it", "compact", "Mobile")
    assert (view["type"], view["url"], view["session_id"], view["title"]) == (
        "pageview",
        page["page_location"],
        "1700",
        "Shop",
    )
    assert (view["timestamp"] - NOON, view["attribution"]["source"]) == (timedelta(seconds=1), "news")
    assert (login["type"], login["name"], "flags" in login) == ("custom", "login", False)
    assert "203.0.113.77" not in json.dumps(message.events)


@pytest.mark.parametrize(
    ("payload", "query", "status"),
    [
        ({"client_id": "c", "events": [{"name": "x"}]}, "api_secret=wrong", 403),
        ({"client_id": "c", "events": [{"name": "x"}]}, "measurement_id=G-1", 401),
        ({"client_id": "c", "events": []}, "api_secret=KEY", 422),
        ({"client_id": "c"}, "api_secret=KEY", 422),
        ({"events": [7]}, "api_secret=KEY", 422),
        ({"events": [{"name": "x"}]}, "api_secret=KEY", 204),
    ],
)
def test_what_google_would_not_say_is_said(queue: str, payload: Any, query: str, status: int) -> None:
    assert measure(payload, query.replace("KEY", KEY)) == status
