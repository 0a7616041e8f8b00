"""api/collect through its Lambda handler, with real queues behind it."""

import base64
import gzip
import json
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError
from footfall.aws import queues
from footfall.clock import now
from footfall.identity import new_api_key, new_write_key

from functions.api.collect import limit
from functions.api.collect.handler import handler
from tests.support.builders import NOON, LambdaContext, an_event
from tests.support.collecting import KEY, SECRET, call, queue, queued, send, tell

__all__ = ["queue"]


def test_an_event_is_in_the_queue_before_it_is_accepted(queue: str) -> None:
    status, answer = send(an_event(eventId="e1"), user_agent="agent", x_forwarded_for="1.1.1.1")
    (message,) = queued(queue)
    assert (status, answer["event_id"], answer["accepted"]) == (202, "e1", 1)
    assert (message["site_id"], message["ip"], message["user_agent"]) == ("demo", "203.0.113.0", "agent")
    assert message["events"][0]["eventId"] == "e1"
    assert message["attributes"]["MessageGroupId"] == "demo"


@pytest.mark.parametrize("header", ["cloudfront_viewer_country", "cf_ipcountry", "x_vercel_ip_country"])
def test_the_country_that_the_gateway_finds_and_the_language_go_along(queue: str, header: str) -> None:
    assert send(an_event(), **{header: "IT", "accept_language": "it-IT,it;q=0.9"})[0] == 202
    (message,) = queued(queue)
    assert (message["country"], message["accept_language"]) == ("IT", "it-IT,it;q=0.9")
    assert send(an_event(), accept_language="x" * 9_000)[0] == 202
    (message,) = queued(queue)
    assert (message["country"], len(message["accept_language"])) == (None, 256)


def test_an_endless_user_agent_is_cut(queue: str) -> None:
    status, _ = send(an_event(), user_agent="a" * 20_000)
    assert (status, len(queued(queue)[0]["user_agent"])) == (202, 4_096)


def test_an_event_without_an_id_gets_the_same_one_at_every_retry(queue: str) -> None:
    event = {"eventType": "click", "visitorId": "v", "timestamp": "2026-03-01T12:00:00Z"}
    first, again = send({**event, "sentAt": "2026-03-01T12:00:01Z"}), send({**event, "sentAt": "2026-03-01T12:00:09Z"})
    assert first[1]["event_id"] == again[1]["event_id"] == queued(queue)[0]["events"][0]["eventId"]


def test_a_batch_is_one_message_and_each_event_is_answered_for(queue: str) -> None:
    bad = an_event(eventId="bad", eventType=None)
    status, answer = send(
        {"batch": [an_event(eventId="a"), bad, an_event(eventId="b"), 7], "sentAt": "2026-03-01T12:00:00Z"}
    )
    (message,) = queued(queue)
    assert (status, answer["accepted"], answer["event_ids"]) == (202, 2, ["a", "b"])
    assert [(found["index"], found.get("event_id"), found["code"]) for found in answer["rejected"]] == [
        (1, "bad", "invalid_request"),
        (3, None, "invalid_request"),
    ]
    assert answer["rejected"][1]["message"] == "an event is a JSON object"
    assert [event["sequence"] for event in message["events"]] == [0, 2]
    assert message["events"][0]["sentAt"] == "2026-03-01T12:00:00Z"


def test_a_beacon_sends_text_and_its_key_in_the_body(queue: str) -> None:
    answer = call(body=json.dumps({**an_event(), "writeKey": KEY}), content_type="text/plain;charset=UTF-8")
    assert answer["statusCode"] == 202
    assert "writeKey" not in queued(queue)[0]["events"][0]


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": f"Bearer {KEY}"},
        {"authorization": "Basic " + base64.b64encode(f"{KEY}:".encode()).decode()},
        {"x_api_key": KEY},
    ],
)
def test_a_key_comes_in_any_of_its_headers(queue: str, headers: dict[str, str]) -> None:
    assert call(body=json.dumps(an_event()), **headers)["statusCode"] == 202


def test_gzip_is_unpacked(queue: str) -> None:
    body = gzip.compress(json.dumps({"batch": [an_event()]}).encode())
    assert call(body=body, content_encoding="gzip", x_api_key=KEY)["statusCode"] == 202


def test_a_pixel_answers_with_an_image(queue: str) -> None:
    answer = call("GET", query=f"k={KEY}&visitorId=v&eventType=pageview&utm_source=news", accept="image/avif,image/*")
    assert (answer["statusCode"], answer["headers"]["content-type"]) == (200, "image/gif")
    assert base64.b64decode(answer["body"]).startswith(b"GIF89a")
    assert queued(queue)[0]["events"][0]["attribution"] == {"utmParams": {"source": "news"}}


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        ("not json", {}, 400),
        (b"\xff\xfe{\x00}\x00", {}, 400),
        ("[]", {}, 400),
        ('{"visitorId": NaN}', {}, 400),
        ("[" * 100_000, {}, 400),
        ("9" * 5_000, {}, 400),
        (b"no gzip", {"content_encoding": "gzip"}, 400),
        (gzip.compress(b"{}", mtime=0)[:-4], {"content_encoding": "gzip"}, 400),
        (gzip.compress(b" " * 5_000_001, mtime=0), {"content_encoding": "gzip"}, 413),
        (b" " * 1_000_001, {}, 413),
        ("{}", {"content_encoding": "br"}, 415),
        ("{}", {"content_type": "text/xml"}, 415),
        (json.dumps({"batch": [{}] * 501}), {}, 413),
        (json.dumps({"batch": []}), {}, 422),
        (json.dumps({"batch": [{}]}), {}, 422),
        ("{}", {}, 422),
        (json.dumps(an_event(properties={"x": "y" * 33_000})), {}, 413),
        (json.dumps(an_event(siteId="another")), {}, 403),
        (json.dumps(an_event()), {"x_api_key": ""}, 401),
        (json.dumps(an_event()), {"x_api_key": "wk_demo_0_0"}, 403),
        (json.dumps(an_event()), {"x_api_key": new_write_key("demo", "another secret")}, 403),
    ],
)
def test_what_cannot_be_taken_is_a_problem_that_says_why(
    queue: str, body: bytes | str, headers: dict[str, str], status: int
) -> None:
    answer = call(body=body, **({"x_api_key": KEY} | headers))
    problem = json.loads(answer["body"])
    assert (answer["statusCode"], answer["headers"]["content-type"]) == (status, "application/problem+json")
    assert problem["status"] == status
    assert {"type", "title", "detail", "instance"} <= problem.keys()
    assert queued(queue) == []


def test_a_422_names_the_field_and_does_not_repeat_its_value(queue: str) -> None:
    status, problem = send(an_event(eventType={"a": "secret"}))
    assert (status, problem["errors"][0]["field"]) == (422, "eventType")
    assert "secret" not in json.dumps(problem)


def test_a_site_with_origins_takes_events_from_them_alone(queue: str) -> None:
    tell(origins=["https://shop.example"])
    assert send(an_event(), origin="https://evil.example")[0] == 403
    assert send(an_event(), origin="https://shop.example")[0] == 202


def test_a_site_that_sends_more_than_it_may_is_told_when_to_come_back(
    queue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell(events_per_second=0.5)
    monkeypatch.setattr(limit, "_buckets", {})
    assert send({"batch": [an_event() for _ in range(6)]})[0] == 202
    answer = call(body=json.dumps(an_event()), x_api_key=KEY)
    assert (answer["statusCode"], answer["headers"]["retry-after"]) == (429, "4")
    assert sum(len(message["events"]) for message in queued(queue)) == 6
    limit._buckets["demo"].filled_at -= 5
    assert send(an_event())[0] == 202


def test_a_revoked_key_is_refused(queue: str) -> None:
    tell(revoked=[KEY.split("_")[2]])
    assert send(an_event())[0] == 403


def test_an_api_key_that_may_send_is_taken_from_everywhere_and_what_it_sends_is_told_apart(queue: str) -> None:
    tell(origins=["https://shop.example"])
    assert send(an_event(), x_api_key=new_api_key("demo", SECRET).text)[0] == 202
    assert send(an_event(), origin="https://shop.example")[0] == 202
    assert sorted(message["source"] for message in queued(queue)) == ["collect", "collect:secret"]
    assert send(an_event(), x_api_key=new_api_key("demo", SECRET, "ask").text)[0] == 403


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ("visitorId=v&url=x", {"eventType": "pageview"}),
        ("visitorId=v&type=click", {"type": "click"}),
        ("visitorId=v&type=track&event=Signup", {"type": "track", "event": "Signup"}),
    ],
)
@pytest.mark.parametrize("name", ["k", "api_secret", "writeKey"])
def test_a_link_says_what_happened_and_its_key_is_no_part_of_it(
    queue: str, name: str, query: str, kept: dict[str, str]
) -> None:
    assert call("GET", query=f"{name}={KEY}&{query}")["statusCode"] == 202
    ((event,),) = [message["events"] for message in queued(queue)]
    assert {field: event.get(field) for field in ("eventType", "type", "event") if field in event} == kept
    assert KEY not in json.dumps(event)


@pytest.mark.parametrize(("ends", "status"), [(timedelta(minutes=1), 202), (timedelta(0), 403)])
def test_an_api_key_sends_until_it_ends(queue: str, ends: timedelta, status: int) -> None:
    key = new_api_key("demo", SECRET)
    tell(ends={key.key_id: (now() + ends).isoformat()})
    assert send(an_event(), x_api_key=key.text)[0] == status


def test_a_queue_that_does_not_answer_is_a_503_with_retry_after(queue: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_: Any) -> None:
        raise EndpointConnectionError(endpoint_url="sqs")

    monkeypatch.setattr(queues.sqs(), "send_message_batch", refuse)
    answer = call(body=json.dumps(an_event()), x_api_key=KEY)
    assert (answer["statusCode"], answer["headers"]["retry-after"]) == (503, "5")


def test_entries_that_the_queue_refused_are_sent_again(queue: str, monkeypatch: pytest.MonkeyPatch) -> None:
    attempts: list[int] = []
    really_send = queues.sqs().send_message_batch

    def refuse_the_first_time(**request: Any) -> Any:
        attempts.append(len(request["Entries"]))
        if len(attempts) == 1:
            return {"Failed": [{"Id": entry["Id"]} for entry in request["Entries"]], "Successful": []}
        return really_send(**request)

    monkeypatch.setattr(queues.sqs(), "send_message_batch", refuse_the_first_time)
    assert send(an_event())[0] == 202
    assert (attempts, len(queued(queue))) == ([1, 1], 1)


@pytest.mark.parametrize("event", [{"headers": None}, {"body": "%%%", "isBase64Encoded": True, "headers": {}}, {}])
def test_an_event_that_is_no_request_is_a_400(queue: str, event: dict[str, Any]) -> None:
    assert handler({"rawPath": "/collect", **event}, LambdaContext())["statusCode"] == 400


def test_a_text_cut_in_the_middle_of_an_emoji_costs_no_batch(queue: str) -> None:
    body = '\ufeff{"batch": [{"eventType": "click", "title": "half \\ud83d"}, {"eventType": "click"}]}'
    answer = call(body=body, x_api_key=KEY)
    assert (answer["statusCode"], json.loads(answer["body"])["accepted"]) == (202, 2)


def test_the_same_pixel_counts_again_later(queue: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = []
    for minute in (0, 0, 1):
        moment = NOON + timedelta(minutes=minute)
        monkeypatch.setattr("functions.api.collect.handler.now", lambda moment=moment: moment)
        answer = call("GET", query=f"k={KEY}&visitorId=v&url=https%3A%2F%2Fshop.example%2F")
        ids.append(json.loads(answer["body"])["event_id"])
    assert (ids[0] == ids[1], ids[1] == ids[2]) == (True, False)


def test_a_large_batch_is_split_into_messages_that_fit(queue: str) -> None:
    events = [an_event(properties={"text": "ü" * 1_500}) for _ in range(250)]
    body = gzip.compress(json.dumps({"batch": events}).encode())
    answer = call(body=body, content_encoding="gzip", x_api_key=KEY)
    accepted = json.loads(answer["body"])["accepted"]
    sizes = [
        len(json.dumps({key: message[key] for key in message if key != "attributes"})) for message in queued(queue)
    ]
    assert (answer["statusCode"], accepted, len(sizes)) == (202, 250, 3)
    assert max(sizes) <= queues.MAX_MESSAGE_BYTES
