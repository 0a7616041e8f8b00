"""Builders of test data: a call says only what matters to the test."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from footfall.aws.invocations import SqsEvent, SqsRecord
from footfall.aws.queues import pack
from footfall.events.normalise import normalise
from footfall.orders.fold import by_customer, fold_orders
from footfall.schemas.event import EventDocument, Json
from footfall.schemas.message import EventsMessage
from footfall.schemas.order import OrderDocument
from footfall.schemas.site import Site

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
_numbers = count(1)


def a_site(**but: Any) -> Site:
    """Returns a site; the values do not matter unless given."""
    return Site(**{"site_id": "demo", "name": "Demo shop", **but})


def at(minutes: float) -> str:
    """Returns a time so many minutes after noon, as a client writes it."""
    return (NOON + timedelta(minutes=minutes)).isoformat()


def nested(depth: int) -> Json:
    """Returns a value that is nested so deep."""
    value: Json = {}
    for _ in range(depth):
        value = {"in": value}
    return value


def an_event(**but: Any) -> Json:
    """Returns an event as a client sends it; the values do not matter unless given."""
    number = next(_numbers)
    return {
        "eventType": "pageview",
        "eventId": f"event-{number}",
        "visitorId": "visitor",
        "timestamp": NOON.isoformat(),
        **but,
    }


def a_message(events: Sequence[Json], **but: Any) -> EventsMessage:
    """Returns a message of the events queue that carries these events, as collect would have numbered them."""
    numbered = [{"sequence": index, **event} for index, event in enumerate(events)]
    return EventsMessage(**{"site_id": "demo", "source": "collect", "received_at": NOON, "events": numbered, **but})


def a_document(**but: Any) -> EventDocument:
    """Returns an event as it is stored."""
    return normalise({"sequence": 0, **an_event(**but)}, a_message([]), a_site(), NOON)


def folded(order_id: str, events: Sequence[EventDocument], zone: str = "UTC", **links: str) -> list[OrderDocument]:
    """Returns the orders of an id, for a site in that time zone; `links` say who visitors turned out to be."""
    return fold_orders(by_customer(order_id, events), ZoneInfo(zone), links)


def fold_order(order_id: str, events: Sequence[EventDocument], zone: str = "UTC") -> OrderDocument:
    """Returns the first of them, which nearly always is the only one."""
    return folded(order_id, events, zone)[0]


class FullRecord(SqsRecord):
    """A record of an SQS event with what functions do not look at too."""

    receiptHandle: str  # noqa: N815 — the names are Lambda's own
    messageAttributes: dict[str, object]  # noqa: N815
    eventSource: str  # noqa: N815


def sqs_event(messages: Sequence[EventsMessage], receives: int = 1) -> SqsEvent:
    """Returns what Lambda gives a function for messages of the events queue."""
    bodies = [(message.site_id, body) for message in messages for body in pack(message)]
    return {"Records": [_record(site_id, body, receives) for site_id, body in bodies]}


def _record(site_id: str, body: str, receives: int) -> FullRecord:
    return {
        "messageId": f"message-{next(_numbers)}",
        "receiptHandle": "handle",
        "body": body,
        "attributes": {"ApproximateReceiveCount": str(receives), "MessageGroupId": site_id},
        "messageAttributes": {},
        "eventSource": "aws:sqs",
    }


class LambdaContext:
    """What Lambda tells a function of its invocation."""

    aws_request_id = "request"
    function_name = "function"
    memory_limit_in_mb = 1024
    invoked_function_arn = "arn:aws:lambda:eu-west-1:123456789012:function:function"

    def __init__(self, remaining_milliseconds: int = 30_000) -> None:
        self._remaining = remaining_milliseconds

    def get_remaining_time_in_millis(self) -> int:
        """Returns how long until the time-out."""
        return self._remaining


class Hurried(LambdaContext):
    """A function that is asked so many times how long it has, and then has no time left."""

    def __init__(self, times: int) -> None:
        super().__init__(60_000)
        self._times = times

    def get_remaining_time_in_millis(self) -> int:
        """Returns a minute, or less than any function wants to go on."""
        self._times -= 1
        return self._remaining if self._times >= 0 else 9_000
