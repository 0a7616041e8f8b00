"""Lists that go on behind their last item: what was flagged, what is in quarantine, and what people wrote."""

from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, NamedTuple

import pytest
from footfall.http.app import LambdaHandler
from footfall.questions import keyed_list
from footfall.stores.collections import BY_FLAG, NEWEST_FLAGGED
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymongo.database import Database

from functions.api.metrics.handler import handler as metrics
from functions.api.pipeline.handler import handler as pipeline
from functions.etl.events.feedback import keep as keep_feedback
from tests.support.asking import ask, refusal
from tests.support.builders import NOON, a_document, a_site
from tests.support.visits import a_shop, know

Mongo = Database[dict[str, Any]]
Store = Callable[[Mongo, dict[str, int]], None]


def flag(database: Mongo, minutes: dict[str, int], site_id: str = "demo") -> None:
    for name, minute in minutes.items():
        event = {**a_document(eventId=name, timestamp=moment(minute)), "flags": ["title_cut"]}
        database["events"].insert_one({**event, "_id": f"{site_id}:{name}", "site_id": site_id})


def put_in_quarantine(database: Mongo, minutes: dict[str, int], site_id: str = "demo") -> None:
    for name, minute in minutes.items():
        seen = {"first_seen": NOON + timedelta(minutes=minute), "original": b"{}", "event_id": name}
        why = {"stage": "events", "reason": "odd", "detail": "why", "state": "waiting", "origin": {}}
        database["quarantine"].insert_one({"_id": f"{site_id}:{name}", "site_id": site_id, **why, **seen})


def write(database: Mongo, minutes: dict[str, int], site_id: str = "demo") -> None:
    said = {"eventType": "feedback", "properties": {"text": "Great"}}
    texts = [a_document(**said, eventId=name, timestamp=moment(minute)) for name, minute in minutes.items()]
    keep_feedback(database, a_site(), texts)
    if site_id != "demo":
        database["feedback"].update_many({"event_id": {"$in": list(minutes)}}, {"$set": {"site_id": site_id}})


def moment(minute: int) -> str:
    return (NOON + timedelta(minutes=minute)).isoformat()


class Kind(NamedTuple):
    handler: LambdaHandler
    route: str
    items: str
    store: Any
    collection: str
    asked: dict[str, Any]


KINDS = [
    Kind(pipeline, "/etl/flagged", "events", flag, "events", {}),
    Kind(pipeline, "/etl/flagged", "events", flag, "events", {"flag": "title_cut"}),
    Kind(pipeline, "/etl/quarantine", "items", put_in_quarantine, "quarantine", {}),
    Kind(metrics, "/api/sentiment/feedback", "feedback", write, "feedback", {"from": "2026-03-01", "to": "2026-03-01"}),
]
of_each_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.route + "?" * ("flag" in kind.asked))


@pytest.fixture
def shop(database: Mongo, queue_urls: dict[str, str]) -> Mongo:
    know(database, a_shop("home", "search"))
    return database


def names(kind: Kind, answer: dict[str, Any]) -> list[str]:
    return [item["event_id"] for item in answer[kind.items]]


def pages(kind: Kind, size: int) -> Iterator[list[str]]:
    asked = {**kind.asked, "page_size": size}
    answer = ask(kind.handler, kind.route, asked)
    yield names(kind, answer)
    while answer["next"]:
        answer = ask(kind.handler, kind.route, {**asked, "after": answer["next"]})
        yield names(kind, answer)


@of_each_kind
@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(minutes=st.lists(st.integers(0, 2), max_size=9), size=st.integers(1, 4))
def test_going_on_gives_every_item_once_the_newest_first(
    shop: Mongo, kind: Kind, minutes: list[int], size: int
) -> None:
    shop[kind.collection].delete_many({})
    told = {f"e{number}": minute for number, minute in enumerate(minutes)}
    kind.store(shop, told)
    kind.store(shop, {"theirs": 1}, site_id="other")
    newest = sorted(told, key=lambda name: (told[name], name), reverse=True)
    found = list(pages(kind, size))
    assert found == [newest[at : at + size] for at in range(0, len(newest), size)] or [[]]
    by_number = ask(kind.handler, kind.route, {**kind.asked, "page": 2, "page_size": size})
    assert (names(kind, by_number), by_number["total"]) == (newest[size : 2 * size], len(told))


@of_each_kind
def test_what_comes_between_two_pages_moves_none_of_the_rest(shop: Mongo, kind: Kind) -> None:
    kind.store(shop, {"a": 1, "b": 2, "c": 3})
    first = ask(kind.handler, kind.route, {**kind.asked, "page_size": 2})
    kind.store(shop, {"d": 4})
    rest = ask(kind.handler, kind.route, {**kind.asked, "page_size": 2, "after": first["next"]})
    assert (names(kind, first), names(kind, rest), rest["next"]) == (["c", "b"], ["a"], None)


@of_each_kind
@pytest.mark.parametrize("place", ["shoe", '["monetary desc",1,"a"]', "[]", '["timestamp",9999999999999999999,"a"]'])
def test_what_is_no_place_in_the_list_is_refused(shop: Mongo, kind: Kind, place: str) -> None:
    after = urlsafe_b64encode(place.encode()).decode().rstrip("=")
    assert refusal(kind.handler, kind.route, {**kind.asked, "after": after}) == (422, ["after"])
    far = {**kind.asked, "page": keyed_list.FARTHEST, "page_size": 2}
    assert refusal(kind.handler, kind.route, far) == (422, ["page"])


@of_each_kind
def test_a_long_list_says_that_there_is_more_than_was_counted(
    shop: Mongo, kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keyed_list, "FARTHEST", 3)
    kind.store(shop, {f"e{number}": number for number in range(6)})
    answer = ask(kind.handler, kind.route, {**kind.asked, "page_size": 2})
    assert (answer["total"], answer["next"] is not None) == (4, True)


@of_each_kind
def test_an_index_has_the_list_in_its_order(shop: Mongo, kind: Kind) -> None:
    kind.store(shop, {f"e{number}": number % 3 for number in range(200)})
    field = "first_seen" if kind.collection == "quarantine" else "timestamp"
    only = {"state": "waiting"} if kind.collection == "quarantine" else {}
    flags = {"flags": kind.asked.get("flag", {"$exists": True})} if kind.collection == "events" else {}
    order = [(field, -1), ("_id", -1)]
    place = keyed_list.behind(order, [NOON + timedelta(minutes=1), "demo:e100"])
    query = {"$and": [{"site_id": "demo", **only, **flags}, place]}
    found = shop[kind.collection].find(query).sort(order).limit(20)
    if flags:
        found = found.hint([(name, 1) for name in (BY_FLAG if "flag" in kind.asked else NEWEST_FLAGGED)])
    plan = found.explain()
    assert "'SORT'" not in str(plan["queryPlanner"]["winningPlan"])
    assert plan["executionStats"]["totalDocsExamined"] <= 20
