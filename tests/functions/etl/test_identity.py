"""Who is who: a visitor becomes a known person, and neither loses what they did before."""

from typing import Any

import pytest
from footfall.events.reading import read_event
from footfall.people.identities import identities, links
from footfall.people.numbers import PersonNumbers
from footfall.stores.collections import events
from pymongo.database import Database

from functions.etl.events import people
from functions.etl.events.handler import handler
from tests.support.builders import LambdaContext, a_document, a_message, an_event, at, sqs_event
from tests.support.interrupting import before_next_call

Mongo = Database[dict[str, Any]]


def run(*arrived: dict[str, Any]) -> None:
    """Handle events, each in a message of its own."""
    for event in arrived:
        assert handler(sqs_event([a_message([event])]), LambdaContext()) == {"batchItemFailures": []}


def person_of(pipeline: Mongo, event_id: str) -> str:
    """Whose event it is, as rollups and funnels count it."""
    event = events.of(pipeline).find_one({"_id": f"demo:{event_id}"})
    assert event
    numbers = PersonNumbers(pipeline, "demo")
    numbers.learn([event])
    return str((pipeline["users"].find_one({"site_id": "demo", "number": numbers.of(event)}) or {})["person_id"])


BEFORE = an_event(eventId="before", visitorId="v", timestamp=at(0), properties={"seen": "lamp"})
AFTER = an_event(eventId="after", visitorId="v", userId="ann", timestamp=at(30))
TELLS = {
    "identify": an_event(eventId="link", eventType="identify", visitorId="v", userId="ann", timestamp=at(20)),
    "alias": {**an_event(eventId="link", eventType="alias", timestamp=at(20)), "previousId": "v", "userId": "ann"},
    "Segment's alias": {"type": "alias", "messageId": "link", "previousId": "v", "userId": "ann", "timestamp": at(20)},
    "any event": an_event(eventId="link", visitorId="v", userId="ann", timestamp=at(20)),
}


@pytest.mark.parametrize("how", TELLS)
@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2)])
def test_what_was_done_before_and_after_is_one_persons(pipeline: Mongo, how: str, order: tuple[int, ...]) -> None:
    events = [BEFORE, TELLS[how], AFTER]
    run(*(events[index] for index in order))
    assert {person_of(pipeline, name) for name in ("before", "link", "after")} == {"ann"}
    assert links(pipeline, "demo") == {"v": "ann"}
    assert identities(pipeline, "demo", ["ann"]).visitors == {"v": "ann", "ann": "ann"}
    kept = pipeline["events"].find_one({"_id": "demo:before"}) or {}
    assert (kept["visitor_id"], kept["person_id"], kept["properties"]) == ("v", "v", {"seen": "lamp"})


def test_traits_told_before_and_after_both_stay(pipeline: Mongo) -> None:
    run(
        an_event(eventType="identify", visitorId="v", traits={"newsletter": True}),
        an_event(eventType="identify", visitorId="v", userId="ann", traits={"city": "Rome"}),
    )
    stored = {found["person_id"]: found["traits"] for found in pipeline["users"].find()}
    assert stored == {"v": {"newsletter": True}, "ann": {"city": "Rome"}}


@pytest.mark.parametrize(
    ("before", "then"), [([], "_insert"), ([an_event(visitorId="v")], "by_person")], ids=["is stored", "is read"]
)
def test_a_trait_stays_that_is_told_while_another(
    pipeline: Mongo, monkeypatch: pytest.MonkeyPatch, before: list[dict[str, Any]], then: str
) -> None:
    run(*before)
    meanwhile = an_event(eventType="identify", visitorId="v", traits={"newsletter": True})
    before_next_call(people, then, lambda: run(meanwhile), monkeypatch)
    run(an_event(eventType="identify", visitorId="v", traits={"city": "Rome"}))
    assert [found["traits"] for found in pipeline["users"].find()] == [{"newsletter": True, "city": "Rome"}]


def test_what_is_kept_of_one_person_has_an_end(pipeline: Mongo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people, "MOST_MERGED", 3)
    for name in ("b", "a", "d", "c", "e"):
        run(an_event(visitorId=name, userId="ann", traits={f"{name}{number}": 1 for number in range(60)}))
    (ann,) = pipeline["users"].find({"person_id": "ann"})
    assert (ann["merged_ids"], len(ann["traits"])) == (["a", "b", "c"], 200)


def test_of_a_person_who_is_new_with_many_visitors_no_more_are_kept(
    pipeline: Mongo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(people, "MOST_MERGED", 3)
    together = a_message([an_event(visitorId=name, userId="ann") for name in ("b", "a", "d", "c", "e")])
    handler(sqs_event([together]), LambdaContext())
    assert [ann["merged_ids"] for ann in pipeline["users"].find({"person_id": "ann"})] == [["a", "b", "c"]]


def test_a_phone_and_a_laptop_become_one_person(pipeline: Mongo) -> None:
    run(
        an_event(eventId="on-phone", visitorId="phone", timestamp=at(0), device="mobile"),
        an_event(eventId="on-laptop", visitorId="laptop", timestamp=at(1)),
        an_event(visitorId="phone", userId="ann", eventType="identify", timestamp=at(2)),
        an_event(visitorId="laptop", userId="ann", eventType="identify", timestamp=at(3)),
    )
    assert {person_of(pipeline, "on-phone"), person_of(pipeline, "on-laptop")} == {"ann"}
    assert (pipeline["users"].find_one({"person_id": "ann"}) or {})["merged_ids"] == ["laptop", "phone"]


def test_two_people_at_one_computer_stay_two_and_what_nobody_signed_is_the_firsts(pipeline: Mongo) -> None:
    run(
        an_event(eventId="unsigned", visitorId="v", timestamp=at(0)),
        an_event(eventId="bob", visitorId="v", userId="bob", timestamp=at(20)),
        an_event(eventId="ann", visitorId="v", userId="ann", timestamp=at(10)),
    )
    assert [person_of(pipeline, name) for name in ("unsigned", "ann", "bob")] == ["ann", "ann", "bob"]


@pytest.mark.parametrize("name", ["visitorId", "anonymousId", "userId", "sessionId", "eventId", "messageId"])
def test_an_id_may_be_a_number(name: str) -> None:
    event = {"eventType": "pageview", "visitorId": "v", name: 42}
    event = {key: value for key, value in event.items() if (key, name) != ("visitorId", "anonymousId")}
    assert 42 not in read_event(event).event.values()
    wrongs: list[Any] = [True, {"a": 1}, [42]]
    for wrong in wrongs:
        (flag,) = read_event({**event, name: wrong}).flags
        assert flag.endswith("_id_invalid")


def test_a_number_and_its_text_are_one_person(pipeline: Mongo) -> None:
    run(an_event(visitorId="v", userId=42), an_event(visitorId="w", userId="42"))
    assert (pipeline["users"].find_one({"person_id": "42"}) or {})["merged_ids"] == ["v", "w"]


def test_an_apps_sdk_names_its_session_country_and_device_in_its_context() -> None:
    context = {"sessionId": 1700, "location": {"country": "IT"}, "device": {"type": "android"}, "userAgent": "okhttp/4"}
    stored = a_document(context=context)
    assert (stored["session_id"], stored["country"], stored["device"]) == ("1700", "IT", "Mobile")
    assert a_document(context={"device": {"type": "fridge"}, "location": "IT"})["device"] == "Other"
