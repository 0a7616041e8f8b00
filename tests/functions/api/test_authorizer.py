"""api/authorizer: the only source of `site_id`."""

from datetime import timedelta
from typing import Any

import pytest
from cachetools import TTLCache
from footfall.clock import now
from footfall.identity import ApiKey, new_api_key
from footfall.schemas.site import StoredApiKey
from pymongo.database import Database

from functions.api.authorizer import handler as authorizer
from functions.api.authorizer.handler import FRESH_SECONDS, Authorization
from tests.support.builders import LambdaContext, a_site

Mongo = Database[dict[str, Any]]


@pytest.fixture
def key(database: Mongo) -> ApiKey:
    """A key of the site `demo` that may read."""
    authorizer._known.clear()
    return store_key(database, new_api_key("demo"))


def store_key(database: Mongo, key: ApiKey, **but: Any) -> ApiKey:
    """Make a site with this key."""
    stored = StoredApiKey(**{"key_id": key.key_id, "sha256": key.sha256, "scopes": ["read"], **but})
    site = a_site(site_id=key.site_id, api_keys=[stored])
    database["sites"].replace_one({"_id": key.site_id}, site.model_dump(), upsert=True)
    return key


def ask(**headers: str) -> Authorization:
    """What the authorizer answers to a request with these headers."""
    return authorizer.handler(
        {
            "version": "2.0",
            "type": "REQUEST",
            "routeKey": "GET /api/metrics",
            "headers": headers,
            "requestContext": {"http": {"method": "GET", "path": "/api/metrics", "sourceIp": "203.0.113.7"}},
        },
        LambdaContext(),
    )


def test_a_good_key_opens_its_own_site(key: ApiKey) -> None:
    granted = {"isAuthorized": True, "context": {"site_id": "demo", "key_id": key.key_id, "scopes": "read"}}
    assert ask(authorization=f"Bearer {key.text}") == granted
    assert ask(**{"x-api-key": key.text}) == granted


@pytest.mark.parametrize("text", ["", "nonsense", "ak_demo_0_0", "ak_nobody_0_0", "wk_demo_0_0", "ak_$where_0_0"])
def test_what_is_no_key_opens_nothing(key: ApiKey, text: str) -> None:
    assert ask(authorization=f"Bearer {text}") == {"isAuthorized": False}


def test_a_key_does_not_open_another_site(key: ApiKey, database: Mongo) -> None:
    store_key(database, new_api_key("other"))
    assert not ask(**{"x-api-key": key.text.replace("ak_demo_", "ak_other_")})["isAuthorized"]


def test_a_right_id_with_a_wrong_secret_opens_nothing(key: ApiKey) -> None:
    forged = ApiKey(key.site_id, key.key_id, new_api_key("demo").secret)
    assert not ask(**{"x-api-key": forged.text})["isAuthorized"]


def test_a_new_key_opens_a_site_whose_older_keys_are_known(key: ApiKey, database: Mongo) -> None:
    assert ask(**{"x-api-key": key.text})["isAuthorized"]
    assert ask(**{"x-api-key": store_key(database, new_api_key("demo")).text})["isAuthorized"]


def test_a_revoked_key_stops_working_within_a_minute(
    key: ApiKey, database: Mongo, monkeypatch: pytest.MonkeyPatch
) -> None:
    moment = 0.0
    known = TTLCache[str, list[StoredApiKey]](10, FRESH_SECONDS, timer=lambda: moment)
    monkeypatch.setattr(authorizer, "_known", known)
    assert ask(**{"x-api-key": key.text})["isAuthorized"]
    store_key(database, new_api_key("demo"))  # in its place
    moment = FRESH_SECONDS - 1
    assert ask(**{"x-api-key": key.text})["isAuthorized"], "its site's keys are not read for each request"
    moment = FRESH_SECONDS
    assert not ask(**{"x-api-key": key.text})["isAuthorized"]


def test_a_revoked_key_stops_working_as_soon_as_the_sites_keys_are_read_for_another(
    key: ApiKey, database: Mongo
) -> None:
    assert ask(**{"x-api-key": key.text})["isAuthorized"]
    new = store_key(database, new_api_key("demo"))
    assert ask(**{"x-api-key": new.text})["isAuthorized"]
    assert not ask(**{"x-api-key": key.text})["isAuthorized"]


def test_an_expired_key_opens_nothing(database: Mongo) -> None:
    authorizer._known.clear()
    key = store_key(database, new_api_key("demo"), expires_at=now() - timedelta(seconds=1))
    assert not ask(**{"x-api-key": key.text})["isAuthorized"]


@pytest.mark.parametrize(
    "event", [None, {"version": "2.0", "headers": None}, {"version": "2.0", "headers": {"x-api-key": 1}}]
)
def test_what_is_no_request_opens_nothing(event: Any) -> None:
    assert authorizer.handler(event, LambdaContext()) == {"isAuthorized": False}
