"""etl/vectors: the vectors of people whose behaviour has changed."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from footfall.aws.invocations import SqsRecord
from footfall.models import embedding
from footfall.models import registry as models
from footfall.schemas.message import SessionsMessage
from footfall.stores import vectors
from footfall.stores.vectors import PEOPLE, Row
from pymongo.database import Database

from functions.etl.events import steps
from functions.etl.events.handler import handler as store_events
from functions.etl.vectors import handler as module
from functions.etl.vectors.handler import handler
from infra.local.aws import AwsAddresses
from tests.functions.training.pipeline import site_to_train, train
from tests.support.builders import NOON, LambdaContext, a_message, an_event, at, sqs_event
from tests.support.interrupting import before_next_call
from tests.support.milvus import without_milvus
from tests.support.shopping import a_user, a_visit, an_order, at_site, open_shop

Mongo = Database[dict[str, Any]]


@pytest.fixture
def site(database: Mongo, aws: AwsAddresses, worker: str) -> Iterator[str]:
    """A shop with people, not trained yet."""
    with site_to_train(worker) as site_id:
        open_shop(database, site_id)
        yield site_id


def told(site_id: str, *people: str, message_id: str = "one") -> SqsRecord:
    body = SessionsMessage(site_id=site_id, person_ids=list(people), sessions=[]).model_dump_json()
    return SqsRecord(messageId=message_id, body=body, attributes={"ApproximateReceiveCount": "1"})


def tell(*records: SqsRecord, context: LambdaContext | None = None) -> list[str]:
    """Deliver messages; returns which must come back."""
    answer = handler({"Records": list(records)}, context or LambdaContext())
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def visit(database: Mongo, site_id: str, person: str, *pages: str, **but: Any) -> None:
    events = a_visit(person, pages, **{"day": 50, "device": "Mobile", **but})
    database["events"].insert_many([at_site(site_id, event) for event in events])


def row(site_id: str, person: str) -> Row:
    found = vectors.row_of(PEOPLE, site_id, person)
    assert found is not None
    return found


def test_before_any_model_is_published_messages_are_let_go(database: Mongo, site: str) -> None:
    assert tell(told(site, "reader-0")) == []
    assert vectors.row_of(PEOPLE, site, "reader-0") is None


def test_somebody_new_gets_a_vector_near_people_who_behave_alike(database: Mongo, site: str) -> None:
    train(site)
    database["users"].insert_one(a_user("new", site))
    visit(database, site, "new", "search", "product", "cart", "payment", "confirmation", products=["pan-1", "pan-2"])
    assert tell(told(site, "new")) == []
    near = [found.subject for found in vectors.nearest(PEOPLE, site, row(site, "new").vector, 6)]
    assert {name.partition("-")[0] for name in near if name != "new"} == {"cook"}


def test_a_person_whose_behaviour_did_not_change_keeps_the_same_vector(database: Mongo, site: str) -> None:
    train(site)
    before = row(site, "cook-1")
    tell(told(site, "cook-1"))
    after = row(site, "cook-1")
    assert after.vector @ before.vector == pytest.approx(1, abs=1e-5)
    assert (after.texts, after.version) == (before.texts, before.version)


def test_another_taste_moves_the_vector(database: Mongo, site: str) -> None:
    train(site)
    before = row(site, "reader-0").vector
    for day in range(30, 40):
        visit(database, site, "reader-0", "search", "product", "cart", "payment", day=day, products=["pan-1", "pan-2"])
    tell(told(site, "reader-0"))
    assert row(site, "reader-0").vector @ before < 0.9
    assert row(site, "reader-0").texts["device"] == "Mobile"


def test_a_visitor_who_turned_out_to_be_somebody_gives_them_their_visits(database: Mongo, site: str) -> None:
    database["users"].insert_many([a_user("cookie", site), a_user("dan", site)])
    visit(database, site, "cookie", "home")
    train(site)
    assert row(site, "cookie").texts["profile"] == '{"pages": ["home"], "products": []}'
    visit(database, site, "cookie", "cart", day=60, user="dan")
    link = {"at": NOON, "event_id": "e", "person_id": "dan"}
    database["users"].update_one({"_id": f"{site}:cookie"}, {"$set": {"link": link}})
    database["users"].update_one({"_id": f"{site}:dan"}, {"$set": {"merged_ids": ["cookie"]}})
    tell(told(site, "cookie", "dan"))
    assert vectors.row_of(PEOPLE, site, "cookie") is None
    assert row(site, "dan").texts["profile"] == '{"pages": ["cart", "home"], "products": []}'


def test_a_visitor_who_logs_in_leaves_no_vector_behind(
    database: Mongo, site: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    announced = announcements(monkeypatch)
    happens(site, "cookie", "home", minute=0)
    happens(site, "dan", "cart", userId="dan", minute=1)
    train(site)
    assert vectors.row_of(PEOPLE, site, "cookie") is not None
    announced.clear()
    happens(site, "cookie", "home", userId="dan", eventType="identify", minute=2)
    tell(told(site, *announced))
    assert vectors.row_of(PEOPLE, site, "cookie") is None
    assert row(site, "dan").texts["profile"] == '{"pages": ["cart", "home"], "products": []}'


def test_who_logged_in_earlier_takes_over_and_both_have_new_vectors(
    database: Mongo, site: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    announced = announcements(monkeypatch)
    for name in ("dan", "eve"):
        happens(site, name, "cart", userId=name, minute=1)
    happens(site, "tablet", "home", minute=2)
    happens(site, "tablet", "home", userId="dan", eventType="identify", minute=4)
    train(site)
    announced.clear()
    happens(site, "tablet", "home", userId="eve", eventType="identify", minute=3)
    tell(told(site, *announced))
    profiles = [row(site, name).texts["profile"] for name in ("dan", "eve")]
    assert profiles == ['{"pages": ["cart"], "products": []}', '{"pages": ["cart", "home"], "products": []}']


def test_who_turns_out_to_be_somebody_while_they_are_projected_has_no_vector(
    database: Mongo, site: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    announcements(monkeypatch)
    happens(site, "cookie", "home", minute=0)
    train(site)

    def log_in() -> None:
        happens(site, "cookie", "home", userId="dan", eventType="identify", minute=2)
        tell(told(site, "cookie", "dan", message_id="quick"))

    before_next_call(vectors, "upsert", log_in, monkeypatch)
    tell(told(site, "cookie"))
    assert vectors.row_of(PEOPLE, site, "cookie") is None
    assert row(site, "dan").texts["profile"] == '{"pages": ["home"], "products": []}'


def announcements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Whom etl/events announces, from now on."""
    announced: list[str] = []
    monkeypatch.setenv("SESSIONS_TOPIC_ARN", "arn:aws:sns:eu-west-1:123456789012:sessions")
    monkeypatch.setattr(steps, "announce", lambda _topic, message: announced.extend(message.person_ids))
    return announced


def happens(site_id: str, visitor: str, page: str, minute: float, **but: Any) -> None:
    """One event through etl/events."""
    event = an_event(visitorId=visitor, pageType=page, timestamp=at(minute), **but)
    message = a_message([event], site_id=site_id, received_at=NOON + timedelta(days=1))
    assert store_events(sqs_event([message]), LambdaContext()) == {"batchItemFailures": []}


def test_who_shares_a_visitor_with_somebody_takes_nothing_from_them(database: Mongo, site: str) -> None:
    link = {"at": NOON, "event_id": "e", "person_id": "eve"}
    shared = [a_user("tablet", site, link=link), a_user("eve", site, merged_ids=["tablet"])]
    database["users"].insert_many([*shared, a_user("dan", site, merged_ids=["tablet"])])
    visit(database, site, "tablet", "home", user="eve")
    visit(database, site, "tablet", "cart", day=51, user="dan")
    train(site)
    before = row(site, "eve")
    tell(told(site, "dan"))
    assert row(site, "dan").texts["profile"] == '{"pages": ["cart"], "products": []}'
    assert row(site, "eve").vector @ before.vector == pytest.approx(1, abs=1e-5)


def test_orders_count_as_in_training(database: Mongo, site: str) -> None:
    database["users"].insert_one(a_user("ann", site))
    database["orders"].insert_many(
        [
            dict(an_order("ann", "pan-1", site_id=site)),
            dict(an_order("ann", "pan-1", site_id=site, currency="USD")),
            dict(an_order("ann", site_id=site, total=0, placed_at=None, refunded=9, status="refund_only")),
        ]
    )
    train(site)
    before = row(site, "ann").vector
    tell(told(site, "ann"))
    assert row(site, "ann").vector @ before == pytest.approx(1, abs=1e-5)


def test_somebody_who_has_done_nothing_has_no_vector(database: Mongo, site: str) -> None:
    train(site)
    database["events"].delete_many({"site_id": site, "visitor_id": "reader-0"})
    database["orders"].delete_many({"site_id": site, "person_id": "reader-0"})
    assert tell(told(site, "reader-0", "stranger")) == []
    assert vectors.row_of(PEOPLE, site, "reader-0") is None


def test_messages_come_back_while_milvus_is_down(database: Mongo, site: str) -> None:
    train(site)
    with without_milvus():
        assert tell(told(site, "reader-0"), told(site, "cook-1", message_id="two")) == ["one", "two"]
    assert tell(told(site, "reader-0"), told(site, "cook-1", message_id="two")) == []


def test_a_message_that_cannot_be_read_is_let_go_and_keeps_no_other(database: Mongo, site: str) -> None:
    train(site)
    visit(database, site, "reader-0", "cart")
    broken: SqsRecord = {**told(site, "reader-0", message_id="broken"), "body": "{"}
    assert tell(broken, told(site, "reader-0")) == []
    assert '"cart"' in row(site, "reader-0").texts["profile"]


def test_a_message_that_always_fails_keeps_no_other_of_its_site(
    database: Mongo, site: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    train(site)
    done: list[set[str]] = []

    def fails_for_bob(site_id: str, people: set[str]) -> None:
        if "bob" in people:
            raise ValueError("bob")
        done.append(people)

    monkeypatch.setattr(module, "bring_up_to_date", fails_for_bob)
    records = [told(site, name, message_id=name) for name in ("ann", "bob", "cat")]
    assert tell(*records) == ["bob"]
    assert done == [{"ann"}, {"cat"}]


def test_messages_come_back_when_time_runs_out(database: Mongo, site: str) -> None:
    assert tell(told(site, "reader-0"), context=LambdaContext(1_000)) == ["one"]


def test_a_site_that_is_gone_is_let_go(database: Mongo, site: str) -> None:
    assert tell(told("nobody", "ann")) == []


def test_a_model_published_meanwhile_is_the_one_that_counts(
    database: Mongo, site: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    train(site, "first")
    used = []

    def embed_while_training(*given: Any) -> None:
        used.append(given[-1].version)
        if len(used) == 1:
            train(site, "second")
        real(*given)

    real = embedding.embed
    monkeypatch.setattr(module, "embed", embed_while_training)
    visit(database, site, "reader-0", "cart")
    assert tell(told(site, "reader-0")) == []
    newest = models.in_use(database, site, "behaviour_vectors")
    assert newest is not None
    assert used[-1] == newest["version"] == row(site, "reader-0").version
