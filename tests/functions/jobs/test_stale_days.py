"""Whatever is told, in whatever order, with a rollup after any of it: every day's figures are what its events say.

After each rollup all days are computed from nothing beside what is stored: a day that differs had no mark. In the end a
database that was fed in the order of time must say the same. Processes end at any write, and their messages come back.
`EXAMPLES=500` tries more shops' lives than a few seconds allow.
"""

import os
import random
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count, pairwise
from typing import Any

import pytest
from footfall import sites
from footfall.schemas.event import Json
from footfall.schemas.message import API_KEY_SOURCE, COLLECT_SOURCE, EventsMessage, SessionsMessage
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymongo.database import Database

from functions.etl.events import steps
from functions.etl.events.handler import handler
from tests.support.builders import LambdaContext, a_message, an_event, sqs_event
from tests.support.figures import computed, stored
from tests.support.interrupting import Died, die, interrupted
from tests.support.visits import a_shop, know, roll_up

Mongo = Database[dict[str, Any]]
EXAMPLES = int(os.environ.get("EXAMPLES", "12"))
DAY = 24 * 60
MIDNIGHTS = {
    "Europe/Rome": datetime(2026, 3, 28, 23, tzinfo=UTC),  # of the day whose clocks go forward
    "America/New_York": datetime(2026, 11, 1, 4, tzinfo=UTC),  # back
    "Asia/Kolkata": datetime(2026, 3, 28, 18, 30, tzinfo=UTC),
}
AROUND_MIDNIGHT = [-20, -5, 0, 5]
FAR = [-31 * DAY, -DAY, 20, 50, 23 * 60 - 10, DAY - 5, DAY + 10, 2 * DAY, 9 * DAY]
MIXTURES = [
    ("identify",),
    ("identify", "order_completed"),
    ("order_completed", "order_refunded"),
    ("order_completed", "order_refunded", "order_cancelled", "order_updated"),
    ("identify", "click", "order_completed", "order_refunded"),
]
LINKING = {"identify", "order_completed", "order_refunded"}


@dataclass(frozen=True)
class Life:
    """What a shop is told, each in a message of its own, and in which time zone it is."""

    zone: str
    messages: list[EventsMessage]


def life_of(source: random.Random) -> Life:
    """A few visitors, known and not, around midnight: what they look at, buy and give back.

    Each life has few moments and kinds of events, so that what happens has to do with each other.
    """
    zone = source.choice(sorted(MIDNIGHTS))
    moments = source.sample(AROUND_MIDNIGHT, 2) + source.sample(FAR, source.randint(1, 2))
    kinds = ["pageview", *source.choice(MIXTURES)]
    late = MIDNIGHTS[zone] + timedelta(days=40)
    messages = [
        a_message(
            [
                {
                    **happening(
                        source, MIDNIGHTS[zone] + timedelta(minutes=source.choice(moments)), source.choice(kinds)
                    ),
                    "eventId": f"e{number}",
                }
            ],
            source=source.choice([COLLECT_SOURCE, COLLECT_SOURCE, API_KEY_SOURCE, "import:1", "import:2"]),
            received_at=late + timedelta(minutes=number),
        )
        for number in range(source.randint(3, 9))
    ]
    return Life(zone, messages)


def happening(source: random.Random, moment: datetime, kind: str) -> Json:
    event = an_event(
        eventType=kind,
        visitorId=source.choice(["v", "v", "v", "w"]),
        userId=source.choice([None, "ann", "bob"]) if kind in LINKING else None,
        sessionId=source.choice([None, None, "s"]),
        timestamp=moment.isoformat(),
        pageType=source.choice(["home", "search"]),
        device=source.choice(["desktop", "desktop", "mobile"]),
        attribution=source.choice([None, None, {"utmParams": {"source": "news"}}]),
    )
    if kind.startswith("order"):
        told = {"order_id": source.choice(["o1", "o1", "o2", None]), "total": source.randint(1, 9)}
        event["properties"] = {name: value for name, value in told.items() if value is not None}
        if source.random() < 0.5:
            event["properties"]["refund_id"] = "r"
    return event


def deliver(messages: Sequence[EventsMessage], receives: int = 1) -> None:
    """Have messages processed to the end."""
    assert handler(sqs_event(messages, receives), LambdaContext()) == {"batchItemFailures": []}


def clear(database: Mongo) -> None:
    for name in database.list_collection_names(filter={"type": "collection"}):
        if not name.startswith("system."):
            database[name].delete_many({})


@pytest.fixture
def shop(database: Mongo, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mongo]:
    """A database; what is told to the sessions topic goes nowhere."""
    monkeypatch.setenv("SESSIONS_TOPIC_ARN", "arn:aws:sns:eu-west-1:123456789012:sessions")

    def nowhere(_topic: str, _message: SessionsMessage) -> None: ...

    monkeypatch.setattr(steps, "announce", nowhere)
    yield database
    sites._known.clear()


@settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32))
def test_days_are_what_their_events_say_after_every_rollup(
    shop: Mongo, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    source = random.Random(seed)
    life = life_of(source)
    open_shop(shop, life)
    for batch in shuffled(life.messages, source):
        broke_off = source.random() < 0.3
        if broke_off:
            break_off(batch, source.randint(1, 12), monkeypatch)
            if source.random() < 0.7:
                roll_up()
        with interrupted(source.randint(1, 20), roll_up_between, monkeypatch):
            deliver(batch, receives=1 + broke_off)
        if source.random() < 0.7:
            roll_up()
            assert stored(shop) == computed(shop)
    roll_up()
    piecemeal = stored(shop)
    assert piecemeal == computed(shop)

    open_shop(shop, life)
    deliver(sorted(life.messages, key=lambda one: str(one.events[0]["timestamp"])))
    assert piecemeal == computed(shop)


MIDNIGHT = MIDNIGHTS["Europe/Rome"]


def when(minute: float) -> str:
    """A time so many minutes after midnight."""
    return (MIDNIGHT + timedelta(minutes=minute)).isoformat()


def told(*events: Json) -> list[EventsMessage]:
    """Messages of one event each."""
    return [a_message([event], received_at=MIDNIGHT + timedelta(days=40)) for event in events]


def bought(
    minute: float, kind: str = "order_completed", total: int | None = 40, products: Sequence[Json] = (), **but: Any
) -> Json:
    """An event that speaks of the order there is."""
    properties = {"order_id": "o", "total": total, "products": products}
    return an_event(eventType=kind, visitorId="buyer", timestamp=when(minute), properties=properties, **but)


CHANGES = {
    "a visit over midnight goes on": (
        [an_event(visitorId="v", timestamp=when(-5))],
        [an_event(visitorId="v", timestamp=when(5))],
    ),
    "a visit began on the day before": (
        [an_event(visitorId="v", timestamp=when(5))],
        [an_event(visitorId="v", timestamp=when(-5))],
    ),
    "two visits were one": (
        [an_event(visitorId="v", timestamp=when(-20)), an_event(visitorId="v", timestamp=when(20))],
        [an_event(visitorId="v", timestamp=when(-1))],
    ),
    "what brought somebody days ago is told late": (
        [an_event(visitorId="v", timestamp=when(5 * DAY))],
        [an_event(visitorId="v", timestamp=when(0), attribution={"utmParams": {"source": "news"}})],
    ),
    "a visit over midnight was somebody's": (
        [an_event(visitorId="v", timestamp=when(-5)), an_event(visitorId="v", timestamp=when(5))],
        [an_event(visitorId="v", timestamp=when(2 * DAY), userId="ann", eventType="identify")],
    ),
    "an order was somebody's": (
        [bought(-5), bought(DAY, kind="order_refunded")],
        [an_event(visitorId="buyer", timestamp=when(5), userId="ann", eventType="identify")],
    ),
    "an order was placed earlier": ([bought(2 * DAY)], [bought(-5)]),
    "a refund was given earlier": (
        [bought(-5), bought(3 * DAY, kind="order_refunded", total=25)],
        [bought(DAY, kind="order_refunded", total=15)],
    ),
    "what was given back is understood once the order is told": (
        [bought(3 * DAY, kind="order_refunded", total=None, products=[{"product_id": "x", "quantity": 1}])],
        [bought(-5, products=[{"product_id": "x", "price": 40, "quantity": 1}])],
    ),
    "a cancellation was told earlier": (
        [bought(-5), bought(3 * DAY, kind="order_cancelled")],
        [bought(DAY, kind="order_cancelled")],
    ),
    "an order was another customer's after all": (
        [bought(-5, userId="ann"), bought(DAY, userId="bob")],
        [bought(2 * DAY, userId="ann", total=1)],
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_of_a_day_that_is_over_is_in_its_figures_though_the_process_ends_at_any_write(
    shop: Mongo, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    before, after = (told(*events) for events in CHANGES[change])
    for write in count(1):
        open_shop(shop, Life("Europe/Rome", []))
        deliver(before)
        roll_up()
        died = break_off(after, write, monkeypatch)
        roll_up()
        deliver(after, receives=2)
        roll_up()
        assert stored(shop) == computed(shop)
        if not died:
            break


def open_shop(database: Mongo, life: Life) -> None:
    clear(database)
    know(database, a_shop("home", "search", time_zone=life.zone))


def break_off(batch: Sequence[EventsMessage], write: int, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Have messages processed as far as some write; returns whether there are so many."""
    with interrupted(write, die, monkeypatch) as happened, suppress(Died):
        deliver(batch)
    return happened()


def roll_up_between(in_transaction: bool) -> None:
    """Have a rollup run now; one that meets an open transaction would wait for its end."""
    if not in_transaction:
        roll_up()


def shuffled(messages: Sequence[EventsMessage], source: random.Random) -> Iterator[Sequence[EventsMessage]]:
    """Returns messages in any order and batches, each at least once."""
    pieces = [message for message in messages for _ in range(source.choice([1, 1, 1, 2]))]
    source.shuffle(pieces)
    cuts = sorted(source.sample(range(1, len(pieces)), source.randint(0, min(5, len(pieces) - 1))))
    return (pieces[start:end] for start, end in pairwise([0, *cuts, len(pieces)]))
