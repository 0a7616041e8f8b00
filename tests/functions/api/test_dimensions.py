"""Which dimensions a site has, and which values they have, through the Lambda handler on a real MongoDB."""

import json
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import pytest
from footfall.dimensions import BUILT_IN, Dimension, Facts, dimensions_of, is_taken
from footfall.people.profiles import profiles
from footfall.questions import dimension_values, dimensions, read_sessions
from footfall.schemas.site import OwnDimension
from footfall.stores import lake
from footfall.stores.collections import events, user_sessions
from footfall.stores.mongo import Mongo as Store
from pymongo.database import Database

from functions.api.docs import documentation
from functions.api.metrics.handler import handler
from functions.jobs.rollup import dimensions as of_days
from tests.support.asking import ask, refusal, request
from tests.support.visits import TODAY, YESTERDAY, a_shop, happen, know, person, roll_up, view

Mongo = Database[dict[str, Any]]
DIMENSIONS = "/api/dimensions"
BOT = {"userAgent": "Mozilla/5.0 (compatible; Googlebot/2.1)"}
OWN = [OwnDimension(name="theme", property="theme")]


def values(name: str, **query: Any) -> dict[str, Any]:
    return ask(handler, f"{DIMENSIONS}/{name}", {"from": TODAY, "to": TODAY, **query})


def counts(answer: dict[str, Any]) -> dict[str, int]:
    return {each["value"]: each["count"] for each in answer["values"]}


def come_from(country: str, visitor_id: str, minutes: float = 0, **but: Any) -> dict[str, Any]:
    return view("home", visitor_id, minutes, context={"country": country, **but.pop("context", {})}, **but)


def test_every_dimension_is_listed_with_a_sentence_and_its_level(shop: Mongo) -> None:
    know(shop, a_shop("home", "search", dimensions=OWN))
    listed = ask(handler, DIMENSIONS, {"page_size": 100})
    assert [each["name"] for each in listed["dimensions"]] == [*(row.name for row in BUILT_IN), "theme"]
    assert listed["total"] == len(BUILT_IN) + 1
    assert listed["dimensions"][0] == {
        "name": "device",
        "description": "Desktop, Mobile, Tablet or Other",
        "level": "event",
        "filter": True,
        "breakdown": True,
    }
    assert ask(handler, DIMENSIONS, {"page": 2, "page_size": 23})["dimensions"][0]["name"] == "theme"


def test_values_are_counted_in_sessions_of_the_range_without_bots(shop: Mongo) -> None:
    happen(
        shop,
        come_from("Italy", "ann"),
        come_from("IT", "bob", 1),
        come_from("FR", "cid", 2),
        come_from("FR", "bot", 2, context=BOT),
        come_from("DE", "dan", -24 * 60),
        view("home", "eve", 3),
    )
    answer = values("country")
    assert (answer["counted"], counts(answer)) == ("sessions", {"IT": 2, "FR": 1, "unknown": 1})
    assert list(counts(answer)) == ["IT", "FR", "unknown"]
    assert (answer["dimension"], answer["other"], answer["total"]) == ("country", 0, 3)
    assert answer["range"] == {"from": TODAY, "to": TODAY, "time_zone": "UTC"}
    assert counts(values("country", **{"from": YESTERDAY, "to": YESTERDAY})) == {"DE": 1}


def test_an_answer_has_nothing_of_another_site(shop: Mongo) -> None:
    happen(shop, come_from("IT", "ann"))
    shop["sites"].insert_one({**a_shop("home", "search", site_id="other").model_dump(), "_id": "other"})
    query = {"from": TODAY, "to": TODAY}
    assert ask(handler, f"{DIMENSIONS}/country", query, site_id="other")["values"] == []


def test_values_of_products_count_an_event_once_for_each(shop: Mongo) -> None:
    lines = [{"product_id": product, "category": "lamps", "price": 1} for product in ("p1", "p2", "p1")]
    bought: dict[str, Any] = {
        "eventType": "purchase",
        "properties": {"order_id": "o", "coupon": "may", "products": lines},
    }
    seen: dict[str, Any] = {"eventType": "product_viewed", "properties": {"product_id": "p1", "category": "lamps"}}
    happen(shop, view("home"), view("", minutes=1, **bought), view("", minutes=2, **seen))
    answer = values("product")
    assert (answer["counted"], counts(answer)) == ("events", {"p1": 2, "p2": 1})
    assert counts(values("category")) == {"lamps": 2}
    assert counts(values("coupon")) == {"MAY": 1}
    assert counts(values("page_type")) == {"home": 1}


def test_a_sites_own_dimension_has_values_at_once(shop: Mongo) -> None:
    happen(shop, *(view("home", minutes=n, properties={"theme": each}) for n, each in enumerate(["dark", 2, {"a": 1}])))
    assert refusal(handler, f"{DIMENSIONS}/theme")[0] == 404
    know(shop, a_shop("home", "search", dimensions=OWN))
    assert counts(values("theme")) == {"2": 1, "dark": 1}


def test_sex_segment_and_returning_are_of_the_person_a_visitor_turned_out_to_be(shop: Mongo) -> None:
    known = come_from("IT", "known", 0)
    happen(shop, known, come_from("IT", "ann", 90), come_from("IT", "new", 5), come_from("IT", "early", 7))
    moment = known["timestamp"]
    link = {"at": moment, "event_id": "e", "person_id": "C-7"}
    shop["users"].insert_many(
        [
            person(11, "C-7", merged_ids=["known"], sex="Female", date=moment.replace(year=2026, month=3, day=2)),
            person(12, "known", link=link, date=moment.replace(year=2025)),
            person(13, "new", date=moment),
            person(14, "early", sex="m", date=moment.replace(hour=3)),
        ]
    )
    shop["customers"].insert_one({"_id": "demo:C-7", "site_id": "demo", "customer_id": "C-7", "rfm_segment": "Loyal"})
    assert counts(values("sex")) == {"unknown": 2, "female": 1, "male": 1}
    assert counts(values("segment")) == {"unknown": 3, "Loyal": 1}
    assert counts(values("visitor")) == {"returning": 2, "new": 1, "unknown": 1}


@pytest.mark.parametrize("seed", range(3))
def test_values_are_those_that_the_table_reads_one_by_one(shop: Mongo, seed: int) -> None:
    rng = Random(seed)
    know(shop, a_shop("home", "search", dimensions=OWN))
    happen(shop, *(_anything(rng, number) for number in range(120)))
    people = [f"v{number}" for number in range(12)]
    shop["users"].insert_many([_somebody(rng, number, name) for number, name in enumerate(people[:8], 20)])
    rows = dimensions_of(a_shop("home", "search", dimensions=OWN)).values()
    for _ in ("as they came", "rolled up"):
        for row in rows:
            assert counts(values(row.name, page_size=100)) == _one_by_one(shop, row), row.name
            assert counts(values(row.name, page_size=100, bots="include")) == _one_by_one(shop, row, bots=True), (
                row.name
            )
        roll_up()


def test_values_of_days_are_remembered_until_something_comes(shop: Mongo, monkeypatch: pytest.MonkeyPatch) -> None:
    happen(shop, come_from("IT", "ann"), come_from("FR", "bot", 2, context=BOT))
    roll_up()
    asked: list[dict[str, Any]] = [{}, {"page_size": 1}, {"bots": "include"}]
    before = [values("country", **query) for query in asked]
    with monkeypatch.context() as patched:
        patched.setattr(dimensions, "values_in", None)
        assert [values("country", **query) for query in asked] == before
    happen(shop, come_from("IT", "bob", 3))
    assert counts(values("country")) == {"IT": 2}
    assert counts(values("country", bots="include")) == {"IT": 2, "FR": 1}


def _anything(rng: Random, number: int) -> dict[str, Any]:
    lines = [
        {"product_id": f"p{rng.randrange(4)}", "category": rng.choice(["", "lamps"])} for _ in range(rng.randrange(3))
    ]
    kind = rng.choice(["pageview", "pageview", "product_added", "purchase"])
    return view(
        rng.choice(["home", "search", ""]),
        f"v{rng.randrange(12)}",
        number,
        eventType=kind,
        sessionId=f"s{rng.randrange(3)}",
        url=f"https://shop.example/{rng.choice(['', 'p', 'ü' * 300])}?utm_source={rng.choice(['', 'google.de', 'N'])}",
        referrer=rng.choice([None, "https://blog.example/", "https://shop.example/"]),
        screenWidth=rng.choice([None, 390, 1280]),
        properties={"theme": rng.choice(["dark", "", 2, 2.0, True, ["x"], {"y": 1}, None]), "products": lines},
        context={
            "country": rng.choice(["IT", "Italy", "?"]),
            "locale": rng.choice(["it-IT", "de", ""]),
            **rng.choice([{}, {}, {}, BOT]),
        },
    )


def _somebody(rng: Random, number: int, name: str) -> dict[str, Any]:
    moment = view("home")["timestamp"]
    return person(number, name, sex=rng.choice(["F", "male", None]), date=moment.replace(hour=rng.choice([3, 12])))


def _one_by_one(database: Store, row: Dimension, *, bots: bool = False) -> dict[str, int]:
    counted: Counter[str] = Counter()
    whose: dict[str, Any] = {"site_id": "demo", "bot": {"$in": [False, bots]}}
    if row.session or row.needs_person:
        found = user_sessions.of(database).find(whose).to_list()
        known = profiles(database, "demo", {session["person_id"] for session in found})
        for session in found:
            counted.update(row.values(Facts(session=session, person=known[session["person_id"]])))
        return dict(counted)
    for event in events.of(database).find(whose):
        counted.update(row.values(Facts(event=event)))
    del counted[row.missing]
    return dict(counted)


def test_beyond_the_largest_values_the_rest_is_other(shop: Mongo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dimension_values, "MOST_VALUES", 3)
    happen(shop, *(view(f"type {place}", minutes=n) for n, place in enumerate([0, 0, 0, 1, 1, 2, 3, 4])))
    first = values("page_type", page_size=2)
    assert (counts(first), first["other"], first["total"], first["total_pages"]) == (
        {"type 0": 3, "type 1": 2},
        2,
        3,
        2,
    )
    assert counts(values("page_type", page_size=2, page=2)) == {"type 2": 1}


def test_more_than_can_be_counted_is_refused(shop: Mongo, monkeypatch: pytest.MonkeyPatch) -> None:
    happen(shop, *(view("home", f"v{number}") for number in range(5)))
    monkeypatch.setattr(read_sessions, "MOST_SESSIONS", 4)
    assert refusal(handler, f"{DIMENSIONS}/visitor", {"from": TODAY, "to": TODAY}) == (422, ["from"])
    monkeypatch.setattr(read_sessions, "MOST_SESSIONS", 5)
    assert counts(values("visitor")) == {"unknown": 5}


def test_a_name_that_no_dimension_has_is_told_with_those_near_it(shop: Mongo) -> None:
    status, problem = request(handler, "GET", f"{DIMENSIONS}/contry")
    assert (status, problem["detail"]) == (404, "no dimension has this name; near it are country, content")
    assert refusal(handler, f"{DIMENSIONS}/country", {"from": TODAY, "to": YESTERDAY}) == (422, ["to"])
    assert refusal(handler, f"{DIMENSIONS}/country", {"colour": "red"}) == (422, ["colour"])


def test_no_parameter_of_any_answer_can_be_the_name_of_a_dimension_of_ones_own() -> None:
    document = json.loads(Path(documentation.__file__).with_name("openapi.json").read_text())
    asked = [
        operations["get"]
        for path, operations in document["paths"].items()
        if path.startswith("/api/") and "get" in operations
    ]
    named = {each["name"] for operation in asked for each in operation.get("parameters", []) if each["in"] == "query"}
    assert [name for name in named if not is_taken(name)] == []


@pytest.mark.parametrize("seed", range(3))
def test_values_beyond_those_that_days_tell_apart_are_counted_in_the_lake(
    shop: Mongo, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    rng = Random(seed)
    know(shop, a_shop("home", "search", dimensions=OWN))
    happen(shop, *(_anything(rng, number) for number in range(120)))
    shop["users"].insert_many([person(number, f"v{number - 20}") for number in range(20, 32)])
    monkeypatch.setattr(of_days, "MOST_VALUES", 1)
    roll_up()
    rows = [row for row in BUILT_IN if not row.session and not row.needs_person]
    monkeypatch.setattr(dimension_values, "events", None)
    for row in rows:
        assert counts(values(row.name, page_size=100)) == _one_by_one(shop, row), row.name
    monkeypatch.undo()
    page = next(row for row in rows if row.name == "page")
    happen(shop, view("search", "v1", 200, url="https://shop.example/late"))
    assert counts(values("page", page_size=100)) == _one_by_one(shop, page), "a day changed"


def test_values_are_counted_in_mongodb_where_the_lake_has_lost_a_file(
    shop: Mongo, monkeypatch: pytest.MonkeyPatch
) -> None:
    happen(shop, *(view("home", minutes=n, url=f"https://shop.example/{n}") for n in range(3)))
    monkeypatch.setattr(of_days, "MOST_VALUES", 1)
    roll_up()
    with monkeypatch.context() as without:
        without.setattr(dimension_values, "events", None)
        told = counts(values("page"))
    for period in shop["lake_periods"].find():
        for file in period["files"]:
            lake.remove(file["key"])
    assert (counts(values("page")), told) == (told, {"/0": 1, "/1": 1, "/2": 1})
