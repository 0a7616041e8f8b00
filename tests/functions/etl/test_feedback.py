"""Feedback on a real MongoDB: kept once beside its event, and for no longer."""

from datetime import timedelta
from typing import Any

import pytest
from footfall import sites
from footfall.events.feedback import feedback_of
from pymongo.database import Database

from functions.etl.events.handler import handler
from tests.support.builders import NOON, LambdaContext, a_document, a_message, a_site, an_event, sqs_event

Mongo = Database[dict[str, Any]]


def run(*events: dict[str, Any]) -> None:
    """Handle events in one message."""
    assert handler(sqs_event([a_message(events)]), LambdaContext()) == {"batchItemFailures": []}


def a_feedback(**but: Any) -> dict[str, Any]:
    return an_event(**{"eventType": "feedback", "eventId": "f", "value": 5, "properties": {"text": "Quick"}, **but})


def test_a_text_is_kept_with_its_rating_its_page_and_its_visit(pipeline: Mongo) -> None:
    run(a_feedback(userId="C-7", sessionId="s", url="https://shop.example/confirmation?o=1"))
    kept = pipeline["feedback"].find_one({"_id": "demo:f"})
    assert kept is not None
    assert (kept["text"], kept["rating"], kept["sentiment"]) == ("Quick", 5, None)
    assert (kept["path"], kept["page_type"]) == ("/confirmation", "confirmation")
    assert (kept["visitor_id"], kept["user_id"], kept["person_id"]) == ("visitor", "C-7", "C-7")
    assert (kept["session_id"], kept["timestamp"]) == ("s", NOON)


def test_a_review_of_a_product_is_feedback_too(pipeline: Mongo) -> None:
    review = {"product_id": "KIT-013", "review_body": "Pours well", "rating": "4"}
    run(an_event(eventType="track", event="Product Reviewed", properties=review))
    kept = pipeline["feedback"].find_one({}) or {}
    assert (kept["text"], kept["rating"]) == ("Pours well", 4)


def test_what_comes_twice_is_kept_once_and_what_a_model_read_stays(pipeline: Mongo) -> None:
    run(a_feedback())
    sentiment = {"label": "positive", "score": 0.9, "categories": ["delivery"], "version": 1}
    pipeline["feedback"].update_one({"_id": "demo:f"}, {"$set": {"sentiment": sentiment}})
    run(a_feedback())
    run(a_feedback(), an_event())
    assert [kept["sentiment"] for kept in pipeline["feedback"].find()] == [sentiment]


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
