"""What shops tell of orders, through etl/events, and the figures that come of it."""

from datetime import timedelta
from typing import Any

from footfall.questions import dashboard
from footfall.questions.dashboard_answer import Dashboard, DashboardQuestion
from footfall.schemas.event import Json

from functions.etl.events.handler import handler
from tests.support.builders import NOON, LambdaContext, a_message, an_event, at, sqs_event

DAY = 24 * 60


def tell(*events: Json, receives: int = 1, **but: Any) -> None:
    """Have events processed, each in a message of its own, as they come at the end of the month."""
    late = NOON + timedelta(days=30)
    messages = [a_message([event], **{"received_at": late, **but}) for event in events]
    assert handler(sqs_event(messages, receives), LambdaContext())["batchItemFailures"] == []


def said(kind: str = "order_completed", minute: float = 0, order_id: str | None = "o1", **properties: Any) -> Json:
    """An event that speaks of an order."""
    names = ("userId", "visitorId", "eventId")
    who = {name: properties.pop(name) for name in names if name in properties}
    told = {"order_id": order_id, **properties} if order_id else properties
    return an_event(eventType=kind, timestamp=at(minute), properties=told, **who)


def figures(first: int, last: int) -> Dashboard:
    """What the dashboard shows of some days, counted from 1 March 2026."""
    days = [(NOON + timedelta(days=day)).date() for day in (first, last)]
    return dashboard.answer("demo", DashboardQuestion.model_validate({"from": days[0], "to": days[1]}))
