"""What the tests of the analytic routes share."""

from collections.abc import Iterator
from typing import Any

import pytest
from footfall.stores import cache, sites
from footfall.stores.cache import Breaker
from pymongo.database import Database

from tests.visits import a_shop, know, person


@pytest.fixture
def shop(database: Database[dict[str, Any]]) -> Iterator[Database[dict[str, Any]]]:
    """A database with the site `demo`, whose funnel is home → search → payment, and four people."""
    know(database, a_shop("home", "search", "payment"))
    database["users"].insert_many([person(number, name) for number, name in enumerate(["ann", "bob", "cid", "dan"], 1)])
    _forget_cache()
    yield database
    sites._known.clear()
    _forget_cache()


def _forget_cache() -> None:
    cache.client.cache_clear()
    vars(cache)["breaker"] = Breaker()
