"""Who may what: every route of the template, asked by every role, of the site and of another."""

from typing import Any

import pytest
from footfall.roles import SCOPES, Role
from footfall.stores.collections import COLLECTIONS
from pymongo.database import Database

from tests.support.builders import a_site
from tests.support.routes import GUARDED, Json, Operation

Mongo = Database[dict[str, Any]]
ROLES: tuple[Role, ...] = ("viewer", "analyst", "admin", "operator")
OF_THE_DEPLOYMENT = {"post /api/sites", "post /etl/redrive", "post /etl/run-sync", "get /api/audit"}
"""What is done to all sites at once."""
LEAST: dict[str, Role] = {
    "get /api/sites": "admin",
    "get /etl/lake/check": "admin",
    "delete /api/jobs": "viewer",  # a question of one's own
    "delete /api/customers": "admin",
}
"""Of some routes, by how they begin, who may at least; what is not named here goes by the rule of `least`."""
ADMINISTERS = ("/api/sites", "/etl", "/api/models", "/api/cache")
ASKED, HIDDEN = "asked-for", "c4n4ry"
IDS = (
    *("customer_id", "product_id", "user_id", "person_id", "visitor_id", "import_id", "job_id", "event_id", "order_id"),
    *("name", "receipt_id", "key_id", "session_id", "page", "path"),
)
"""Which fields have what the paths of routes ask for; all others of the same documents are hidden."""
OTHERS = ("title", "text", "reason", "category", "rfm_segment", "status", "type", "device", "detail", "model")


def least(operation: Operation) -> Role:
    """Returns who may at least: figures are for all, changes of the catalogue for analysts, the rest for admins."""
    route = f"{operation.method} {operation.path}"
    if route in OF_THE_DEPLOYMENT:
        return "operator"
    named = [role for begin, role in LEAST.items() if route.startswith(begin)]
    if named or operation.method == "get":
        return named[-1] if named else "viewer"
    return "admin" if operation.path.startswith(ADMINISTERS) else "analyst"


def caller(role: Role, site_id: str) -> Json:
    """Returns what the authorizer says of somebody."""
    return {"site_id": site_id, "scopes": SCOPES[role], "key_id": "k"}


@pytest.fixture
def canaries(database: Mongo) -> Mongo:
    """A document of the site `demo` in each collection, which nobody of another site may see anything of."""
    for collection in COLLECTIONS.values():
        marks = {**dict.fromkeys(OTHERS, HIDDEN), **dict.fromkeys(IDS, ASKED)}
        database[collection.name].insert_one({**marks, "_id": f"demo:{ASKED}", "site_id": "demo"})
    database["sites"].delete_many({})
    for site_id in ("demo", "other"):
        site = a_site(site_id=site_id, name=HIDDEN if site_id == "demo" else site_id)
        database["sites"].insert_one({"_id": site_id, **site.model_dump()})
    return database


def stored(database: Mongo) -> Json:
    """Returns what there is of the site `demo`, by collection."""
    return {name: database[name].find_one({"_id": {"$in": [f"demo:{ASKED}", "demo"]}}) for name in COLLECTIONS}


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("operation", GUARDED, ids=str)
def test_each_role_may_what_it_should_of_its_own_site_and_no_more(
    database: Mongo, operation: Operation, role: Role
) -> None:
    if ROLES.index(role) < ROLES.index(least(operation)):
        status, _, body = operation.asked_by(caller(role, "demo"))
        assert status == 403, body
    else:
        status, _, body = operation.asked_by(caller(role, "demo"), {"no_such": "x"})
        assert status not in (401, 403), body


@pytest.mark.parametrize("role", ["viewer", "analyst", "admin"])
@pytest.mark.parametrize("operation", GUARDED, ids=str)
def test_nobody_of_another_site_sees_anything_of_a_site(canaries: Mongo, operation: Operation, role: Role) -> None:
    before = stored(canaries)

    status, _, body = operation.asked_by(caller(role, "other"), about=ASKED)

    assert HIDDEN not in body
    assert stored(canaries) == before
    if operation.path.startswith("/api/sites/"):
        assert status == (404 if role == "admin" else 403)


def test_a_routes_least_role_is_named_once() -> None:
    routes = {f"{one.method} {one.path}" for one in GUARDED}
    assert routes >= OF_THE_DEPLOYMENT
