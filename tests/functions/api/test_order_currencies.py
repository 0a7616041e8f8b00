"""Whether a site's orders are in its currency, as `/api/health` and the command line tell it."""

from typing import Any

import pytest
from footfall.errors import NotFound
from footfall.questions import order_currencies
from pymongo.database import Database

from cli.currencies import currency_warning
from functions.api.pipeline.handler import handler
from tests.support.asking import ask
from tests.support.builders import NOON, a_site
from tests.support.shopping import an_order
from tests.support.visits import know

Mongo = Database[dict[str, Any]]


def orders_in(database: Mongo, *currencies: str, **but: Any) -> None:
    database["orders"].insert_many([dict(an_order("ann", "tea", currency=currency, **but)) for currency in currencies])


def told(database: Mongo, *currencies: str, **but: Any) -> dict[str, Any]:
    """What is answered for the site `demo` in pounds."""
    know(database, a_site(currency="GBP"))
    if currencies:
        orders_in(database, *currencies, **but)
    return order_currencies.answer("demo").model_dump()


def test_orders_that_are_all_in_another_currency_are_a_mismatch(database: Mongo) -> None:
    assert told(database, "EUR", "EUR") == {"site": "GBP", "orders": {"EUR": 2}, "mismatch": True}


def test_most_of_them_are_one_too(database: Mongo) -> None:
    assert told(database, "EUR", "USD", "GBP") == {
        "site": "GBP",
        "orders": {"EUR": 1, "USD": 1, "GBP": 1},
        "mismatch": True,
    }


@pytest.mark.parametrize("currencies", [(), ("GBP",), ("GBP", "GBP", "EUR"), ("", ""), ("GBP", "", "")])
def test_half_of_them_none_and_orders_without_an_amount_are_no_mismatch(
    database: Mongo, currencies: tuple[str, ...]
) -> None:
    assert not told(database, *currencies)["mismatch"]


def test_refunds_without_an_order_and_other_sites_do_not_count(database: Mongo) -> None:
    assert told(database, "EUR", placed_at=None)["orders"] == {}
    orders_in(database, "EUR", site_id="other")
    assert order_currencies.answer("demo").orders == {}


def test_only_the_newest_are_looked_at(database: Mongo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(order_currencies, "NEWEST", 2)
    for day, currency in enumerate(("GBP", "EUR", "USD")):
        orders_in(database, currency, day=day)
    assert told(database)["orders"] == {"USD": 1, "EUR": 1}


def test_a_site_that_is_not_there_has_none(database: Mongo) -> None:
    with pytest.raises(NotFound):
        order_currencies.answer("nowhere")


def test_health_tells_and_a_sentence_says_what_to_do(database: Mongo, queue_urls: dict[str, str]) -> None:
    told(database, "EUR", "EUR", "GBP")
    health = ask(handler, "/api/health")
    assert health["currencies"] == {"site": "GBP", "orders": {"EUR": 2, "GBP": 1}, "mismatch": True}
    warning = currency_warning(health, "shop")
    assert warning is not None
    assert "the site's is GBP, but 2 of 3 newest orders are in EUR" in warning
    assert "`footfall site set shop --currency CODE`" in warning
    database["orders"].delete_many({"currency": "GBP"})
    assert "all of 2 newest orders are in EUR" in str(currency_warning(ask(handler, "/api/health"), "shop"))
    database["orders"].update_many({}, {"$set": {"currency": "GBP", "placed_at": NOON}})
    assert currency_warning(ask(handler, "/api/health"), "shop") is None
    assert currency_warning({"currencies": None}, "shop") is None
