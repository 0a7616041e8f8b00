"""What an operator does when something is wrong, on the whole running stack."""

from typing import Any

import httpx
import pytest
from footfall.aws.queues import pack

from infra.local.aws import client
from tests.flow.conftest import Shop
from tests.support.builders import a_message, an_event, nested

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("stack")]


def receipt(shop: Shop, event_id: str) -> dict[str, Any]:
    """Returns what became of an event."""
    return dict(shop.get(f"/collect/receipts/{event_id}"))


def segment(shop: Shop, **event: Any) -> None:
    """Send a call as a Segment SDK does, which sends no bad event again: it is kept, and said to be bad."""
    batch = {"batch": [{"type": "track", "anonymousId": "v", **event}]}
    answer = httpx.post(f"{shop.stack.url}/v1/batch", json=batch, auth=(shop.write_key, ""), timeout=30)
    assert answer.status_code == 422


def test_an_event_can_be_followed_to_the_store_and_to_quarantine(shop: Shop) -> None:
    assert receipt(shop, "e")["status"] in ("unknown", "queued")
    shop.collect(an_event(eventId="e"))
    segment(shop, event="x", messageId="bad", properties=nested(25))
    assert shop.stack.drain()
    assert receipt(shop, "e")["status"] == "stored"
    assert (receipt(shop, "bad")["status"], receipt(shop, "bad")["reason"]) == ("quarantined", "too_deep")
    shop.collect(an_event(eventId="again"))
    shop.collect(an_event(eventId="again"))
    assert shop.stack.drain()
    assert receipt(shop, "again")["status"] == "duplicate"


def test_a_replay_goes_all_the_way_and_counts_what_it_cannot_do(shop: Shop) -> None:
    segment(shop, event="x", messageId="bad", properties=nested(25))
    assert shop.stack.drain()
    before = shop.get("/etl/status")["ledger"]

    answer = shop.post("/etl/replay?reason=too_deep")
    assert (answer.status_code, answer.json()["selected"]) == (202, 1)
    assert shop.stack.drain()

    (item,) = shop.get("/etl/quarantine")["items"]
    assert (item["state"], item["attempts"], item["reason"]) == ("waiting", 1, "too_deep")
    assert shop.get("/etl/status")["ledger"] == before


def test_dead_letters_are_processed_after_all(shop: Shop) -> None:
    message = a_message([an_event(eventId="late")], site_id=shop.site_id)
    sqs = client("sqs", shop.stack.aws.endpoint)
    grave = next(url for url in sqs.list_queues()["QueueUrls"] if "EventsDeadLetterQueue" in url)
    sqs.send_message(QueueUrl=grave, MessageBody=pack(message)[0], MessageGroupId=shop.site_id)
    assert receipt(shop, "late")["status"] == "queued"

    answer = shop.operate("/etl/redrive?queue=events")
    assert (answer.status_code, answer.json()) == (200, {"queue": "events", "moved": 1, "left": 0})
    assert shop.stack.drain()
    assert receipt(shop, "late")["status"] == "stored"


def test_everything_can_be_derived_anew_and_cleaned_up(shop: Shop) -> None:
    shop.collect(an_event(eventId="old", timestamp="2026-01-05T12:00:00Z"))
    shop.collect(an_event(eventId="new", timestamp=None))
    shop.settle()
    assert shop.post("/etl/process/pageview").json()["events"] == 2
    shop.settle()
    assert shop.operate("/etl/run-sync").json()["failed"] == 0
    assert len(shop.get("/etl/recent-sessions")["sessions"]) == 2

    planned = shop.post("/etl/cleanup?retention_days=30").json()["removed"]
    done = shop.post("/etl/cleanup?retention_days=30&confirm=true").json()["removed"]
    assert planned == done
    assert done.pop("lake_periods") > 0
    rest = {"feedback": 0, "archived_days": 0, "quarantine": 0}
    assert done == {"events": 1, "user_sessions": 1, "daily_sessions": 1, **rest}
    assert (receipt(shop, "old")["status"], receipt(shop, "new")["status"]) == ("unknown", "stored")
