"""api/sites through its Lambda handler: sites and their settings, on real stores."""

import json
from typing import Any
from urllib.parse import quote

import pytest
from footfall.identity import read_api_key, read_sending_key
from footfall.schemas.site import DEFAULT_FUNNEL, Site
from pymongo.database import Database

from functions.api.sites.handler import handler
from tests.support.asking import question, request
from tests.support.builders import LambdaContext
from tests.support.sites import SIGNING, SITES, make, opens, operator

Mongo = Database[dict[str, Any]]


def test_a_shop_in_euro_in_rome_is_made_with_keys_that_open_it(deployed: Mongo) -> None:
    made = make("roma", name="Bottega", currency="EUR", time_zone="Europe/Rome")
    write_key = read_sending_key(made["write_key"], SIGNING)
    assert (made["site_id"], made["name"], made["currency"], made["time_zone"]) == (
        "roma",
        "Bottega",
        "EUR",
        "Europe/Rome",
    )
    assert made["funnels"] == [DEFAULT_FUNNEL.model_dump()]
    assert opens(made["api_key"]) == {
        "site_id": "roma",
        "key_id": made["api_key"].split("_")[2],
        "scopes": "collect read write admin",
    }
    assert write_key is not None
    assert write_key.site_id == "roma"
    assert Site.model_validate(deployed["sites"].find_one({"_id": "roma"})).time_zone == "Europe/Rome"


def test_a_site_needs_no_more_than_an_id(deployed: Mongo) -> None:
    made = make("roma")
    assert (made["name"], made["currency"], made["time_zone"], made["retention_days"]) == ("roma", "EUR", "UTC", None)
    assert made["hot_days"] == 400


def test_a_site_of_an_older_version_has_all_its_events_in_mongodb_until_it_is_told(deployed: Mongo) -> None:
    make("roma")
    deployed["sites"].update_one({"_id": "roma"}, {"$unset": {"hot_days": True}})
    assert operator("GET", f"{SITES}/roma")[1]["hot_days"] is None
    assert operator("PATCH", f"{SITES}/roma", {"hot_days": 400})[1]["hot_days"] == 400
    assert operator("PATCH", f"{SITES}/roma", {"hot_days": None})[1]["hot_days"] is None


def test_of_an_api_key_only_a_hash_is_kept_and_no_log_holds_it(
    deployed: Mongo, capsys: pytest.CaptureFixture[str]
) -> None:
    made = make("roma")
    new = operator("POST", f"{SITES}/roma/keys", {"scopes": ["read"]})[1]["key"]
    rotated = operator("POST", f"{SITES}/roma/keys/{new.split('_')[2]}/rotate")[1]["key"]
    listed = operator("GET", f"{SITES}/roma/keys")[1]
    shown = operator("GET", f"{SITES}/roma")[1]
    told = f"{deployed['sites'].find_one()} {listed} {shown} {capsys.readouterr()}"
    for text in (made["api_key"], new, rotated):
        key = read_api_key(text)
        assert key is not None
        assert key.secret not in told
    assert "sha256" not in f"{listed} {shown}"


def test_an_answer_with_a_key_is_kept_by_no_cache(deployed: Mongo) -> None:
    asked = question(SITES, method="POST", site_id="", scopes="operator", body={"site_id": "roma"})
    assert handler(asked, LambdaContext())["headers"]["cache-control"] == "no-store"


def test_a_site_that_is_there_is_not_made_again(deployed: Mongo) -> None:
    make("roma", currency="EUR")
    assert operator("POST", SITES, {"site_id": "roma", "currency": "GBP"})[0] == 409
    assert operator("GET", f"{SITES}/roma")[1]["currency"] == "EUR"


@pytest.mark.parametrize("scopes", ["read write admin collect", "read", ""])
def test_only_the_operator_makes_sites(deployed: Mongo, scopes: str) -> None:
    status, _ = request(handler, "POST", SITES, None, {"site_id": "mine"}, site_id="demo", scopes=scopes)
    assert (status, deployed["sites"].count_documents({})) == (403, 0)


@pytest.mark.parametrize("absent", ["SIGNING_SECRET", "SENDING_BUCKET"])
def test_a_site_whose_keys_nobody_was_shown_is_not_there(
    deployed: Mongo, monkeypatch: pytest.MonkeyPatch, absent: str
) -> None:
    monkeypatch.setenv(absent, "absent")
    status, _ = operator("POST", SITES, {"site_id": "roma", "origins": ["https://roma.example"]})
    assert (status, deployed["sites"].count_documents({})) == (503, 0)


WRONG = [
    ({"site_id": "Roma!"}, "site_id"),
    ({"site_id": "x" * 41}, "site_id"),
    ({"site_id": "roma\n"}, "site_id"),
    ({"name": ""}, "name"),
    ({"name": "  "}, "name"),
    ({"name": "a\u0000b"}, "name"),
    ({"currency": "$"}, "currency"),
    ({"currency": "XYZ"}, "currency"),
    ({"currency": ""}, "currency"),
    ({"currency": None}, "currency"),
    ({"time_zone": "Rome"}, "time_zone"),
    ({"time_zone": "Mars/Base"}, "time_zone"),
    ({"time_zone": "../../etc/passwd"}, "time_zone"),
    ({"time_zone": "+02:00"}, "time_zone"),
    ({"origins": ["shop.example"]}, "origins.0"),
    ({"origins": ["https://shop.example/path"]}, "origins.0"),
    ({"origins": ["*"]}, "origins.0"),
    ({"origins": ["https://a.example"] * 2}, "origins"),
    ({"origins": [f"https://{n}.example" for n in range(101)]}, "origins"),
    ({"own_domains": ["https://shop.example"]}, "own_domains.0"),
    ({"own_domains": ["com"]}, "own_domains.0"),
    ({"page_rules": [{"prefix": "p/", "page_type": "product"}]}, "page_rules.0.prefix"),
    ({"page_rules": [{"prefix": "/p/", "page_type": " "}]}, "page_rules.0.page_type"),
    ({"page_rules": [{"prefix": "/p/", "page_type": "a"}, {"prefix": "/p/", "page_type": "b"}]}, "page_rules"),
    ({"funnels": []}, "funnels"),
    ({"funnels": [{"name": "one", "steps": ["home"]}]}, "funnels.0.steps"),
    ({"funnels": [{"name": "one", "steps": ["home", "a||b"]}]}, "funnels.0.steps.1"),
    ({"funnels": [{"name": "", "steps": ["a", "b"]}]}, "funnels.0.name"),
    ({"funnels": [{"name": "one", "steps": ["a", "b"]}] * 2}, "funnels"),
    ({"funnels": [{"name": "one", "steps": [str(n) for n in range(33)]}]}, "funnels.0.steps"),
    ({"dimensions": [{"name": "country", "property": "land"}]}, "dimensions.0.name"),
    ({"dimensions": [{"name": "page_size", "property": "size"}]}, "dimensions.0.name"),
    ({"dimensions": [{"name": "My theme", "property": "theme"}]}, "dimensions.0.name"),
    ({"dimensions": [{"name": "a" * 41, "property": "theme"}]}, "dimensions.0.name"),
    ({"dimensions": [{"name": "theme", "property": "$where"}]}, "dimensions.0.property"),
    ({"dimensions": [{"name": "theme", "property": "a..b"}]}, "dimensions.0.property"),
    ({"dimensions": [{"name": "theme", "property": "a.b.c.d.e.f"}]}, "dimensions.0.property"),
    ({"dimensions": [{"name": "theme", "property": ""}]}, "dimensions.0.property"),
    ({"dimensions": [{"name": "theme"}]}, "dimensions.0.property"),
    ({"dimensions": [{"name": "theme", "property": "a"}, {"name": "theme", "property": "b"}]}, "dimensions"),
    ({"dimensions": [{"name": f"d{number}", "property": "p"} for number in range(11)]}, "dimensions"),
    ({"retention_days": 0}, "retention_days"),
    ({"events_per_second": 0}, "events_per_second"),
    ({"signed_requests": "yes"}, "signed_requests"),
    ({"events_per_second": -1}, "events_per_second"),
    ({"hot_days": 34}, "hot_days"),
    ({"hot_days": 36_501}, "hot_days"),
    ({"colour": "red"}, "colour"),
]


@pytest.mark.parametrize(("wrong", "field"), WRONG, ids=lambda value: json.dumps(value)[:40])
def test_what_is_wrong_is_refused_by_the_name_of_its_field(deployed: Mongo, wrong: dict[str, Any], field: str) -> None:
    status, answer = operator("POST", SITES, {"site_id": "roma", **wrong})
    assert (status, [error["field"] for error in answer["errors"]]) == (422, [field])
    assert deployed["sites"].count_documents({}) == 0
    if "site_id" not in wrong:
        make("roma")
        status, answer = operator("PATCH", f"{SITES}/roma", wrong)
        assert (status, [error["field"] for error in answer["errors"]]) == (422, [field])


def test_settings_are_taken_as_people_write_them(deployed: Mongo) -> None:
    made = make(
        "roma",
        name=" Bottega  ",
        currency="eur",
        time_zone="europe/rome",
        origins=["https://Shop.Example/", "http://localhost:3000", "https://müller.example"],
        own_domains=["Shop.Example", "müller.example"],
    )
    assert (made["name"], made["currency"], made["time_zone"]) == ("Bottega", "EUR", "Europe/Rome")
    assert made["origins"] == ["https://shop.example", "http://localhost:3000", "https://xn--mller-kva.example"]
    assert made["own_domains"] == ["shop.example", "xn--mller-kva.example"]


@pytest.mark.parametrize(("told", "code"), [("gbp", "GBP"), ("€", "EUR"), ("Euro", "EUR"), (" EUR ", "EUR")])
def test_a_currency_is_read_as_in_an_order(deployed: Mongo, told: str, code: str) -> None:
    assert make(currency=told)["currency"] == code


def test_only_what_is_given_changes(deployed: Mongo) -> None:
    rules = [{"prefix": "/p/", "page_type": "product"}]
    make("roma", currency="GBP", page_rules=rules, retention_days=30)
    before = operator("GET", f"{SITES}/roma")[1]

    status, changed = operator("PATCH", f"{SITES}/roma", {"currency": "EUR"})
    assert (status, changed) == (200, {**before, "currency": "EUR", "version": 1})

    funnels = [{"name": "buying", "steps": ["product|search", "Order Completed"]}]
    changed = operator("PATCH", f"{SITES}/roma", {"funnels": funnels, "page_rules": [], "retention_days": None})[1]
    assert changed == {
        **before,
        "currency": "EUR",
        "funnels": funnels,
        "page_rules": [],
        "retention_days": None,
        "version": 2,
    }
    assert operator("GET", f"{SITES}/roma")[1] == changed
    assert Site.model_validate(deployed["sites"].find_one({"_id": "roma"})).funnels[0].name == "buying"


def test_a_site_has_dimensions_of_its_own(deployed: Mongo) -> None:
    own = [{"name": "theme", "property": "theme"}, {"name": "tier", "property": "customer.tier"}]
    assert make("roma", dimensions=own[:1])["dimensions"] == own[:1]
    assert operator("PATCH", f"{SITES}/roma", {"dimensions": own})[1]["dimensions"] == own
    assert operator("GET", f"{SITES}/roma")[1]["dimensions"] == own
    stored = Site.model_validate(deployed["sites"].find_one({"_id": "roma"}))
    assert [dimension.name for dimension in stored.dimensions] == ["theme", "tier"]
    assert operator("PATCH", f"{SITES}/roma", {"dimensions": []})[1]["dimensions"] == []


def test_of_two_who_change_the_same_settings_the_second_is_told(deployed: Mongo) -> None:
    make("roma")
    assert operator("PATCH", f"{SITES}/roma", {"name": "One"}, version=0)[1]["version"] == 1
    status, answer = operator("PATCH", f"{SITES}/roma", {"name": "Two"}, version=0)
    assert (status, "they are version 1" in answer["detail"]) == (409, True)
    assert operator("PATCH", f"{SITES}/roma", {"name": "Two"}, version=1)[1]["name"] == "Two"
    assert operator("PATCH", f"{SITES}/nowhere", {"name": "Two"}, version=1)[0] == 404
    deployed["sites"].update_one({"_id": "roma"}, {"$unset": {"version": True}})
    assert operator("PATCH", f"{SITES}/roma", {"name": "Old"}, version=0)[1]["version"] == 1


def test_a_rotated_key_changes_no_setting(deployed: Mongo) -> None:
    made = make("roma", currency="GBP", time_zone="Europe/Rome", retention_days=30, origins=["https://roma.example"])
    before = operator("GET", f"{SITES}/roma")[1]
    for key in (made["api_key"], made["write_key"]):
        assert operator("POST", f"{SITES}/roma/keys/{key.split('_')[2]}/rotate")[0] == 201
    assert operator("GET", f"{SITES}/roma")[1] == before


def test_a_change_of_nothing_is_refused(deployed: Mongo) -> None:
    make("roma")
    assert operator("PATCH", f"{SITES}/roma", {})[0] == 422
    assert operator("PATCH", f"{SITES}/nowhere", {"name": "x"})[0] == 404


def test_the_operator_sees_every_site_and_a_shop_its_own(deployed: Mongo) -> None:
    for site_id in ("b", "a", "c"):
        make(site_id)
    first = operator("GET", SITES, page_size=2)[1]
    assert ([site["site_id"] for site in first["sites"]], first["total"], first["total_pages"]) == (["a", "b"], 3, 2)
    assert [site["site_id"] for site in operator("GET", SITES, page_size=2, page=2)[1]["sites"]] == ["c"]
    mine = request(handler, "GET", SITES, site_id="b", scopes="admin")[1]
    assert ([site["site_id"] for site in mine["sites"]], mine["total"]) == (["b"], 1)


ROUTES = [
    ("GET", "{site}", None),
    ("PATCH", "{site}", {"name": "Mine now"}),
    ("GET", "{site}/keys", None),
    ("POST", "{site}/keys", {}),
    ("POST", "{site}/keys/{key}/rotate", None),
    ("DELETE", "{site}/keys/{key}", None),
]


@pytest.mark.parametrize(("method", "path", "body"), ROUTES)
def test_another_site_is_not_there(deployed: Mongo, method: str, path: str, body: Any) -> None:
    key_id = make("roma")["api_key"].split("_")[2]
    before = deployed["sites"].find_one({"_id": "roma"})
    answers = [
        request(handler, method, f"{SITES}/{path.format(site=site, key=key_id)}", None, body, site_id="milano")
        for site in ("roma", "nowhere")
    ]
    assert [(status, answer["detail"]) for status, answer in answers] == [(404, "no site has this id")] * 2
    assert deployed["sites"].find_one({"_id": "roma"}) == before


@pytest.mark.parametrize(("method", "path", "body"), ROUTES)
def test_a_shop_manages_its_own_site_with_the_scope_admin_alone(
    deployed: Mongo, method: str, path: str, body: Any
) -> None:
    key_id = make("roma")["api_key"].split("_")[2]
    asked = f"{SITES}/{path.format(site='roma', key=key_id)}"
    assert request(handler, method, asked, None, body, site_id="roma", scopes="read write collect")[0] == 403
    assert request(handler, method, asked, None, body, site_id="roma", scopes="admin")[0] in (200, 201)


def test_a_site_of_an_older_version_is_read_and_changed(deployed: Mongo) -> None:
    deployed["sites"].insert_one({"_id": "old", **Site(site_id="old", name="Old").model_dump(exclude={"own_domains"})})
    assert operator("PATCH", f"{SITES}/old", {"currency": "EUR"})[1]["created_at"] is None
    assert operator("GET", f"{SITES}/old/keys")[1]["keys"] == []
    assert operator("POST", f"{SITES}/old/keys", {"kind": "write"})[0] == 201


@pytest.mark.parametrize("odd", ["$where", "a/b", "\u0000", "x" * 64, "ROMA", "röma"])
def test_odd_ids_are_not_there(deployed: Mongo, odd: str) -> None:
    make("roma")
    assert operator("GET", f"{SITES}/{quote(odd, safe='')}")[0] == 404
    assert operator("DELETE", f"{SITES}/roma/keys/{quote(odd, safe='')}")[0] == 404
