"""What is sent fits into the messages that carry it, and nothing is left out."""

import json
from datetime import timedelta
from itertools import chain, pairwise

import pytest
from footfall.aws import queues
from footfall.aws.queues import MAX_EVENTS_BYTES, MAX_MESSAGE_BYTES, MAX_SNS_BYTES, announce, pack
from footfall.schemas.message import SessionsMessage, SessionSummary

from tests.support.builders import NOON, a_message, an_event


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The bodies that the sessions topic takes."""
    bodies: list[str] = []
    monkeypatch.setattr(queues, "_publish", lambda _topic, body: bodies.append(body))
    return bodies


def a_session(number: int, page: str = "home") -> SessionSummary:
    return SessionSummary(
        session_id=f"session-{number}",
        visitor_id="visitor",
        person_id="person",
        device="Mobile",
        started_at=NOON,
        ended_at=NOON + timedelta(minutes=number),
        last_page=page,
        last_event="pageview",
        events=number,
        converted=False,
        conversion_value=0,
    )


def test_what_is_announced_comes_in_few_messages(published: list[str]) -> None:
    people = [f"person-{number}" for number in range(2_001)]
    announce("topic", SessionsMessage(site_id="demo", person_ids=people, sessions=[a_session(1)]))
    told = [SessionsMessage.model_validate_json(body) for body in published]
    assert [(len(one.person_ids), len(one.sessions)) for one in told] == [(1_000, 1), (1_000, 0), (1, 0)]


def test_nothing_is_announced_of_nobody(published: list[str]) -> None:
    announce("topic", SessionsMessage(site_id="demo", person_ids=[], sessions=[]))
    assert published == []


@pytest.mark.parametrize("letter", ["x", "é", "\U0001f440", '"', "\x01"])
def test_no_announcement_is_larger_than_the_topic_takes_and_none_is_lost(published: list[str], letter: str) -> None:
    people = [f"{number}{letter * 250}" for number in range(1_500)]
    sessions = [a_session(number, letter * 2_048) for number in range(300)]
    announce("topic", SessionsMessage(site_id="demo", person_ids=people, sessions=sessions))
    assert max(len(body.encode()) for body in published) <= MAX_SNS_BYTES
    told = [SessionsMessage.model_validate_json(body) for body in published]
    assert list(chain.from_iterable(one.person_ids for one in told)) == people
    assert list(chain.from_iterable(one.sessions for one in told)) == sessions


@pytest.mark.parametrize("letters", [10, 100_000, 500_000])
def test_events_are_packed_in_order_into_messages_that_the_queue_takes(letters: int) -> None:
    events = [an_event(title="é" * (letters // 6)) for _ in range(25)]
    bodies = pack(a_message(events))
    assert all(body.isascii() and len(body) <= MAX_MESSAGE_BYTES for body in bodies)
    packed = [event["eventId"] for body in bodies for event in json.loads(body)["events"]]
    assert packed == [event["eventId"] for event in events]
    sizes = [len(body) for body in bodies]
    assert all(one + other > MAX_EVENTS_BYTES for one, other in pairwise(sizes))
