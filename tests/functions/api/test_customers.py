"""api/customers through its Lambda handler."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from footfall import sites
from footfall.sessions.fold import fold_session
from pymongo.database import Database

from functions.api.customers.handler import handler
from tests.support.builders import NOON, LambdaContext, a_site
from tests.support.customers import DETAILS, a_customer, know_behaviour, publish
from tests.support.shopping import a_user, a_visit, an_order

Mongo = Database[dict[str, Any]]
Json = dict[str, Any]


@pytest.fixture
def shop(database: Mongo) -> Iterator[Mongo]:
    """A database with the site `demo`, which sells in pounds."""
    sites._known.clear()
    database["sites"].insert_one({"_id": "demo", **a_site(currency="GBP").model_dump()})
    yield database
    sites._known.clear()


def ask(path: str, query: str = "", site_id: str = "demo", scopes: str = "read") -> tuple[int, Json]:
    """What the handler answers to a caller of that site: status and body."""
    answer = handler(
        {
            "version": "2.0",
            "rawPath": path,
            "rawQueryString": query,
            "headers": {"host": "x"},
            "requestContext": {
                "http": {"method": "GET", "path": path, "sourceIp": "203.0.113.7", "protocol": "HTTP/1.1"},
                "authorizer": {"lambda": {"site_id": site_id, "scopes": scopes}},
                "stage": "$default",
            },
            "isBase64Encoded": False,
        },
        LambdaContext(),
    )
    return answer["statusCode"], json.loads(answer["body"])


def ids(answer: Json) -> list[str]:
    return [customer["customer_id"] for customer in answer["customers"]]


def problem_field(answer: Json) -> str:
    return str(answer["errors"][0]["field"])


def test_a_customer_is_listed_with_money_in_major_units(shop: Mongo) -> None:
    shop["customers"].insert_one(a_customer("ann"))
    status, answer = ask("/api/customers")
    assert status == 200
    assert answer["customers"] == [
        {
            "customer_id": "ann",
            "recency": 3,
            "frequency": 2,
            "monetary": 123.45,
            "revenue": 123.45,
            "refunds": 0.5,
            "net_revenue": 122.95,
            "currency": "GBP",
            "rfm_score": "544",
            "rfm_segment": "Champions",
            "behaviour_segment": "Frequent",
            "customer_value_score": None,
            "customer_priority": None,
            "purchase_timing_status": None,
            "expected_gap_days": None,
            "due_on": None,
            "device": "Mobile",
            "as_of": "2026-03-13",
            "first_order_at": "2026-03-01T12:00:00Z",
            "last_order_at": "2026-03-10T12:00:00Z",
            "predicted_clv": None,
            "clv_category": None,
            "churn_probability": None,
            "churn_risk_level": None,
        }
    ]


def test_customers_and_segments_say_which_days_they_cover_and_up_to_when(shop: Mongo) -> None:
    published = {"site_id": "demo", "name": "rfm", "version": 1_773_000_000_000, "state": "published"}
    shop["models"].insert_one({"_id": "demo:rfm:1", **published, "details": {**DETAILS, "as_of": "2026-03-08"}})
    shop["orders"].insert_many([dict(an_order(None, "tea", day=-400)), dict(an_order("ann", "tea"))])
    for path in ("/api/customers", "/api/segments"):
        answer = ask(path)[1]
        assert answer["range"] == {"from": "2025-01-25", "to": "2026-03-08", "time_zone": "UTC"}
        assert answer["complete_to"] == "2026-03-08T20:00:00Z", "when that training began"


def test_before_any_training_there_are_no_customers(shop: Mongo) -> None:
    assert ask("/api/customers")[1] == {
        "customers": [],
        "range": None,
        "complete_to": None,
        "total": 0,
        "page": 1,
        "page_size": 20,
        "total_pages": 0,
        "next": None,
        "other_currencies": [],
        "unknown_amounts": 0,
        "free_orders": 0,
    }


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["cat", "bob", "ann"]),
        ("order=asc", ["ann", "bob", "cat"]),
        ("sort_by=recency&order=asc", ["cat", "bob", "ann"]),
        ("sort_by=frequency", ["bob", "cat", "ann"]),
        ("sort_by=customer_id&order=asc", ["ann", "bob", "cat"]),
    ],
)
def test_customers_are_sorted_as_asked(shop: Mongo, query: str, expected: list[str]) -> None:
    figures = {"ann": (9, 1, 100), "bob": (5, 7, 200), "cat": (1, 1, 300)}
    for name, (recency, frequency, monetary) in figures.items():
        shop["customers"].insert_one(a_customer(name, recency=recency, frequency=frequency, monetary=monetary))
    assert ids(ask("/api/customers", query)[1]) == expected


def test_pages_of_equal_customers_neither_repeat_nor_leave_out_any(shop: Mongo) -> None:
    publish(shop, *(a_customer(f"c{number:02}") for number in range(25)))
    pages = [ask("/api/customers", f"page={page}&page_size=10")[1] for page in (1, 2, 3)]
    assert [name for page in pages for name in ids(page)] == [f"c{number:02}" for number in reversed(range(25))]
    assert (pages[0]["total"], pages[0]["total_pages"]) == (25, 3)


@pytest.mark.parametrize(
    "query",
    ["", "&sort_by=recency&order=asc", "&sort_by=customer_id", "&segment=Champions"]
    + [f"&segment=Champions&sort_by={name}" for name in ("customer_id", "frequency", "churn_probability")],
)
def test_of_a_page_by_number_no_customer_before_it_is_read(shop: Mongo, query: str) -> None:
    publish(
        shop,
        *(a_customer(f"c{number:02}", monetary=number) for number in range(40)),
        *(a_customer(f"{letter}{number:02}", rfm_segment="Lost") for letter in "bd" for number in range(80)),
    )
    shop.command("profile", 2)
    answer = ask("/api/customers", f"page=6&page_size=5{query}")[1]
    shop.command("profile", 0)
    read = shop["system.profile"].find({"ns": f"{shop.name}.customers", "op": "query"}).to_list()
    shop["system.profile"].drop()
    assert len(answer["customers"]) == 5
    assert sum(each["docsExamined"] for each in read) == 6, "those of the page, and the one behind"
    assert sum(each["keysExamined"] for each in read) <= 40, "of all that come before no more than their keys"


@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize("sort_by", ["monetary", "frequency", "recency", "customer_id"])
@pytest.mark.parametrize("only", ["", "&segment=Champions", "&q=c1"])
def test_a_list_goes_on_behind_its_last_customer(shop: Mongo, sort_by: str, order: str, only: str) -> None:
    figures = [(number % 3, number % 4, number % 5) for number in range(25)]
    publish(shop, *(a_customer(f"c{n:02}", recency=r, frequency=f, monetary=m) for n, (r, f, m) in enumerate(figures)))
    asked = f"sort_by={sort_by}&order={order}{only}"
    whole = ask("/api/customers", f"{asked}&page_size=100")[1]
    assert (whole["next"], whole["total"]) == (None, len(ids(whole)))
    answer = ask("/api/customers", f"{asked}&page_size=4")[1]
    listed = ids(answer)
    while answer["next"]:
        answer = ask("/api/customers", f"{asked}&page_size=4&after={answer['next']}")[1]
        listed += ids(answer)
    assert listed == ids(whole)


def test_a_place_in_a_list_is_none_in_one_that_is_sorted_otherwise(shop: Mongo) -> None:
    publish(shop, *(a_customer(f"c{number:02}") for number in range(25)))
    place = ask("/api/customers")[1]["next"]
    assert ask("/api/customers", f"after={place}")[0] == 200
    for query in (f"after={place}&order=asc", f"after={place}&sort_by=recency", f"after={place}&page=2"):
        status, answer = ask("/api/customers", query)
        assert (status, problem_field(answer)) == (422, "after")
        assert place not in str(answer)


def test_segments_of_both_kinds_filter(shop: Mongo) -> None:
    know_behaviour(shop, "Frequent", "Night owls")
    publish(shop, a_customer("ann"), a_customer("bob", rfm_segment="At Risk", behaviour_segment="Night owls"))
    assert ask("/api/customers", "segment=Night%20owls")[1]["total"] == 1
    assert ask("/api/customers", "segment=Promising")[1]["total"] == 0
    assert ids(ask("/api/customers", "segment=At%20Risk")[1]) == ["bob"]
    assert ids(ask("/api/customers", "segment=Frequent")[1]) == ["ann"]


def test_q_finds_ids_by_their_beginning_and_takes_no_pattern(shop: Mongo) -> None:
    shop["customers"].insert_many([a_customer(name) for name in ("123", "1234", "124", "a.b", "axb")])
    assert sorted(ids(ask("/api/customers", "q=123")[1])) == ["123", "1234"]
    assert ids(ask("/api/customers", "q=a.")[1]) == ["a.b"]
    assert ids(ask("/api/customers", "q=.*")[1]) == []


def test_of_very_many_whose_ids_begin_alike_the_total_says_that_there_are_more(shop: Mongo) -> None:
    shop["customers"].insert_many([a_customer(f"c{number}") for number in range(10_003)])
    answer = ask("/api/customers", "q=c")[1]
    assert (answer["total"], len(ids(answer))) == (10_001, 20)
    assert answer["next"] is not None


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("page=0", "page"),
        ("page_size=101", "page_size"),
        ("order=up", "order"),
        ("sort_by=shoe", "sort_by"),
        ("segment=Nobody", "segment"),
        ("q=", "q"),
        ("segmnet=Champions", "segmnet"),
        ("page=501", "page"),
        ("page=101&page_size=100", "page"),
        ("after=shoe", "after"),
        ("after=%F0%9F%91%9F", "after"),
        ("after=WyJzaG9lIl0", "after"),
    ],
)
def test_what_cannot_be_asked_is_refused_by_name(shop: Mongo, query: str, field: str) -> None:
    status, answer = ask("/api/customers", query)
    assert (status, problem_field(answer)) == (422, field)


def test_wrong_pages_are_named_after_the_other_parameters_in_the_contracts_words(shop: Mongo) -> None:
    status, answer = ask("/api/customers", "page=0&page_size=101&order=up")
    assert (status, answer["errors"]) == (
        422,
        [
            {"field": "order", "message": "Input should be 'asc' or 'desc'"},
            {"field": "page", "message": "Input should be greater than or equal to 1"},
            {"field": "page_size", "message": "Input should be less than or equal to 100"},
        ],
    )


def test_one_customer_has_scores_visits_orders_and_refunds(shop: Mongo) -> None:
    shop["customers"].insert_one(a_customer("ann"))
    shop["users"].insert_many(
        [
            a_user("ann", merged_ids=["cookie"]),
            a_user("cookie", link={"at": NOON, "event_id": "e", "person_id": "ann"}),
        ]
    )
    for visit in (a_visit("cookie", ["home"]), a_visit("cookie", ["home", "cart"], day=2, user="ann", device="Mobile")):
        shop["user_sessions"].insert_one(dict(fold_session(visit, NOON)))
    shop["orders"].insert_many(
        [
            dict(an_order("ann", "tea", "pot", currency="GBP", refunded=500, status="partly_refunded")),
            dict(an_order("ann", "tea", currency="GBP", day=3)),
            dict(an_order("ann", "tea", currency="USD", day=4, order_id="abroad")),
            dict(an_order("bob", "tea", currency="GBP")),
        ]
    )
    status, answer = ask("/api/customers/ann")
    assert status == 200
    assert answer["rfm"]["rfm_segment"] == "Champions"
    assert answer["sessions"] == {
        "sessions": 2,
        "page_views": 3,
        "avg_session_seconds": 15.0,
        "bounce_rate": 50.0,
        "converted_sessions": 0,
        "devices": {"Desktop": 1, "Mobile": 1},
        "first_seen": "2026-03-01T12:00:00Z",
        "last_seen": "2026-03-03T12:00:30Z",
    }
    orders = answer["orders"]
    assert (orders["count"], orders["average_order_value"]) == (2, 15.0)
    assert (orders["recent"][0]["order_id"], orders["recent"][0]["currency"]) == ("abroad", "USD")
    assert (orders["revenue"], orders["refunds"], orders["net_revenue"]) == (30.0, 5.0, 25.0)
    assert (orders["other_currencies"], orders["unknown_amounts"]) == ([{"currency": "USD", "orders": 1}], 0)


def test_of_a_customers_many_orders_only_the_newest_are_read(shop: Mongo) -> None:
    many = [an_order("ann", "tea", currency="GBP", order_id=f"o{number:03}", day=number) for number in range(150)]
    shop["orders"].insert_many([dict(order) for order in many])
    shop.command("profile", 2)
    try:
        orders = ask("/api/customers/ann")[1]["orders"]
    finally:
        shop.command("profile", 0)
    returned = [found["nreturned"] for found in shop["system.profile"].find({"ns": f"{shop.name}.orders"})]
    assert (max(returned), orders["count"], orders["revenue"], len(orders["recent"])) == (20, 150, 1500.0, 20)
    assert (orders["recent"][0]["order_id"], orders["recent"][-1]["order_id"]) == ("o149", "o130")


def test_an_orders_refunds_and_flags_are_shown(shop: Mongo) -> None:
    given = [{"at": NOON, "amount": 300}, {"at": NOON + timedelta(days=2), "amount": 200}]
    order = an_order("ann", "flour", currency="GBP", refunded=500, refunded_at=NOON, refunds=given)
    order["lines"][0]["quantity"] = 0.5
    unread = an_order("ann", currency="GBP", total=0, order_id="odd", flags=["amount_unreadable"], day=-1)
    shop["orders"].insert_many([dict(order), dict(unread)])
    orders = ask("/api/customers/ann")[1]["orders"]
    assert [one["amount"] for one in orders["recent"][0]["refunds"]] == [3.0, 2.0]
    assert (orders["recent"][0]["items"], orders["recent"][1]["items"]) == (0.5, 0)
    assert (orders["recent"][1]["flags"], orders["unknown_amounts"]) == (["amount_unreadable"], 1)


def test_customers_and_segments_say_which_orders_they_leave_out(shop: Mongo) -> None:
    abroad = [
        an_order(user, "tea", currency=currency) for user, currency in [("ann", "USD"), ("bob", "USD"), (None, "SEK")]
    ]
    shop["orders"].insert_many([dict(order) for order in [*abroad, an_order("ann", "tea", currency="GBP")]])
    for path in ("/api/customers", "/api/segments"):
        assert ask(path)[1]["other_currencies"] == [{"currency": "USD", "orders": 2}], "guests are no customers"


def test_after_a_change_of_currency_sums_are_in_the_one_that_they_are_made_of(shop: Mongo) -> None:
    publish(shop, a_customer("ann", monetary=30_000, frequency=3))
    orders = [an_order(user, "tea", currency=money) for user, money in [("ann", "GBP"), ("ann", "JPY"), ("bob", "USD")]]
    shop["orders"].insert_many([dict(order) for order in orders])
    shop["sites"].update_one({"_id": "demo"}, {"$set": {"currency": "JPY"}})
    sites._known.clear()
    answer = ask("/api/segments")[1]
    assert (answer["currency"], answer["segments"][0]["revenue"]) == ("GBP", 300.0)
    abroad = [{"currency": "JPY", "orders": 1}, {"currency": "USD", "orders": 1}]
    for path in ("/api/customers", "/api/segments"):
        assert ask(path)[1]["other_currencies"] == abroad, "what the sums leave out is in other currencies than theirs"


def test_a_customer_who_came_since_the_training_has_no_scores_yet(shop: Mongo) -> None:
    shop["orders"].insert_one(dict(an_order("new", "tea", currency="GBP")))
    status, answer = ask("/api/customers/new")
    assert (status, answer["rfm"], answer["orders"]["revenue"]) == (200, None, 10.0)


def test_somebody_who_never_bought_is_no_customer(shop: Mongo) -> None:
    shop["users"].insert_one(a_user("looker"))
    assert ask("/api/customers/looker")[0] == 404


def test_another_sites_customer_is_not_there(shop: Mongo) -> None:
    shop["customers"].insert_one(a_customer("ann", site_id="other"))
    shop["orders"].insert_one(dict(an_order("ann", "tea", site_id="other")))
    status, answer = ask("/api/customers/ann")
    assert (status, answer["title"]) == (404, "Not found")
    assert ask("/api/customers")[1]["total"] == 0


def test_a_key_without_the_scope_is_refused(shop: Mongo) -> None:
    assert ask("/api/customers", scopes="collect")[0] == 403
