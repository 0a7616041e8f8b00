"""The cache on a real Redis, and without one: answers come either way."""

import socket
from collections.abc import Iterator
from contextlib import suppress
from datetime import date, timedelta
from itertools import count
from threading import Thread
from zoneinfo import ZoneInfo

import pytest
from footfall.clock import now
from footfall.days import DayRange
from footfall.errors import Unavailable
from footfall.questions.cache import cached, remember
from footfall.settings import read_environment
from footfall.stores import redis as cache
from footfall.stores.keys import Key, dashboard_key, funnel_key
from footfall.stores.redis import Breaker, ask
from pydantic import BaseModel

from tests.support.caches import forget_redis

KEY = Key("metrics:test:demo", 100)
APRIL = DayRange(date(2015, 4, 1), date(2015, 4, 30), ZoneInfo("UTC"))


class Answer(BaseModel):
    number: int


@pytest.fixture(autouse=True)
def fresh(stores: None) -> Iterator[None]:
    """A client, breaker and Redis database that no other test has touched."""
    forget_redis()
    ask(lambda redis: redis.flushdb())
    yield
    forget_redis()


def point_at(monkeypatch: pytest.MonkeyPatch, port: int) -> None:
    monkeypatch.setenv("REDIS_URL", f"redis://127.0.0.1:{port}/0")
    read_environment.cache_clear()
    forget_redis()


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Redis is not there."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        point_at(monkeypatch, probe.getsockname()[1])


@pytest.fixture
def silent(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[socket.socket]]:
    """Redis takes connections, which are listed, and says nothing, as a stopped process does."""
    connections: list[socket.socket] = []

    def take() -> None:
        with suppress(OSError):
            while True:
                connections.append(server.accept()[0])

    with socket.create_server(("127.0.0.1", 0)) as server:
        Thread(target=take, daemon=True).start()
        point_at(monkeypatch, server.getsockname()[1])
        yield connections
        server.shutdown(socket.SHUT_RDWR)
    for connection in connections:
        connection.close()


def test_an_answer_is_computed_once_and_kept_for_about_as_long_as_its_key_says() -> None:
    numbers = count(1)
    answers = [remember(KEY, Answer, lambda: Answer(number=next(numbers))) for _ in range(3)]
    assert answers == [Answer(number=1)] * 3
    assert 89 <= int(str(ask(lambda redis: redis.ttl(KEY.text)))) <= 110


def test_an_answer_from_before_its_model_was_changed_is_computed_anew() -> None:
    ask(lambda redis: redis.set(KEY.text, '{"count": 7}'))
    assert remember(KEY, Answer, lambda: Answer(number=1)) == Answer(number=1)
    assert ask(lambda redis: redis.get(KEY.text)) == '{"number":1}'


def test_a_computation_is_remembered_by_the_key_of_its_arguments_and_without_one_not_at_all() -> None:
    computed = count(1)

    @cached(Answer, lambda name, *, fresh=False: None if fresh else Key(f"metrics:test:demo:{name}", 100))
    def answer(name: str, *, fresh: bool = False) -> Answer:
        return Answer(number=next(computed))

    assert [answer("one").number, answer("one").number, answer("two").number] == [1, 1, 2]
    before = ask(lambda redis: redis.dbsize())
    assert [answer("three", fresh=True).number, answer("three", fresh=True).number] == [3, 4]
    assert ask(lambda redis: redis.dbsize()) == before


def test_lifetimes_differ_so_that_not_all_answers_end_at_once() -> None:
    lifetimes = set()
    for number in range(20):
        key = Key(f"metrics:test:demo:{number}", 86_400)
        remember(key, Answer, lambda: Answer(number=0))
        lifetimes.add(int(str(ask(lambda redis, key=key: redis.ttl(key.text)))))  # type: ignore[misc]
    assert len(lifetimes) > 10


def test_without_redis_answers_are_computed_and_it_is_soon_left_alone(nobody: None) -> None:
    numbers = count(1)
    answers = [remember(KEY, Answer, lambda: Answer(number=next(numbers))).number for _ in range(50)]
    assert answers == list(range(1, 51))
    assert cache.breaker.failures == 5


def test_a_redis_that_says_nothing_is_asked_five_times_and_then_left_alone(silent: list[socket.socket]) -> None:
    for _ in range(8):
        assert remember(KEY, Answer, lambda: Answer(number=7)) == Answer(number=7)
    assert (len(silent), cache.breaker.failures) == (5, 5)
    timeouts = cache.client().connection_pool.connection_kwargs
    assert (timeouts["socket_timeout"], timeouts["socket_connect_timeout"]) == (0.05, 0.05)


def test_what_compute_raises_is_raised() -> None:
    def compute() -> Answer:
        raise Unavailable("the database does not answer")

    with pytest.raises(Unavailable, match="database"):
        remember(KEY, Answer, compute)


def test_an_open_breaker_lets_one_probe_through_after_a_while_and_closes_on_success() -> None:
    seconds = 0.0
    breaker = Breaker(limit=2, seconds=30, clock=lambda: seconds)
    breaker.note(success=False)
    assert breaker.allows()
    breaker.note(success=False)
    assert not breaker.allows()
    seconds = 31.0
    assert [breaker.allows() for _ in range(3)] == [True, False, False]
    breaker.note(success=True)
    assert breaker.allows()


def test_a_failed_probe_keeps_the_breaker_open() -> None:
    seconds = 0.0
    breaker = Breaker(limit=1, seconds=30, clock=lambda: seconds)
    breaker.note(success=False)
    seconds = 31.0
    assert breaker.allows()
    breaker.note(success=False)
    assert not breaker.allows()


def test_keys_name_site_range_and_version_and_differ_by_question() -> None:
    assert dashboard_key("shop", APRIL, "v1").text == "metrics:dashboard:shop:2015-04-01..2015-04-30:v1"
    first, second = (funnel_key("shop", "Mobile", APRIL, "v1", question).text for question in ("one", "two"))
    assert first.startswith("metrics:funnel:shop:Mobile:2015-04-01..2015-04-30:v1:")
    assert first != second


def test_a_range_that_goes_on_is_kept_an_hour_and_one_that_is_over_a_day() -> None:
    today = now().date()
    going_on = DayRange(today - timedelta(days=29), today, ZoneInfo("UTC"))
    assert dashboard_key("shop", going_on, "v1").seconds == 3_600
    assert dashboard_key("shop", APRIL, "v1").seconds == 86_400
