"""api/authorizer: the only source of `site_id`."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import boto3
import pytest
from cachetools import TTLCache
from footfall.aws import secrets
from footfall.clock import now
from footfall.identity import ApiKey, new_api_key
from footfall.schemas.site import StoredApiKey
from pymongo.database import Database
from pymongo.errors import AutoReconnect

from functions.api.authorizer import handler as authorizer
from functions.api.authorizer import keys, uses
from functions.api.authorizer.handler import Authorization
from functions.api.authorizer.keys import FRESH_SECONDS
from infra.local.aws import AwsAddresses
from tests.support.builders import LambdaContext, a_site
from tests.support.sites import SIGNING, forget_keys

Mongo = Database[dict[str, Any]]


@pytest.fixture
def key(database: Mongo) -> ApiKey:
    """A key of the site `demo` that may read."""
    forget_keys()
    uses._noted.clear()
    return store_key(database, new_api_key("demo", SIGNING, "ask"))


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


@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer "}, {"authorization": "Basic x"}, {"x-api-key": ""}])
def test_who_sends_no_key_is_nobody_and_may_do_nothing(key: ApiKey, headers: dict[str, str]) -> None:
    assert ask(**headers) == {"isAuthorized": True, "context": {"site_id": "", "key_id": "", "scopes": ""}}


@pytest.mark.parametrize("text", ["nonsense", "ak_demo_0_0", "ak_nobody_0_0", "wk_demo_0_0", "ak_$where_0_0"])
def test_what_is_no_key_opens_nothing(key: ApiKey, text: str) -> None:
    assert ask(authorization=f"Bearer {text}") == {"isAuthorized": False}


def test_a_key_does_not_open_another_site(key: ApiKey, database: Mongo) -> None:
    store_key(database, new_api_key("other", SIGNING, "ask"))
    assert not ask(**{"x-api-key": key.text.replace("ak_demo_", "ak_other_")})["isAuthorized"]


def test_a_right_id_with_a_wrong_secret_opens_nothing(key: ApiKey) -> None:
    forged = ApiKey(key.site_id, key.key_id, new_api_key("demo", SIGNING, "ask").secret)
    assert not ask(**{"x-api-key": forged.text})["isAuthorized"]


def test_a_new_key_opens_a_site_whose_older_keys_are_known(key: ApiKey, database: Mongo) -> None:
    assert ask(**{"x-api-key": key.text})["isAuthorized"]
    assert ask(**{"x-api-key": store_key(database, new_api_key("demo", SIGNING, "ask")).text})["isAuthorized"]


def test_a_revoked_key_stops_working_within_a_minute(
    key: ApiKey, database: Mongo, monkeypatch: pytest.MonkeyPatch
) -> None:
    moment = 0.0
    known = TTLCache[str, list[StoredApiKey]](10, FRESH_SECONDS, timer=lambda: moment)
    monkeypatch.setattr(keys, "_known", known)
    assert ask(**{"x-api-key": key.text})["isAuthorized"]
    store_key(database, new_api_key("demo", SIGNING, "ask"))  # in its place
    assert FRESH_SECONDS < 60
    moment = FRESH_SECONDS - 1
    assert ask(**{"x-api-key": key.text})["isAuthorized"], "its site's keys are not read for each request"
    moment = FRESH_SECONDS
    assert not ask(**{"x-api-key": key.text})["isAuthorized"]


def test_a_revoked_key_stops_working_as_soon_as_the_sites_keys_are_read_for_another(
    key: ApiKey, database: Mongo
) -> None:
    assert ask(**{"x-api-key": key.text})["isAuthorized"]
    new = store_key(database, new_api_key("demo", SIGNING, "ask"))
    assert ask(**{"x-api-key": new.text})["isAuthorized"]
    assert not ask(**{"x-api-key": key.text})["isAuthorized"]


def test_an_expired_key_opens_nothing(database: Mongo) -> None:
    forget_keys()
    key = store_key(database, new_api_key("demo", SIGNING, "ask"), expires_at=now() - timedelta(seconds=1))
    assert not ask(**{"x-api-key": key.text})["isAuthorized"]


class Reads:
    """How often MongoDB was asked for a site's keys."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        read = keys._read_keys

        def counted(site_id: str) -> list[StoredApiKey]:
            self.count += 1
            return read(site_id)

        monkeypatch.setattr(keys, "_read_keys", counted)


@pytest.fixture
def reads(key: ApiKey, signing: None, monkeypatch: pytest.MonkeyPatch) -> Reads:
    """Counts from when nothing is known."""
    return Reads(monkeypatch)


@pytest.fixture
def signing(aws: AwsAddresses, worker: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The signing secret."""
    manager = boto3.client("secretsmanager")
    monkeypatch.setenv("SIGNING_SECRET", manager.create_secret(Name=f"signing-{worker}", SecretString=SIGNING)["ARN"])
    secrets._known.clear()
    yield
    manager.delete_secret(SecretId=f"signing-{worker}", ForceDeleteWithoutRecovery=True)


def opened(key: str) -> bool:
    """Returns whether a key opens anything."""
    return ask(**{"x-api-key": key})["isAuthorized"]


def test_a_key_with_a_wrong_letter_is_refused_without_a_look(key: ApiKey, reads: Reads) -> None:
    wrong = [
        f"{key.text[:place]}{'x' if key.text[place] != 'x' else 'y'}{key.text[place + 1 :]}" for place in range(108)
    ]
    swapped = [
        f"{key.text[:place]}{key.text[place + 1]}{key.text[place]}{key.text[place + 2 :]}" for place in range(107)
    ]
    assert not any(opened(text) for text in [*wrong, *swapped] if text != key.text)
    assert reads.count == 0
    assert opened(key.text)


def test_a_key_nobody_has_is_looked_for_once(key: ApiKey, reads: Reads) -> None:
    unknown = new_api_key("demo", SIGNING, "ask").text
    assert not any(opened(unknown) for _ in range(100))
    assert reads.count == 1


@pytest.mark.parametrize("site_id", ["demo", None])
def test_made_up_keys_cost_next_to_no_queries_and_hold_up_no_good_one(
    key: ApiKey, reads: Reads, database: Mongo, monkeypatch: pytest.MonkeyPatch, site_id: str | None
) -> None:
    monkeypatch.setattr("functions.api.authorizer.keys.monotonic", lambda: 0.0)
    made_up = [new_api_key(site_id or f"site-{number}", "made up", "ask").text for number in range(1_000)]
    assert opened(key.text)
    assert not any(map(opened, made_up))
    assert reads.count <= 1 + keys.LOOK_UPS
    before = reads.count
    assert opened(key.text)
    assert opened(store_key(database, new_api_key("new", SIGNING, "ask")).text), "one that was made just now"
    assert reads.count == before + 1


def test_a_key_of_an_older_version_goes_on(database: Mongo, signing: None) -> None:
    forget_keys()
    assert opened(store_key(database, ApiKey("demo", "0123456789ab", "A" * 43)).text)


OPERATOR = "Operator0" * 7 + "x"


@pytest.fixture
def operator(database: Mongo, aws: AwsAddresses, worker: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The operator's key; there is a site `demo`."""
    secrets = boto3.client("secretsmanager")
    secret = secrets.create_secret(Name=f"operator-{worker}", SecretString=OPERATOR)["ARN"]
    monkeypatch.setenv("OPERATOR_SECRET", secret)
    store_key(database, new_api_key("demo", SIGNING, "ask"))
    yield OPERATOR
    secrets.delete_secret(SecretId=secret, ForceDeleteWithoutRecovery=True)


def test_the_operators_key_is_of_no_site(operator: str) -> None:
    granted = {"isAuthorized": True, "context": {"site_id": "", "key_id": "operator", "scopes": "operator"}}
    assert ask(**{"x-api-key": operator}) == granted
    assert ask(authorization=f"Bearer {operator}") == granted


def test_the_operators_key_is_good_for_the_site_that_it_names(operator: str) -> None:
    context = {"site_id": "demo", "key_id": "operator", "scopes": "operator read write admin"}
    answer = ask(**{"x-api-key": operator, "x-footfall-site": "demo"})
    assert answer == {"isAuthorized": True, "context": context}


@pytest.mark.parametrize("site_id", ["nowhere", "Demo", "$where", "\ud800", "a" * 41])
def test_the_operators_key_opens_no_site_that_is_not_there(operator: str, site_id: str) -> None:
    assert ask(**{"x-api-key": operator, "x-footfall-site": site_id}) == {"isAuthorized": False}


@pytest.mark.parametrize("wrong", [OPERATOR[:-1] + "y", OPERATOR.lower(), OPERATOR[:-1], OPERATOR + "x", "é" * 64])
def test_what_is_nearly_the_operators_key_opens_nothing(operator: str, wrong: str) -> None:
    assert ask(**{"x-api-key": wrong}) == {"isAuthorized": False}


def test_a_shops_key_cannot_name_another_site(operator: str, database: Mongo) -> None:
    key = store_key(database, new_api_key("other", SIGNING, "ask"))
    answer = ask(**{"x-api-key": key.text, "x-footfall-site": "demo"})
    assert answer["context"]["site_id"] == "other"


def test_a_keys_use_is_noted_once_an_hour(key: ApiKey, database: Mongo, monkeypatch: pytest.MonkeyPatch) -> None:
    moment = 0.0
    monkeypatch.setattr(uses, "_noted", TTLCache[str, bool](10, uses.NOTED_SECONDS, timer=lambda: moment))

    def noted() -> Any:
        ask(**{"x-api-key": key.text})
        found = database["key_uses"].find_one({"_id": f"demo:{key.key_id}"})
        assert found is not None
        return found["last_used_at"]

    first = noted()
    assert now() - first < timedelta(minutes=1)
    assert noted() == first
    moment = uses.NOTED_SECONDS
    assert noted() > first
    ask(**{"x-api-key": "ak_demo_0_0"})
    assert database["key_uses"].count_documents({}) == 1, "a wrong key is no use"


def test_a_use_that_cannot_be_noted_is_no_callers_concern(key: ApiKey, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise AutoReconnect("gone")

    monkeypatch.setattr("pymongo.collection.Collection.update_one", fail)
    uses._noted.clear()
    assert ask(**{"x-api-key": key.text})["isAuthorized"]


@pytest.mark.parametrize(
    "event", [None, {"version": "2.0", "headers": None}, {"version": "2.0", "headers": {"x-api-key": 1}}]
)
def test_what_is_no_request_opens_nothing(event: Any) -> None:
    assert authorizer.handler(event, LambdaContext()) == {"isAuthorized": False}
