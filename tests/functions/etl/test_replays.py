"""Replays through etl/events on a real MongoDB: what was quarantined is read again by the parser of today."""

import json
from typing import Any

import pytest
from footfall.aws.invocations import SqsRecord
from footfall.errors import Unstorable
from footfall.events.normalise import normalise
from footfall.schemas.event import EventDocument, Json
from footfall.schemas.message import EventsMessage
from footfall.schemas.site import Site
from pymongo.database import Database

from functions.etl.events import steps
from functions.etl.events.handler import handler
from tests.support.builders import NOON, LambdaContext, a_message, a_site, an_event, nested, sqs_event

Mongo = Database[dict[str, Any]]


def deliver(*messages: EventsMessage) -> None:
    """Have messages with events handled, each new."""
    assert handler(sqs_event(messages), LambdaContext()) == {"batchItemFailures": []}


def ask(message: EventsMessage) -> SqsRecord:
    """A record of a message without events, and what became of it when it was handled."""
    (record,) = sqs_event([a_message([an_event()])])["Records"]
    record["body"] = message.model_dump_json()
    assert handler({"Records": [record]}, LambdaContext()) == {"batchItemFailures": []}
    return record


def a_replay(pipeline: Mongo) -> EventsMessage:
    """A message that asks for everything in quarantine."""
    names = [found["_id"].partition(":")[2] for found in pipeline["quarantine"].find()]
    return EventsMessage(site_id="demo", source="replay", received_at=NOON, replay=names)


def sums(pipeline: Mongo) -> dict[str, int]:
    """The ledger's sums that are not 0."""
    parts = ("events", "stored", "duplicate", "quarantined", "waiting")
    found = {part: sum(line[part] for line in pipeline["ledger"].find()) for part in parts}
    return {part: count for part, count in found.items() if count}


@pytest.fixture
def refused(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The titles that the parser of yesterday refuses; clear it for the one of today."""
    titles = {"odd"}

    def refuses(raw: Json, message: EventsMessage, site: Site, processed_at: Any) -> EventDocument:
        if raw.get("title") in titles:
            raise Unstorable("odd", "the title is odd")
        return normalise(raw, message, site, processed_at)

    monkeypatch.setattr(steps, "normalise", refuses)
    return titles


def test_what_the_parser_can_read_now_is_stored_as_it_came_and_marked(pipeline: Mongo, refused: set[str]) -> None:
    deliver(a_message([an_event(eventId="e", title="odd"), an_event()], user_agent="agent", source="import:1"))
    assert sums(pipeline) == {"events": 2, "stored": 1, "quarantined": 1}
    refused.clear()

    ask_again = a_replay(pipeline)
    record = ask(ask_again)

    event = pipeline["events"].find_one({"_id": "demo:e"}) or {}
    assert (event["user_agent"], event["source"], event["received_at"]) == ("agent", "import:1", NOON)
    (kept,) = pipeline["quarantine"].find()
    assert (kept["state"], kept["reason"], kept["attempts"]) == ("replayed", "odd", 0)
    assert sums(pipeline) == {"events": 2, "stored": 2}
    before = everything(pipeline)
    handler({"Records": [record]}, LambdaContext())
    ask(ask_again)
    assert everything(pipeline) == before


def everything(pipeline: Mongo) -> dict[str, list[Json]]:
    """All that a replay may touch."""
    names = ("events", "user_sessions", "users", "quarantine", "ledger")
    return {
        name: sorted(pipeline[name].find({}, {"computed_at": 0}), key=lambda found: str(found["_id"])) for name in names
    }


def test_what_still_cannot_be_read_counts_the_attempt_and_keeps_its_reason(pipeline: Mongo, refused: set[str]) -> None:
    deliver(a_message([an_event(title="odd")]))
    record = ask(a_replay(pipeline))
    handler({"Records": [record]}, LambdaContext())
    ask(a_replay(pipeline))

    (kept,) = pipeline["quarantine"].find()
    assert (kept["state"], kept["reason"], kept["attempts"]) == ("waiting", "odd", 2)
    assert sums(pipeline) == {"events": 1, "quarantined": 1}


def test_a_replay_that_was_cut_off_is_finished_by_the_next(
    pipeline: Mongo, refused: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver(a_message([an_event(title="odd")]))
    refused.clear()
    with monkeypatch.context() as patched:
        patched.setattr(steps, "STEPS", steps.STEPS[:-1])
        ask(a_replay(pipeline))
    ask(a_replay(pipeline))

    (kept,) = pipeline["quarantine"].find()
    assert kept["state"] == "replayed"
    assert sums(pipeline) == {"events": 1, "stored": 1}


def test_what_was_stored_meanwhile_is_a_duplicate(pipeline: Mongo, refused: set[str]) -> None:
    event = an_event(eventId="e", title="odd")
    deliver(a_message([event]))
    refused.clear()
    deliver(a_message([event]))
    ask(a_replay(pipeline))

    assert sums(pipeline) == {"events": 2, "stored": 1, "duplicate": 1}
    assert pipeline["events"].count_documents({}) == 1


def test_a_message_that_could_not_be_read_becomes_all_of_its_events(pipeline: Mongo) -> None:
    (record,) = sqs_event([a_message([an_event(), an_event(), an_event(properties=nested(25))], site_id="late")])[
        "Records"
    ]
    handler({"Records": [record]}, LambdaContext())
    name = (pipeline["quarantine"].find_one({"reason": "unknown_site"}) or {})["_id"].partition(":")[2]
    pipeline["sites"].insert_one({"_id": "late", **a_site(site_id="late").model_dump()})

    (asking,) = sqs_event([a_message([an_event()], site_id="late")])["Records"]
    asking["body"] = EventsMessage(site_id="late", source="replay", received_at=NOON, replay=[name]).model_dump_json()
    handler({"Records": [asking]}, LambdaContext())

    assert pipeline["events"].count_documents({"site_id": "late"}) == 2
    assert {found["reason"]: found["state"] for found in pipeline["quarantine"].find()} == {
        "unknown_site": "replayed",
        "too_deep": "waiting",
    }
    assert sums(pipeline) == {"events": 3, "stored": 2, "quarantined": 1}


def test_another_sites_quarantine_is_out_of_reach(pipeline: Mongo, refused: set[str]) -> None:
    pipeline["sites"].insert_one({"_id": "other", **a_site(site_id="other").model_dump()})
    deliver(a_message([an_event(title="odd")], site_id="other"))
    ask(a_replay(pipeline))
    assert [found["attempts"] for found in pipeline["quarantine"].find()] == [0]


def test_quarantine_knows_the_id_that_an_event_told(pipeline: Mongo) -> None:
    odd: list[Json] = [an_event(eventId="told", properties=nested(25)), an_event(eventId=7, properties=nested(25))]
    deliver(a_message([*odd, {**an_event(eventId=None), "messageId": "theirs", "properties": nested(25)}]))
    told = {json.loads(found["original"])["eventId"]: found["event_id"] for found in pipeline["quarantine"].find()}
    assert told == {"told": "told", 7: None, None: "theirs"}


def test_what_derives_from_stored_events_can_be_made_anew(pipeline: Mongo) -> None:
    order = {"order_id": "o", "total": 5}
    deliver(a_message([an_event(eventId="e"), an_event(eventId="p", eventType="purchase", properties=order)]))
    for name in ("user_sessions", "orders", "users", "stale_days"):
        pipeline[name].delete_many({})

    ask(EventsMessage(site_id="demo", source="reprocess", received_at=NOON, reprocess=["p", "nobody's"]))

    assert [found["events"] for found in pipeline["user_sessions"].find()] == [2]
    counts = {name: pipeline[name].count_documents({}) for name in ("orders", "users", "stale_days", "events")}
    assert counts == {"orders": 1, "users": 1, "stale_days": 1, "events": 2}
    assert sums(pipeline) == {"events": 2, "stored": 2}
