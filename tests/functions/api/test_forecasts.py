"""What customers are expected to do, through the Lambda handler, as training publishes it."""

from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
from footfall import sites
from footfall.questions.forecasts import TEXTS
from footfall.schemas.customer import CHURN_FEATURES
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymongo.database import Database

from functions.api.customers.handler import handler
from tests.support.asking import ask, refusal
from tests.support.builders import a_site
from tests.support.customers import a_customer

Mongo = Database[dict[str, Any]]
CLV, CHURN = "/api/clv/predictions", "/api/churn/predictions"
LIFETIME: dict[str, Any] = {"kind": "pareto_nbd", "days": 365, "parameters": {}, "degraded": False, "reason": None}
LEAVING: dict[str, Any] = {
    "kind": "logistic",
    "horizon_days": 119,
    "learnt_as_of": ["2026-01-01"],
    "degraded": False,
    "reason": None,
}


@pytest.fixture
def shop(database: Mongo) -> Iterator[Mongo]:
    """A database with the site `demo`, which sells in pounds."""
    sites._known.clear()
    database["sites"].insert_one({"_id": "demo", **a_site(currency="GBP").model_dump()})
    yield database
    sites._known.clear()


def foreseen(customer_id: str, clv: int, chance: float | None, level: str, **but: Any) -> dict[str, Any]:
    """A customer as training stores them, with what is expected of them."""
    reasons = [{"feature": "days_since_purchase", "value": 212.0, "effect": 1.31}]
    reasons.append({"feature": "net_revenue_per_purchase", "value": 1_250.0, "effect": -0.4})
    return a_customer(
        customer_id,
        predicted_clv=clv,
        predicted_clv_low=clv // 2,
        predicted_clv_high=clv * 2,
        clv_if_active=clv * 2,
        clv_category="high" if clv > 1_000 else "low",
        p_alive=0.5,
        next_purchase_on="2026-05-01",
        churn_probability=chance,
        churn_risk_level=level,
        churn_reasons=reasons if chance is not None else [],
        value_at_risk=None if chance is None else round(chance * clv * 2),
        **but,
    )


def publish(shop: Mongo, *customers: dict[str, Any], lifetime: Any = LIFETIME, churn: Any = LEAVING) -> None:
    shop["customers"].insert_many(customers)
    for name, details in (("lifetime", lifetime), ("churn", churn)):
        told = {"as_of": "2026-03-13", name: details}
        model = {"site_id": "demo", "name": name, "version": 1, "state": "published", "details": told}
        shop["models"].insert_one({"_id": f"demo:{name}:1", **model})


def three(shop: Mongo) -> None:
    publish(
        shop,
        foreseen("ann", 5_000, 0.2, "low"),
        foreseen("bob", 3_000, 0.9, "high", monetary=99_000),
        foreseen("cid", 500, 0.7, "high"),
    )


def ids(answer: dict[str, Any]) -> list[str]:
    return [customer["customer_id"] for customer in answer["customers"]]


def test_customers_of_whom_most_is_expected_come_first_with_their_intervals(shop: Mongo) -> None:
    three(shop)
    answer = ask(handler, CLV)
    assert ids(answer) == ["ann", "bob", "cid"]
    assert answer["customers"][0] == {
        "customer_id": "ann",
        "predicted_clv": 50.0,
        "predicted_clv_low": 25.0,
        "predicted_clv_high": 100.0,
        "clv_category": "high",
        "p_alive": 0.5,
        "next_purchase": "2026-05-01",
        "current_value": 123.45,
    }
    told = [answer[name] for name in ("kind", "days", "degraded", "reason", "currency")]
    assert told == ["pareto_nbd", 365, False, None, "GBP"]
    assert ids(ask(handler, CLV, {"sort_by": "current_value", "limit": 1})) == ["bob"]


def test_customers_at_risk_come_by_risk_times_value_with_an_explanation(shop: Mongo) -> None:
    three(shop)
    answer = ask(handler, CHURN)
    assert ids(answer) == ["bob", "ann", "cid"]
    assert ids(ask(handler, CHURN, {"risk_level": "high"})) == ["bob", "cid"]
    assert answer["customers"][0] == {
        "customer_id": "bob",
        "churn_probability": 0.9,
        "churn_risk_level": "high",
        "value_at_risk": 54.0,
        "recency": 3,
        "explanation": [
            {
                "feature": "days_since_purchase",
                "value": 212.0,
                "effect": 1.31,
                "direction": "raises",
                "text": "212 days since the last purchase",
            },
            {
                "feature": "net_revenue_per_purchase",
                "value": 12.5,
                "effect": -0.4,
                "direction": "lowers",
                "text": "12.5 a purchase, net of refunds (GBP)",
            },
        ],
    }
    assert (answer["kind"], answer["horizon_days"], answer["degraded"]) == ("logistic", 119, False)


def test_a_customer_is_told_with_value_and_chance_apart(shop: Mongo) -> None:
    three(shop)
    answer = ask(handler, "/api/customers/ann")
    assert (answer["lifetime"]["predicted_clv"], answer["lifetime"]["p_alive"]) == (50.0, 0.5)
    assert (answer["lifetime"]["clv_category"], answer["lifetime"]["next_purchase"]) == ("high", "2026-05-01")
    assert (answer["churn"]["churn_probability"], answer["churn"]["horizon_days"]) == (0.2, 119)
    assert [reason["direction"] for reason in answer["churn"]["explanation"]] == ["raises", "lowers"]


def test_a_shop_too_small_is_told_so_and_has_levels_without_chances(shop: Mongo) -> None:
    reason = "fewer than 100 customers"
    small = foreseen("ann", 500, None, "high") | {
        "predicted_clv_low": None,
        "predicted_clv_high": None,
        "p_alive": None,
    }
    told = {"degraded": True, "reason": reason}
    publish(shop, small, lifetime=LIFETIME | told | {"kind": "pooled"}, churn=LEAVING | told | {"kind": None})
    for path in (CLV, CHURN):
        answer = ask(handler, path)
        assert (answer["degraded"], answer["reason"], ids(answer)) == (True, reason, ["ann"])
    assert ask(handler, CHURN)["customers"][0]["churn_probability"] is None
    assert ask(handler, "/api/customers/ann")["churn"]["churn_risk_level"] == "high"


def test_before_any_training_nobody_is_listed_and_it_is_said(shop: Mongo) -> None:
    for path in (CLV, CHURN):
        answer = ask(handler, path)
        assert (answer["customers"], answer["kind"], answer["degraded"]) == ([], None, True)
        assert answer["reason"] == "no training of 0.1.0 or later has been published yet"
        assert (answer["range"], answer["complete_to"]) == (None, None)


def test_customers_of_an_earlier_training_have_none_of_it(shop: Mongo) -> None:
    shop["customers"].insert_one(a_customer("ann"))
    answer = ask(handler, "/api/customers/ann")
    assert answer["lifetime"]["predicted_clv"] is answer["churn"]["churn_probability"] is None
    assert answer["churn"]["explanation"] == []
    assert ids(ask(handler, CLV)) == ids(ask(handler, CHURN)) == ["ann"]


def test_another_site_s_customers_are_nobody_s_business(shop: Mongo) -> None:
    three(shop)
    shop["customers"].insert_one(foreseen("eve", 9_000, 0.9, "high") | {"_id": "other:eve", "site_id": "other"})
    assert ids(ask(handler, CLV)) == ["ann", "bob", "cid"]
    assert ids(ask(handler, CHURN)) == ["bob", "ann", "cid"]


@pytest.mark.parametrize(
    ("path", "query", "field"),
    [
        (CLV, {"limit": 0}, "limit"),
        (CLV, {"limit": 101}, "limit"),
        (CLV, {"sort_by": "shoe"}, "sort_by"),
        (CHURN, {"risk_level": "none"}, "risk_level"),
        (CHURN, {"limt": 3}, "limt"),
        ("/api/customers", {"clv_category": "huge"}, "clv_category"),
        ("/api/customers", {"risk_level": "some"}, "risk_level"),
    ],
)
def test_a_parameter_that_cannot_be_read_is_named(shop: Mongo, path: str, query: dict[str, Any], field: str) -> None:
    assert refusal(handler, path, query) == (422, [field])


def test_customers_are_filtered_by_level_and_category_and_counted(shop: Mongo) -> None:
    three(shop)
    high = ask(handler, "/api/customers", {"risk_level": "high"})
    assert (ids(high), high["total"]) == (["bob", "cid"], 2)
    assert ids(ask(handler, "/api/customers", {"clv_category": "high", "risk_level": "low"})) == ["ann"]
    assert high["customers"][0]["churn_probability"] == 0.9


@pytest.mark.parametrize(
    ("field", "order"), [*product(["predicted_clv", "churn_probability", "value_at_risk"], ["asc", "desc"])]
)
@given(values=st.lists(st.none() | st.integers(-3, 3), min_size=1, max_size=9))
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_list_goes_on_behind_each_customer_also_those_without_a_value(
    shop: Mongo, field: str, order: str, values: list[int | None]
) -> None:
    shop["customers"].delete_many({})
    scale = 0.125 if field == "churn_probability" else 1
    known = {f"c{number}": None if value is None else scale * value for number, value in enumerate(values)}
    shop["customers"].insert_many([a_customer(name) | {field: value} for name, value in known.items()])
    places = sorted((value is not None, value or 0, name) for name, value in known.items())
    expected = [name for _, _, name in (places if order == "asc" else reversed(places))]
    found: list[str] = []
    after: dict[str, str] = {}
    while True:
        answer = ask(handler, "/api/customers", {"sort_by": field, "order": order, "page_size": 2, **after})
        found += ids(answer)
        if answer["next"] is None:
            break
        after = {"after": answer["next"]}
    assert found == expected


def test_every_feature_has_words() -> None:
    assert set(TEXTS) == set(CHURN_FEATURES)
    assert all(text.format(1.0) for text in TEXTS.values())
