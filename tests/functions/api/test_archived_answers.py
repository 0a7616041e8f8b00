"""Every question about days that were archived has the answer that it has where nothing was, whatever came late."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from footfall import sites
from footfall.schemas.event import Json

from functions.etl.events import steps
from functions.jobs.retention import archive as archiving
from functions.jobs.retention.handler import handler as retention
from tests.functions.api.test_remembered import BOTH, QUESTIONS, a_visit, answered, at, tell
from tests.functions.jobs.test_stale_days import clear
from tests.support.builders import LambdaContext
from tests.support.caches import forget_answers, forget_what_is_cached
from tests.support.visits import Mongo, a_shop, know, roll_up

MINUTE = 1 / 1440
PEOPLE = ("v", "w", "x")
OF_THE_MOMENT = {"complete_to", "answered_at", "computed_at"}


@pytest.fixture
def shop(database: Mongo, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mongo]:
    """A shop whose days are archived at once."""
    monkeypatch.setenv("SESSIONS_TOPIC_ARN", "arn:aws:sns:eu-west-1:123456789012:sessions")
    monkeypatch.setattr(steps, "announce", lambda *_: None)
    monkeypatch.setattr(archiving, "RESTS", timedelta(0))
    yield database
    sites._known.clear()


def visits() -> list[Json]:
    days = (-50, -49.7, -20, -3, -2.98, -1, 0)
    found = [event for day in days for who in PEOPLE for event in a_visit(day, who)]
    return [*found, at(-30, visitorId="alone", eventType="click"), *a_visit(-20.1, "alone")]


def late() -> list[Json]:
    """What joins two visits, goes on with one, was bought in one, and says who visitors are."""
    link = {"eventType": "identify", "userId": "ann", "traits": {"sex": "f"}}
    return [
        at(-2.99, visitorId="v", pageType="search", path="/search"),
        at(-1 + 20 * MINUTE, visitorId="w", pageType="payment", path="/pay"),
        at(-20 - 9 * MINUTE, visitorId="x", attribution={"utmParams": {"source": "news"}}),
        at(-50 + 9 * MINUTE, visitorId="x", eventType="order_completed", properties={"order_id": "late", "total": 9}),
        at(-1 + 9 * MINUTE, eventType="order_refunded", properties={"order_id": "v -1", "total": 2}),
        *(at(1, visitorId=who, **link) for who in ("v", "alone")),
    ]


def told(database: Mongo, hot_days: int | None, first: list[Json], then: list[Json]) -> tuple[list[Any], list[Any]]:
    """All answers before and after something comes late, where days are archived in between, or not."""
    forget_what_is_cached()
    clear(database)
    know(database, a_shop("home", "search", "payment", hot_days=hot_days))
    tell(*first)
    roll_up()
    retention({}, LambdaContext(60_000))
    assert (database["archived_days"].count_documents({}) > 0) == bool(hot_days)
    before = answers()
    tell(*then)
    roll_up()
    retention({}, LambdaContext(60_000))
    return before, answers()


def answers() -> list[Any]:
    forget_answers()
    return [_told(answered(asked, BOTH)) for asked in QUESTIONS]


def _told(answer: Any) -> Any:
    if isinstance(answer, dict):
        return {name: _told(value) for name, value in answer.items() if name not in OF_THE_MOMENT}
    return [_told(each) for each in answer] if isinstance(answer, list) else answer


def test_every_answer_is_the_same_whether_its_days_were_archived_or_not(shop: Mongo) -> None:
    first, then = visits(), late()
    archived, kept = told(shop, 35, first, then), told(shop, None, first, then)
    for asked, *found in zip(QUESTIONS, *archived, *kept, strict=True):
        assert found[:2] == found[2:], asked[1:]
    assert archived[0] != archived[1]
