"""Training, from documents in MongoDB to customers, models and vectors."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from footfall.clock import now
from footfall.errors import NotFound
from footfall.models import registry as models
from footfall.models.artefacts import load_arrays
from footfall.models.table import MODELS
from footfall.observability import Failed
from footfall.schemas.customer import CustomerDocument
from footfall.schemas.model import Extracted
from footfall.stores import vectors
from footfall.stores.vectors import PAGES, PEOPLE
from pymongo.database import Database

from functions.training.evaluate.handler import handler as evaluate
from functions.training.extract.handler import handler as extract
from infra.local.aws import AwsAddresses
from tests.functions.training.pipeline import Json, evaluated, fitted, published, site_to_train, train
from tests.support.builders import NOON, LambdaContext
from tests.support.shopping import a_user, a_visit, an_order, at_site, open_shop

Mongo = Database[dict[str, Any]]
CONTEXT = LambdaContext()
WRITTEN = {"created_at": 0, "judged_at": 0, "population.at": 0}
"""When something was written, which is another moment each time."""


@pytest.fixture
def site(database: Mongo, aws: AwsAddresses, worker: str) -> Iterator[str]:
    """A site of this test's own with sixty people of three tastes, and what it takes to train it."""
    with site_to_train(worker) as site_id:
        open_shop(database, site_id)
        yield site_id


def customers(database: Mongo, site_id: str) -> dict[str, Json]:
    return {found["customer_id"]: found for found in database["customers"].find({"site_id": site_id})}


def run_of(database: Mongo, site_id: str, run_id: str = "run") -> Json:
    return database["training_runs"].find_one({"_id": f"{site_id}:{run_id}"}) or {}


def neighbours(site_id: str, person: str, limit: int = 5) -> list[str]:
    own = vectors.row_of(PEOPLE, site_id, person)
    assert own is not None
    return [
        found.subject for found in vectors.nearest(PEOPLE, site_id, own.vector, limit + 1) if found.subject != person
    ]


def test_everybody_with_a_priced_order_becomes_a_customer(database: Mongo, site: str) -> None:
    database["orders"].insert_many(
        [
            dict(an_order(None, "tea", site_id=site)),
            dict(an_order("browser-2", total=0, lines=[], site_id=site)),
            dict(an_order("reader-0", total=0, placed_at=None, refunded=500, status="refund_only", site_id=site)),
        ]
    )
    assert train(site)["state"] == "published"
    buyers = {order["user_id"] for order in database["orders"].find({"total": {"$gt": 0}, "user_id": {"$ne": None}})}
    assert customers(database, site).keys() == buyers


def test_figures_of_a_customer_are_those_of_their_orders(database: Mongo, site: str) -> None:
    database["orders"].insert_many(
        [
            dict(an_order("ann", "tea", site_id=site)),
            dict(an_order("ann", "tea", "pot", day=20, refunded=700, status="partly_refunded", site_id=site)),
            dict(an_order("ann", total=0, placed_at=None, refunded=300, status="refund_only", site_id=site)),
            dict(an_order("bob", "tea", day=30, site_id=site)),
        ]
    )
    train(site)
    ann = customers(database, site)["ann"]
    assert (ann["frequency"], ann["monetary"], ann["refunded"], ann["recency"]) == (2, 3000, 1000, 10)
    assert (ann["first_order_at"], ann["last_order_at"]) == (NOON, NOON + timedelta(days=20))
    assert (ann["as_of"], ann["currency"]) == ("2026-03-31", "EUR")
    assert ann["rfm_score"] == f"{ann['recency_score']}{ann['frequency_score']}{ann['monetary_score']}"


def test_a_customer_has_every_field_that_is_declared_and_no_other(database: Mongo, site: str) -> None:
    train(site)
    declared = CustomerDocument.__required_keys__ | CustomerDocument.__optional_keys__
    assert {frozenset(found) for found in customers(database, site).values()} == {declared}
    for found in customers(database, site).values():
        assert 0 <= found["customer_value_score"] <= 100
        assert found["customer_priority"] in {"high", "medium", "low"}


def test_amounts_in_other_currencies_are_left_out_and_counted(database: Mongo, site: str) -> None:
    database["orders"].insert_one(dict(an_order("ann", "tea", currency="USD", day=99, site_id=site)))
    train(site)
    assert "ann" not in customers(database, site)
    assert {customer["as_of"] for customer in customers(database, site).values()} == {"2026-06-08"}, "it is trade"
    assert run_of(database, site)["figures"]["extract"]["foreign_currency_orders"] == 1


def test_the_nearest_people_have_the_same_taste(database: Mongo, site: str) -> None:
    train(site)
    for person in ("reader-0", "cook-1", "browser-2"):
        assert {near.partition("-")[0] for near in neighbours(site, person)} == {person.partition("-")[0]}


def test_pages_have_vectors_of_what_is_done_on_them(database: Mongo, site: str) -> None:
    train(site)
    search = vectors.row_of(PAGES, site, "search")
    assert search is not None
    found = vectors.nearest(PAGES, site, search.vector, 9)
    assert found[0].subject == "search"
    assert {each.subject for each in found} == {"home", "search", "product", "cart", "payment", "confirmation"}
    assert {each.texts["page_type"] for each in found} == {each.subject for each in found}


def test_a_run_tells_how_it_went(database: Mongo, site: str) -> None:
    train(site)
    run = run_of(database, site)
    assert (run["state"], run["stage"]) == ("published", "score")
    assert run["started_at"] <= run["ended_at"]
    assert set(run["figures"]) == {"extract", "fit", "evaluate", "publish", "score"}
    assert run["figures"]["evaluate"]["rfm"]["revenue"] == run["figures"]["extract"]["before"]["revenue"]


def test_models_are_registered_with_their_artefacts_and_figures(database: Mongo, site: str) -> None:
    train(site)
    found = {model["name"]: model for model in database["models"].find({"site_id": site})}
    version = run_of(database, site)["version"]
    assert {(name, model["version"], model["state"]) for name, model in found.items()} == {
        (name, version, "published") for name in MODELS
    }
    projection = found["behaviour_vectors"]["artefacts"]["projection"]
    assert len(projection["sha256"]) == 64
    assert found["behaviour_vectors"]["metrics"]["recall_at_10"] > 0
    assert sum(segment["customers"] for segment in models.behaviour_segments(database, site)) == len(
        customers(database, site)
    )


def test_a_later_training_turns_its_vectors_like_those_before(database: Mongo, site: str) -> None:
    train(site, "first")
    before = vectors.row_of(PEOPLE, site, "cook-1")
    model = models.in_use(database, site, "behaviour_vectors")
    run: Json = extract({"site_id": site, "run_id": "second"}, CONTEXT)
    assert model is not None
    assert run["artefacts"]["earlier_projection"] == model["artefacts"]["projection"]
    train(site, "second")
    after = vectors.row_of(PEOPLE, site, "cook-1")
    assert before is not None
    assert after is not None
    assert before.version < after.version
    assert float(before.vector @ after.vector) == pytest.approx(1, abs=1e-3)


def test_an_earlier_projection_that_is_gone_stops_no_training(database: Mongo, site: str) -> None:
    train(site, "first")
    database["models"].update_one(
        {"site_id": site, "name": "behaviour_vectors"}, {"$set": {"artefacts.projection.sha256": "0" * 64}}
    )
    assert evaluated(site, "second")["accepted"] is True


def test_what_to_recommend_is_published_and_a_shop_too_small_for_people_says_so(database: Mongo, site: str) -> None:
    train(site)
    found = {(one["kind"], one["subject"]): one for one in database["recommendations"].find({"site_id": site})}
    assert {kind for kind, _ in found} == {"popular", "trending", "cross_sell"}
    assert {(one["version"], one["degraded"]) for one in found.values()} == {
        (run_of(database, site)["version"], "too_little_data")
    }
    products = {one["product_id"].partition("-")[0] for one in found["popular", ""]["popular"]}
    assert products == {"book", "pan", "toy"}
    model = models.in_use(database, site, "recommendations")
    assert model is not None
    assert model["details"]["walk"]["degraded"] == "too_little_data"


def test_every_state_may_be_retried(database: Mongo, site: str) -> None:
    train(site)
    before = customers(database, site), list(database["models"].find({}, WRITTEN))
    assert train(site)["state"] == "published"
    assert (
        customers(database, site),
        list(database["models"].find({}, WRITTEN)),
    ) == before
    assert database["training_runs"].count_documents({"site_id": site}) == 1


def test_who_is_gone_is_gone_after_the_next_training(database: Mongo, site: str) -> None:
    train(site, "first")
    for name in ("events", "orders", "users"):
        database[name].delete_many({"site_id": site, "person_id": "reader-3"})
    train(site, "second")
    assert "reader-3" not in customers(database, site)
    assert vectors.row_of(PEOPLE, site, "reader-3") is None
    assert vectors.row_of(PEOPLE, site, "reader-6") is not None


def test_a_run_that_a_newer_one_overtook_publishes_nothing(database: Mongo, site: str) -> None:
    slow = evaluated(site, "slow")
    train(site, "quick")
    before = customers(database, site)
    assert published(slow)["state"] == "superseded"
    assert customers(database, site) == before
    assert run_of(database, site, "slow")["state"] == "superseded"


def test_who_comes_during_the_training_has_a_vector_after_it(database: Mongo, site: str) -> None:
    ready = evaluated(site)
    visit = a_visit("late", ["home", "search"], day=40)
    database["events"].insert_many([at_site(site, event) for event in visit])
    database["users"].insert_one(a_user("late", site))
    session: Json = {"_id": f"{site}:late", "site_id": site, "visitor_id": "late", "person_id": "late"}
    session |= {"started_at": now(), "computed_at": now()}
    database["user_sessions"].insert_one(session)
    published(ready)
    late = vectors.row_of(PEOPLE, site, "late")
    assert late is not None
    assert late.version == ready["version"]


def test_a_site_with_nobody_to_learn_from_is_rejected_with_the_reason(database: Mongo, site: str) -> None:
    for name in ("events", "orders", "users"):
        database[name].delete_many({})
    assert evaluated(site)["accepted"] is False
    run = run_of(database, site)
    assert run["state"] == "rejected"
    assert run["reasons"] == ["the site has nobody to learn from yet"]


def test_models_that_do_not_add_up_are_rejected(database: Mongo, site: str) -> None:
    run = fitted(site)
    run["facts"]["before"]["revenue"] = run["facts"]["after"]["revenue"] = 1
    found = evaluate(run, CONTEXT)
    assert found["reasons"] == ["the customers' revenue does not add up to that in the store"]


def test_orders_that_come_while_it_reads_fail_no_run(database: Mongo, site: str) -> None:
    run = fitted(site)
    run["facts"]["after"]["revenue"] += 1000
    run["facts"]["after"]["orders"] += 1
    assert evaluate(run, CONTEXT)["accepted"] is True


def test_a_run_that_lacks_a_model_is_not_judged(database: Mongo, site: str) -> None:
    run = fitted(site)
    for incomplete in (run["fitted"][1:], [*run["fitted"][1:], None]):
        with pytest.raises(Failed):
            evaluate({**run, "fitted": incomplete}, CONTEXT)


def test_a_file_that_was_changed_withholds_its_model_alone(database: Mongo, site: str) -> None:
    run = fitted(site)
    vectors_of_people = next(each for each in run["fitted"] if each["model"] == "behaviour_vectors")["challenger"]
    vectors_of_people["work"]["vectors"]["sha256"] = "0" * 64
    found: Json = evaluate(run, CONTEXT)
    assert {each["model"] for each in found["chosen"] if not each["published"]} == {"behaviour_vectors"}
    assert published(found)["state"] == "published"
    choice = run_of(database, site)["choices"]["behaviour_vectors"]
    assert choice["published"] is None
    assert "is not what was saved" in choice["reasons"][0]


def test_an_unknown_site_is_not_found(database: Mongo, site: str) -> None:
    with pytest.raises(NotFound):
        extract({"site_id": "nobody", "run_id": "run"}, CONTEXT)


def test_without_a_site_every_site_is_named(database: Mongo, site: str) -> None:
    assert extract({}, CONTEXT) == {"sites": [{"site_id": site, "restore": 0}]}


def test_visitors_who_turned_out_to_be_somebody_are_one_person(database: Mongo, site: str) -> None:
    visits = [*a_visit("cookie", ["home"], day=1), *a_visit("cookie", ["cart"], day=2, user="dan")]
    database["events"].insert_many([at_site(site, event) for event in visits])
    link = {"at": NOON, "event_id": "e", "person_id": "dan"}
    database["users"].insert_many([a_user("cookie", site, link=link), a_user("dan", site, merged_ids=["cookie"])])
    train(site)
    assert vectors.row_of(PEOPLE, site, "cookie") is None
    dan = vectors.row_of(PEOPLE, site, "dan")
    assert dan is not None
    assert dan.texts["profile"] == '{"pages": ["cart", "home"], "products": []}'


def test_a_visitor_who_turned_out_to_be_somebody_while_it_ran_leaves_no_vector(database: Mongo, site: str) -> None:
    database["events"].insert_many([at_site(site, event) for event in a_visit("cookie", ["home"])])
    database["users"].insert_many([a_user("cookie", site), a_user("dan", site)])
    run = evaluated(site)
    link = {"at": NOON, "event_id": "e", "person_id": "dan"}
    database["users"].update_one({"_id": f"{site}:cookie"}, {"$set": {"link": link}})
    database["users"].update_one({"_id": f"{site}:dan"}, {"$set": {"merged_ids": ["cookie"]}})
    published(run)
    assert vectors.row_of(PEOPLE, site, "cookie") is None
    dan = vectors.row_of(PEOPLE, site, "dan")
    assert dan is not None
    assert dan.texts["profile"] == '{"pages": ["home"], "products": []}'


def test_bots_are_nobody(database: Mongo, site: str) -> None:
    visit = [at_site(site, {**event, "bot": True}) for event in a_visit("crawler", ["home"])]
    database["events"].insert_many(visit)
    train(site)
    assert vectors.row_of(PEOPLE, site, "crawler") is None


def test_features_hold_each_combination_once_in_few_bytes(database: Mongo, site: str) -> None:
    run = Extracted.model_validate(extract({"site_id": site, "run_id": "run"}, CONTEXT))
    arrays = load_arrays(run.artefacts["features"])
    entries = list(zip(arrays["row"].tolist(), arrays["token"].tolist(), arrays["half"].tolist(), strict=True))
    assert len(entries) == len(set(entries))
    assert entries == sorted(entries)
