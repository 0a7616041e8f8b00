"""The audit log: whatever changes something is in it, and nothing else."""

import importlib
import json
from typing import Any

import pytest
from fastapi.routing import APIRoute
from footfall.http.audit import AuditedRoute
from footfall.stores.mongo import database as connected
from pymongo.database import Database
from pymongo.errors import AutoReconnect

from functions.api.sites.handler import handler
from infra.openapi import _routes
from tests.support.asking import request
from tests.support.routes import GUARDED, Operation
from tests.support.sites import SITES, make, operator

Mongo = Database[dict[str, Any]]
CHANGING = [one for one in GUARDED if one.method != "get" or one.path.endswith("/export")]


@pytest.fixture(autouse=True)
def empty(database: Mongo) -> None:
    """Nothing was done yet."""
    database["audit"].delete_many({})


def lines(database: Mongo, **of: Any) -> list[tuple[str, str, str, int]]:
    """Returns site, who, route and status of each line, the oldest first."""
    found = database["audit"].find(of).sort("at")
    return [(line["site_id"], line["who"], line["route"], line["status"]) for line in found]


@pytest.mark.parametrize("operation", GUARDED, ids=str)
def test_every_changing_route_of_the_template_is_written_down_and_no_other(operation: Operation) -> None:
    app = importlib.import_module(f"functions.api.{operation.told['tags'][0]}.handler").app
    route: APIRoute = dict(_routes(app.routes))[operation.method, operation.path]
    assert (isinstance(route, AuditedRoute) and route.is_audited) == (operation in CHANGING)


@pytest.mark.parametrize("operation", CHANGING, ids=str)
def test_whoever_is_refused_for_want_of_a_right_is_written_down_once_a_day(
    database: Mongo, operation: Operation
) -> None:
    for _ in range(2):
        operation.asked_by({"site_id": "demo", "scopes": "", "key_id": "k"})
    assert lines(database) == [("demo", "k", f"{operation.method.upper()} {operation.path}", 403)]


def test_it_says_who_changed_what_of_which_site(deployed: Mongo) -> None:
    make("roma")
    assert request(handler, "PATCH", f"{SITES}/roma", None, {"currency": "GBP"}, site_id="roma")[0] == 200
    operator("POST", f"{SITES}/roma/keys", {"scopes": ["read"], "name": "s3cr3t"})
    assert lines(deployed) == [
        ("roma", "k", "POST /api/sites", 201),
        ("roma", "k", "PATCH /api/sites/{id}", 200),
        ("roma", "k", "POST /api/sites/{id}/keys", 201),
    ]
    status, found = request(handler, "GET", f"{SITES}/roma/audit", site_id="roma")
    newest = found["lines"][0]
    assert (status, found["total"], newest["about"], newest["fields"]) == (200, 3, {"id": "roma"}, ["name", "scopes"])
    assert "s3cr3t" not in json.dumps(found), "names of what was given, and no value"


def test_what_was_not_done_is_not_written_down(deployed: Mongo) -> None:
    make("roma")
    before = lines(deployed)
    assert operator("POST", SITES, {"site_id": "roma"})[0] == 409
    assert operator("PATCH", f"{SITES}/roma", {"currency": "nothing"})[0] == 422
    assert operator("PATCH", f"{SITES}/nowhere", {"currency": "EUR"})[0] == 404
    assert operator("GET", f"{SITES}/roma")[0] == 200
    assert lines(deployed) == before


def test_a_site_sees_its_own_lines_and_the_operator_all(deployed: Mongo) -> None:
    make("roma")
    make("milano")
    assert request(handler, "GET", f"{SITES}/milano/audit", site_id="roma")[0] == 404
    assert request(handler, "GET", "/api/audit", site_id="roma")[0] == 403
    mine = request(handler, "GET", f"{SITES}/roma/audit", site_id="roma")[1]["lines"]
    assert [line["site_id"] for line in mine] == ["roma"]
    assert [line["site_id"] for line in operator("GET", "/api/audit")[1]["lines"]] == ["milano", "roma"]


def test_people_are_not_named(database: Mongo) -> None:
    operation = next(one for one in CHANGING if one.path == "/api/cache/users/{user_id}")
    operation.asked_by({"site_id": "demo", "scopes": "", "key_id": "k"}, about="ann")
    assert "ann" not in str(database["audit"].find_one())


def test_a_change_that_cannot_be_written_down_is_no_success(deployed: Mongo, monkeypatch: pytest.MonkeyPatch) -> None:
    make("roma")

    def fail(*_: object, **__: object) -> None:
        raise AutoReconnect("gone")

    monkeypatch.setattr(type(connected()["audit"]), "insert_one", fail)
    assert operator("PATCH", f"{SITES}/roma", {"currency": "GBP"})[0] == 503
