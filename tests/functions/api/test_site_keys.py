"""api/sites through its Lambda handler: the keys of a site, and what collect is told of them, on real stores."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import boto3
import pytest
from footfall.aws import secrets
from footfall.clock import now
from footfall.errors import Unavailable
from footfall.identity import read_sending_key, request_secret_of
from footfall.settings import read_environment
from pymongo.database import Database

from functions.api.sites import keys as site_keys
from tests.support.sites import SIGNING, SITES, make, opens, operator, told_of

Mongo = Database[dict[str, Any]]


def test_a_key_does_what_its_scopes_say_until_it_ends(deployed: Mongo) -> None:
    make("roma")
    ends = (now() + timedelta(days=90)).isoformat()
    wanted = {"scopes": ["write", "read"], "name": "shop", "expires_at": ends}
    status, made = operator("POST", f"{SITES}/roma/keys", wanted)
    granted = opens(made["key"])
    assert (status, made["kind"], made["name"], made["scopes"]) == (201, "api", "shop", ["read", "write"])
    assert granted is not None
    assert granted["scopes"] == "read write"
    assert operator("POST", f"{SITES}/roma/keys", {})[1]["scopes"] == ["read"]
    deployed["sites"].update_one(
        {"_id": "roma", "api_keys.key_id": made["key_id"]}, {"$set": {"api_keys.$.expires_at": now()}}
    )
    assert opens(made["key"]) is None


@pytest.mark.parametrize(
    ("wrong", "fields"),
    [
        ({"scopes": []}, ["scopes"]),
        ({"scopes": ["operator"]}, ["scopes.0"]),
        ({"expires_at": "2020-01-01"}, ["expires_at"]),
        ({"expires_at": "soon"}, ["expires_at"]),
        ({"kind": "write", "scopes": ["read"]}, ["scopes"]),
        ({"kind": "write", "expires_at": "2999-01-01"}, ["expires_at"]),
        ({"kind": "jwt"}, ["kind"]),
    ],
)
def test_a_key_that_cannot_be_is_refused(deployed: Mongo, wrong: dict[str, Any], fields: list[str]) -> None:
    make("roma")
    status, answer = operator("POST", f"{SITES}/roma/keys", wanted := wrong)
    assert (status, [error["field"] for error in answer["errors"]]) == (422, fields), wanted


def test_keys_are_listed_with_their_last_use_and_write_keys_whole(deployed: Mongo) -> None:
    made = make("roma")
    assert opens(made["api_key"])
    api, write = operator("GET", f"{SITES}/roma/keys")[1]["keys"]
    assert (api["kind"], api["write_key"], write["kind"], write["write_key"]) == (
        "api",
        None,
        "write",
        made["write_key"],
    )
    assert now() - datetime.fromisoformat(api["last_used_at"]) < timedelta(minutes=1)
    assert write["last_used_at"] is None


def test_after_a_rotation_both_keys_work_until_the_old_one_ends(deployed: Mongo) -> None:
    make("roma")
    old = operator("POST", f"{SITES}/roma/keys", {"scopes": ["read"], "name": "shop"})[1]
    path = f"{SITES}/roma/keys/{old['key_id']}/rotate"
    status, new = operator("POST", path, hours_kept=2)
    assert (status, new["scopes"], new["name"], new["expires_at"]) == (201, ["read"], "shop", None)
    assert opens(old["key"])
    assert opens(new["key"])
    kept = next(key for key in operator("GET", f"{SITES}/roma/keys")[1]["keys"] if key["key_id"] == old["key_id"])
    assert abs(datetime.fromisoformat(kept["expires_at"]) - now() - timedelta(hours=2)) < timedelta(minutes=1)
    second = operator("POST", path, hours_kept=48)[1]
    assert second["expires_at"] is None, "whoever did not get the answer asks again"
    again = next(key for key in operator("GET", f"{SITES}/roma/keys")[1]["keys"] if key["key_id"] == old["key_id"])
    assert again["expires_at"] == kept["expires_at"], "a rotation never lets a key live longer"
    operator("POST", path, hours_kept=0)
    assert opens(old["key"]) is None


def test_a_key_for_ninety_days_is_followed_by_one_for_ninety_days(deployed: Mongo) -> None:
    make("roma")
    ends = (now() + timedelta(days=90)).isoformat()
    old = operator("POST", f"{SITES}/roma/keys", {"expires_at": ends})[1]
    deployed["sites"].update_one(
        {"_id": "roma", "api_keys.key_id": old["key_id"]},
        {"$set": {"api_keys.$.created_at": now() - timedelta(days=80), "api_keys.$.expires_at": now() + timedelta(10)}},
    )
    new = operator("POST", f"{SITES}/roma/keys/{old['key_id']}/rotate")[1]
    assert abs(datetime.fromisoformat(new["expires_at"]) - now() - timedelta(days=90)) < timedelta(minutes=1)


def test_a_write_key_is_followed_by_another_and_goes_on(deployed: Mongo) -> None:
    made = make("roma")
    status, new = operator("POST", f"{SITES}/roma/keys/{made['write_key'].split('_')[2]}/rotate")
    assert (status, new["kind"], new["key"]) == (201, "write", new["write_key"])
    assert read_sending_key(new["key"], SIGNING) is not None
    assert told_of("roma")["revoked"] == []
    assert len(operator("GET", f"{SITES}/roma/keys")[1]["keys"]) == 3


def test_a_revoked_api_key_opens_nothing(deployed: Mongo) -> None:
    make("roma")
    key = operator("POST", f"{SITES}/roma/keys", {})[1]["key"]
    path = f"{SITES}/roma/keys/{key.split('_')[2]}"
    assert operator("DELETE", path) == (200, {"key_id": key.split("_")[2], "status": "revoked"})
    assert opens(key) is None
    assert operator("DELETE", path)[0] == 404


def test_collect_is_told_of_what_counts_of_the_site_alone(deployed: Mongo) -> None:
    make("other", origins=["https://other.example"])
    key_id = make("roma")["write_key"].split("_")[2]
    nothing: dict[str, Any] = {
        "site_id": "roma",
        "origins": [],
        "revoked": [],
        "ends": {},
        "events_per_second": None,
        "signed_requests": False,
    }
    assert told_of("roma") == nothing
    for _ in range(2):  # whoever did not get the answer asks again
        assert operator("DELETE", f"{SITES}/roma/keys/{key_id}")[0] == 200
    operator(
        "PATCH", f"{SITES}/roma", {"origins": ["https://roma.example"], "events_per_second": 5, "signed_requests": True}
    )
    assert told_of("roma") == {
        **nothing,
        "origins": ["https://roma.example"],
        "revoked": [key_id],
        "events_per_second": 5.0,
        "signed_requests": True,
    }
    operator("PATCH", f"{SITES}/roma", {"origins": [], "events_per_second": None, "signed_requests": False})
    assert told_of("roma") == {**nothing, "revoked": [key_id]}
    assert told_of("other")["origins"] == ["https://other.example"]
    assert [key["kind"] for key in operator("GET", f"{SITES}/roma/keys")[1]["keys"]] == ["api"]


def test_an_api_key_may_send_where_its_scopes_say_so(deployed: Mongo) -> None:
    first = make("roma")["api_key"]
    reading = operator("POST", f"{SITES}/roma/keys", {"scopes": ["read"]})[1]["key"]
    sending = operator("POST", f"{SITES}/roma/keys", {"scopes": ["collect"]})[1]["key"]
    read = [read_sending_key(key, SIGNING) for key in (first, reading, sending)]
    assert [key and key.is_secret for key in read] == [True, None, True]
    assert all(map(opens, (first, reading, sending)))


def test_a_key_that_may_send_comes_with_what_its_requests_are_signed_with(deployed: Mongo) -> None:
    make("roma")
    sending, reading = (operator("POST", f"{SITES}/roma/keys", {"scopes": [scope]})[1] for scope in ("collect", "read"))
    assert sending["request_secret"] == request_secret_of("roma", sending["key_id"], SIGNING)
    assert reading["request_secret"] is None
    rotated = operator("POST", f"{SITES}/roma/keys/{sending['key_id']}/rotate")[1]
    assert rotated["request_secret"] == request_secret_of("roma", rotated["key_id"], SIGNING)


def test_collect_is_told_when_api_keys_that_may_send_end(deployed: Mongo) -> None:
    make("roma")
    path = f"{SITES}/roma/keys"
    tomorrow = (now() + timedelta(days=1)).isoformat()
    operator("POST", path, {"scopes": ["read"], "expires_at": tomorrow})
    ending = operator("POST", path, {"scopes": ["collect"], "expires_at": tomorrow})[1]
    rotated = operator("POST", path, {"scopes": ["collect", "read"]})[1]
    operator("POST", f"{path}/{rotated['key_id']}/rotate", hours_kept=2)
    ends = {key_id: datetime.fromisoformat(end) - now() for key_id, end in told_of("roma")["ends"].items()}
    assert ends.keys() == {ending["key_id"], rotated["key_id"]}
    assert ends[rotated["key_id"]] < timedelta(hours=2) < ends[ending["key_id"]]
    for _ in range(2):
        assert operator("DELETE", f"{path}/{ending['key_id']}")[0] == 200
    assert told_of("roma")["revoked"] == [ending["key_id"]]
    assert told_of("roma")["ends"].keys() == {rotated["key_id"]}
    assert opens(ending["key"]) is None


def test_a_key_whose_end_collect_cannot_be_told_is_not_made(deployed: Mongo, monkeypatch: pytest.MonkeyPatch) -> None:
    key_id = make("roma")["api_key"].split("_")[2]
    monkeypatch.setenv("SENDING_BUCKET", "not-there")
    read_environment.cache_clear()
    wanted = {"scopes": ["collect"], "expires_at": (now() + timedelta(days=1)).isoformat()}
    assert operator("POST", f"{SITES}/roma/keys", wanted)[0] == 503
    assert operator("POST", f"{SITES}/roma/keys/{key_id}/rotate")[0] == 503
    assert [key["key_id"] for key in operator("GET", f"{SITES}/roma/keys")[1]["keys"] if key["kind"] == "api"] == [
        key_id
    ]


def test_those_who_revoke_at_once_are_all_heard(deployed: Mongo) -> None:
    make("roma")
    ids = [operator("POST", f"{SITES}/roma/keys", {"kind": "write"})[1]["key_id"] for _ in range(8)]

    def revoked(key_id: str) -> str | None:
        with suppress(Unavailable):  # too many wrote at once: to be asked again
            return site_keys.revoke_key("roma", key_id).key_id
        return None

    with ThreadPoolExecutor(8) as pool:
        heard = {key_id for key_id in pool.map(revoked, ids) if key_id}
    assert heard
    assert heard <= set(told_of("roma")["revoked"])


def test_what_collect_cannot_be_told_is_no_success(deployed: Mongo, monkeypatch: pytest.MonkeyPatch) -> None:
    key_id = make("roma")["write_key"].split("_")[2]
    with monkeypatch.context() as broken:
        broken.setenv("SENDING_BUCKET", "not-there")
        read_environment.cache_clear()
        assert operator("DELETE", f"{SITES}/roma/keys/{key_id}")[0] == 503
    read_environment.cache_clear()
    assert told_of("roma")["revoked"] == []
    assert operator("DELETE", f"{SITES}/roma/keys/{key_id}")[0] == 200
    assert told_of("roma")["revoked"] == [key_id]


def rotate_signing_secret(worker: str, value: str) -> None:
    """Give the signing secret another value, as an operator does, and have it read at once."""
    boto3.client("secretsmanager").put_secret_value(SecretId=f"sites-{worker}", SecretString=value)
    secrets._known.clear()


def test_after_another_signing_secret_old_and_new_keys_work_until_the_next(deployed: Mongo, worker: str) -> None:
    old = make("roma")
    rotate_signing_secret(worker, "second")
    new = operator("POST", f"{SITES}/roma/keys", {"kind": "write"})[1]["key"]
    listed = [key["write_key"] for key in operator("GET", f"{SITES}/roma/keys")[1]["keys"] if key["kind"] == "write"]
    assert listed == [old["write_key"], new]
    assert all(read_sending_key(key, "second", SIGNING) for key in (*listed, old["api_key"]))
    rotate_signing_secret(worker, "third")
    listed = [key["write_key"] for key in operator("GET", f"{SITES}/roma/keys")[1]["keys"] if key["kind"] == "write"]
    assert listed == [None, new], "what is signed by the first is good no more"
    assert opens(old["api_key"]), "to ask is not to send"


def test_a_site_has_so_many_keys_and_no_more(deployed: Mongo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(site_keys, "MOST_KEYS", 2)
    key_id = make("roma")["api_key"].split("_")[2]
    for body in ({}, {"kind": "write"}):
        assert operator("POST", f"{SITES}/roma/keys", body)[0] == 201
        assert operator("POST", f"{SITES}/roma/keys", body)[0] == 409
    assert operator("POST", f"{SITES}/roma/keys/{key_id}/rotate")[0] == 409
    assert operator("DELETE", f"{SITES}/roma/keys/{key_id}")[0] == 200
    assert operator("POST", f"{SITES}/roma/keys", {})[0] == 201
    assert operator("POST", f"{SITES}/nowhere/keys", {})[0] == 404
