"""Lifetime values and chances of churn, from orders in MongoDB to customers and models."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from footfall.models import churn, registry
from footfall.models.table import MODELS
from footfall.models.trained import Trained
from footfall.schemas.customer import CHURN_FEATURES
from pymongo.database import Database

from functions.training.evaluate.handler import handler as evaluate
from infra.local.aws import AwsAddresses
from tests.functions.training.pipeline import Json, fitted, published, site_to_train, train
from tests.support.builders import NOON, LambdaContext, a_site
from tests.support.shopping import an_order, open_shop

Mongo = Database[dict[str, Any]]
DAYS = 300


@pytest.fixture
def site(database: Mongo, aws: AwsAddresses, worker: str) -> Iterator[str]:
    """A site of this test's own, without anything."""
    with site_to_train(worker) as site_id:
        yield site_id


def open_larger_shop(database: Mongo, site_id: str, customers: int = 400) -> None:
    """Store a shop whose customers buy at rates of their own, until most of them are gone."""
    database["sites"].insert_one({"_id": site_id, **a_site(site_id=site_id).model_dump()})
    random = np.random.default_rng(3)
    orders = []
    for number in range(customers):
        rate, gone = random.gamma(3.0, 1 / 90), random.exponential(250)
        day = float(random.uniform(0, 90))
        until = min(DAYS, day + gone)
        while day <= until:
            total = int(random.gamma(6, 500)) + 1
            orders.append(dict(an_order(f"c{number}", "tea", day=day, total=total, site_id=site_id)))
            day += max(float(random.exponential(1 / max(rate, 1e-6))), 0.01)
    database["orders"].insert_many(orders)


def customers(database: Mongo, site_id: str) -> dict[str, Json]:
    return {found["customer_id"]: found for found in database["customers"].find({"site_id": site_id})}


def metrics(database: Mongo, site_id: str) -> dict[str, Json]:
    return {found["name"]: found["metrics"] for found in database["models"].find({"site_id": site_id})}


def test_customers_get_values_and_chances_and_models_tell_how_good_they_are(database: Mongo, site: str) -> None:
    open_larger_shop(database, site)
    assert train(site)["state"] == "published"
    found, told = customers(database, site), metrics(database, site)
    assert told["churn"]["degraded"] is False, told["churn"]
    for customer in found.values():
        assert customer["predicted_clv_low"] <= customer["predicted_clv_high"]
        assert 0 <= customer["predicted_clv"] <= customer["clv_if_active"]
        assert 0 <= customer["p_alive"] <= 1
        assert 0 < customer["churn_probability"] < 1
        assert customer["value_at_risk"] == round(customer["churn_probability"] * customer["clv_if_active"])
        assert {reason["feature"] for reason in customer["churn_reasons"]} <= set(CHURN_FEATURES)
    by_clv = sorted(found.values(), key=lambda customer: -customer["predicted_clv"])
    assert {customer["clv_category"] for customer in by_clv[:40]} == {"high"}
    assert {customer["clv_category"] for customer in by_clv[-40:]} == {"low"}
    assert told["lifetime"]["kind"] == "pareto_nbd"
    assert told["lifetime"]["gini"] > told["lifetime"]["baselines"]["same_again"]["gini"]
    assert sum(tenth["customers"] for tenth in told["lifetime"]["tenths"]) == told["lifetime"]["held_out_customers"]
    assert set(told["churn"]["baselines"]) | {told["churn"]["kind"]} == {
        "recency",
        "pareto_nbd",
        "logistic",
        "boosting",
    }
    assert 0.5 < told["churn"]["auc"] <= churn.LEAK
    model, churning = registry.in_use(database, site, "lifetime"), registry.in_use(database, site, "churn")
    assert model is not None
    assert churning is not None
    assert set(model["details"]["lifetime"]["parameters"]) == {"pareto_nbd", "bg_nbd", "gamma_gamma"}
    assert model["artefacts"]["lifetime"]["key"].endswith("lifetime.json")
    assert churning["details"]["churn"]["horizon_days"] >= 7
    assert len(churning["details"]["churn"]["learnt_as_of"]) > 1


def test_values_and_chances_agree_with_what_customers_did(database: Mongo, site: str) -> None:
    open_larger_shop(database, site)
    train(site)
    found = list(customers(database, site).values())
    lately = [customer["churn_probability"] for customer in found if customer["recency"] <= 20]
    away = [customer["churn_probability"] for customer in found if customer["recency"] >= 150]
    assert np.mean(away) > np.mean(lately) + 0.2
    assert {customer["churn_risk_level"] for customer in found if customer["recency"] >= 200} == {"high"}
    as_of = {customer["as_of"] for customer in found}
    due = [customer["next_purchase_on"] for customer in found if customer["next_purchase_on"]]
    assert len(as_of) == 1
    assert max(as_of) < min(due) <= max(due) <= str(NOON.date() + timedelta(days=DAYS + 400))
    model = registry.in_use(database, site, "rfm")
    assert model is not None
    assert sum(each["customers"] for each in model["risks"]) == len(found)
    assert sum(each["predicted"] for each in model["values"]) == sum(each["predicted_clv"] for each in found)
    before = customers(database, site)
    train(site)
    assert customers(database, site) == before, "a training again gives the same"


def test_a_shop_too_small_says_so_and_tells_what_it_can(database: Mongo, site: str) -> None:
    open_shop(database, site)
    assert train(site)["state"] == "published"
    lifetime, leaving = registry.in_use(database, site, "lifetime"), registry.in_use(database, site, "churn")
    assert lifetime is not None
    assert leaving is not None
    assert (lifetime["details"]["lifetime"]["kind"], lifetime["details"]["lifetime"]["degraded"]) == ("pooled", True)
    assert lifetime["details"]["lifetime"]["reason"] == "fewer than 100 customers"
    assert leaving["details"]["churn"]["degraded"]
    assert "the level goes by the days since the last purchase alone" in str(leaving["details"]["churn"]["reason"])
    for customer in customers(database, site).values():
        assert customer["churn_probability"] is customer["value_at_risk"] is customer["p_alive"] is None
        assert customer["predicted_clv_low"] is None
        assert customer["churn_risk_level"] in ("high", "medium", "low")


@pytest.mark.parametrize("number", [0, 1, 3])
def test_nobody_one_or_three_customers_are_trained(database: Mongo, site: str, number: int) -> None:
    open_shop(database, site)
    database["orders"].delete_many({"site_id": site})
    orders = [dict(an_order(f"c{each}", "tea", day=each, site_id=site)) for each in range(number)]
    if orders:
        database["orders"].insert_many(orders)
    assert train(site)["state"] == "published"
    found = customers(database, site).values()
    assert [customer["predicted_clv"] for customer in found] == [0] * number, "nobody bought again"
    assert {customer["churn_risk_level"] for customer in found} <= {"low"}


def test_chances_that_are_too_good_are_withheld_alone(database: Mongo, site: str) -> None:
    open_shop(database, site)
    run = fitted(site)
    told = next(each for each in run["fitted"] if each["model"] == "churn")["challenger"]
    told["figures"]["churn"] = {"auc": 0.9612}
    judged: Json = evaluate(run, LambdaContext())
    assert judged["accepted"] is True
    assert {each["model"]: each["choice"]["reasons"] for each in judged["chosen"] if not each["published"]} == {
        "churn": ["churn is told too well to be a forecast: the area under the ROC curve is 0.9612, above 0.95"]
    }
    assert published(judged)["state"] == "published"
    assert not [found for found in customers(database, site).values() if "churn_probability" in found]
    (withheld,) = database["models"].find({"site_id": site, "state": "withheld"})
    assert (withheld["name"], withheld["metrics"]["auc"]) == ("churn", 0.9612)


def test_chances_that_are_good_are_held_against_nobody() -> None:
    facts: Any = None
    trained = Trained(facts, {}, {}, {}, {"churn": {"auc": 0.94}})
    assert MODELS["churn"].judge(trained).reasons == []


def test_two_sites_never_share_a_customer_or_a_model(database: Mongo, site: str) -> None:
    open_larger_shop(database, site, 150)
    other = f"{site}x"
    database["orders"].insert_many([dict(an_order("theirs", "tea", day=day, site_id=other)) for day in range(40)])
    train(site)
    assert "theirs" not in customers(database, site)
    assert database["customers"].count_documents({"site_id": other}) == 0
    assert database["models"].count_documents({"site_id": other}) == 0
