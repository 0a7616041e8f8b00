"""The cache on a real Redis, and without one: answers come either way."""

import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import date, timedelta
from itertools import count
from threading import Barrier, Thread
from zoneinfo import ZoneInfo

import pytest
from footfall.clock import now
from footfall.days import DayRange
from footfall.errors import Unavailable
from footfall.questions import cache as answers_cache
from footfall.questions.cache import remember
from footfall.settings import read_environment
from footfall.stores import redis as cache
from footfall.stores.keys import FUNNEL, Key, answer_key, lifetime, turn_key
from footfall.stores.redis import Breaker, ask
from pydantic import BaseModel

from tests.support.caches import forget_redis

pytestmark = pytest.mark.redis_modes

KEY = Key("metrics:test:{demo}", 100)
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
def silent(monkeypatch: pytest.MonkeyPatch, connections: list[socket.socket], silent_port: int) -> list[socket.socket]:
    """Redis takes connections, which are listed, and says nothing, as a stopped process does."""
    point_at(monkeypatch, silent_port)
    return connections


@pytest.fixture
def connections() -> list[socket.socket]:
    """Those that nobody answers."""
    return []


@pytest.fixture
def silent_port(connections: list[socket.socket]) -> Iterator[int]:
    """Where connections are taken, and nothing is said."""

    def take() -> None:
        with suppress(OSError):
            while True:
                connections.append(server.accept()[0])

    with socket.create_server(("127.0.0.1", 0)) as server:
        Thread(target=take, daemon=True).start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
    for connection in connections:
        connection.close()


def test_an_answer_is_computed_once_and_kept_for_about_as_long_as_its_key_says() -> None:
    numbers = count(1)
    answers = [remember(KEY, "v", Answer, lambda: Answer(number=next(numbers))) for _ in range(3)]
    assert answers == [Answer(number=1)] * 3
    assert 89 <= int(str(ask(lambda redis: redis.ttl(KEY.text)))) <= 110


def test_an_answer_from_before_its_model_was_changed_is_computed_anew() -> None:
    ask(lambda redis: redis.set(KEY.text, 'v\n2026-03-01T12:00:00+00:00\n{"count": 7}'))
    assert remember(KEY, "v", Answer, lambda: Answer(number=1)) == Answer(number=1)
    assert str(ask(lambda redis: redis.get(KEY.text))).endswith('\n{"number":1}')


@pytest.mark.parametrize("kept", ["", "nothing", '{"number": 7}', "v\n\n", "v\n2026\n[]"])
def test_what_was_not_kept_like_this_is_no_answer(kept: str) -> None:
    ask(lambda redis: redis.set(KEY.text, kept))
    assert remember(KEY, "v", Answer, lambda: Answer(number=1)) == Answer(number=1)


def test_an_answer_of_another_version_is_computed_anew_and_takes_its_place() -> None:
    numbers = count(1)
    versions = ["v1", "v1", "v2", "v2", "v1"]
    answers = [remember(KEY, version, Answer, lambda: Answer(number=next(numbers))).number for version in versions]
    assert answers == [1, 1, 2, 2, 3]
    assert ask(lambda redis: redis.keys("metrics:*")) == [KEY.text]


def test_an_answer_that_is_too_large_is_computed_each_time_and_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers_cache, "LARGEST", 5)
    numbers = count(1)
    answers = [remember(KEY, "v", Answer, lambda: Answer(number=next(numbers))).number for _ in range(3)]
    assert answers == [1, 2, 3]
    assert int(str(ask(lambda redis: redis.strlen(KEY.text)))) < 50


def test_lifetimes_differ_so_that_not_all_answers_end_at_once() -> None:
    lifetimes = set()
    for number in range(20):
        key = Key(f"metrics:test:{{demo}}:{number}", 86_400)
        remember(key, "v", Answer, lambda: Answer(number=0))
        lifetimes.add(int(str(ask(lambda redis, key=key: redis.ttl(key.text)))))  # type: ignore[misc]
    assert len(lifetimes) > 10


def test_without_redis_answers_are_computed_and_it_is_soon_left_alone(nobody: None) -> None:
    numbers = count(1)
    answers = [remember(KEY, "v", Answer, lambda: Answer(number=next(numbers))).number for _ in range(50)]
    assert answers == list(range(1, 51))
    assert cache.breaker.failures == 5


def test_a_redis_that_says_nothing_is_asked_five_times_and_then_left_alone(silent: list[socket.socket]) -> None:
    for _ in range(8):
        assert remember(KEY, "v", Answer, lambda: Answer(number=7)) == Answer(number=7)
    assert (len(silent), cache.breaker.failures) == (5, 5)
    timeouts = cache.client().connection_pool.connection_kwargs
    assert (timeouts["socket_timeout"], timeouts["socket_connect_timeout"]) == (0.05, 0.05)


def test_what_compute_raises_is_raised() -> None:
    def compute() -> Answer:
        raise Unavailable("the database does not answer")

    with pytest.raises(Unavailable, match="database"):
        remember(KEY, "v", Answer, compute)


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


def test_keys_name_kind_and_site_and_differ_by_question() -> None:
    first, second = (answer_key(FUNNEL, "shop", question) for question in ("one", "two"))
    assert {(key.kind, key.site_id) for key in (first, second)} == {("metrics:funnel", "shop")}
    assert first.text != second.text


def test_a_range_that_goes_on_is_kept_an_hour_and_one_that_is_over_a_day() -> None:
    today = now().date()
    going_on = DayRange(today - timedelta(days=29), today, ZoneInfo("UTC"))
    assert (lifetime(going_on), lifetime(APRIL)) == (3_600, 86_400)


def at_once(number: int, work: Callable[[], object]) -> None:
    """Has so many threads do the same, all beginning together."""
    beginning = Barrier(number)

    def begin() -> object:
        beginning.wait()
        return work()

    with ThreadPoolExecutor(number) as pool:
        for done in [pool.submit(begin) for _ in range(number)]:
            done.result()


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Redis is waited for longer: a busy machine with fifty threads is slow, and no test of how long that is."""
    monkeypatch.setattr(cache, "TIMEOUT_SECONDS", 10)
    forget_redis()


def test_of_fifty_who_ask_at_once_one_computes_and_all_have_its_answer(patient: None) -> None:
    computed: list[int] = []

    def compute() -> Answer:
        computed.append(1)
        time.sleep(0.2)
        return Answer(number=len(computed))

    given: list[Answer] = []
    at_once(50, lambda: given.append(remember(KEY, "v", Answer, compute)))
    assert (given, len(computed)) == ([Answer(number=1)] * 50, 1)
    assert ask(lambda redis: redis.keys("cache:turn:*")) == []


def test_where_the_one_fails_the_next_computes(patient: None) -> None:
    tried: list[int] = []

    def compute() -> Answer:
        tried.append(1)
        time.sleep(0.05)
        if len(tried) < 3:
            raise Unavailable("the database does not answer")
        return Answer(number=7)

    given: list[Answer] = []

    def asked() -> None:
        with suppress(Unavailable):
            given.append(remember(KEY, "v", Answer, compute))

    at_once(10, asked)
    assert (given, len(tried)) == ([Answer(number=7)] * 8, 3)


def test_an_answer_whose_computation_ended_with_its_process_is_not_waited_for_in_vain(
    patient: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers_cache, "WAIT_SECONDS", 0.3)
    turn = turn_key(KEY, "v").text
    ask(lambda redis: redis.set(turn, "somebody", ex=60))
    began = time.monotonic()
    assert remember(KEY, "v", Answer, lambda: Answer(number=1)) == Answer(number=1)
    assert 0.3 <= time.monotonic() - began < 5
    assert ask(lambda redis: redis.get(turn)) == "somebody"
    assert remember(KEY, "v", Answer, lambda: Answer(number=2)) == Answer(number=1)


def test_a_turn_ends_by_itself_for_who_waits(patient: None) -> None:
    ask(lambda redis: redis.set(turn_key(KEY, "v").text, "somebody", px=200))
    assert remember(KEY, "v", Answer, lambda: Answer(number=1)) == Answer(number=1)
    assert turn_key(KEY, "v").seconds <= answers_cache.WAIT_SECONDS


def test_another_version_is_not_waited_for(patient: None) -> None:
    ask(lambda redis: redis.set(turn_key(KEY, "v1").text, "somebody", ex=60))
    began = time.monotonic()
    assert remember(KEY, "v2", Answer, lambda: Answer(number=1)) == Answer(number=1)
    assert time.monotonic() - began < 5


def test_a_redis_that_stops_while_an_answer_is_computed_holds_nobody_up(
    monkeypatch: pytest.MonkeyPatch, silent_port: int
) -> None:
    def compute() -> Answer:
        point_at(monkeypatch, silent_port)
        return Answer(number=1)

    began = time.monotonic()
    assert remember(KEY, "v", Answer, compute) == Answer(number=1)
    assert time.monotonic() - began < 5
