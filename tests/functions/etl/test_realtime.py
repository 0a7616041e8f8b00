"""etl/realtime on a real Redis, and while Redis is away."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, cast

import pytest
from footfall.aws.invocations import SqsRecord
from footfall.clock import now
from footfall.schemas.message import LiveEvent, SessionsMessage, SessionSummary
from footfall.settings import read_environment
from footfall.stores import redis as cache
from redis import Redis

from functions.etl.realtime import steps
from functions.etl.realtime.handler import handler
from tests.support.builders import LambdaContext
from tests.support.caches import forget_redis

pytestmark = pytest.mark.redis_modes


@pytest.fixture
def redis(stores: None) -> Iterator[Redis]:
    """An empty Redis."""
    forget_redis()
    client = cache.client()
    client.flushdb()
    yield client
    forget_redis()


def a_session(session_id: str = "s1", ago: float = 0, **but: Any) -> SessionSummary:
    """A session whose last event was so many seconds ago."""
    ended_at = now() - timedelta(seconds=ago)
    told = {
        "session_id": session_id,
        "visitor_id": "ann",
        "person_id": "ann",
        "device": "Mobile",
        "started_at": ended_at - timedelta(minutes=1),
        "ended_at": ended_at,
        "last_page": "home",
        "last_event": "pageview",
        "events": 1,
        "converted": False,
        "conversion_value": 0,
    }
    return SessionSummary(**{**told, **but})


def records(*parts: list[SessionSummary], site_id: str = "demo") -> list[SqsRecord]:
    messages = [SessionsMessage(site_id=site_id, person_ids=[], sessions=sessions) for sessions in parts]
    return [
        SqsRecord(messageId=f"m{at}-{site_id}", body=one.model_dump_json(), attributes={})
        for at, one in enumerate(messages)
    ]


def show(*arrived: SqsRecord) -> list[str]:
    """Handle messages; returns the ids of those that must come back."""
    answer = handler({"Records": list(arrived)}, LambdaContext())
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def kept(redis: Redis, key: str) -> dict[str, Any]:
    return cast(dict[str, Any], json.loads(cast(str, redis.get(key))))


def test_a_live_session_is_kept_for_as_long_as_it_is_live(redis: Redis) -> None:
    assert show(*records([a_session(ago=100)])) == []
    assert kept(redis, "session:{demo}:s1")["last_page"] == "home"
    assert 1_690 <= redis.ttl("session:{demo}:s1") <= 1_701
    assert kept(redis, "user:active:{demo}:ann")["session_id"] == "s1"
    assert 190 <= redis.ttl("user:active:{demo}:ann") <= 201


def test_somebody_who_did_nothing_for_five_minutes_is_not_active(redis: Redis) -> None:
    show(*records([a_session(ago=301)]))
    assert redis.exists("session:{demo}:s1")
    assert not redis.exists("user:active:{demo}:ann")


def test_a_session_that_ended_half_an_hour_ago_is_not_live(redis: Redis) -> None:
    show(*records([a_session(ago=1_801)]))
    assert not redis.exists("session:{demo}:s1")


def test_the_figures_of_the_last_minute_count_each_active_person_once(redis: Redis) -> None:
    show(
        *records(
            [a_session("s1"), a_session("s2", ago=10, person_id="bob", device="Desktop", converted=True)],
            [a_session("s3", ago=20, last_page="search"), a_session("s4", ago=70, person_id="cid")],
        )
    )
    figures = kept(redis, "metrics:realtime:{demo}")
    assert {name: value for name, value in figures.items() if name != "at"} == {
        "active_users": 2,
        "by_device": {"Mobile": 1, "Desktop": 1},
        "by_page": {"home": 2},
        "converted": 1,
    }
    assert 25 <= redis.ttl("metrics:realtime:{demo}") <= 30
    assert set(cast(list[str], redis.zrange("realtime:users:{demo}", 0, -1))) == {"ann", "bob"}
    assert 55 <= redis.ttl("realtime:users:{demo}") <= 60


def test_messages_twice_and_in_any_order_leave_the_latest_news(redis: Redis) -> None:
    older, newer = a_session(ago=60, last_page="home"), a_session(ago=5, last_page="payment", events=2)
    for messages in ([older, newer], [newer, older], [newer, newer, older]):
        redis.flushdb()
        for session in messages:
            show(*records([session]))
        assert kept(redis, "session:{demo}:s1")["last_page"] == "payment"
        assert kept(redis, "user:active:{demo}:ann")["last_page"] == "payment"
    redis.flushdb()
    show(*records([newer], [older]))
    assert kept(redis, "session:{demo}:s1")["last_page"] == "payment"


def test_what_came_of_a_session_afterwards_is_news_too(redis: Redis) -> None:
    before, after = (a_session(converted=converted, conversion_value=500 * converted) for converted in (False, True))
    for sessions in ([before, after], [after, before]):
        redis.flushdb()
        for session in sessions:
            show(*records([session.model_copy(update={"ended_at": before.ended_at})]))
        assert kept(redis, "session:{demo}:s1")["converted"]


def test_of_sessions_and_events_that_are_listed_the_newest_stay_and_only_for_half_an_hour(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steps, "MOST_LIVE_SESSIONS", 3)
    show(*records([a_session(f"s{ago}", ago=ago) for ago in (1_900, 4, 3, 2, 1)]))
    for _ in range(2):
        show(told_of([an_event(ago) for ago in (*range(1, 30), 1_900)]))
    assert redis.zrange("realtime:sessions:{demo}", 0, -1) == ["s3", "s2", "s1"]
    assert [json.loads(text)["key"] for text in cast(list[str], redis.zrange("realtime:events:{demo}", 0, -1))] == [
        str(ago) for ago in range(20, 0, -1)
    ]
    for key in ("realtime:sessions:{demo}", "realtime:events:{demo}"):
        assert 1_790 <= redis.ttl(key) <= 1_800


def an_event(ago: float) -> LiveEvent:
    moment = now().replace(microsecond=0) - timedelta(seconds=ago)
    return LiveEvent(key=str(ago), at=moment, type="click", name=None, page="/", device="Mobile", country=None)


def told_of(events: list[LiveEvent]) -> SqsRecord:
    message = SessionsMessage(site_id="demo", person_ids=[], sessions=[], events=events)
    return SqsRecord(messageId="events", body=message.model_dump_json(), attributes={})


def test_it_says_since_when_all_is_shown_and_forgets_it_after_five_minutes_without_news(redis: Redis) -> None:
    show(*records([a_session(ago=60)]))
    first = redis.get("realtime:since:{demo}")
    redis.expire("realtime:since:{demo}", 10)
    show(*records([a_session(ago=5)]))
    assert redis.get("realtime:since:{demo}") == first
    assert 290 <= redis.ttl("realtime:since:{demo}") <= 300


def test_bots_are_nowhere_and_no_older_news_brings_one_back(redis: Redis) -> None:
    person, bot = a_session(ago=5), a_session(ago=2, events=2, bot=True)
    for sessions in ([person, bot], [bot, person]):
        redis.flushdb()
        for session in sessions:
            show(*records([session]))
        assert redis.zrange("realtime:sessions:{demo}", 0, -1) == []
    assert not redis.exists("user:active:{demo}:ann")
    assert not redis.exists("realtime:users:{demo}")


def test_a_message_of_an_older_version_is_shown(redis: Redis) -> None:
    body = json.loads(records([a_session()])[0]["body"])
    del body["events"]
    for name in ("path", "source", "bot", "orders", "computed_at"):
        del body["sessions"][0][name]
    assert show(SqsRecord(messageId="old", body=json.dumps(body), attributes={})) == []
    assert redis.zrange("realtime:sessions:{demo}", 0, -1) == ["s1"]


def test_sites_are_kept_apart(redis: Redis) -> None:
    show(*records([a_session()], site_id="demo"), *records([a_session(person_id="bob")], site_id="other"))
    assert redis.zrange("realtime:users:{demo}", 0, -1) == ["ann"]
    assert redis.zrange("realtime:users:{other}", 0, -1) == ["bob"]


def test_a_message_without_sessions_changes_nothing(redis: Redis) -> None:
    assert show(*records([])) == []
    assert redis.keys("session:*") == []


def test_what_is_no_message_of_the_topic_fails_alone(redis: Redis) -> None:
    broken = SqsRecord(messageId="broken", body="not JSON", attributes={})
    assert show(broken, *records([a_session()])) == ["broken"]
    assert redis.exists("session:{demo}:s1")


def test_while_redis_is_away_fresh_news_comes_back_and_old_news_is_let_go(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    read_environment.cache_clear()
    cache.client.cache_clear()
    fresh, old, empty = records([a_session(ago=30)], [a_session(ago=400)], [])
    assert show(fresh, old, empty) == ["m0-demo"]
