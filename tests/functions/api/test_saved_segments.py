"""Segments that a shop saves: saved, counted, removed, and used as a filter wherever there is one."""

from typing import Any

import pytest
from footfall.questions import saved_segments

from functions.api.customers.handler import handler
from functions.api.funnel.handler import handler as funnel
from functions.api.metrics.handler import handler as metrics
from tests.support.asking import ask, refusal, request
from tests.support.customers import a_customer
from tests.support.visits import Mongo, happen, roll_up, view

SEGMENTS = "/api/segments"
SPENDERS: dict[str, Any] = {
    "name": "Spenders",
    "conditions": [{"field": "monetary", "operator": "at_least", "value": 100}],
}
MOBILE = {
    "name": "Mobile or lost",
    "match": "any",
    "conditions": [
        {"field": "device", "operator": "is", "values": ["Mobile"]},
        {"field": "recency", "operator": "at_least", "value": 100},
    ],
}


def save(told: Any, **caller: Any) -> tuple[int, dict[str, Any]]:
    return request(handler, "POST", SEGMENTS, body=told, **{"scopes": "read write", **caller})


def saved(**caller: str) -> dict[str, dict[str, Any]]:
    answer = ask(handler, SEGMENTS, {"segment_type": "saved"}, **caller)
    return {line["name"]: line for line in answer["segments"]}


@pytest.fixture
def customers(shop: Mongo) -> Mongo:
    """Three customers of four people: Ann spent most, Bob has been away for long, Cid has neither."""
    shop["customers"].insert_many(
        [
            a_customer("ann", monetary=20_000, refunded=500, frequency=4, recency=2, device="Desktop"),
            a_customer("bob", monetary=9_000, recency=200, device="Desktop", rfm_segment="Hibernating"),
            a_customer("cid", monetary=9_999, recency=4, device="Mobile", customer_priority="high"),
            a_customer("ann", "other", monetary=90_000),
        ]
    )
    return shop


def test_a_segment_is_saved_counted_live_and_removed(customers: Mongo) -> None:
    status, answer = save(SPENDERS)
    assert (status, answer["name"], answer["match"]) == (201, "Spenders", "all")
    assert save(MOBILE)[0] == 201
    found = saved()
    assert {name: line["customer_count"] for name, line in found.items()} == {"Spenders": 1, "Mobile or lost": 2}
    spenders = found["Spenders"]
    assert [spenders[name] for name in ("revenue", "refunds", "avg_frequency", "avg_recency")] == [200.0, 5.0, 4.0, 2.0]
    assert spenders["description"] == "monetary ≥ 100"
    assert spenders["saved"]["conditions"][0]["value"] == 100
    customers["customers"].update_one({"_id": "demo:bob"}, {"$set": {"monetary": 10_000}})
    assert saved()["Spenders"]["customer_count"] == 2
    assert request(handler, "DELETE", f"{SEGMENTS}/SPENDERS", scopes="write")[0] == 200
    assert list(saved()) == ["Mobile or lost"]
    assert refusal(handler, f"{SEGMENTS}/Spenders", method="DELETE", scopes="write")[0] == 404


def test_the_list_of_customers_takes_saved_segments_and_priorities(customers: Mongo) -> None:
    save(MOBILE)

    def listed(**query: Any) -> tuple[list[str], int]:
        answer = ask(handler, "/api/customers", query)
        return [each["customer_id"] for each in answer["customers"]], answer["total"]

    assert listed(segment="mobile OR lost") == (["cid", "bob"], 2)
    assert listed(segment="Mobile or lost", sort_by="recency", q="b") == (["bob"], 1)
    assert listed(priority="high") == (["cid"], 1)
    assert listed(risk_level="high") == ([], 0)
    customers["customers"].update_one(
        {"_id": "demo:ann"}, {"$set": {"churn_risk_level": "high", "clv_category": "low"}}
    )
    assert listed(risk_level="high", clv_category="low") == (["ann"], 1)
    for who, order in {"ann": 105_000, "cid": 203_000}.items():
        customers["customers"].update_one({"_id": f"demo:{who}"}, {"$set": {"priority_order": order}})
    assert listed(sort_by="customer_priority") == (["cid", "ann"], 2)
    first = ask(handler, "/api/customers", {"sort_by": "customer_priority", "page_size": 1})
    assert listed(sort_by="customer_priority", page_size=1, after=first["next"]) == (["ann"], 2)
    assert refusal(handler, "/api/customers", {"priority": "urgent"}) == (422, ["priority"])


@pytest.mark.parametrize("rolled_up", [False, True], ids=["from events", "from the lake"])
def test_a_saved_segment_is_a_filter_of_behaviour(customers: Mongo, rolled_up: bool) -> None:
    save(SPENDERS)
    save(MOBILE)
    happen(customers, *(view("home", who, minute) for minute, who in enumerate(["ann", "bob", "cid", "dan"])))
    happen(customers, view("search", "ann", 9), view("search", "dan", 9))
    if rolled_up:
        roll_up()

    def counts(**query: Any) -> list[int]:
        steps = {"from": "2026-02-26", "to": "2026-03-03", "steps": "home|home,search|search"}
        return [step["users"] for step in ask(funnel, "/api/funnel", {**steps, **query})["steps"]]

    assert counts() == [4, 2]
    assert counts(segment="spenders") == [1, 1]
    assert counts(segment=["Spenders", "Mobile or lost"]) == [3, 1]
    assert counts(segment="!Mobile or lost") == [2, 2]
    assert counts(segment=["Champions", "!Spenders"]) == [1, 0]
    assert counts(segment="unknown") == [1, 1]
    assert counts(segment="!unknown") == [3, 1]
    assert counts(segment="nothing of the kind") == [0, 0]
    assert counts(steps="home[segment=spenders]|home[segment=spenders],search|search") == [1, 1]
    if rolled_up:
        dashboard = {"from": "2026-02-26", "to": "2026-03-03", "segment": "Mobile or lost"}
        assert ask(metrics, "/api/metrics/dashboard", dashboard)["total_users"] == 2


def test_sessions_count_for_each_segment_that_was_saved_too(customers: Mongo) -> None:
    happen(customers, view("home", "ann"), view("home", "ann", 60), view("cart", "bob"), view("home", "dan"))
    assert save(SPENDERS)[0] == save(MOBILE)[0] == 201
    found = ask(metrics, "/api/dimensions/segment", {"from": "2026-03-01", "to": "2026-03-01"})
    counts = {each["value"]: each["count"] for each in found["values"]}
    assert (counts["Spenders"], counts["Mobile or lost"], counts["Hibernating"], counts["unknown"]) == (2, 1, 1, 1)
    assert found["other"] == 0


def test_of_another_site_nothing_is_saved_counted_or_removed(customers: Mongo) -> None:
    customers["sites"].insert_one(
        {**(customers["sites"].find_one({"_id": "demo"}) or {}), "_id": "other", "site_id": "other"}
    )
    save(SPENDERS)
    assert saved(site_id="other") == {}
    assert refusal(handler, f"{SEGMENTS}/Spenders", method="DELETE", site_id="other", scopes="write")[0] == 404
    assert save(SPENDERS, site_id="other")[0] == 201
    assert saved(site_id="other")["Spenders"]["revenue"] == 900.0


@pytest.mark.parametrize(
    ("told", "field"),
    [
        ({"name": "x", "conditions": []}, "conditions"),
        ({"name": "x", "conditions": [{"field": "$where", "operator": "is", "values": ["1"]}]}, "conditions.0.field"),
        (
            {"name": "x", "conditions": [{"field": "device", "operator": "$regex", "values": ["."]}]},
            "conditions.0.operator",
        ),
        (
            {"name": "x", "conditions": [{"field": "device", "operator": "is", "values": [{"$ne": 1}]}]},
            "conditions.0.values.0",
        ),
        ({"name": "x", "conditions": [{"field": "monetary", "operator": "is_not", "value": 1}]}, "conditions.0"),
        ({"name": "x", "conditions": [{"field": "monetary", "operator": "is", "value": 1e13}]}, "conditions.0.value"),
        ({**SPENDERS, "name": "!x"}, "name"),
        ({**SPENDERS, "query": {}}, "query"),
        ({**SPENDERS, "conditions": SPENDERS["conditions"] * 21}, "conditions"),
    ],
)
def test_what_is_no_segment_is_refused_by_the_name_of_its_field(customers: Mongo, told: Any, field: str) -> None:
    status, answer = save(told)
    assert (status, answer["errors"][0]["field"]) == (422, field)
    assert customers["saved_segments"].count_documents({}) == 0


def test_a_name_is_given_once_and_no_more_segments_than_there_is_room_for(
    customers: Mongo, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert save(SPENDERS)[0] == 201
    assert save({**SPENDERS, "name": "SPENDERS"})[0] == 409
    assert save({**SPENDERS, "name": "champions"})[0] == 409
    for number in range(saved_segments.MOST_SEGMENTS - 1):
        assert save({**SPENDERS, "name": f"s{number}"})[0] == 201
    assert save({**SPENDERS, "name": "one more"})[0] == 409
    assert len(saved()) == saved_segments.MOST_SEGMENTS


def test_saving_needs_a_key_that_may_write(customers: Mongo) -> None:
    assert save(SPENDERS, scopes="read")[0] == 403
    assert request(handler, "DELETE", f"{SEGMENTS}/Spenders", scopes="read")[0] == 403


def test_scores_of_a_small_shop_say_that_they_are_a_fallback(customers: Mongo) -> None:
    model = {"site_id": "demo", "name": "rfm", "version": 1, "state": "published", "segments": []}
    details = {"as_of": "2026-03-08", "currency": "EUR", "scored_by": "limits"}
    customers["models"].insert_one({"_id": "demo:rfm:1", **model, "details": details})
    answer = ask(handler, SEGMENTS)
    assert (answer["degraded"], "25 customers" in answer["reason"]) == (True, True)
    customers["models"].update_one({}, {"$set": {"details.scored_by": "ranks"}})
    assert ask(handler, SEGMENTS)["degraded"] is False
