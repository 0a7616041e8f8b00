"""Values that JSON can say and a store cannot carry: each is stored as it is or quarantined for its reason, alone."""

import json
from typing import Any

import pytest
from pymongo.database import Database

from functions.etl.events.handler import handler
from tests.support.builders import LambdaContext, a_message, an_event, sqs_event

Mongo = Database[dict[str, Any]]
PLACE = '"POISON"'


def run(text: str, at: str = "properties") -> None:
    """Handle one message of two events, into the first of which a value is put as JSON says it."""
    poisoned = an_event(eventId="odd", **{at: {"x": "POISON"} if at == "properties" else "POISON"})
    event = sqs_event([a_message([poisoned, an_event(eventId="good")])])
    event["Records"][0]["body"] = event["Records"][0]["body"].replace(PLACE, text)
    assert handler(event, LambdaContext()) == {"batchItemFailures": []}


def stored(pipeline: Mongo) -> dict[str, dict[str, Any]]:
    """What is stored, by event id."""
    return {found["event_id"]: found for found in pipeline["events"].find()}


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("[" * 30 + "]" * 30, "too_deep"),
        ("[" * 5_000 + "]" * 5_000, "too_deep"),
        ("[" + "1," * 12_000 + "1]", "too_many_values"),
        (f'"{"x" * 40_000}"', "too_large"),
    ],
    ids=lambda value: value[:12],
)
def test_what_cannot_be_carried_is_quarantined_and_its_neighbour_is_stored(
    pipeline: Mongo, value: str, reason: str
) -> None:
    run(value)
    assert set(stored(pipeline)) == {"good"}
    (aside,) = pipeline["quarantine"].find()
    assert (aside["reason"], aside["event_id"], aside["stage"]) == (reason, "odd", "events")


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("NaN", {}),
        ("Infinity", {}),
        ("[-1e999]", {"x": [None]}),
        (r'"half \ud83d"', {"x": "half \ufffd"}),
        (str(2**63), {"x": str(2**63)}),
        ("9" * 4_300, {"x": "9" * 4_300}),
        (r'{"a\u0000b": 1}', {"x": {"ab": 1}}),
        ('{"": 1, "b": 2}', {"x": {"b": 2}}),
    ],
    ids=lambda value: str(value)[:12],
)
def test_a_value_that_cannot_be_carried_costs_itself_and_is_flagged(
    pipeline: Mongo, value: str, kept: dict[str, Any]
) -> None:
    run(value)
    odd = stored(pipeline)["odd"]
    assert (odd.get("properties", {}), odd["flags"]) == (kept, ["properties_mended"])
    assert pipeline["quarantine"].count_documents({}) == 0


def test_what_was_sent_in_another_century_is_too_old_for_the_public_key(pipeline: Mongo) -> None:
    run(str(2**63), "sent_at")
    assert set(stored(pipeline)) == {"good"}
    assert [(aside["reason"], aside["event_id"]) for aside in pipeline["quarantine"].find()] == [("too_old", "odd")]


@pytest.mark.parametrize("value", [r'{"\u0000": {}}', '{"": 1}', "NaN", '[{"a": "\\ud83d"}]', '"2026-03-01T12:00:00Z"'])
@pytest.mark.parametrize("at", ["sent_at", "sentAt"])
def test_a_send_time_may_be_as_odd_as_any_value(pipeline: Mongo, at: str, value: str) -> None:
    run(value, at)
    poisoned = an_event(eventId="other", sentAt="2026-03-01T12:00:00Z", sent_at="POISON")
    event = sqs_event([a_message([poisoned])])
    event["Records"][0]["body"] = event["Records"][0]["body"].replace(PLACE, value)
    assert handler(event, LambdaContext()) == {"batchItemFailures": []}
    assert set(stored(pipeline)) == {"good", "odd", "other"}


@pytest.mark.parametrize("value", [str(2**63), str(-(2**63) - 1), "-1", "0.5", '"first"'])
def test_a_place_in_the_body_that_is_none_is_the_first(pipeline: Mongo, value: str) -> None:
    run(value, "sequence")
    assert stored(pipeline)["odd"]["sequence"] == 0


def test_a_number_of_more_digits_than_are_read_has_its_message_quarantined_whole(pipeline: Mongo) -> None:
    run("9" * 4_301)
    (aside,) = pipeline["quarantine"].find()
    assert (aside["reason"], b"9" * 4_301 in aside["original"], stored(pipeline)) == ("unreadable_message", True, {})


@pytest.mark.parametrize(
    "value",
    [str(2**63 - 1), str(-(2**63)), "0.1", "1e308", r'"nul \u0000"', "null", '{"$set": {"a.b": 1, "$": 2, ".": 3}}'],
)
def test_what_is_merely_odd_is_stored_as_it_is(pipeline: Mongo, value: str) -> None:
    run(value)
    assert (set(stored(pipeline)), pipeline["quarantine"].count_documents({})) == ({"odd", "good"}, 0)
    assert stored(pipeline)["odd"]["properties"] == {"x": json.loads(value)}


@pytest.mark.parametrize(
    "value",
    [
        '"0000-01-01T00:00:00Z"',
        '"20000-01-01T00:00:00Z"',
        '"+020000-01-01T00:00:00Z"',
        "-1",
        "1e300",
    ],
)
def test_a_year_that_nobody_lives_in_falls_to_the_time_of_receipt(pipeline: Mongo, value: str) -> None:
    run(value, "timestamp")
    odd = stored(pipeline)["odd"]
    assert (odd["timestamp"], odd["flags"]) == (odd["received_at"], ["timestamp_invalid"])
