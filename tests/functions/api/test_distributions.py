"""How customers are spread, through the Lambda handler, as training publishes it."""

from typing import Any

import pytest
from footfall.clock import now
from footfall.models import registry
from footfall.schemas.model import Run
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymongo.database import Database

from functions.api.metrics.handler import handler
from functions.training.publish.customers import remove_older, replace, totals_of
from functions.training.publish.versions import with_totals
from tests.support.asking import ask, refusal
from tests.support.customers import a_customer
from tests.support.visits import a_shop, an_order, buy, know

Mongo = Database[dict[str, Any]]
SEGMENTS, REVENUE = "/api/analytics/segment-distribution", "/api/analytics/revenue-by-segment"
RISK, CLV = "/api/analytics/risk-distribution", "/api/analytics/clv-distribution"
ALL = (SEGMENTS, REVENUE, RISK, CLV)
DETAILS = {"as_of": "2026-03-13", "currency": "EUR", "time_zone": "UTC"}
GROUPS: list[dict[str, Any]] = [{"name": name, "customers": 1, "deviations": {}} for name in ("Frequent", "Evening")]


def publish(shop: Mongo, *customers: dict[str, Any], version: int = 1) -> None:
    """Store customers as training does, and the models that found them."""
    found: list[Any] = [{**customer, "version": version, "currency": "EUR"} for customer in customers]
    run = Run(site_id="demo", run_id="run", version=version)
    replace(shop, found)
    remove_older(shop, run)
    totals = totals_of(shop, run)
    models: list[Any] = [
        {
            "_id": f"demo:{name}:{version}",
            "site_id": "demo",
            "name": name,
            "version": version,
            "state": "published",
            "details": {**DETAILS, "segments": GROUPS},
            "created_at": now(),
        }
        for name in ("rfm", "behaviour_segments")
    ]
    registry.publish(shop, with_totals(models, totals))


def three_customers(shop: Mongo, **foreseen: Any) -> None:
    """Ann and Bob are champions, Cid hibernates; of all or some of them something is foreseen."""
    publish(
        shop,
        a_customer("ann", monetary=6_000, refunded=1_000, frequency=3, **foreseen),
        a_customer("bob", monetary=3_000, refunded=0, frequency=1, behaviour_segment="Evening", **foreseen),
        a_customer("cid", monetary=1_000, refunded=0, frequency=1, rfm_segment="Hibernating"),
    )


def test_customers_are_spread_over_segments_the_largest_first(shop: Mongo) -> None:
    three_customers(shop)
    answer = ask(handler, SEGMENTS)
    assert answer["data"][:2] == [
        {"name": "Champions", "customer_count": 2, "share": 66.67},
        {"name": "Hibernating", "customer_count": 1, "share": 33.33},
    ]
    assert len(answer["data"]) == 10
    assert (answer["total_customers"], answer["segment_type"], answer["missing"]) == (3, "rfm", None)
    assert answer["model"] == {"version": 1, "as_of": "2026-03-13"}
    assert answer["complete_to"] == "1970-01-01T00:00:00.001000Z"
    groups = ask(handler, SEGMENTS, {"segment_type": "behaviour"})
    assert [(one["name"], one["customer_count"]) for one in groups["data"]] == [("Frequent", 2), ("Evening", 1)]


def test_revenue_is_told_by_segment_the_one_with_most_first(shop: Mongo) -> None:
    three_customers(shop)
    buy(shop, an_order("o1", "ann", 900, currency="USD"))
    answer = ask(handler, REVENUE)
    assert answer["data"][:2] == [
        {
            "name": "Champions",
            "customer_count": 2,
            "revenue": 90.0,
            "refunds": 10.0,
            "net_revenue": 80.0,
            "revenue_share": 90.0,
            "average_order_value": 22.5,
            "avg_monetary": 45.0,
        },
        {
            "name": "Hibernating",
            "customer_count": 1,
            "revenue": 10.0,
            "refunds": 0.0,
            "net_revenue": 10.0,
            "revenue_share": 10.0,
            "average_order_value": 10.0,
            "avg_monetary": 10.0,
        },
    ]
    assert (answer["currency"], answer["other_currencies"]) == ("EUR", [{"currency": "USD", "orders": 1}])
    groups = ask(handler, REVENUE, {"segment_type": "behaviour"})["data"]
    assert [(one["name"], one["revenue"]) for one in groups] == [("Frequent", 70.0), ("Evening", 30.0)]


@pytest.mark.parametrize("path", ALL)
def test_before_the_first_training_there_are_no_figures_and_it_is_said_why(shop: Mongo, path: str) -> None:
    answer = ask(handler, path)
    assert (answer["data"], answer["model"], answer["range"], answer["complete_to"]) == ([], None, None, None)
    assert answer["missing"] == "no training has been published yet: customers are found by it"


@pytest.mark.parametrize(
    ("path", "missing"),
    [
        (RISK, "no model of churn has been published: no customer has a level of risk"),
        (CLV, "no model of lifetime value has been published: of no customer it is predicted"),
    ],
)
def test_what_no_model_foresees_is_missing_and_not_nothing(shop: Mongo, path: str, missing: str) -> None:
    three_customers(shop)
    answer = ask(handler, path)
    assert (answer["data"], answer["model"], answer["missing"]) == ([], None, missing)
    assert (answer["total_customers"], answer["unknown_customers"]) == (3, None)
    assert answer["range"]["to"] == "2026-03-13"


def test_customers_are_spread_over_levels_of_risk_once_a_model_tells_them(shop: Mongo) -> None:
    three_customers(shop, churn_risk_level="high")
    answer = ask(handler, RISK)
    assert answer["data"] == [
        {"risk_level": "high", "customer_count": 2, "share": 100.0, "revenue": 90.0, "revenue_share": 100.0}
    ]
    assert (answer["unknown_customers"], answer["missing"], answer["model"]["version"]) == (1, None, 1)


def test_predicted_value_is_told_in_bins_without_gaps(shop: Mongo) -> None:
    publish(
        shop,
        a_customer("ann", predicted_clv=30),
        a_customer("bob", predicted_clv=450),
        a_customer("cid", predicted_clv=520),
        a_customer("dan"),
    )
    answer = ask(handler, CLV)
    assert [(one["low"], one["high"], one["customer_count"], one["share"]) for one in answer["data"]] == [
        (None, 1.0, 1, 33.33),
        (1.0, 2.0, 0, 0.0),
        (2.0, 5.0, 1, 33.33),
        (5.0, 10.0, 1, 33.33),
    ]
    assert [one["predicted_clv"] for one in answer["data"]] == [0.3, 0.0, 4.5, 5.2]
    assert (answer["predicted_clv"], answer["avg_clv"], answer["unknown_customers"]) == (10.0, 3.33, 1)


def test_the_business_has_the_predicted_value_of_all_customers(shop: Mongo) -> None:
    publish(shop, a_customer("ann", predicted_clv=450), a_customer("bob", predicted_clv=550), a_customer("cid"))
    answer = ask(handler, "/api/metrics", {"compare": "year"})
    assert (answer["predicted_clv"], answer["avg_clv"], answer["high_value_customers"]) == (10.0, 5.0, 3)
    assert answer["comparison"]["figures"]["predicted_clv"] == {"previous": None, "change": None}
    know(shop, a_shop("home", "search", currency="JPY"))
    assert ask(handler, "/api/metrics")["predicted_clv"] is None, "it is in euros until the next training"


foreseen = st.fixed_dictionaries(
    {"monetary": st.integers(1, 9_999)},
    optional={
        "churn_risk_level": st.sampled_from(["low", "medium", "high"]),
        "predicted_clv": st.integers(-100, 2_000_000),
    },
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(foreseen, min_size=1, max_size=12))
def test_every_distribution_is_what_counting_the_customers_says(shop: Mongo, told: list[dict[str, Any]]) -> None:
    for name in ("customers", "models"):
        shop[name].delete_many({})
    publish(shop, *(a_customer(f"c{number}", **one) for number, one in enumerate(told)))
    stored = list(shop["customers"].find())
    for line in ask(handler, RISK)["data"]:
        there = [one for one in stored if one.get("churn_risk_level") == line["risk_level"]]
        assert (line["customer_count"], line["revenue"]) == (len(there), sum(one["monetary"] for one in there) / 100)
    values = [one["predicted_clv"] / 100 for one in stored if "predicted_clv" in one]
    answer = ask(handler, CLV)
    for line in answer["data"]:
        low = line["low"] if line["low"] is not None else float("-inf")
        assert line["customer_count"] == sum(low <= value < line["high"] for value in values)
    assert sum(line["customer_count"] for line in answer["data"]) == len(values)
    assert answer["unknown_customers"] == (len(stored) - len(values) if values else None)


def test_a_training_that_foresees_nothing_any_more_leaves_no_older_figures(shop: Mongo) -> None:
    three_customers(shop, churn_risk_level="low", predicted_clv=900)
    assert ask(handler, CLV)["model"]["version"] == 1
    publish(shop, a_customer("ann"), version=2)
    assert (ask(handler, CLV)["data"], ask(handler, RISK)["data"]) == ([], [])


def test_a_training_that_found_nobody_is_told_from_none(shop: Mongo) -> None:
    publish(shop)
    answer = ask(handler, SEGMENTS)
    assert (answer["model"], answer["total_customers"]) == ({"version": 1, "as_of": None}, 0)
    assert {one["customer_count"] for one in answer["data"]} == {0}


def test_money_is_in_the_currency_of_the_training_until_the_next_one(shop: Mongo) -> None:
    three_customers(shop, predicted_clv=900)
    know(shop, a_shop("home", "search", currency="JPY"))
    assert (ask(handler, CLV)["currency"], ask(handler, CLV)["predicted_clv"]) == ("EUR", 18.0)
    assert ask(handler, REVENUE)["data"][0]["revenue"] == 90.0


@pytest.mark.parametrize("path", ALL)
def test_another_sites_customers_are_not_counted_and_what_is_not_known_is_refused(shop: Mongo, path: str) -> None:
    three_customers(shop, predicted_clv=900, churn_risk_level="low")
    know(shop, a_shop("home", "search", site_id="other"))
    assert ask(handler, path, site_id="other")["data"] == []
    assert refusal(handler, path, {"period": "day"}) == (422, ["period"])
    if path in (SEGMENTS, REVENUE):
        assert refusal(handler, path, {"segment_type": "age"}) == (422, ["segment_type"])
