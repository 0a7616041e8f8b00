"""Exchange rates of a site, and what becomes of its orders in other currencies."""

from datetime import timedelta
from typing import Any

import pytest
from footfall import sites
from footfall.questions import business, customer
from footfall.questions.business import BusinessQuestion
from footfall.questions.customer import CustomerQuestion
from pymongo.database import Database

from functions.api.sites import rates
from functions.api.sites.handler import handler
from functions.etl.events import steps
from functions.etl.events.handler import handler as etl
from functions.jobs.retention.handler import handler as retention
from tests.support.asking import request
from tests.support.builders import NOON, LambdaContext, a_message, an_event, at, sqs_event
from tests.support.importing import taken
from tests.support.visits import a_shop, know, roll_up

Mongo = Database[dict[str, Any]]
RATES = "/api/sites/demo/rates"


@pytest.fixture
def abroad(database: Mongo, queue_urls: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> str:
    """The queue of a site in euro that has two orders, one of them in dollars with a refund, and one in crowns."""
    monkeypatch.setenv("SESSIONS_TOPIC_ARN", "arn:aws:sns:eu-west-1:123456789012:sessions")
    monkeypatch.setattr(steps, "announce", lambda *_: None)
    sites._known.clear()
    know(database, a_shop("home", "cart"))
    told = [("o1", "USD", 100), ("o2", "EUR", 10), ("o3", "SEK", 200)]
    bought = [
        an_event(
            eventType="purchase",
            userId="ann",
            timestamp=at(0),
            properties={"order_id": name, "total": total, "currency": currency},
        )
        for name, currency, total in told
    ]
    unnamed = an_event(eventType="purchase", userId="ann", timestamp=at(0), properties={"total": 1, "currency": "USD"})
    back = an_event(eventType="refund", timestamp=at(2 * 24 * 60), properties={"order_id": "o1", "total": 20})
    late = NOON + timedelta(days=9)
    assert not etl(sqs_event([a_message([*bought, unnamed, back], received_at=late)]), LambdaContext())[
        "batchItemFailures"
    ]
    return queue_urls["EVENTS_QUEUE_URL"]


def give(*rates: tuple[str, str, Any]) -> tuple[int, dict[str, Any]]:
    """The answer to rates that are given."""
    body = {"rates": [{"date": day, "currency": currency, "rate": rate} for day, currency, rate in rates]}
    return request(handler, "PUT", RATES, body=body)


def work(queue: str) -> None:
    """Have done what was asked for."""
    for body in taken(queue):
        event = sqs_event([a_message([an_event()])])
        event["Records"][0]["body"] = body
        assert not etl(event, LambdaContext())["batchItemFailures"]


def test_the_order_of_a_second_customer_under_the_same_id_is_converted_too(
    abroad: str, database: Mongo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rates, "EVENTS_PER_MESSAGE", 1)
    told = {"order_id": "o2", "total": 100, "currency": "USD"}
    late = NOON + timedelta(days=9)
    bought = an_event(eventType="purchase", userId="b@x.example", timestamp=at(1), properties=told)
    assert not etl(sqs_event([a_message([bought], received_at=late)]), LambdaContext())["batchItemFailures"]
    assert give(("2026-02-27", "USD", "0.90"))[1]["orders"] == 3
    work(abroad)
    found = {order["order_id"]: order["currency"] for order in database["orders"].find({"user_id": "b@x.example"})}
    assert found == {"o2@b@x.example": "EUR"}


def test_orders_whose_events_were_removed_are_converted_too(abroad: str, database: Mongo) -> None:
    roll_up()
    retention({"site_id": "demo", "retention_days": 30}, LambdaContext(60_000))
    assert database["events"].count_documents({}) == 0
    assert give(("2026-02-27", "USD", "0.90"))[1]["orders"] == 2
    work(abroad)
    found = {order["total"]: order["refunded"] for order in database["orders"].find({"currency": "EUR"})}
    assert found == {9000: 1800, 1000: 0, 90: 0}


def whole_business() -> business.BusinessMetrics:
    """What the business amounts to, once the figures of days are computed."""
    roll_up()
    return business.answer("demo", BusinessQuestion())


def test_orders_in_other_currencies_are_converted_once_there_are_rates(abroad: str) -> None:
    assert whole_business().revenue == 10.0
    assert give(("2026-02-27", "usd", "0.90"), ("2026-02-20", "SEK", 0.09)) == (200, {"rates": 2, "orders": 3})
    work(abroad)
    answer = whole_business()
    assert (answer.revenue, answer.refunds, answer.orders) == (100.9, 18.0, 3)
    assert [(one.currency, one.orders) for one in answer.other_currencies] == [("SEK", 1)], "its rate is too old"
    shown = {one.order_id: one for one in customer.answer("demo", CustomerQuestion(customer_id="ann")).orders.recent}
    assert (shown["o1"].currency, shown["o1"].total) == ("EUR", 90.0)
    assert shown["o1"].converted_from is not None
    assert shown["o1"].converted_from.model_dump(mode="json") == {
        "currency": "USD",
        "total": 100.0,
        "rate": "0.90",
        "date": "2026-02-27",
    }


def test_a_better_rate_converts_anew_what_was_converted(abroad: str) -> None:
    give(("2026-02-27", "USD", "0.90"))
    work(abroad)
    assert give(("2026-03-01", "USD", "0.50"))[1]["orders"] == 2
    work(abroad)
    assert whole_business().revenue == 60.5


def test_rates_are_listed_the_newest_first_and_one_of_a_day_replaces_another(abroad: str) -> None:
    give(("2026-02-27", "USD", "0.9"), ("2026-02-28", "USD", "0.91"))
    give(("2026-02-27", "USD", "0.92"))
    answer = request(handler, "GET", RATES)[1]
    assert (answer["into"], answer["total"]) == ("EUR", 2)
    assert answer["rates"] == [
        {"date": "2026-02-28", "currency": "USD", "rate": "0.91"},
        {"date": "2026-02-27", "currency": "USD", "rate": "0.92"},
    ]


@pytest.mark.parametrize(
    ("rates", "field"),
    [
        ([], "rates"),
        ([("2026-02-30", "USD", 1)], "rates.0.date"),
        ([("2026-02-27", "USD", 1), ("2026-02-27", "???", 1)], "rates.1.currency"),
        ([("2026-02-27", "USD", 0)], "rates.0.rate"),
        ([("2026-02-27", "USD", "much")], "rates.0.rate"),
    ],
)
def test_what_is_no_rate_is_refused_by_its_field(abroad: str, rates: list[tuple[str, str, Any]], field: str) -> None:
    status, answer = give(*rates)
    assert (status, answer["errors"][0]["field"]) == (422, field)


def test_another_sites_rates_are_not_there(abroad: str) -> None:
    assert request(handler, "GET", RATES, site_id="other")[0] == 404
    assert request(handler, "PUT", RATES, body={"rates": []}, site_id="demo", scopes="read")[0] == 403
