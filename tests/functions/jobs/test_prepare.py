"""jobs/prepare: every store ready."""

import json
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import boto3
import pytest
from footfall.clock import now
from footfall.schemas.event import EventDocument
from footfall.sessions.fold import fold_session
from footfall.stores.collections import COLLECTIONS
from footfall.stores.views import VIEWS
from pymongo.database import Database

from functions.jobs.prepare import handler as prepare
from functions.jobs.prepare import migrations
from infra.local.aws import AwsAddresses
from tests.support.builders import NOON, LambdaContext, a_document, a_site, at, folded
from tests.support.caches import forget_what_is_cached
from tests.support.serving import serving
from tests.support.sites import told_of

Mongo = Database[dict[str, Any]]


@pytest.fixture
def cloudformation() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Where CloudFormation waits for an answer, and the answers it got."""
    answers: list[dict[str, Any]] = []

    class Waiting(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            answers.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Waiting)
    with serving(server):
        yield f"http://127.0.0.1:{server.server_port}/answer", answers


def test_every_collection_index_and_view_is_there_after_it_and_again_after_that(database: Mongo) -> None:
    database.client.drop_database(database.name)
    for _ in range(2):
        assert prepare.handler({}, LambdaContext()) == {"status": "prepared"}
    assert set(database.list_collection_names()) - {"system.views"} == {*COLLECTIONS, *VIEWS}
    made = {name: len(database[name].index_information()) - 1 for name in COLLECTIONS}
    assert made == {name: len(collection.all_indexes) for name, collection in COLLECTIONS.items()}


def test_products_and_people_of_before_are_found_by_what_was_told_of_them(database: Mongo) -> None:
    database["products"].drop_indexes()
    database["users"].drop_indexes()
    database["products"].insert_one({"_id": "demo:p", "site_id": "demo", "product_id": "p", "name": "Red Lamp"})
    ann = {"_id": "demo:ann", "site_id": "demo", "person_id": "ann", "number": 1}
    database["users"].insert_one({**ann, "traits": {"email": "Ann@shop.example", "name": "Ann"}})
    for _ in range(2):
        migrations.migrate(database)
        assert [each["words"] for each in database["products"].find()] == [["red", "lamp", "p"]]
        assert [each["found_by"] for each in database["users"].find()] == [["ann@shop.example", "ann"]]


def test_collect_is_told_of_every_site_whatever_was_told_before(
    database: Mongo, aws: AwsAddresses, worker: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    boto3.client("s3").create_bucket(Bucket=f"prepared-{worker}")
    monkeypatch.setenv("SENDING_BUCKET", f"prepared-{worker}")
    site = a_site(origins=["https://shop.example"]).model_dump()
    database["sites"].insert_one({"_id": "demo", **site, "revoked_keys": ["a"]})
    prepare.handler({}, LambdaContext())
    assert (told_of("demo")["origins"], told_of("demo")["revoked"]) == (["https://shop.example"], ["a"])


@pytest.mark.parametrize("kind", ["Create", "Update", "Delete"])
def test_cloudformation_is_always_answered(
    database: Mongo, cloudformation: tuple[str, list[dict[str, Any]]], kind: str
) -> None:
    url, answers = cloudformation
    prepare.handler(deployment(kind, url), LambdaContext())
    assert (answers[0]["Status"], answers[0]["RequestId"]) == ("SUCCESS", "request")


def test_cloudformation_is_told_of_a_failure(
    cloudformation: tuple[str, list[dict[str, Any]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise RuntimeError("a secret")

    url, answers = cloudformation
    monkeypatch.setattr(prepare, "prepare", fail)
    prepare.handler(deployment("Create", url), LambdaContext())
    assert answers[0]["Status"] == "FAILED"
    assert "a secret" not in answers[0]["Reason"]


def deployment(kind: str, url: str) -> dict[str, Any]:
    """What CloudFormation sends a custom resource."""
    return {"RequestType": kind, "ResponseURL": url, "StackId": "s", "RequestId": "request", "LogicalResourceId": "l"}


def test_sessions_of_an_older_version_are_keyed_by_their_visitor_too(database: Mongo) -> None:
    database["events"].create_index([("site_id", 1), ("session_id", 1)])
    named, unnamed = (fold_session([a_document(**but)], NOON) for but in ({"sessionId": "s"}, {}))
    for session, session_id in ((named, "s"), (unnamed, unnamed["session_id"])):
        new = ("client_session_id", "own_attribution", "attributed_at")
        old = {name: value for name, value in session.items() if name not in new}
        database["user_sessions"].insert_one({**old, "_id": f"demo:{session_id}", "session_id": session_id})
    for _ in range(2):
        prepare.handler({}, LambdaContext())
        stored = list(database["user_sessions"].find().sort("_id", 1))
        assert stored == sorted([named, unnamed], key=lambda session: session["_id"])
    assert "site_id_1_session_id_1" not in database["events"].index_information()


def test_people_of_an_older_version_keep_their_numbers_under_the_new_name(database: Mongo) -> None:
    database["users"].drop_indexes()
    database["users"].create_index([("site_id", 1), ("user_id", 1)], unique=True)
    old = [
        {"_id": f"shop:{name}", "site_id": "shop", "person_id": name, "user_id": n} for n, name in enumerate("ab", 1)
    ]
    database["users"].insert_many(old)
    for _ in range(2):
        prepare.handler({}, LambdaContext())
    found = {person["_id"]: (person.get("number"), "user_id" in person) for person in database["users"].find()}
    assert found == {"shop:a": (1, False), "shop:b": (2, False)}
    others = {"site_id_1_linked_at_1", "site_id_1_first_told_at_1", "site_id_1_found_by_1__id_1"}
    assert set(database["users"].index_information()) == {"_id_", "site_id_1_number_1", *others}


def test_keys_that_an_older_version_revoked_stay_revoked(database: Mongo) -> None:
    database["sites"].insert_one({"_id": "shop", "site_id": "shop", "revoked_write_keys": ["0123456789ab"]})
    for _ in range(2):
        migrations.migrate(database)
    site = database["sites"].find_one({}, {"pepper": 0})
    assert site == {"_id": "shop", "site_id": "shop", "revoked_keys": ["0123456789ab"]}


def test_a_site_of_an_older_version_is_given_a_pepper_that_stays(database: Mongo) -> None:
    database["sites"].insert_one({"_id": "shop", "site_id": "shop"})
    found = []
    for _ in range(2):
        migrations.migrate(database)
        found += [site["pepper"] for site in database["sites"].find()]
    assert found == [found[0]] * 2
    assert len(found[0]) == 64


def test_orders_of_an_older_version_list_their_refunds(database: Mongo) -> None:
    database["orders"].create_index([("site_id", 1), ("refunded_at", 1)])
    cancelled_at, noon = NOON + timedelta(days=2), NOON
    order = {"site_id": "shop", "placed_at": noon, "refunded_at": None, "refunded": 0, "status": "completed"}
    database["orders"].insert_many(
        [
            {**order, "_id": "shop:1", "order_id": "1", "refunded": 30, "refunded_at": noon, "status": "refunded"},
            {**order, "_id": "shop:2", "order_id": "2", "refunded": 50, "status": "cancelled"},
            {**order, "_id": "shop:3", "order_id": "3"},
        ]
    )
    about = {"site_id": "shop", "type": "order_cancelled", "commerce": {"order_id": "2"}, "timestamp": cancelled_at}
    database["events"].insert_one({"_id": "shop:e", "source": "collect", **about})
    for _ in range(2):
        prepare.handler({}, LambdaContext())
    found = {order["order_id"]: order["refunds"] for order in database["orders"].find()}
    assert found == {"1": [{"at": noon, "amount": 30}], "2": [{"at": cancelled_at, "amount": 50}], "3": []}
    assert "site_id_1_refunded_at_1" not in database["orders"].index_information()


def test_orders_of_an_older_version_say_who_told_them(database: Mongo) -> None:
    for order_id, source in {"page": "collect", "file": "import:orders", "server": "collect:secret"}.items():
        event = a_document(eventType="purchase", properties={"order_id": order_id, "total": 5})
        database["events"].insert_one({**event, "source": source})
        database["orders"].insert_one({"_id": f"demo:{order_id}", "site_id": "demo", "order_id": order_id})
    database["orders"].insert_one({"_id": "demo:gone", "site_id": "demo", "order_id": "gone"})
    migrations._say_who_told_of_orders(database)
    found = {order["order_id"]: order["told_by"] for order in database["orders"].find()}
    assert found == {"page": "public_key", "file": "import", "server": "secret_key", "gone": "secret_key"}


def test_inputs_in_quarantine_of_an_older_version_say_how_large_they_are_and_when_they_go(database: Mongo) -> None:
    database["quarantine"].insert_one({"_id": "demo:1", "site_id": "demo", "original": b"12345"})
    migrations._say_how_large_quarantined_inputs_are(database)
    found = database["quarantine"].find_one({"_id": "demo:1"})
    assert found is not None
    assert (found["size"], found["expires_at"] > NOON) == (5, True)


def test_orders_of_an_older_version_are_whose_their_visitors_turned_out_to_be(
    database: Mongo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrations, "ORDERS_PER_WRITE", 2)
    database["orders"].create_index([("site_id", 1), ("person_id", 1)])

    def said(order_id: str | None, visitor: str, **but: Any) -> EventDocument:
        told = {"order_id": order_id, "total": 5} if order_id else {}
        return a_document(**{"eventType": "purchase", "visitorId": visitor, "properties": told, **but})

    told = {
        "of ann": [said("of ann", "phone")],
        "of nobody": [said("of nobody", "guest")],
        "of bob": [said("of bob", "phone", userId="bob")],
        "by the newer word": [said("by the newer word", "phone"), said("by the newer word", "tv", timestamp=at(9))],
        "back": [said("back", "phone", eventType="order_refunded")],
        "back in the office": [
            said("back in the office", "guest"),
            said("back in the office", "phone", eventType="order_refunded"),
        ],
        "event:e": [said(None, "phone", eventId="e")],
    }
    links = {"phone": "ann", "tv": "cid"}
    database["users"].insert_many(
        {"_id": f"demo:{who}", "person_id": who, "number": number, "link": {"person_id": user}}
        for number, (who, user) in enumerate(links.items())
    )
    made = [order for name, found in told.items() for order in folded(name, found, **links)]
    database["events"].insert_many(dict(event) for found in told.values() for event in found)
    database["orders"].insert_many(dict(order) for name, found in told.items() for order in folded(name, found))
    for _ in range(2):
        prepare.handler({}, LambdaContext())
        assert sorted(database["orders"].find(), key=str) == sorted(made, key=str)
    assert [order["user_id"] for order in made] == ["ann", None, "bob", "cid", "ann", None, "ann"]
    assert "site_id_1_person_id_1" not in database["orders"].index_information()


def test_orders_of_an_older_version_say_where_they_were_told(database: Mongo) -> None:
    bought = {"eventType": "purchase", "timestamp": at(5)}
    named = {**bought, "properties": {"order_id": "o", "total": 5}}
    told = [
        a_document(eventId="e", visitorId="v", sessionId="s", **bought),
        a_document(visitorId="v", **named),
        a_document(visitorId="w", userId="ann", **named),
        a_document(visitorId="x", userId="bob", **{**named, "timestamp": at(6)}),
    ]
    database["events"].insert_many([dict(event) for event in told])
    made = [*folded("event:e", told[:1]), *folded("o", told[1:])]
    unsaid = [{name: value for name, value in order.items() if name != "told_in"} for order in made]
    database["orders"].insert_many(unsaid)
    for _ in range(2):
        prepare.handler({}, LambdaContext())
        assert sorted(database["orders"].find(), key=str) == sorted(made, key=str)
    assert {order["order_id"]: len(order["told_in"]) for order in made} == {"event:e": 1, "o": 2, "o@bob": 1}


def test_sessions_of_an_older_version_are_rechecked_and_those_in_which_nothing_was_viewed_go(database: Mongo) -> None:
    database["user_sessions"].drop_indexes()
    page = dict(fold_session([a_document()], NOON))
    seen = a_document(eventType="product_viewed", visitorId="seen", timestamp=at(5))
    told = a_document(eventType="purchase", visitorId="told", timestamp=at(5))
    database["events"].insert_many([dict(seen), dict(told)])
    blind = {**page, "page_views": 0, "started_at": NOON, "ended_at": seen["timestamp"]}
    database["user_sessions"].insert_many(
        [page, *({**blind, "_id": f"demo:{who}", "visitor_id": who} for who in ("seen", "told"))]
    )
    prepare.handler({}, LambdaContext())
    kept = list(database["user_sessions"].find().sort("_id", 1))
    assert [session["_id"] for session in kept] == ["demo:seen", page["_id"]]
    assert all(session["computed_at"] > now() - timedelta(minutes=1) for session in kept)
    prepare.handler({}, LambdaContext())
    assert list(database["user_sessions"].find().sort("_id", 1)) == kept


def test_sessions_of_an_older_version_are_rechecked_for_what_they_do_not_say(database: Mongo) -> None:
    whole = dict(fold_session([a_document()], NOON))
    older = {name: value for name, value in whole.items() if name not in ("browser", "landing_path", "referrer_host")}
    database["user_sessions"].insert_many([whole, {**older, "_id": "demo:older"}])
    prepare.handler({}, LambdaContext())
    rechecked = {each["_id"] for each in database["user_sessions"].find({"computed_at": {"$gt": NOON}})}
    assert rechecked == {"demo:older"}


def test_models_of_an_older_version_say_what_the_customers_of_their_segments_add_up_to(database: Mongo) -> None:
    figures = {"site_id": "demo", "recency": 2, "frequency": 3, "monetary": 500, "refunded": 50}
    segments = {"rfm_segment": "Loyal", "behaviour_segment": "Frequent"}
    database["customers"].insert_many(
        [{"_id": f"demo:{name}", "customer_id": name, **figures, **segments} for name in ("ann", "bob")]
    )
    published = {"site_id": "demo", "name": "rfm", "state": "published"}
    database["models"].insert_many([{"_id": f"demo:rfm:{n}", "version": n, **published} for n in (1, 2)])
    for _ in range(2):
        migrations.migrate(database)
    sums = {"name": "Loyal", "customers": 2, "revenue": 1_000, "refunds": 100, "orders": 6, "days": 4}
    assert [model.get("segments") for model in database["models"].find().sort("version")] == [None, [sums]]


def test_a_check_tells_which_store_lets_the_deployment_in_and_prepares_nothing(
    database: Mongo, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask: dict[str, object] = {"check": "stores"}
    assert prepare.handler(ask, LambdaContext()) == {"mongodb": "ok", "milvus": "ok"}
    monkeypatch.setenv("MONGODB_URI", "mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=50")
    monkeypatch.setenv("MILVUS_URI", "http://no-such-host.invalid:19530")
    forget_what_is_cached()
    assert prepare.handler(ask, LambdaContext()) == {"mongodb": "no_answer", "milvus": "no_such_host"}
    monkeypatch.setenv("MONGODB_URI", "mongodb+srv://no-such-host.invalid/?serverSelectionTimeoutMS=50")
    forget_what_is_cached()
    assert prepare.handler(ask, LambdaContext())["mongodb"] == "no_such_host"
