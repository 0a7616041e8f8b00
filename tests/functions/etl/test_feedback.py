"""Feedback on a real MongoDB: kept once beside its event, and for no longer."""

from datetime import timedelta
from typing import Any

import pytest
from footfall import sites
from footfall.events.feedback import feedback_of
from footfall.schemas.message import EventsMessage
from footfall.sentiment.version import VERSION
from pymongo.database import Database

from functions.etl.events.handler import handler
from tests.support.builders import NOON, LambdaContext, a_document, a_message, a_site, an_event, sqs_event

Mongo = Database[dict[str, Any]]


def run(*events: dict[str, Any]) -> None:
    """Handle events in one message."""
    assert handler(sqs_event([a_message(events)]), LambdaContext()) == {"batchItemFailures": []}


def a_feedback(**but: Any) -> dict[str, Any]:
    return an_event(**{"eventType": "feedback", "eventId": "f", "value": 5, "properties": {"text": "Quick"}, **but})


def ask_to_read(*event_ids: str) -> None:
    """Handle a message that asks for feedback to be read anew."""
    message = EventsMessage(site_id="demo", source="sweep", received_at=NOON, reread=list(event_ids))
    (record,) = sqs_event([a_message([an_event()])])["Records"]
    record["body"] = message.model_dump_json()
    assert handler({"Records": [record]}, LambdaContext()) == {"batchItemFailures": []}


def test_a_text_is_kept_with_its_rating_its_page_and_its_visit(pipeline: Mongo) -> None:
    run(a_feedback(userId="C-7", sessionId="s", url="https://shop.example/confirmation?o=1"))
    kept = pipeline["feedback"].find_one({"_id": "demo:f"})
    assert kept is not None
    assert (kept["text"], kept["rating"]) == ("Quick", 5)
    assert (kept["path"], kept["page_type"]) == ("/confirmation", "confirmation")
    assert (kept["visitor_id"], kept["user_id"], kept["person_id"]) == ("visitor", "C-7", "C-7")
    assert (kept["session_id"], kept["timestamp"]) == ("s", NOON)


def test_a_review_of_a_product_is_feedback_too(pipeline: Mongo) -> None:
    review = {"product_id": "KIT-013", "review_body": "Pours well", "rating": "4"}
    run(an_event(eventType="track", event="Product Reviewed", properties=review))
    kept = pipeline["feedback"].find_one({}) or {}
    assert (kept["text"], kept["rating"]) == ("Pours well", 4)


def test_what_comes_twice_is_kept_once(pipeline: Mongo) -> None:
    run(a_feedback())
    [first] = pipeline["feedback"].find()
    run(a_feedback())
    run(a_feedback(), an_event())
    assert list(pipeline["feedback"].find()) == [first]


def test_a_text_is_read_when_it_is_kept(pipeline: Mongo) -> None:
    run(
        a_feedback(properties={"text": "Terrible: the delivery was late and the box was broken."}),
        a_feedback(eventId="german", properties={"text": "Die Lieferung war leider nicht schnell"}),
        a_feedback(eventId="stars", properties={}),
    )
    read = {kept["event_id"]: kept["sentiment"] for kept in pipeline["feedback"].find()}
    assert (read["f"]["label"], read["f"]["categories"]) == ("negative", ["delivery", "quality"])
    assert (read["f"]["language"], read["f"]["version"]) == ("en", VERSION)
    assert -1 <= read["f"]["score"] < 0
    assert read["german"] == {"label": None, "score": None, "categories": [], "language": "de", "version": VERSION}
    assert read["stars"] is None


def test_texts_that_an_older_version_read_are_read_anew_when_asked_for(pipeline: Mongo) -> None:
    run(a_feedback(), a_feedback(eventId="other"), a_feedback(eventId="stars", properties={}))
    right = {kept["_id"]: kept for kept in pipeline["feedback"].find()}
    older = {"label": "negative", "score": -1.0, "categories": [], "language": "en", "version": VERSION - 1}
    pipeline["feedback"].update_many({"text": {"$ne": None}}, {"$set": {"sentiment": older}})
    pipeline["stale_days"].delete_many({})
    ask_to_read("f", "stars", "nobody's")
    found = {kept["_id"]: kept for kept in pipeline["feedback"].find()}
    assert found == {**right, "demo:other": {**right["demo:other"], "sentiment": older}}
    assert [day["date"] for day in pipeline["stale_days"].find()] == [NOON.date().isoformat()]


def test_it_expires_when_its_event_does(pipeline: Mongo) -> None:
    pipeline["sites"].update_one({"_id": "demo"}, {"$set": a_site(retention_days=30).model_dump()})
    sites._known.clear()
    run(a_feedback())
    kept = pipeline["feedback"].find_one({})
    assert kept is not None
    assert kept["expires_at"] == NOON + timedelta(days=30)
    indexes = pipeline["feedback"].index_information().values()
    assert any(index.get("expireAfterSeconds") == 0 for index in indexes)


@pytest.mark.parametrize(
    ("said", "text", "rating"),
    [
        ({"value": 4, "properties": {"text": " Kind "}}, "Kind", 4),
        ({"value": None, "properties": {"comment": "Slow", "rating": "2"}}, "Slow", 2),
        ({"value": None, "properties": {"score": 0}}, None, 0),
        ({"value": None, "properties": {}, "message": "Just words"}, "Just words", None),
        ({"value": "lots", "properties": {"text": 7, "stars": 3}}, None, 3),
        ({"value": None, "properties": {"text": "x", "rating": "NaN"}}, "x", None),
    ],
)
def test_a_text_or_a_rating_is_enough_wherever_the_shop_puts_it(
    said: dict[str, Any], text: str | None, rating: float | None
) -> None:
    found = feedback_of(a_document(eventType="feedback", **said), [])
    assert found is not None
    assert (found["text"], found["rating"]) == (text, rating)


@pytest.mark.parametrize(
    "said",
    [
        {"eventType": "pageview", "value": 5},
        {"eventType": "feedback"},
        {"eventType": "feedback", "properties": {"text": "  ", "rating": True}},
    ],
)
def test_what_says_nothing_is_no_feedback(said: dict[str, Any]) -> None:
    assert feedback_of(a_document(**said), []) is None
