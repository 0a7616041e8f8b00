"""What is remembered of one site, on a real Redis: counted, forgotten, and never another site's."""

import socket
from collections.abc import Iterator

import pytest
from footfall.errors import Unavailable
from footfall.questions import cache_contents
from footfall.questions.cache import remember
from footfall.questions.cache_contents import answer, forget, forget_person, hit_rate
from footfall.settings import read_environment
from footfall.stores import redis as cache
from footfall.stores.keys import DASHBOARD, FUNNEL, active_user_key, answer_key, similar_users_key
from footfall.stores.redis import ask
from pydantic import BaseModel

from tests.support.caches import forget_redis

pytestmark = pytest.mark.redis_modes


class Answer(BaseModel):
    number: int = 1


@pytest.fixture(autouse=True)
def fresh(stores: None) -> Iterator[None]:
    forget_redis()
    ask(lambda redis: redis.flushdb())
    yield
    forget_redis()


def ask_everything(site_id: str) -> None:
    """One answer of each kind."""
    keys = [
        answer_key(DASHBOARD, site_id, "question"),
        answer_key(FUNNEL, site_id, "question"),
        similar_users_key(site_id, "ann", "question"),
        similar_users_key(site_id, "bob", "question"),
    ]
    for key in keys:
        remember(key, "v", Answer, Answer)


def keys_left() -> set[str]:
    return set(ask(lambda redis: [str(key) for key in redis.keys("*") if not str(key).startswith("cache:counts:")]))


def test_hits_misses_and_sizes_are_told_by_kind() -> None:
    for _ in range(4):
        ask_everything("shop")
    found = answer("shop")
    assert (found.hits, found.misses, found.hit_rate, found.entries) == (12, 4, 75.0, 4)
    assert {kind.kind: (kind.entries, kind.hits, kind.misses) for kind in found.kinds} == {
        "dashboard": (1, 3, 1),
        "analytics": (0, 0, 0),
        "funnel": (1, 3, 1),
        "sentiment": (0, 0, 0),
        "web_vitals": (0, 0, 0),
        "similar_users": (2, 6, 2),
        "trending": (0, 0, 0),
    }
    assert found.bytes == sum(len(str(ask(lambda redis, key=key: redis.get(key)))) for key in keys_left())  # type: ignore[misc]
    assert hit_rate("shop") == 75.0


def test_a_question_that_could_not_be_answered_was_no_hit() -> None:
    def compute() -> Answer:
        raise Unavailable("the database does not answer")

    with pytest.raises(Unavailable, match="database"):
        remember(answer_key(DASHBOARD, "shop", "question"), "v", Answer, compute)
    assert (answer("shop").hits, answer("shop").misses) == (0, 1)


def test_a_site_forgets_its_own_answers_and_no_other_sites() -> None:
    for site_id in ("shop", "shop-2", "my-shop"):
        ask_everything(site_id)
    ask(lambda redis: redis.set("session:{other}:a:shop:b", "live"))
    ask(lambda redis: redis.set(active_user_key("shop", "ann").text, "live"))
    before = keys_left()
    assert forget("shop") == 4
    gone = before - keys_left()
    assert len(gone) == 4
    assert all(key.split(":")[2] == "{shop}" for key in gone)
    assert forget("shop") == 0
    assert answer("my-shop").entries == 4


def test_one_kind_can_be_forgotten_alone() -> None:
    ask_everything("shop")
    assert forget("shop", ["funnel", "trending"]) == 1
    assert answer("shop").entries == 3


def test_what_is_remembered_of_somebody_goes_with_that_they_are_active() -> None:
    ask_everything("shop")
    ask_everything("other")
    for person_id in ("ann", "visitor*", "bob"):
        ask(lambda redis, person_id=person_id: redis.set(active_user_key("shop", person_id).text, "live"))  # type: ignore[misc]
    assert forget_person("shop", ["ann", "visitor*"]) == 3
    assert answer("shop").entries == 3
    assert active_user_key("shop", "bob").text in keys_left()
    assert answer("other").entries == 4


def test_thousands_of_keys_are_forgotten_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    ask(lambda redis: redis.mset({f"metrics:funnel:{{shop}}:{number}": "x" for number in range(2_500)}))
    assert answer("shop").entries == 2_500
    assert forget("shop") == 2_500
    monkeypatch.setattr(cache_contents, "SECONDS", -1)
    ask_everything("shop")
    with pytest.raises(Unavailable, match="too much"):
        forget("shop")


def test_without_redis_it_is_said_that_redis_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        monkeypatch.setenv("REDIS_URL", f"redis://127.0.0.1:{probe.getsockname()[1]}/0")
    read_environment.cache_clear()
    cache.client.cache_clear()
    for work in (lambda: answer("shop"), lambda: forget("shop"), lambda: forget_person("shop", ["ann"])):
        with pytest.raises(Unavailable, match="the cache does not answer"):
            work()
