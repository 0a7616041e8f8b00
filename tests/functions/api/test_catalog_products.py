"""The catalogue through api/catalog's handler, its queue and etl/catalog."""

from collections.abc import Iterator
from typing import Any

import pytest
from pymongo.database import Database

from infra.local.aws import AwsAddresses
from tests.support import importing
from tests.support.builders import a_site
from tests.support.importing import Pipeline, ask, make_changes, taken

LAMP = {"name": "Red lamp", "category": "Lamps", "brand": "Acme", "price": 49.9, "currency": "EUR"}


@pytest.fixture
def pipeline(
    database: Database[dict[str, Any]], aws: AwsAddresses, worker: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Pipeline]:
    """A site whose currency is GBP, its bucket and its queues."""
    with importing.open_pipeline(database, worker, monkeypatch) as pipeline:
        yield pipeline


def get(path: str, status: int = 200, **asked: Any) -> Any:
    query = "&".join(f"{name}={value}" for name, value in asked.items())
    code, answer = ask("GET", path, query=query)
    assert code == status, answer
    return answer


def change(pipeline: Pipeline, method: str, path: str, body: Any = None) -> str:
    """Ask for a change and have it made; returns its receipt."""
    status, answer = ask(method, path, body)
    assert status == 202, answer
    assert make_changes(pipeline.catalog_queue, times=2) == []
    return str(answer["receipt"])


def ids(**asked: Any) -> list[str]:
    return [each["product_id"] for each in get("/api/products", **asked)["products"]]


def problems(answer: Any) -> list[str]:
    return [error["field"] for error in answer["errors"]]


def test_a_product_is_added_changed_and_removed(pipeline: Pipeline) -> None:
    change(pipeline, "POST", "/api/products", {"product_id": "p", **LAMP})
    assert get("/api/products/p")["price"] == 49.9
    variants = [{"variant_id": "r", "name": "Red", "stock": 2}, {"variant_id": "b", "price": "51.25", "stock": 3}]
    change(pipeline, "PUT", "/api/products/p", {**LAMP, "price": "39.95", "featured": True, "variants": variants})
    told = get("/api/products/p")
    assert (told["price"], told["featured"], told["stock"]) == (39.95, True, 5)
    assert [each["price"] for each in told["variants"]] == [None, 51.25]
    assert [each["price"] for each in told["price_history"]] == [49.9, 39.95]
    change(pipeline, "DELETE", "/api/products/p")
    assert get("/api/products/p", 404)["status"] == 404
    assert get("/api/products")["total"] == 0
    assert ask("DELETE", "/api/products/p")[0] == 404


def test_a_receipt_tells_what_became_of_a_change(pipeline: Pipeline) -> None:
    _, answer = ask("POST", "/api/products", {"product_id": "p", **LAMP})
    path = f"/api/catalog/receipts/{answer['receipt']}"
    assert get(path)["state"] == "queued"
    make_changes(pipeline.catalog_queue)
    assert get(path)["state"] == "done"
    assert get(f"/api/catalog/receipts/{'0' * 32}")["state"] == "unknown"
    assert ask("GET", path, site_id="other")[1]["state"] == "unknown"
    assert problems(ask("GET", "/api/catalog/receipts/what")[1]) == ["receipt"]


def test_a_product_that_is_there_is_not_added_again(pipeline: Pipeline) -> None:
    change(pipeline, "POST", "/api/products", {"product_id": "p", **LAMP})
    assert ask("POST", "/api/products", {"product_id": "p", **LAMP})[0] == 409
    assert list(taken(pipeline.catalog_queue)) == []


@pytest.mark.parametrize(
    ("told", "field"),
    [
        ({"price": 1.234}, "price"),
        ({"price": "0.5", "currency": "JPY"}, "price"),
        ({"price": -1}, "price"),
        ({"price": "NaN"}, "price"),
        ({"price": "1e999999"}, "price"),
        ({"price": "1e-30"}, "price"),
        ({"currency": "euro"}, "currency"),
        ({"stock": -1}, "stock"),
        ({"stock": 10**12}, "stock"),
        ({"name": ""}, "name"),
        ({"name": "x" * 1_025}, "name"),
        ({"colour": "red"}, "colour"),
        ({"variants": [{"variant_id": "a"}] * 2}, "variants"),
        ({"variants": [{"variant_id": f"{number}"} for number in range(101)]}, "variants"),
        ({"variants": [{"variant_id": "a", "price": 0.001}]}, "variants.0.price"),
    ],
)
def test_what_is_no_product_is_refused_by_the_name_of_its_field(
    pipeline: Pipeline, told: dict[str, Any], field: str
) -> None:
    status, answer = ask("PUT", "/api/products/p", {**LAMP, **told})
    assert (status, problems(answer)) == (422, [field])
    assert list(taken(pipeline.catalog_queue)) == []


def test_products_are_filtered_by_all_that_is_asked(pipeline: Pipeline) -> None:
    catalogue = {
        "a": {**LAMP, "currency": "GBP", "featured": True},
        "b": {**LAMP, "name": "Café lamp", "price": 10, "currency": "GBP", "category": "Home"},
        "c": {**LAMP, "price": 20, "currency": "GBP"},
        "d": {"name": "Rug", "price": 20, "currency": "USD"},
    }
    for product_id, product in catalogue.items():
        ask("PUT", f"/api/products/{product_id}", product)
    make_changes(pipeline.catalog_queue)
    assert ids() == ["a", "b", "c", "d"]
    assert ids(category="Lamps") == ["a", "c"]
    assert ids(min_price=20) == ["a", "c"]
    assert ids(min_price=10, max_price="20.00") == ["b", "c"]
    assert ids(search="LAM+caf") == ["b"]
    assert ids(search="acm") == ["a", "b", "c"]
    assert ids(search="amp") == []
    assert ids(featured="true") == ["a"]
    assert ids(featured="false", category="Lamps") == ["c"]
    assert get("/api/products/categories")["categories"] == [
        {"name": "Home", "products": 1},
        {"name": "Lamps", "products": 2},
    ]
    first = get("/api/products", page_size=2)
    assert (first["total"], [each["product_id"] for each in first["products"]]) == (4, ["a", "b"])
    assert ids(page_size=2, after=first["next"]) == ["c", "d"]


def test_a_search_is_never_a_pattern(pipeline: Pipeline) -> None:
    change(pipeline, "PUT", "/api/products/p", LAMP)
    assert problems(get("/api/products", 422, search=".*")) == ["search"]
    assert ids(search="r.d") == []
    assert problems(get("/api/products", 422, search="+".join("abcdefghijk"))) == ["search"]
    assert problems(get("/api/products", 422, min_price="x")) == ["min_price"]
    assert problems(get("/api/products", 422, max_price="-1")) == ["max_price"]


def test_a_catalogue_of_another_site_is_not_told_of(pipeline: Pipeline) -> None:
    change(pipeline, "PUT", "/api/products/p", LAMP)
    pipeline.database["sites"].insert_one({"_id": "other", **a_site(site_id="other").model_dump()})
    assert ask("GET", "/api/products", site_id="other")[1]["total"] == 0
    assert ask("GET", "/api/products/p", site_id="other")[0] == 404
    assert ask("DELETE", "/api/products/p", site_id="other")[0] == 404


def test_changes_need_a_key_that_may_write(pipeline: Pipeline) -> None:
    for method, path, body in (
        ("PUT", "/api/products/p", LAMP),
        ("POST", "/api/products", {"product_id": "p", **LAMP}),
        ("DELETE", "/api/products/p", None),
        ("PUT", "/api/users/u", {"traits": {"plan": "gold"}}),
        ("POST", "/api/users/u/interests", {"category": "Lamps"}),
    ):
        assert ask(method, path, body, scopes="read")[0] == 403


def test_what_a_file_says_and_what_the_api_says_meet_in_one_product(pipeline: Pipeline) -> None:
    change(pipeline, "PUT", "/api/products/A", {**LAMP, "stock": 4, "featured": True})
    importing.run("products", {"products.csv": b"sku,name,price\nA,Lamp of the file,12.50"})
    make_changes(pipeline.catalog_queue)
    told = get("/api/products/A")
    assert (told["name"], told["price"], told["currency"], told["stock"], told["featured"]) == (
        "Lamp of the file",
        12.5,
        "GBP",
        4,
        True,
    )
    assert [(each["price"], each["currency"]) for each in told["price_history"]] == [(49.9, "EUR"), (12.5, "GBP")]
