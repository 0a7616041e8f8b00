"""Messages of the events queue that no producer of ours sends: each is quarantined whole, and says why."""

import json
from typing import Any

import pytest
from pymongo.database import Database

from functions.etl.events.handler import handler
from tests.support.builders import LambdaContext, a_message, an_event, sqs_event

Mongo = Database[dict[str, Any]]


def reasons(database: Mongo) -> list[str]:
    """Why what is in quarantine is there."""
    return [found["reason"] for found in database["quarantine"].find()]


@pytest.mark.parametrize("site_id", ["\ud800", "$set", "Not A Site", "x" * 41])
def test_a_message_of_what_can_be_no_site_is_quarantined(pipeline: Mongo, site_id: str) -> None:
    event = sqs_event([a_message([an_event()])])
    event["Records"][0] |= {"attributes": {}, "body": json.dumps({"site_id": site_id})}
    assert handler(event, LambdaContext()) == {"batchItemFailures": []}
    assert reasons(pipeline) == ["unknown_site"]


@pytest.mark.parametrize("field", ["source", "ip", "user_agent"])
def test_a_message_with_half_a_character_is_quarantined_whole(pipeline: Mongo, field: str) -> None:
    event = sqs_event([a_message([an_event()])])
    event["Records"][0]["body"] = json.dumps({**json.loads(event["Records"][0]["body"]), field: "\ud800"})
    assert handler(event, LambdaContext()) == {"batchItemFailures": []}
    assert reasons(pipeline) == ["unreadable_message"]
