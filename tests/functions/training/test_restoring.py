"""Models that were trained earlier, put into use again."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from footfall.errors import NotFound
from footfall.models import registry as models
from footfall.models.table import MODELS
from footfall.stores import vectors
from footfall.stores.vectors import PEOPLE
from pymongo.database import Database

from infra.local.aws import AwsAddresses
from tests.functions.training.pipeline import Json, site_to_train, train
from tests.support.builders import NOON
from tests.support.shopping import a_visit, an_order, at_site, open_shop

Mongo = Database[dict[str, Any]]


@pytest.fixture
def site(database: Mongo, aws: AwsAddresses, worker: str) -> Iterator[str]:
    """A site of this test's own with sixty people of three tastes, and what it takes to train it."""
    with site_to_train(worker) as site_id:
        open_shop(database, site_id)
        yield site_id


def restore(site_id: str, version: int, run_id: str = "again") -> Json:
    return train(site_id, run_id, version)


def version_in_use(database: Mongo, site_id: str) -> int:
    model = models.in_use(database, site_id, "behaviour_vectors")
    assert model is not None
    return model["version"]


def customers(database: Mongo, site_id: str) -> list[Json]:
    return list(database["customers"].find({"site_id": site_id}, {"version": 0}).sort("_id"))


def vector_of(site_id: str, person: str) -> tuple[int, Any]:
    row = vectors.row_of(PEOPLE, site_id, person)
    assert row is not None
    return row.version, row.vector


def test_everything_is_as_it_was_under_a_newer_version(database: Mongo, site: str) -> None:
    train(site, "first")
    first, before, (_, vector) = version_in_use(database, site), customers(database, site), vector_of(site, "reader-0")
    new = [dict(an_order("new", "tea", day=40, site_id=site)) for _ in range(5)]
    database["orders"].insert_many(new)
    train(site, "second")
    second = version_in_use(database, site)
    assert customers(database, site) != before
    database["orders"].delete_many({"_id": {"$in": [order["_id"] for order in new]}})

    assert restore(site, first) == {"site_id": site, "run_id": "again", "state": "published"}

    third = version_in_use(database, site)
    assert first < second < third
    assert customers(database, site) == before, "the same models say the same of the same orders"
    version, found = vector_of(site, "reader-0")
    assert version == third
    assert np.allclose(found, vector, atol=1e-5)
    in_use = [models.in_use(database, site, name) for name in MODELS]
    assert [model and model.get("restores") for model in in_use] == [first] * len(MODELS)
    run = database["training_runs"].find_one({"_id": f"{site}:again"}) or {}
    assert (run["state"], run["restores"], run["version"]) == ("published", first, third)


def test_who_came_since_is_projected_by_the_restored_model(database: Mongo, site: str) -> None:
    train(site, "first")
    first = version_in_use(database, site)
    newcomer = a_visit("newcomer", ["home", "search"], user="newcomer", products=["book-1"])
    database["events"].insert_many([at_site(site, event) for event in newcomer])
    database["users"].insert_one(
        {"_id": f"{site}:newcomer", "site_id": site, "person_id": "newcomer", "number": 9_999, "merged_ids": []}
    )
    run = database["training_runs"].find_one({"_id": f"{site}:first"}) or {}
    session = {"_id": f"{site}:s", "site_id": site, "person_id": "newcomer", "computed_at": run["ended_at"]}
    database["user_sessions"].insert_one({**session, "started_at": NOON, "bot": True})
    restore(site, first)
    assert vector_of(site, "newcomer")[0] == version_in_use(database, site)


def test_restoring_twice_is_as_restoring_once(database: Mongo, site: str) -> None:
    train(site, "first")
    first = version_in_use(database, site)
    restore(site, first)
    once = version_in_use(database, site), customers(database, site)
    restore(site, first)
    assert (version_in_use(database, site), customers(database, site)) == once


def test_what_was_never_published_cannot_be_restored(database: Mongo, site: str) -> None:
    train(site, "first")
    with pytest.raises(NotFound, match="no model of version 7 can be put into use again"):
        restore(site, 7)
    other = f"{site}x"
    with pytest.raises(NotFound):
        restore(other, version_in_use(database, site))
