"""api/similar through its Lambda handler, on real vectors."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from footfall import sites
from footfall.questions import saved_segments
from footfall.questions.saved_segments import SegmentIn
from footfall.stores import redis as cache
from footfall.stores import vectors
from footfall.stores.vectors import PAGES, PEOPLE, VectorCollection
from pymongo.database import Database

from functions.api.customers import saving
from functions.api.similar.handler import handler
from functions.training.publish.handler import handler as publish
from functions.training.publish.index_recall import NeighboursMissed
from infra.local.aws import AwsAddresses
from tests.functions.training.pipeline import site_to_train, train
from tests.support.asking import question
from tests.support.builders import NOON, LambdaContext
from tests.support.caches import forget_redis
from tests.support.milvus import without_milvus
from tests.support.shopping import a_user, open_shop

Mongo = Database[dict[str, Any]]
Json = dict[str, Any]


@pytest.fixture
def site(database: Mongo, aws: AwsAddresses, worker: str) -> Iterator[str]:
    """A trained shop: sixty readers, cooks and browsers in turn, most of whom bought something."""
    cache.client.cache_clear()
    with site_to_train(worker) as site_id:
        open_shop(database, site_id)
        train(site_id)
        yield site_id
    forget_redis()


def ask(site_id: str, user_id: str, query: str = "") -> tuple[int, Json]:
    """What the handler answers to a caller of that site: status and body."""
    path = f"/api/similar/{user_id}"
    answer = handler(
        {
            "version": "2.0",
            "rawPath": path,
            "rawQueryString": query,
            "headers": {"host": "x"},
            "requestContext": {
                "http": {"method": "GET", "path": path, "sourceIp": "203.0.113.7", "protocol": "HTTP/1.1"},
                "authorizer": {"lambda": {"site_id": site_id, "scopes": "read"}},
                "stage": "$default",
            },
            "isBase64Encoded": False,
        },
        LambdaContext(),
    )
    return answer["statusCode"], json.loads(answer["body"])


def ask_path(site_id: str, path: str, query: Json | None = None) -> tuple[int, Json]:
    """What the handler answers about anything else."""
    answer = handler(question(path, query, site_id=site_id), LambdaContext())
    return answer["statusCode"], json.loads(answer["body"])


def names(answer: Json) -> list[str]:
    return [person["user_id"] for person in answer["similar"]]


def test_people_of_the_same_taste_are_nearest_and_what_they_share_is_said(database: Mongo, site: str) -> None:
    status, answer = ask(site, "cook-1", "limit=5")
    assert status == 200
    assert (answer["user_id"], answer["degraded"]) == ("cook-1", False)
    assert "cook-1" not in names(answer)
    assert {name.partition("-")[0] for name in names(answer)} == {"cook"}
    nearest = answer["similar"][0]
    assert nearest["device"] == "Mobile"
    assert nearest["shared"]["device"] is True
    assert set(nearest["shared"]["pages"]) == {"search", "product", "cart", "payment", "confirmation"}
    assert len(nearest["shared"]["products"]) >= 3


def test_the_nearest_come_first_and_no_more_than_asked_for(database: Mongo, site: str) -> None:
    answer = ask(site, "cook-1", "limit=7")[1]
    found = [person["similarity"] for person in answer["similar"]]
    assert len(found) == 7
    assert found == sorted(found, reverse=True)
    assert all(-1 <= each <= 1 for each in found)


def test_a_device_and_a_least_score_filter(database: Mongo, site: str) -> None:
    others = ask(site, "cook-1", "limit=50&device=Desktop")[1]["similar"]
    assert {person["device"] for person in others} == {"Desktop"}
    assert all(person["similarity"] >= 0.9 for person in ask(site, "cook-1", "limit=50&min_score=0.9")[1]["similar"])


def test_a_segment_filters(database: Mongo, site: str) -> None:
    segment = (database["customers"].find_one({"site_id": site}) or {})["rfm_segment"]
    found = ask(site, "browser-2", f"limit=50&segment={segment.replace(' ', '%20')}")[1]["similar"]
    assert found
    assert {person["rfm_segment"] for person in found} == {segment}


def saved(database: Mongo, site_id: str, least: float, name: str = "Spenders") -> set[str]:
    """Save a segment of who spent at least so much; returns who is in it."""
    condition = {"field": "monetary", "operator": "at_least", "value": least}
    told = SegmentIn.model_validate({"name": name, "conditions": [condition]})
    sites._known.clear()
    saving.save(site_id, told)
    spent = {"site_id": site_id, "monetary": {"$gte": round(least * 100)}}
    return {customer["customer_id"] for customer in database["customers"].find(spent)}


def test_a_segment_that_was_saved_filters(database: Mongo, site: str) -> None:
    middle = sorted(each["monetary"] for each in database["customers"].find({"site_id": site}))[20] / 100
    inside = saved(database, site, middle)
    everybody = names(ask(site, "browser-2", "limit=50")[1])
    assert 0 < len(inside & set(everybody)) < len(everybody)
    found = names(ask(site, "browser-2", "limit=50&segment=spenders")[1])
    assert set(found) == inside - {"browser-2"}
    assert [each for each in everybody if each in inside] == [each for each in found if each in everybody]
    phones = ask(site, "browser-2", "limit=50&segment=Spenders&device=Mobile")[1]["similar"]
    assert {person["user_id"] for person in phones} < inside
    people = ask_path(site, "/api/similar", {"ids": ["browser-2"], "segment": "Spenders", "limit": 50})[1]["people"]
    assert names(people[0]) == found
    with without_milvus():
        answer = ask(site, "browser-2", "limit=50&segment=Spenders")[1]
        assert answer["degraded"]
        assert set(names(answer)) <= inside


def test_of_a_segment_that_has_nobody_nobody_is_told(
    database: Mongo, site: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert saved(database, site, 1e9) == set()
    answer = ask(site, "cook-1", "segment=Spenders")[1]
    assert (answer["similar"], answer["degraded"]) == ([], False)
    with without_milvus():
        assert names(ask(site, "cook-1", "segment=Spenders")[1]) == []
    saved(database, site, 0, "Everybody")
    monkeypatch.setattr(saved_segments, "MOST_MEMBERS", 3)
    status, problem = ask(site, "cook-1", "segment=everybody")
    assert (status, [each["field"] for each in problem["errors"]]) == (422, ["segment"])


def test_a_visitor_who_turned_out_to_be_somebody_is_answered_for_as_that_person(database: Mongo, site: str) -> None:
    link = {"at": NOON, "event_id": "e", "person_id": "cook-1"}
    database["users"].insert_one(a_user("cookie", site, link=link))
    assert ask(site, "cookie")[1]["user_id"] == "cook-1"


def test_somebody_never_seen_is_not_found(database: Mongo, site: str) -> None:
    assert ask(site, "nobody")[0] == 404


def test_another_sites_person_is_not_found(database: Mongo, site: str) -> None:
    assert ask(f"{site}x", "cook-1")[0] == 404


def test_without_milvus_people_of_the_same_kind_are_answered_and_marked_as_such(database: Mongo, site: str) -> None:
    customer = database["customers"].find_one({"site_id": site}) or {}
    with without_milvus():
        started = time.monotonic()
        status, answer = ask(site, customer["customer_id"], "limit=5")
        assert time.monotonic() - started < 10
    assert (status, answer["degraded"], answer["reason"]) == (200, True, "vector_store_unavailable")
    assert customer["customer_id"] not in names(answer)
    for person in answer["similar"]:
        assert person["similarity"] is None
        assert person["shared"]["rfm_segment"] == customer["rfm_segment"]


def test_without_milvus_who_is_no_customer_gets_people_on_the_same_device(database: Mongo, site: str) -> None:
    visitor = "reader-0"
    assert database["customers"].find_one({"_id": f"{site}:{visitor}"}) is None
    with without_milvus():
        answer = ask(site, visitor, "limit=5")[1]
    assert answer["degraded"] is True
    assert {person["device"] for person in answer["similar"]} == {"Desktop"}
    assert visitor not in names(answer)


def test_a_degraded_answer_is_not_remembered(database: Mongo, site: str) -> None:
    with without_milvus():
        assert ask(site, "cook-1")[1]["degraded"] is True
    assert ask(site, "cook-1")[1]["degraded"] is False


def test_somebody_without_a_vector_yet_is_answered_for_by_kind(database: Mongo, site: str) -> None:
    database["users"].insert_one(a_user("fresh", site, device="Tablet"))
    answer = ask(site, "fresh", "limit=3")[1]
    assert (answer["degraded"], answer["reason"]) == (True, "no_vector_yet")
    assert {person["device"] for person in answer["similar"]} == {"Tablet"}


def test_an_answer_is_remembered(database: Mongo, site: str) -> None:
    first = ask(site, "cook-1", "limit=4")[1]
    vectors.remove(PEOPLE, site, ["cook-1"])
    assert ask(site, "cook-1", "limit=4")[1] == first
    assert ask(site, "cook-1", "limit=3")[1]["degraded"] is True


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=51", "limit"),
        ("limit=many", "limit"),
        ("device=Fridge", "device"),
        ("segment=Nobody", "segment"),
        ("min_score=2", "min_score"),
        ("depth=3", "depth"),
    ],
)
def test_what_cannot_be_asked_is_refused_by_name(database: Mongo, site: str, query: str, field: str) -> None:
    status, answer = ask(site, "cook-1", query)
    assert (status, answer["errors"][0]["field"]) == (422, field)


def test_who_has_just_turned_out_to_be_somebody_is_in_nobodys_answer(database: Mongo, site: str) -> None:
    before = ask(site, "cook-1", "limit=5")[1]
    nearest = names(before)[0]
    assert vectors.row_of(PEOPLE, site, nearest) is not None
    link = {"at": NOON, "event_id": "e", "person_id": "cook-1"}
    database["users"].update_one({"_id": f"{site}:{nearest}"}, {"$set": {"link": link}})
    for asked in ("cook-1", nearest):
        for limit in (5, 4):  # what is remembered, and what is not
            answer = ask(site, asked, f"limit={limit}")[1]
            assert answer["user_id"] == "cook-1"
            assert not {"cook-1", nearest} & set(names(answer))


def test_several_people_are_asked_about_by_one_search(
    database: Mongo, site: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    searches: list[int] = []
    search = vectors.nearest_to_each

    def counted(collection: VectorCollection, site_id: str, wanted: Any, *others: Any) -> Any:
        searches.append(len(wanted))
        return search(collection, site_id, wanted, *others)

    monkeypatch.setattr(vectors, "nearest_to_each", counted)
    link = {"at": NOON, "event_id": "e", "person_id": "cook-1"}
    database["users"].insert_many([a_user("cookie", site, link=link), a_user("fresh", site)])
    ids = ["reader-0", "cook-1", "cookie", "nobody", "fresh"]
    status, answer = ask_path(site, "/api/similar", {"ids": ids, "limit": 5})
    assert (status, searches) == (200, [2])
    assert answer["unknown"] == ["nobody"]
    reader, cook, fresh = answer["people"]
    assert (reader, cook) == (ask(site, "reader-0", "limit=5")[1], ask(site, "cook-1", "limit=5")[1])
    assert (fresh["user_id"], fresh["degraded"], fresh["reason"], fresh["similar"]) == (
        "fresh",
        True,
        "no_vector_yet",
        [],
    )


def test_similarity_is_symmetric_and_one_with_oneself(database: Mongo, site: str) -> None:
    people = [f"{taste}-{number}" for number, taste in enumerate(["reader", "cook", "browser"] * 4)]
    found = ask_path(site, "/api/similar", {"ids": people, "limit": 50})[1]["people"]
    score = {(one["user_id"], each["user_id"]): each["similarity"] for one in found for each in one["similar"]}
    both = [(pair, score[pair[::-1]]) for pair in score if pair[::-1] in score]
    assert len(both) > 50
    assert all(score[pair] == pytest.approx(back, abs=2e-4) for pair, back in both)
    own = vectors.row_of(PEOPLE, site, "cook-1")
    assert own is not None
    assert vectors.nearest(PEOPLE, site, own.vector, 1)[0].similarity == pytest.approx(1, abs=1e-5)


def test_of_several_without_milvus_everybody_is_degraded(database: Mongo, site: str) -> None:
    with without_milvus():
        answer = ask_path(site, "/api/similar", {"ids": ["cook-1", "reader-0"]})[1]
    assert [(one["degraded"], one["reason"]) for one in answer["people"]] == [(True, "vector_store_unavailable")] * 2


def test_more_than_fifty_people_and_nobody_are_refused(database: Mongo, site: str) -> None:
    for query in ({"ids": [f"p-{number}" for number in range(51)]}, {}):
        status, answer = ask_path(site, "/api/similar", query)
        assert (status, answer["errors"][0]["field"]) == (422, "ids")


def test_pages_are_near_where_the_same_is_done(database: Mongo, site: str) -> None:
    status, answer = ask_path(site, "/api/similar/pages/search", {"limit": 3})
    assert (status, answer["name"], answer["page_type"], answer["degraded"]) == (200, "search", "search", False)
    found = [each["similarity"] for each in answer["similar"]]
    assert found == sorted(found, reverse=True)
    assert len(found) == 3
    assert "search" not in {each["page"] for each in answer["similar"]}
    near = ask_path(site, "/api/similar/pages/search", {"min_score": found[0]})[1]["similar"]
    assert [each["page"] for each in near][:1] == [answer["similar"][0]["page"]]


def test_a_page_with_slashes_is_asked_for_by_its_path(database: Mongo, site: str) -> None:
    own = vectors.row_of(PAGES, site, "cart")
    assert own is not None
    vectors.upsert(PAGES, site, [own._replace(subject="/shop/cart")])
    assert ask_path(site, "/api/similar/pages//shop/cart", {"limit": 1})[1]["similar"][0]["page"] == "cart"


def test_a_page_that_is_not_known_is_not_found_and_milvus_down_is_said(database: Mongo, site: str) -> None:
    assert ask_path(site, "/api/similar/pages/nowhere")[0] == 404
    assert ask_path(f"{site}x", "/api/similar/pages/search")[0] == 404
    with without_milvus():
        status, answer = ask_path(site, "/api/similar/pages/search")
    assert (status, answer["similar"], answer["reason"]) == (200, [], "vector_store_unavailable")


def test_the_nightly_check_tells_how_many_true_neighbours_are_found(
    database: Mongo, site: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: Json = publish({"step": "check"}, LambdaContext())
    assert found["recall"][f"{site} {PEOPLE.name}"] == found["recall"][f"{site} {PAGES.name}"] == 1
    search = vectors.nearest_to_each

    def losing(collection: VectorCollection, site_id: str, wanted: Any, limit: int, *, probes: int) -> Any:
        every = search(collection, site_id, wanted, limit, probes=probes)
        return every if probes == vectors.LISTS else [hits[1:] for hits in every]

    monkeypatch.setattr(vectors, "nearest_to_each", losing)
    with pytest.raises(NeighboursMissed, match=PEOPLE.name):
        publish({"step": "check"}, LambdaContext())
