"""/api/metrics/realtime behind the pipeline: from Redis, and from MongoDB while Redis is empty, frozen or away."""

import json
import math
import socket
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from footfall.aws.invocations import SqsRecord
from footfall.clock import now
from footfall.questions import live, realtime
from footfall.schemas.event import Json
from footfall.schemas.message import API_KEY_SOURCE, SessionsMessage
from footfall.settings import read_environment
from footfall.stores import redis as cache
from pymongo.database import Database

from functions.api.metrics.handler import handler
from functions.etl.events import steps
from functions.etl.events.handler import handler as etl_events
from functions.etl.realtime import steps as realtime_steps
from functions.etl.realtime.handler import handler as etl_realtime
from tests.support.asking import ask, question
from tests.support.builders import LambdaContext, a_message, an_event, sqs_event
from tests.support.caches import forget_redis

pytestmark = pytest.mark.redis_modes

Mongo = Database[dict[str, Any]]
REALTIME = "/api/metrics/realtime"
ROBOT = {"userAgent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"}


@pytest.fixture
def live_shop(shop: Mongo, monkeypatch: pytest.MonkeyPatch) -> Mongo:
    """A shop whose live view is an hour old, reached by what is announced at once; it is always asked at one moment."""
    moment = now()
    monkeypatch.setattr(realtime, "now", lambda: moment)
    monkeypatch.setenv("SESSIONS_TOPIC_ARN", "arn:aws:sns:eu-west-1:123456789012:sessions")
    monkeypatch.setattr(steps, "announce", lambda _topic, message: show(message))
    shop["users"].delete_many({})
    cache.client().flushdb()
    keep_since(minutes_ago=60)
    return shop


def the_moment() -> datetime:
    """The moment that is asked about."""
    moment: datetime = vars(realtime)["now"]()
    return moment


def keep_since(minutes_ago: float) -> None:
    """Have the live view say since when all is in it."""
    began = the_moment() - timedelta(minutes=minutes_ago)
    cache.client().set("realtime:since:{demo}", round(began.timestamp() * 1000), ex=300)


def show(message: SessionsMessage) -> None:
    record = SqsRecord(messageId="m", body=message.model_dump_json(), attributes={})
    assert etl_realtime({"Records": [record]}, LambdaContext()) == {"batchItemFailures": []}


def seen(minutes_ago: float, visitor: str = "ann", path: str = "/", **but: Any) -> Json:
    """A page that somebody viewed before the moment that is asked about."""
    moment = the_moment() - timedelta(minutes=minutes_ago)
    return an_event(**{"visitorId": visitor, "timestamp": moment.isoformat(), "path": path, "device": "Mobile", **but})


def bought(minutes_ago: float, order_id: str, total: float = 12.5, currency: str = "EUR", **but: Any) -> Json:
    """An order."""
    told = {"order_id": order_id, "total": total, "currency": currency}
    return seen(minutes_ago, path="/confirmation", eventType="Order Completed", properties=told, **but)


def happen(*told: Json, source: str = "collect") -> None:
    """Have events go through etl/events, each in a batch of its own."""
    for one in told:
        message = a_message([one], source=source, received_at=now())
        assert etl_events(sqs_event([message]), LambdaContext()) == {"batchItemFailures": []}


def a_morning() -> None:
    """Ann looks around and buys, Bob came from the news and is gone, Cid is a program, Dan is here on two devices."""
    happen(
        seen(12, "bob", url="https://shop.example/?utm_source=news"),
        seen(4, "ann"),
        seen(2, "ann", "/lamps"),
        bought(1, "o1"),
        bought(1, "o2", total=3, currency="USD"),
        seen(3, "cid", context=ROBOT),
        seen(3, "dans-phone", "/lamps", userId="dan"),
        seen(1, "dans-desk", "/chairs", userId="dan", device="Desktop", referrer="https://www.google.de/"),
        seen(45, "eve"),
    )


def both_ways(monkeypatch: pytest.MonkeyPatch) -> Json:
    """Returns the answer, which is the same from Redis as from MongoDB."""
    with monkeypatch.context() as patched:
        patched.setattr(live, "_stored", lambda *_: pytest.fail("not all was in Redis"))
        kept = ask(handler, REALTIME)
    with monkeypatch.context() as patched:
        patched.setattr(live, "_kept", lambda *_: None)
        assert ask(handler, REALTIME) == kept
    return kept


def counts(answer: Json, name: str) -> dict[str, int]:
    """Returns one of the lists of those who are active."""
    return {next(iter(each.values())): each["users"] for each in answer[name]}


def test_people_count_once_wherever_they_are_and_bots_do_not(live_shop: Mongo, monkeypatch: pytest.MonkeyPatch) -> None:
    a_morning()
    answer = both_ways(monkeypatch)
    assert answer["active_users"] == 2
    assert [counts(answer, name) for name in ("by_device", "pages", "sources")] == [
        {"Desktop": 1, "Mobile": 1},
        {"/chairs": 1, "/lamps": 1},
        {"direct": 1, "google": 1},
    ]


def test_the_minutes_tell_who_was_there_and_what_was_bought(live_shop: Mongo, monkeypatch: pytest.MonkeyPatch) -> None:
    a_morning()
    answer = both_ways(monkeypatch)
    minutes = answer["per_minute"]
    assert len(minutes) == 30
    assert datetime.fromisoformat(minutes[-1]["minute"]) == the_moment().replace(second=0, microsecond=0)
    assert [minute["users"] for minute in minutes if minute["users"]] == [1, 1, 2, 1, 2]
    assert sum(minute["sessions"] for minute in minutes) == 4
    assert [(minute["orders"], minute["revenue"]) for minute in minutes if minute["orders"]] == [(1, 12.5)]
    assert answer["conversions"] == {"orders": 1, "revenue": 12.5, "currency": "EUR"}
    assert answer["complete_from"] == minutes[0]["minute"]


def test_the_last_events_are_the_newest_twenty_and_say_nothing_of_anybody(
    live_shop: Mongo, monkeypatch: pytest.MonkeyPatch
) -> None:
    happen(*(seen(20 - n / 10, "ann", f"/{n}", userId="C-7", eventId=f"ann@x.example-{n}") for n in range(25)))
    happen(seen(0.1, "cid", context=ROBOT), seen(0.2, "bob", "/b", eventType="track", event="Quiz Done"))
    events = both_ways(monkeypatch)["last_events"]
    assert [event["page"] for event in events] == ["/b", *(f"/{n}" for n in range(24, 5, -1))]
    assert events[0]["name"] == "Quiz Done"
    assert set(events[0]) == {"at", "type", "name", "page", "device", "country"}
    assert not [word for word in ("ann", "C-7", "203.0.113") if word in json.dumps(events)]


def test_a_session_that_turns_out_to_be_a_bots_is_left_out(live_shop: Mongo, monkeypatch: pytest.MonkeyPatch) -> None:
    happen(seen(3, "cid"))
    assert both_ways(monkeypatch)["active_users"] == 1
    happen(seen(2, "cid", context=ROBOT))
    assert both_ways(monkeypatch)["active_users"] == 0


def test_an_event_that_arrives_late_counts_neither_sessions_nor_orders_twice(
    live_shop: Mongo, monkeypatch: pytest.MonkeyPatch
) -> None:
    happen(seen(4), bought(3, "o1"), seen(9))
    answer = both_ways(monkeypatch)
    assert sum(minute["sessions"] for minute in answer["per_minute"]) == 1
    assert answer["conversions"]["orders"] == 1


def test_an_order_that_a_server_tells_afterwards_is_there(live_shop: Mongo, monkeypatch: pytest.MonkeyPatch) -> None:
    happen(seen(6, userId="ann"))
    happen(bought(5, "o1", userId="ann"), source=API_KEY_SOURCE)
    assert both_ways(monkeypatch)["conversions"]["orders"] == 1


def test_who_turns_out_to_be_somebody_is_one_person(live_shop: Mongo, monkeypatch: pytest.MonkeyPatch) -> None:
    happen(seen(4, "v"), seen(3, "v", eventType="identify", userId="ann"), seen(1, "v", userId="ann"))
    assert both_ways(monkeypatch)["active_users"] == 1


def test_of_very_many_sessions_the_newest_are_counted_and_it_says_since_when(
    live_shop: Mongo, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (live, realtime_steps):
        monkeypatch.setattr(module, "MOST_LIVE_SESSIONS", 3)
    happen(*(seen(20 - n, f"v{n}") for n in range(5)))
    answer = both_ways(monkeypatch)
    assert answer["complete_from"] > answer["per_minute"][0]["minute"]
    assert sum(minute["sessions"] for minute in answer["per_minute"]) == 3


@pytest.mark.parametrize("lost", ["all of it", "what is older", "one session"])
def test_what_redis_lost_is_read_from_mongodb(live_shop: Mongo, monkeypatch: pytest.MonkeyPatch, lost: str) -> None:
    a_morning()
    before = both_ways(monkeypatch)
    if lost == "one session":
        cache.client().delete(next(cache.client().scan_iter("session:{demo}:ann*")))
    else:
        cache.client().flushdb()
    if lost == "what is older":
        keep_since(minutes_ago=0)
    assert ask(handler, REALTIME) == before


def test_news_after_a_loss_does_not_hide_what_was_there_before(live_shop: Mongo) -> None:
    a_morning()
    cache.client().flushdb()
    happen(seen(0, "fay"))
    assert cache.client().exists("realtime:since:{demo}")
    assert ask(handler, REALTIME)["active_users"] == 3


@pytest.fixture(params=["away", "frozen"])
def failing_redis(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a Redis that takes no connection, or takes them and answers nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"redis://127.0.0.1:{listener.getsockname()[1]}/0"
        if request.param == "away":
            listener.close()
        yield url


def test_without_redis_the_answer_is_the_same(
    live_shop: Mongo, monkeypatch: pytest.MonkeyPatch, failing_redis: str
) -> None:
    a_morning()
    before = both_ways(monkeypatch)
    monkeypatch.setenv("REDIS_URL", failing_redis)
    read_environment.cache_clear()
    forget_redis()
    assert ask(handler, REALTIME) == before


def asked_with(tag: str | None) -> dict[str, Any]:
    request = question(REALTIME)
    request["headers"] |= {"if-none-match": tag} if tag else {}
    return dict(handler(request, LambdaContext()))


def test_who_asks_again_gets_a_304_until_something_has_changed(
    live_shop: Mongo, monkeypatch: pytest.MonkeyPatch
) -> None:
    moment = now().replace(second=30)
    monkeypatch.setattr(realtime, "now", lambda: moment)
    happen(seen(1))
    first = asked_with(None)
    tag = first["headers"]["etag"]
    monkeypatch.setattr(realtime, "now", lambda: moment + timedelta(seconds=10))
    for known in (tag, f'"old", {tag}', tag.removeprefix("W/"), "*"):
        again = asked_with(known)
        assert (again["statusCode"], again["body"], again["headers"]["etag"]) == (304, "", tag)
    assert asked_with('W/"old"')["statusCode"] == 200
    happen(seen(1, "bob"))
    changed = asked_with(tag)
    assert (changed["statusCode"], json.loads(changed["body"])["active_users"]) == (200, 2)


def test_nothing_of_another_site_is_seen(live_shop: Mongo) -> None:
    a_morning()
    live_shop["sites"].insert_one({**(live_shop["sites"].find_one() or {}), "_id": "other", "site_id": "other"})
    answer = ask(handler, REALTIME, site_id="other")
    assert (answer["active_users"], answer["last_events"]) == (0, [])


def test_a_site_that_is_not_there_is_a_404(live_shop: Mongo) -> None:
    assert handler(question(REALTIME, site_id="nobody"), LambdaContext())["statusCode"] == 404


def a_scorer(events: int, **share: float) -> Json:
    """A scorer whose chance goes by the share of kinds of events alone."""
    plain = {name: {"other": 0.0} for name in ("last", "device", "source")}
    return {"events": events, "intercept": -1.0, "seconds": 0.0, "share": {"other": 0.0, **share}, **plain}


def learnt(database: Mongo, site_id: str = "demo", reason: str | None = None, *scorers: Json) -> None:
    """Publish a model of conversion propensity."""
    told = {"scorers": scorers, "degraded": reason is not None, "reason": reason}
    key = {"_id": f"{site_id}:propensity:7", "site_id": site_id, "name": "propensity", "version": 7}
    database["models"].insert_one({**key, "state": "published", "details": {"propensity": told}})


def test_without_a_model_no_conversions_are_expected_and_it_is_said(
    live_shop: Mongo, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_morning()
    told = both_ways(monkeypatch)["propensity"]
    assert (told["degraded"], told["sessions"], told["scored"]) == (True, 1, 0)
    assert (told["expected_conversions"], told["likely"], told["version"]) == (None, None, None)
    assert "was trained" in told["reason"]


def test_a_model_of_a_shop_too_small_says_so(live_shop: Mongo, monkeypatch: pytest.MonkeyPatch) -> None:
    learnt(live_shop, "demo", "too few sessions")
    assert both_ways(monkeypatch)["propensity"]["reason"] == "too few sessions"


def test_conversions_are_expected_of_active_sessions_that_have_not_ordered(
    live_shop: Mongo, monkeypatch: pytest.MonkeyPatch
) -> None:
    learnt(live_shop, "demo", None, a_scorer(1), a_scorer(3, product_added=9.0))
    for number in range(3):
        happen(seen(4 - number, "ann", eventType="Product Added", eventId=f"a{number}"))
    happen(seen(4, "ann"), seen(4, "bob"), seen(3, "cid"), bought(2, "o1", visitor="cid"), seen(20, "dan"))
    told = both_ways(monkeypatch)["propensity"]
    assert (told["degraded"], told["reason"], told["version"]) == (False, None, 7)
    assert (told["sessions"], told["scored"], told["likely"]) == (2, 2, 1)
    low, high = 1 / (1 + math.exp(1)), 1 / (1 + math.exp(1 - 9 * 2 / 3))
    assert told["expected_conversions"] == round(low + high, 2)


def test_the_model_of_another_site_tells_nothing(live_shop: Mongo, monkeypatch: pytest.MonkeyPatch) -> None:
    learnt(live_shop, "other", None, a_scorer(1))
    happen(seen(1, "ann"))
    assert both_ways(monkeypatch)["propensity"]["degraded"]


def test_sessions_told_without_their_first_events_are_not_scored(live_shop: Mongo) -> None:
    learnt(live_shop, "demo", None, a_scorer(1))
    happen(seen(1, "ann"))
    live_shop["user_sessions"].update_many({}, {"$unset": {"first_events": 1}})
    cache.client().flushdb()
    told = ask(handler, REALTIME)["propensity"]
    assert (told["degraded"], told["sessions"], told["scored"], told["expected_conversions"]) == (False, 1, 0, 0)
