"""What one customer did, as a timeline."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from footfall.clock import now
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymongo.database import Database

from functions.api.customers.handler import handler
from tests.support.asking import ask, question, refusal
from tests.support.builders import NOON, LambdaContext
from tests.support.visits import an_order, happen, person, view

Mongo = Database[dict[str, Any]]
Json = dict[str, Any]
ANN = "/api/customers/ann/journey"


def feedback(event_id: str, minutes: float, visitor_id: str = "ann", **but: Any) -> Json:
    same = {"site_id": "demo", "event_id": event_id, "text": "Lovely", "rating": None, "bot": False, "user_id": None}
    read = {"label": "positive", "score": 0.9, "categories": [], "language": "en", "version": 1}
    place = {"visitor_id": visitor_id, "person_id": visitor_id, "path": "/thanks", "page_type": None}
    at = NOON + timedelta(minutes=minutes)
    return {"_id": f"demo:{event_id}", "timestamp": at, "sentiment": read, **same, **place, **but}


def moments(timeline: Sequence[Json]) -> list[tuple[str, str]]:
    return [(one["kind"], one["at"][11:16]) for one in timeline]


def test_a_timeline_has_sessions_with_their_steps_orders_and_feedback_the_latest_first(shop: Mongo) -> None:
    link = {"at": NOON, "event_id": "e", "person_id": "ann"}
    shop["users"].insert_one(person(9, "cookie", link=link))
    shop["users"].update_one({"person_id": "ann"}, {"$set": {"merged_ids": ["cookie"]}})
    happen(
        shop, view("home", "cookie", path="/"), view("cart", "cookie", 1), view("home", "cookie", 1, eventType="click")
    )
    happen(shop, view("home", "ann", 120), view("home", "bob", 5), {**view("home", "ann", 600), "bot": True})
    shop["user_sessions"].update_many(
        {"visitor_id": "ann", "started_at": NOON + timedelta(minutes=600)}, {"$set": {"bot": True}}
    )
    shop["orders"].insert_many(
        [{**an_order("o1", "ann", 1_250, placed_at=NOON + timedelta(minutes=2)), "lines": [], "status": "completed"}]
    )
    shop["orders"].insert_many([{**an_order("o2", "ann", 0, placed_at=None), "lines": [], "status": "refund_only"}])
    shop["feedback"].insert_many([feedback("f1", 130), feedback("f2", 3, "bob"), feedback("f3", 4, bot=True)])
    answer = ask(handler, ANN)
    assert moments(answer["timeline"]) == [
        ("feedback", "14:10"),
        ("session", "14:00"),
        ("order", "12:02"),
        ("session", "12:00"),
    ]
    assert (answer["total"], answer["next"], answer["customer_id"]) == (4, None, "ann")
    first, order, last = answer["timeline"][3], answer["timeline"][2]["order"], answer["timeline"][0]["feedback"]
    assert [(step["type"], step["page_type"], step["page"]) for step in first["session"]["steps"]] == [
        ("pageview", "home", "/"),
        ("pageview", "cart", None),
        ("click", "home", None),
    ]
    assert (first["session"]["page_views"], first["session"]["more_steps"], first["order"]) == (2, 0, None)
    assert (order["order_id"], order["total"]) == ("o1", 12.5)
    assert last == {"text": "Lovely", "rating": None, "label": "positive", "page": "/thanks"}


def test_of_a_long_session_the_first_hundred_steps_are_told(shop: Mongo) -> None:
    shop["orders"].insert_one({**an_order("o1", "ann", 5, placed_at=None)})
    shop["customers"].insert_one({"_id": "demo:ann"})
    happen(shop, *({**view("home"), "sequence": number, "event_id": f"{number:03}"} for number in range(103)))
    (one,) = ask(handler, ANN)["timeline"]
    assert (len(one["session"]["steps"]), one["session"]["more_steps"]) == (100, 3)


Moments = list[tuple[str, int]]


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.sampled_from(["session", "order", "feedback"]), st.sampled_from([0, 0, 40, 80])), max_size=12
    ),
    st.integers(1, 4),
)
def test_a_timeline_goes_on_behind_its_last_item_and_misses_none(shop: Mongo, drawn: Moments, size: int) -> None:
    for name in ("orders", "feedback", "user_sessions", "events", "customers"):
        shop[name].delete_many({})
    shop["customers"].insert_one({"_id": "demo:ann"})
    for number, (kind, minutes) in enumerate(drawn):
        at = NOON + timedelta(minutes=minutes)
        if kind == "order":
            shop["orders"].insert_one(
                {**an_order(f"o{number}", "ann", 5, placed_at=at), "lines": [], "status": "completed"}
            )
        elif kind == "feedback":
            shop["feedback"].insert_one(feedback(f"f{number}", minutes))
        else:
            happen(shop, view("home", sessionId=f"s{number}", minutes=minutes))
    whole = ask(handler, ANN, {"page_size": 100})
    expected = sorted(drawn, key=lambda each: (-each[1], each[0]))
    assert moments(whole["timeline"]) == [
        (kind, f"{12 + minutes // 60}:{minutes % 60:02}") for kind, minutes in expected
    ]
    pages = [ask(handler, ANN, {"page_size": size})]
    while pages[-1]["next"]:
        pages.append(ask(handler, ANN, {"page_size": size, "after": pages[-1]["next"]}))
    numbered = [ask(handler, ANN, {"page_size": size, "page": number}) for number in range(1, len(pages) + 1)]
    assert [one for page in pages for one in page["timeline"]] == whole["timeline"]
    assert [page["timeline"] for page in numbered] == [page["timeline"] for page in pages]
    assert {page["total"] for page in pages} == {len(drawn)}


def test_nobody_who_is_no_customer_has_a_timeline(shop: Mongo) -> None:
    happen(shop, view("home", "bob"))
    shop["orders"].insert_one(an_order("o1", "ann", 1_250, site_id="other", _id="other:o1"))
    for who in ("bob", "ann", "nobody"):
        assert handler(question(f"/api/customers/{who}/journey"), LambdaContext())["statusCode"] == 404


@pytest.mark.parametrize(
    "after", ["there", "WyJhdCIsbnVsbCwic2Vzc2lvbiBhIl0", "WyJhdCIsOTk5OTk5OTk5OTk5OTk5OTk5LCJzZXNzaW9uIGEiXQ"]
)
def test_a_place_in_another_list_is_refused(shop: Mongo, after: str) -> None:
    shop["customers"].insert_one({"_id": "demo:ann"})
    assert refusal(handler, ANN, {"after": after}) == (422, ["after"])


def in_progress(minutes_ago: float, **but: Any) -> Json:
    moment = now() - timedelta(minutes=minutes_ago)
    return {**view("home", event_id=f"{minutes_ago}"), "timestamp": moment, **but}


def test_a_session_in_progress_tells_its_chance_of_an_order_and_no_other(shop: Mongo) -> None:
    plain: Json = {name: {"other": 0.0} for name in ("share", "last", "device", "source")}
    scorer = {"events": 1, "intercept": 0.0, "seconds": 0.0, **plain}
    told = {"scorers": [scorer], "degraded": False, "reason": None}
    key = {"_id": "demo:propensity:7", "site_id": "demo", "name": "propensity", "version": 7, "state": "published"}
    shop["customers"].insert_one({"_id": "demo:ann"})
    happen(shop, view("home"), in_progress(2))
    latest = {"degraded": True, "chance": None, "after_events": None}
    assert ask(handler, ANN)["timeline"][0]["session"]["propensity"].items() >= latest.items()
    shop["models"].insert_one({**key, "details": {"propensity": told}})
    chances = [one["session"]["propensity"] for one in ask(handler, ANN)["timeline"]]
    assert chances == [{"degraded": False, "reason": None, "chance": 50.0, "after_events": 1}, None]
    shop["user_sessions"].update_many({}, {"$set": {"converted": True}})
    assert [one["session"]["propensity"] for one in ask(handler, ANN)["timeline"]] == [None, None]
