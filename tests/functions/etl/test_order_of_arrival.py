"""etl/events on a real MongoDB: whatever order and batches the events come in, what is derived of them is the same."""

import random
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import pairwise
from typing import Any

from footfall.schemas.event import NOT_A_VISIT, Json
from footfall.schemas.message import EventsMessage
from footfall.sessions.fold import fold_session, split_by_gap
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymongo.database import Database

from functions.etl.events.handler import handler
from tests.support.builders import NOON, LambdaContext, a_message, an_event, at, sqs_event

Mongo = Database[dict[str, Any]]
DAY = 24 * 60
MINUTES = [0, 0, 10, 29, 30, 31, 45, 60, 61, 90, 200, *(10 - days * DAY for days in (1, 2, 29, 30, 31, 60))]
CAMPAIGN = {"utmParams": {"source": "google", "medium": "cpc"}}


def run(*messages: EventsMessage) -> list[str]:
    """Handle messages; returns the ids of those that must come back."""
    answer = handler(sqs_event(messages), LambdaContext())
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


@st.composite
def histories(draw: st.DrawFn) -> list[EventsMessage]:
    """Messages as collect would send them for a few visitors whose visits overlap, merge and change hands."""
    events = draw(st.lists(clicks(), min_size=1, max_size=14))
    numbered = [{**event, "eventId": f"e{index}"} for index, event in enumerate(events)]
    cuts = sorted(draw(st.sets(st.integers(1, len(numbered)), max_size=4)))
    bounds = [0, *cuts, len(numbered)]
    return [
        a_message(numbered[start:end], received_at=NOON + timedelta(minutes=500 + start))
        for start, end in pairwise(bounds)
        if numbered[start:end]
    ]


@st.composite
def clicks(draw: st.DrawFn) -> Json:
    kind = draw(
        st.sampled_from(["pageview", "pageview", "view_cart", "click", "identify", "purchase", "purchase", "refund"])
    )
    event: Json = {
        "eventType": kind,
        "visitorId": draw(st.sampled_from(["v1", "v2", "u1"])),
        "userId": draw(st.sampled_from([None, None, "u1", "u2"])),
        "sessionId": draw(st.sampled_from([None, None, None, "s1", "s2"])),
        "timestamp": at(draw(st.sampled_from(MINUTES))),
        "attribution": draw(st.sampled_from([None, None, {"utmParams": {"source": "news"}}, CAMPAIGN])),
        "device": draw(st.sampled_from(["desktop", "mobile"])),
        "pageType": draw(st.sampled_from(["home", "search", None])),
    }
    if kind in ("purchase", "refund"):
        event["properties"] = {
            "order_id": draw(st.sampled_from(["o1", "o2", None])),
            "total": draw(st.integers(0, 9)),
            "currency": draw(st.sampled_from(["EUR", "EUR", "JPY"])),
            "version": draw(st.sampled_from([None, None, 1, 2])),
        }
    if kind == "identify":
        event["traits"] = {"city": draw(st.sampled_from(["Rome", "Oslo"]))}
    return event


def state_of(database: Mongo) -> dict[str, list[Json]]:
    """Everything that events determine; numbers, keys and what came again follow arrival, two clocks the run."""
    state = {}
    for name in ("events", "user_sessions", "orders", "feedback", "quarantine", "users"):
        ignored = {"processed_at", "computed_at", "message_key", "repeated_at", "linked_at", "first_told_at"} | (
            {"number"} if name == "users" else set()
        )
        documents = sorted(database[name].find(), key=lambda document: str(document["_id"]))
        state[name] = [{key: document[key] for key in document if key not in ignored} for document in documents]
    return state


def clear(database: Mongo) -> None:
    """Forget every event and what came of it."""
    for name in (
        "events",
        "user_sessions",
        "orders",
        "feedback",
        "quarantine",
        "users",
        "counters",
        "stale_days",
        "ledger",
    ):
        database[name].delete_many({})


def test_the_same_message_twice_changes_nothing(pipeline: Mongo) -> None:
    message = a_message([an_event(), an_event(eventType="purchase", properties={"order_id": "o", "total": 5})])
    run(message)
    before = state_of(pipeline)
    run(message)
    run(message, message)
    assert state_of(pipeline) == before


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(messages=histories(), seed=st.integers(0, 2**32))
def test_any_permutation_duplication_and_batching_gives_the_same(
    pipeline: Mongo, messages: list[EventsMessage], seed: int
) -> None:
    clear(pipeline)
    run(*messages)
    straight = state_of(pipeline)
    assert straight["user_sessions"] == sessions_by_definition(pipeline)

    clear(pipeline)
    for batch in shuffled_and_doubled(messages, random.Random(seed)):
        assert run(*batch) == []
    assert state_of(pipeline) == straight
    numbers = sorted(person["number"] for person in pipeline["users"].find())
    assert len(set(numbers)) == len(numbers)


def test_concurrent_recomputes_leave_what_one_would(pipeline: Mongo) -> None:
    source = random.Random(7)
    for round_ in range(8):
        clear(pipeline)
        minutes = source.sample(range(0, 240, 10), 12)
        messages = [
            a_message(
                [
                    an_event(
                        eventType=source.choice(["pageview", "pageview", "pageview", "purchase"]),
                        visitorId=source.choice([f"v{round_}", "u"]),
                        properties={"order_id": source.choice(["o1", "o2", None]), "total": 5},
                        timestamp=at(-source.choice([1, 1, 20]) * minute),
                        userId=source.choice([None, "u"]),
                        sessionId=source.choice([None, None, "s"]),
                        attribution=source.choice([None, None, CAMPAIGN, {"utmParams": {"source": "news"}}]),
                    )
                ]
            )
            for minute in minutes
        ]
        with ThreadPoolExecutor(6) as pool:
            assert list(pool.map(run, messages)) == [[]] * len(messages)
        assert state_of(pipeline)["user_sessions"] == sessions_by_definition(pipeline)
        concurrent = state_of(pipeline)
        clear(pipeline)
        run(*messages)
        assert state_of(pipeline) == concurrent


def shuffled_and_doubled(messages: Sequence[EventsMessage], source: random.Random) -> list[list[EventsMessage]]:
    """The same events, each at least once, one to a message or more, in any order and batches."""
    pieces: list[EventsMessage] = []
    for message in messages:
        for event in message.events:
            pieces += [message.model_copy(update={"events": [event]})] * source.choice([1, 1, 2])
        if source.random() < 0.3:
            pieces.append(message)
    source.shuffle(pieces)
    batches: list[list[EventsMessage]] = []
    while pieces:
        size = source.randint(1, 4)
        batches.append(pieces[:size])
        pieces = pieces[size:]
    return batches


def sessions_by_definition(database: Mongo) -> list[Json]:
    """Sessions from all events at once, as their definition says."""
    events: list[Any] = [event for event in database["events"].find() if event["type"] not in NOT_A_VISIT]
    groups: dict[tuple[str, str | None], list[Any]] = {}
    for event in events:
        groups.setdefault((event["visitor_id"], event.get("session_id")), []).append(event)
    sessions: list[Any] = []
    for (_, named), found in groups.items():
        gap = timedelta(days=1) if named else timedelta(minutes=30)
        chains = split_by_gap(found, gap)
        sessions += [fold_session(chain, NOON) for chain in chains if viewed(chain)]
    for session in sessions:
        session["attribution"], session["attributed_at"] = credit_by_definition(session, sessions)
    convert_by_definition(database, sessions)
    without_clock = [{key: value for key, value in session.items() if key != "computed_at"} for session in sessions]
    return sorted(without_clock, key=lambda session: str(session["_id"]))


def viewed(chain: list[Any]) -> bool:
    """Whether a page, a product, a list or the cart was viewed."""
    return any(event["type"].endswith("view") or event["type"].endswith("_viewed") for event in chain)


def convert_by_definition(database: Mongo, sessions: list[Json]) -> None:
    """Give each purchase to the session that it was first told in, else to the buyer's last one before it."""
    for order in sorted(database["orders"].find(), key=lambda found: (str(found["placed_at"]), found["order_id"])):
        if order["placed_at"] and order["total"] > 0 and (session := session_of(database, order, sessions)):
            session.setdefault("orders", []).append(
                {
                    "order_id": order["order_id"],
                    "told_id": order["order_id"].split("@")[0],
                    "placed_at": order["placed_at"],
                    "total": order["total"],
                    "currency": order["currency"],
                }
            )
    for session in sessions:
        orders = session.get("orders", [])
        session["currency"] = orders[0]["currency"] if orders else None
        session["conversion_value"] = sum(one["total"] for one in orders if one["currency"] == session["currency"])
        session["converted"] = bool(orders)
        session["bounce"] = session["page_views"] == 1 and not session["interactions"] and not orders


def session_of(database: Mongo, order: Json, sessions: list[Json]) -> Json | None:
    """The session that a purchase came of."""
    told: list[Any] = sorted(
        database["events"].find({"type": "order_completed"}),
        key=lambda event: (event["timestamp"], event["received_at"], event["sequence"], event["event_id"]),
    )
    for event in told:
        named = event["commerce"].get("order_id", f"event:{event['event_id']}")
        if another := database["orders"].find_one({"order_id": f"{named}@{event.get('user_id')}"}):
            named = another["order_id"]
        for session in sessions:
            if (
                named == order["order_id"]
                and (session["visitor_id"], session["client_session_id"])
                == (event["visitor_id"], event.get("session_id"))
                and session["started_at"] <= event["timestamp"] <= session["ended_at"]
            ):
                return session
    links = {who["person_id"]: who["link"]["person_id"] for who in database["users"].find() if "link" in who}
    buyer = order["user_id"] or links.get(order["person_id"], order["person_id"])
    before = [
        session
        for session in sessions
        if (session["user_id"] or links.get(session["visitor_id"], session["visitor_id"])) == buyer
        and timedelta(0) <= order["placed_at"] - session["started_at"] <= timedelta(days=30)
    ]
    return max(before, key=lambda session: (session["started_at"], session["session_id"]), default=None)


def credit_by_definition(session: Json, sessions: list[Json]) -> tuple[Json, Any]:
    """What a session is attributed to: the last of its visitor's, of the last 30 days, that something brought."""
    brought = [
        (other["started_at"], other["session_id"], other["own_attribution"])
        for other in [session, *sessions]
        if other["visitor_id"] == session["visitor_id"]
        and (other["started_at"], other["session_id"]) <= (session["started_at"], session["session_id"])
        and session["started_at"] - other["started_at"] <= timedelta(days=30)
        and other["own_attribution"]["channel"] != "direct"
    ]
    if not brought:
        return session["own_attribution"], session["started_at"]
    at_, _, attribution = max(brought, key=lambda other: other[:2])
    return attribution, at_
