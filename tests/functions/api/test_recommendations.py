"""Recommendations through the Lambda handler of api/customers, on what the model made of a shop and published."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from footfall import sites
from footfall.people import identities
from footfall.schemas.recommendation import RecommendationDocument
from numpy.typing import NDArray
from pymongo.database import Database

from functions.api.customers.handler import handler
from tests.support.asking import ask, refusal
from tests.support.builders import NOON, a_document, a_site
from tests.support.recommending import recommend, stored
from tests.support.shopping import a_line, a_user, an_order, at_site

Mongo = Database[dict[str, Any]]
Json = dict[str, Any]
PEOPLE, PRODUCTS, DAYS = 60, 12, 60
CATEGORIES = {"book": "Books", "pan": "Pots & Pans"}


def looked(person: str, product: str, category: str | None, day: float, kind: str = "product_viewed") -> Json:
    """Returns what somebody did with a product, as it is stored for the site demo."""
    told = {"product_id": product, "category": category}
    products: Json = {"products": [told]} if kind == "product_list_viewed" else told
    event = a_document(eventType=kind, visitorId=person, userId=None, properties=products, sessionId=f"{person}-{day}")
    event["timestamp"] = NOON + timedelta(days=day)
    return at_site("demo", event)


def chances() -> NDArray[np.float64]:
    weights = 1 / np.arange(1, PRODUCTS + 1)
    found: NDArray[np.float64] = weights / weights.sum()
    return found


def open_shop(database: Mongo, site_id: str = "demo", without: str = "") -> None:
    """Store readers and cooks in turn, who buy two products of theirs every ten days, and two who looked around."""
    database["sites"].insert_one({"_id": site_id, **a_site(site_id=site_id).model_dump()})
    draw = np.random.default_rng(3)
    orders, users = [], []
    for person in range(PEOPLE):
        taste = list(CATEGORIES)[person % 2]
        name = f"{taste}-lover-{person}"
        users.append(a_user(name, site_id))
        for day in range(person % 10, DAYS, 10):
            chosen = [f"{taste}-{number}" for number in draw.choice(PRODUCTS, 2, replace=False, p=chances()).tolist()]
            lines = [a_line(product, category=CATEGORIES[taste]) for product in chosen if product != without]
            orders.append(dict(an_order(name, day=day, site_id=site_id, lines=lines, total=2000)))
    database["orders"].insert_many(orders)
    database["users"].insert_many([*users, a_user("looker", site_id), a_user("newcomer", site_id)])


@pytest.fixture
def shop(database: Mongo) -> Iterator[Mongo]:
    """The shop, trained."""
    sites._known.clear()
    open_shop(database)
    database["events"].insert_one(looked("looker", "pan-2", CATEGORIES["pan"], 20, "product_list_viewed"))
    database["events"].insert_one(looked("looker", "lid-1", None, 21))
    recommend("demo")
    yield database
    sites._known.clear()


def ids(answer: Json, name: str = "recommendations") -> list[str]:
    return [each["product_id"] for each in answer[name]]


def recommended(customer_id: str, **query: Any) -> Json:
    return ask(handler, f"/api/recommendations/{customer_id}", query)


def test_people_are_recommended_products_of_their_taste_with_the_path_to_each(shop: Mongo) -> None:
    answer = recommended("pan-lover-1", limit=5)
    assert (answer["customer_id"], answer["degraded"], answer["reason"], answer["version"]) == (
        "pan-lover-1",
        False,
        None,
        1,
    )
    assert {name.partition("-")[0] for name in ids(answer)} == {"pan"}
    scores = [each["score"] for each in answer["recommendations"]]
    assert len(scores) == 5
    assert scores == sorted(scores, reverse=True)
    assert all(0 < score <= 1 for score in scores)
    bought = {
        line["product_id"] for order in shop["orders"].find({"user_id": "pan-lover-1"}) for line in order["lines"]
    }
    for each in answer["recommendations"]:
        assert (each["source"], each["category"]) == ("graph", "Pots & Pans")
        for reason in each["reasons"]:
            _leads(reason, each["product_id"], bought)
        assert 0 < sum(reason["share"] for reason in each["reasons"]) <= 100.01


def _leads(reason: Json, product: str, bought: set[str]) -> None:
    if reason["edges"] == ["PURCHASED"]:
        assert product in bought
        assert (reason["product_id"], reason["category"]) == (None, None)
    elif reason["edges"] == ["INTERESTED_IN", "BELONGS_TO"]:
        assert reason["category"] == "Pots & Pans"
    else:
        assert reason["edges"] == ["PURCHASED"] * 3
        assert reason["product_id"] in bought


def test_a_category_narrows_and_what_is_popular_in_it_fills_the_list(shop: Mongo) -> None:
    answer = recommended("pan-lover-1", limit=6, category="books")
    assert [each["category"] for each in answer["recommendations"]] == ["Books"] * 6
    assert {each["source"] for each in answer["recommendations"]} == {"popular"}
    assert answer["recommendations"][0]["reasons"][0]["category"] == "Books"
    assert recommended("pan-lover-1", category="Cars")["recommendations"] == []


def test_who_is_new_is_shown_what_is_popular_in_what_they_looked_at_then_of_all(shop: Mongo) -> None:
    shop["events"].insert_one(looked("newcomer", "book-3", "Books", 61))
    answer = recommended("newcomer", limit=20)
    kinds = [each["category"] for each in answer["recommendations"]]
    assert kinds[:8] == ["Books"] * 8
    assert set(kinds) == {"Books", "Pots & Pans"}
    assert {each["source"] for each in answer["recommendations"]} == {"popular"}
    assert len(ids(answer)) == len(set(ids(answer))) == 20
    scores = [each["score"] for each in answer["recommendations"]]
    assert scores == sorted(scores, reverse=True)
    first, last = answer["recommendations"][0], answer["recommendations"][-1]
    assert first["reasons"] == [
        {"edges": ["INTERESTED_IN", "BELONGS_TO"], "product_id": None, "category": "Books", "share": 100.0}
    ]
    assert last["reasons"] == []


def a_told_interest(shop: Mongo, person: str, **strengths: int | None) -> None:
    told = [
        {"category": category, "strength": strength, "at": NOON, "by": "x"} for category, strength in strengths.items()
    ]
    shop["interests"].insert_one(
        {"_id": f"demo:{person}", "site_id": "demo", "person_id": person, "told": told, "found": [], "categories": []}
    )


def test_who_is_new_is_shown_what_is_popular_in_the_interests_that_the_shop_told_first(shop: Mongo) -> None:
    shop["events"].insert_one(looked("newcomer", "pan-3", CATEGORIES["pan"], 61))
    a_told_interest(shop, "newcomer", books=4, Lamps=5, pans=None)
    found = recommended("newcomer", limit=20)["recommendations"]
    kinds = [each["category"] for each in found]
    books = kinds.count("Books")
    assert kinds == ["Books"] * books + ["Pots & Pans"] * (20 - books)
    assert found[0]["reasons"][0]["category"] == "Books"


def test_an_interest_that_the_shop_told_leads_to_what_is_popular_in_it(shop: Mongo) -> None:
    a_told_interest(shop, "pan-lover-1", BOOKS=5, empty=5)
    recommend("demo", 2)
    (found,) = shop["recommendations"].find({"kind": "person", "subject": "pan-lover-1"})
    reasons = [reason for each in found["products"] for reason in each["reasons"]]
    assert {"Books"} <= {reason.get("category") for reason in reasons}


def test_who_did_nothing_with_products_is_shown_what_those_did_who_behave_like_them(shop: Mongo) -> None:
    for number in range(3):
        for person, day in ((f"pan-lover-{2 * number + 1}", 10), ("visitor", 11)):
            event = a_document(eventType="pageview", visitorId=person, userId=None, sessionId=f"{person}-{number}")
            event["timestamp"] = NOON + timedelta(days=day, hours=number)
            shop["events"].insert_one(at_site("demo", event))
    recommend("demo", 2)
    answer = recommended("visitor", limit=3)
    assert [each["source"] for each in answer["recommendations"]] == ["vectors"] * 3
    assert all(
        each["reasons"]
        == [{"edges": ["SIMILAR_TO", "PURCHASED"], "product_id": None, "category": None, "share": 100.0}]
        for each in answer["recommendations"]
    )
    bought = {line["product_id"] for order in shop["orders"].find({}) for line in order["lines"]}
    assert set(ids(answer)) <= bought


def test_a_customers_page_has_their_ten_foremost(shop: Mongo) -> None:
    answer = ask(handler, "/api/customers/pan-lover-1")
    assert answer["recommendations"] == recommended("pan-lover-1")["recommendations"]
    assert len(answer["recommendations"]) == 10


def test_who_was_never_seen_is_shown_what_is_popular(shop: Mongo) -> None:
    answer = recommended("nobody", limit=3)
    assert ids(answer) == [each["product_id"] for each in stored(shop, "demo", "popular")[""]["popular"][:3]]
    assert answer["degraded"] is False


def test_who_looked_around_is_shown_what_they_viewed_and_the_categories_they_looked_at(shop: Mongo) -> None:
    lid, *others = recommended("looker", limit=3)["recommendations"]
    assert (lid["product_id"], lid["source"]) == ("lid-1", "graph")
    assert lid["reasons"] == [{"edges": ["VIEWED"], "product_id": None, "category": None, "share": 100.0}]
    for each in others:
        assert (each["category"], each["source"]) == ("Pots & Pans", "popular")
        assert each["reasons"][0]["edges"] == ["INTERESTED_IN", "BELONGS_TO"]


def test_a_visitor_who_turned_out_to_be_somebody_is_answered_for_them(shop: Mongo) -> None:
    link = {"at": NOON, "event_id": "e", "person_id": "pan-lover-1"}
    shop["users"].insert_one(a_user("cookie", link=link))
    assert identities.links_of(shop, "demo", ["cookie"]) == {"cookie": "pan-lover-1"}
    assert recommended("cookie") == recommended("pan-lover-1")


def test_what_the_catalogue_says_is_not_to_be_had_is_shown_to_nobody(shop: Mongo) -> None:
    gone = ids(recommended("pan-lover-1"))[:2]
    told = {"site_id": "demo", "name": None, "currency": "EUR"}
    shop["products"].insert_many(
        [
            {**told, "_id": f"demo:{gone[0]}", "product_id": gone[0], "removed_at": NOON},
            {**told, "_id": f"demo:{gone[1]}", "product_id": gone[1], "stock": 0},
            {**told, "_id": "demo:pan-5", "product_id": "pan-5", "stock": None},
        ]
    )
    for customer in ("pan-lover-1", "newcomer"):
        assert set(gone).isdisjoint(ids(recommended(customer, limit=30)))
    assert set(gone).isdisjoint(ids(ask(handler, "/api/recommendations/trending", {"limit": 50}), "products"))
    pairs = ask(handler, "/api/cross-sell", {"limit": 100})["pairs"]
    assert set(gone).isdisjoint({name for pair in pairs for name in (pair["product_id"], pair["other_id"])})


def test_trending_is_what_was_done_in_the_window(shop: Mongo) -> None:
    shop["events"].insert_many([looked(f"visitor-{n}", "hype", "New", DAYS + 1) for n in range(60)])
    recommend("demo", 2)
    answer = ask(handler, "/api/recommendations/trending", {"window": "1d"})
    assert answer["products"] == [
        {"product_id": "hype", "score": 1.0, "category": "New", "now": 60, "before": 0, "change": None}
    ]
    week = ask(handler, "/api/recommendations/trending", {"category": "Books", "limit": 3})
    assert week["window"] == "7d"
    assert [each["category"] for each in week["products"]] == ["Books"] * 3
    assert all(each["change"] == round(100 * (each["now"] / each["before"] - 1), 2) for each in week["products"])


def test_pairs_are_counted_in_orders(shop: Mongo) -> None:
    together = [dict(an_order(f"buyer-{n}", "cup", "saucer", day=n)) for n in range(20)]
    shop["orders"].insert_many(together)
    recommend("demo", 2)
    answer = ask(handler, "/api/cross-sell", {"product_id": "cup"})
    orders = 20 + PEOPLE * DAYS // 10
    (pair,) = answer["pairs"]
    assert answer["orders"] == orders
    assert (pair["product_id"], pair["other_id"], pair["both"]) == ("cup", "saucer", 20)
    assert (pair["support"], pair["confidence"]) == (round(2000 / orders, 2), 100.0)
    assert pair["lift"] == orders / 20
    assert 1 < pair["lift_low"] < pair["lift"]
    best = ask(handler, "/api/cross-sell")["pairs"][0]
    assert {best["product_id"], best["other_id"]} == {"cup", "saucer"}
    assert ask(handler, "/api/cross-sell", {"product_id": "hat"})["pairs"] == []


def test_before_the_first_training_answers_are_empty_and_say_why(database: Mongo) -> None:
    for path, name in (("ann", "recommendations"), ("trending", "products")):
        answer = ask(handler, f"/api/recommendations/{path}")
        assert (answer[name], answer["degraded"], answer["reason"]) == ([], True, "not_trained_yet")
    answer = ask(handler, "/api/cross-sell")
    assert (answer["pairs"], answer["orders"], answer["reason"]) == ([], 0, "not_trained_yet")


def test_a_shop_too_small_shows_everybody_what_is_popular_and_says_so(database: Mongo) -> None:
    sites._known.clear()
    database["sites"].insert_one({"_id": "demo", **a_site().model_dump()})
    database["orders"].insert_many([dict(an_order(f"buyer-{n}", "tea", day=n)) for n in range(3)])
    recommend("demo")
    answer = recommended("buyer-1")
    assert (ids(answer), answer["degraded"], answer["reason"]) == (["tea"], True, "too_little_data")


def test_a_new_run_replaces_every_list_and_an_older_one_none(shop: Mongo) -> None:
    shop["orders"].delete_many({"user_id": "pan-lover-1"})
    recommend("demo", 3)
    assert "pan-lover-1" not in stored(shop, "demo", "person")
    before = list(shop["recommendations"].find({}).sort("_id"))
    assert {each["version"] for each in before} == {3}
    recommend("demo", 2)
    assert list(shop["recommendations"].find({"version": 3}).sort("_id")) == before


def test_documents_have_the_declared_fields_and_are_bounded(shop: Mongo) -> None:
    declared = RecommendationDocument.__required_keys__ | RecommendationDocument.__optional_keys__
    for found in shop["recommendations"].find({}):
        assert RecommendationDocument.__required_keys__ <= set(found) <= declared
        assert len(found.get("products", [])) <= 30
        assert len(found.get("popular", [])) <= 100


def test_sites_share_nothing(shop: Mongo) -> None:
    assert ask(handler, "/api/recommendations/pan-lover-1", site_id="other")["recommendations"] == []
    shop["orders"].insert_many([dict(an_order(f"x-{n}", "alien", "ufo", day=n, site_id="other")) for n in range(40)])
    before = stored(shop, "demo", "person")
    recommend("demo", 2)
    names = {each["product_id"] for found in stored(shop, "demo", "person").values() for each in found["products"]}
    assert names.isdisjoint({"alien", "ufo"})
    assert stored(shop, "demo", "person").keys() == before.keys()


def test_a_bad_parameter_is_named(shop: Mongo) -> None:
    assert refusal(handler, "/api/recommendations/ann", {"limit": 31}) == (422, ["limit"])
    assert refusal(handler, "/api/recommendations/trending", {"window": "2d"}) == (422, ["window"])
    assert refusal(handler, "/api/cross-sell", {"limit": 0, "product_id": ""}) == (422, ["product_id", "limit"])
