"""What shops really send, trained and asked for by the handlers: clear answers, and fallbacks that say so."""

import math
from collections.abc import Iterator
from typing import Any

import pytest
from footfall import sites
from footfall.models.artefacts import Corrupted
from pymongo.database import Database

from functions.api.catalog.handler import handler as catalog
from functions.api.customers.handler import handler as customers
from functions.api.metrics.handler import handler as metrics
from functions.api.models.handler import handler as models
from functions.api.similar.handler import handler as similar
from functions.training.publish.handler import handler as publish
from infra.local.aws import AwsAddresses
from tests.functions.training.pipeline import evaluated, site_to_train, train
from tests.support.asking import ask, refusal
from tests.support.builders import NOON, LambdaContext, a_site
from tests.support.shopping import a_line, a_user, a_visit, an_order, at_site, open_shop

Mongo = Database[dict[str, Any]]
Json = dict[str, Any]


@pytest.fixture
def site(database: Mongo, aws: AwsAddresses, worker: str) -> Iterator[str]:
    """A site of this test's own, without anything."""
    with site_to_train(worker) as site_id:
        yield site_id
    sites._known.clear()


def ordered(database: Mongo, site: str, user: str | None, *products: str, **but: Any) -> None:
    database["orders"].insert_one(dict(an_order(user, *products, site_id=site, **but)))
    if user:
        known = {"_id": f"{site}:{user}"}
        database["users"].update_one(known, {"$setOnInsert": a_user(user, site)}, upsert=True)


def listed(site: str) -> dict[str, Json]:
    found = ask(customers, "/api/customers", {"page_size": 100}, site_id=site)["customers"]
    return {each["customer_id"]: each for each in found}


def shown(site: str, person: str) -> set[str]:
    found = ask(customers, f"/api/recommendations/{person}", {"limit": 30}, site_id=site)["recommendations"]
    return {each["product_id"] for each in found}


def numbers_in(answer: object) -> Iterator[float]:
    if isinstance(answer, dict | list):
        for value in answer.values() if isinstance(answer, dict) else answer:
            yield from numbers_in(value)
    elif isinstance(answer, int | float):
        yield answer


def everything_is_answered(site: str, person: str) -> None:
    """Asks every question about customers; raises AssertionError for another status than 200, and for no number."""
    paths = {
        customers: [
            "/api/customers",
            f"/api/customers/{person}",
            f"/api/customers/{person}/orders",
            "/api/segments",
            "/api/clv/predictions",
            "/api/churn/predictions",
            f"/api/recommendations/{person}",
            "/api/recommendations/trending",
            "/api/cross-sell",
        ],
        metrics: ["/api/metrics", "/api/metrics/health-score", "/api/analytics/clv-distribution"],
        similar: [f"/api/similar/{person}"],
        catalog: [f"/api/users/{person}/spending-summary"],
        models: ["/api/models"],
    }
    for handler, asked in paths.items():
        for path in asked:
            assert all(map(math.isfinite, numbers_in(ask(handler, path, site_id=site)))), path


def test_odd_orders_and_people_are_trained_and_answered_for(database: Mongo, site: str) -> None:
    open_shop(database, site)
    ordered(database, site, None, "secret", day=3)
    lines = [a_line("pot", quantity=2, total=2_000), a_line("returned-lamp", quantity=-3, total=-3_000)]
    ordered(database, site, "returner", day=4, lines=lines, total=500)
    ordered(database, site, "refunded", "tea", day=5, refunded=2_500)
    ordered(database, site, "only-refunds", placed_at=None, total=0, refunded=900, status="refund_only")
    assert train(site)["state"] == "published"
    found = listed(site)
    assert {"returner", "refunded"} <= found.keys()
    seen = {user["person_id"] for user in database["users"].find({"site_id": site})}
    looker = min(seen - set(database["orders"].distinct("user_id", {"site_id": site})))
    assert {"only-refunds", looker}.isdisjoint(found), "who has no order that cost something is no customer"
    assert refusal(customers, f"/api/customers/{looker}", site_id=site)[0] == 404
    assert ask(catalog, f"/api/users/{looker}/spending-summary", site_id=site)["orders"] == 0
    lost = ask(customers, "/api/customers/refunded", site_id=site)
    assert [lost["rfm"][name] for name in ("revenue", "refunds", "net_revenue")] == [10.0, 25.0, -15.0]
    assert lost["lifetime"]["predicted_clv"] >= 0
    assert "returned-lamp" not in shown(site, "returner"), "what came back was not bought"
    run = database["training_runs"].find_one({"site_id": site}) or {}
    assert [run["figures"]["extract"][name] for name in ("guest_orders", "refunds_over_totals")] == [1, 1]
    everything_is_answered(site, "refunded")


def test_a_product_that_left_the_catalogue_is_shown_to_nobody(database: Mongo, site: str) -> None:
    open_shop(database, site)
    assert train(site)["state"] == "published"
    before = shown(site, "cook-1")
    gone = min(before)
    told = {"site_id": site, "product_id": gone, "name": "Pot", "removed_at": NOON}
    database["products"].insert_one({"_id": f"{site}:{gone}", **told})
    assert gone not in shown(site, "cook-1")
    assert refusal(catalog, f"/api/products/{gone}", site_id=site)[0] == 404
    everything_is_answered(site, "cook-1")


@pytest.mark.parametrize("number", [1, 3])
def test_a_shop_of_so_few_customers_says_what_it_cannot_tell(database: Mongo, site: str, number: int) -> None:
    database["sites"].insert_one({"_id": site, **a_site(site_id=site).model_dump()})
    for each in range(number):
        ordered(database, site, f"c{each}", "tea", day=each)
    assert train(site)["state"] == "published"
    assert listed(site).keys() == {f"c{each}" for each in range(number)}
    whole = ask(customers, "/api/customers/c0", site_id=site)
    assert whole["lifetime"]["degraded"] is whole["churn"]["degraded"] is True
    assert whole["lifetime"]["reason"] == "fewer than 100 customers"
    assert whole["churn"]["churn_probability"] is None
    segments = ask(customers, "/api/segments", site_id=site)
    assert (segments["degraded"], segments["total_customers"]) == (True, number)
    popular = ask(customers, "/api/recommendations/c0", site_id=site)
    assert (popular["degraded"], popular["reason"]) == (True, "too_little_data")
    everything_is_answered(site, "c0")


def test_a_customer_of_nine_tenths_of_all_revenue_takes_nothing_from_the_others(database: Mongo, site: str) -> None:
    open_shop(database, site)
    rest = sum(order["total"] for order in database["orders"].find({"site_id": site}))
    ordered(database, site, "whale", "yacht", day=20, total=9 * rest)
    assert train(site)["state"] == "published"
    found = listed(site)
    assert found["whale"]["monetary"] == 9 * rest / 100
    assert max(each["customer_value_score"] for each in found.values()) <= 100
    scores = {each["rfm_score"][2] for each in found.values()}
    assert {"1", "5"} < scores, "scores go by rank, whatever the largest is"
    everything_is_answered(site, "whale")


def test_where_everybody_is_alike_everybody_is_in_one_segment_and_nearest_to_all(database: Mongo, site: str) -> None:
    database["sites"].insert_one({"_id": site, **a_site(site_id=site).model_dump()})
    for number in range(40):
        name = f"twin-{number}"
        ordered(database, site, name, "tea", day=1)
        visit = a_visit(name, ["home", "product"], day=0, device="Mobile", user=name)
        database["events"].insert_many([at_site(site, event) for event in visit])
    assert train(site)["state"] == "published"
    found = listed(site)
    assert len(found) == 40
    for name in ("rfm_segment", "rfm_score", "behaviour_segment", "customer_value_score", "customer_priority"):
        assert len({each[name] for each in found.values()}) == 1, name
    near = ask(similar, "/api/similar/twin-0", site_id=site)["similar"]
    assert {round(each["similarity"], 3) for each in near} == {1.0}
    everything_is_answered(site, "twin-0")


def test_a_run_with_an_artefact_of_another_checksum_fails_with_its_cause_and_what_is_there_stays(
    database: Mongo, site: str
) -> None:
    open_shop(database, site)
    assert train(site)["state"] == "published"
    before = listed(site)
    run = evaluated(site, "changed")
    vectors = next(chosen for chosen in run["chosen"] if chosen["model"] == "behaviour_vectors")
    vectors["published"]["work"]["vectors"]["sha256"] = "0" * 64
    with pytest.raises(Corrupted, match="is not what was saved") as raised:
        publish({"step": "publish", "run": run}, LambdaContext())
    told = {"Error": type(raised.value).__name__, "Cause": str(raised.value)}
    publish({"step": "fail", "site_id": site, "run_id": "changed", "error": told}, LambdaContext())
    failed = database["training_runs"].find_one({"site_id": site, "run_id": "changed"}) or {}
    assert failed["state"] == "failed"
    assert listed(site) == before
    everything_is_answered(site, "cook-1")
