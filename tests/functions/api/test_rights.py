"""What people may ask of a shop: to be erased, and to be given all that is held of them."""

from typing import Any

import pytest
from footfall.people.erasing import collections_of_people
from pymongo.database import Database

from functions.api.customers.handler import handler
from functions.jobs.erase import handler as erase_handler
from tests.functions.api.conftest import Lambda
from tests.support.asking import ask, refusal, request
from tests.support.builders import NOON, LambdaContext
from tests.support.visits import a_shop, an_order, happen, know, person, view

Mongo = Database[dict[str, Any]]


@pytest.fixture
def shop(database: Mongo) -> Mongo:
    """A shop where `ann` was seen as `v1` and, before `bob` was, as `v2`."""
    know(database, a_shop("home", "search", pepper="salt"))
    linked = {"link": {"at": NOON, "event_id": "e", "person_id": "ann"}}
    database["users"].insert_many(
        [
            person(1, "ann", merged_ids=["v1", "v2"], traits={"email": "ann@mail.example"}),
            person(2, "v1", **linked),
            person(3, "v2", **linked),
            person(4, "bob", merged_ids=["v2"]),
        ]
    )
    happen(
        database,
        view("home", "v1", 0),
        view("home", "v2", 1),
        {**view("home", "v2", 2), "user_id": "bob", "person_id": "bob"},
        {**view("home", "v1", 3), "user_id": "ann", "person_id": "ann"},
    )
    database["orders"].insert_one(an_order("o1", "ann", 500))
    return database


def test_an_erasure_is_asked_for_and_its_receipt_says_how_far_it_is(
    shop: Mongo, lambda_service: Lambda, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ERASE_FUNCTION_NAME", "erase")
    lambda_service.functions["erase"] = lambda event: erase_handler.handler(event, LambdaContext())
    status, receipt = request(handler, "DELETE", "/api/customers/v1", scopes="admin")
    assert (status, receipt["state"], receipt["passes"], receipt["erased"]) == (202, "running", 0, {})
    assert [kind for _, kind, _ in lambda_service.calls] == ["RequestResponse", "Event"]
    assert ask(handler, f"/api/erasures/{receipt['erasure_id']}", scopes="admin") == receipt
    again = request(handler, "DELETE", "/api/customers/ann", scopes="admin")
    assert again == (202, receipt)
    noted = shop["erasures"].find_one({})
    assert noted is not None
    assert (noted["ids"], noted["shared"], noted["texts"]) == (["ann", "v1"], ["v2"], ["ann@mail.example"])


def test_who_may_not_administer_may_neither_erase_nor_export(shop: Mongo) -> None:
    assert request(handler, "DELETE", "/api/customers/ann", scopes="read write")[0] == 403
    assert refusal(handler, "/api/customers/ann/export", scopes="read")[0] == 403
    assert refusal(handler, "/api/erasures/" + "0" * 32, scopes="admin")[0] == 404


def parts(person_id: str, limit: int) -> list[dict[str, Any]]:
    """Everything that an export tells, part by part."""
    found: list[dict[str, Any]] = []
    asked: dict[str, Any] = {"limit": limit}
    while True:
        part = ask(handler, f"/api/customers/{person_id}/export", asked, scopes="admin")
        assert len(part["documents"]) <= limit
        found += part["documents"]
        if part["next"] is None:
            return found
        asked["after"] = part["next"]


@pytest.mark.parametrize("limit", [1, 2, 100])
def test_an_export_has_every_document_of_a_person_once_and_none_of_others(shop: Mongo, limit: int) -> None:
    told = parts("v1", limit)
    held = {
        collection.name: [
            document
            for document in shop[collection.name].find({"site_id": "demo"})
            if any(document.get(field) in ("ann", "v1") for field in ("visitor_id", "user_id", "person_id"))
            or (document.get("visitor_id") == "v2" and document.get("user_id") is None)
            or document["_id"] == "demo:v2"
        ]
        for collection in collections_of_people()
    }
    counted = {name: sum(each["collection"] == name for each in told) for name in held}
    assert counted == {name: len(documents) for name, documents in held.items()}
    assert counted["events"] == 3
    assert not any("bob" in (each["document"].get("user_id"), each["document"].get("person_id")) for each in told)
    assert not any({"_id", "site_id", "message_key"} & each["document"].keys() for each in told)


def test_an_export_of_nobody_is_a_404_and_a_place_that_is_none_a_422(shop: Mongo) -> None:
    assert refusal(handler, "/api/customers/nobody/export", scopes="admin") == (404, [])
    for after in ("x", "", "WyJldmVudHMiXQ", "WyJzaXRlcyIsIiIsMF0"):
        assert refusal(handler, "/api/customers/ann/export", {"after": after}, scopes="admin") == (422, ["after"])
