"""etl/events on a real MongoDB: stored once, derived right, in whatever order and batches the events come."""

import json
from datetime import timedelta
from typing import Any

import pytest
from footfall.clock import now
from footfall.errors import Unavailable
from footfall.schemas.event import EventDocument, Json
from footfall.schemas.message import EventsMessage, SessionsMessage, Span
from pymongo.database import Database

from functions.etl.events import sessions, store
from functions.etl.events.handler import groups, handler
from tests.support.builders import NOON, LambdaContext, a_message, a_site, an_event, at, nested, sqs_event

Mongo = Database[dict[str, Any]]
DAY = 24 * 60


def run(*messages: EventsMessage, receives: int = 1) -> list[str]:
    """Handle messages; returns the ids of those that must come back."""
    answer = handler(sqs_event(messages, receives), LambdaContext())
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def only(documents: Any) -> Any:
    """The one document there is."""
    (document,) = documents
    return document


def test_an_event_is_stored_with_its_session_its_person_and_its_stale_day(pipeline: Mongo) -> None:
    assert run(a_message([an_event(eventId="e1", pageType="home", device="mobile")])) == []
    assert only(pipeline["events"].find())["_id"] == "demo:e1"
    assert only(pipeline["user_sessions"].find())["entry_page"] == "home"
    person = only(pipeline["users"].find())
    assert (person["_id"], person["number"], person["device"]) == ("demo:visitor", 1, "Mobile")
    assert only(pipeline["stale_days"].find())["date"] == "2026-03-01"


def test_a_day_that_is_no_longer_kept_whole_keeps_its_figures(pipeline: Mongo) -> None:
    pipeline["sites"].insert_one({"_id": "short", **a_site(site_id="short", retention_days=7).model_dump()})
    days = [now() - timedelta(days=days) for days in (1, 7, 30)]
    run(a_message([an_event(timestamp=day.isoformat()) for day in days], site_id="short", received_at=now()))
    assert [mark["date"] for mark in pipeline["stale_days"].find()] == [days[0].date().isoformat()]


def test_one_bad_event_keeps_no_other_from_being_stored(pipeline: Mongo) -> None:
    run(a_message([an_event(), an_event(eventId="bad", properties=nested(25)), an_event(eventType=None)]))
    assert pipeline["events"].count_documents({}) == 1
    assert {found["reason"] for found in pipeline["quarantine"].find()} == {"too_deep", "invalid"}


def test_quarantine_keeps_the_original_and_how_it_came(pipeline: Mongo) -> None:
    bad = an_event(eventId="bad", properties=nested(25), context={"ip": "203.0.113.77"})
    run(a_message([bad], user_agent="agent"))
    kept = only(pipeline["quarantine"].find())
    assert json.loads(kept["original"]) == {**bad, "sequence": 0, "context": {"ip": "203.0.113.0"}}
    assert (kept["origin"]["source"], kept["origin"]["user_agent"]) == ("collect", "agent")


def test_the_same_id_with_another_body_is_kept_once_and_the_other_quarantined(pipeline: Mongo) -> None:
    run(a_message([an_event(eventId="e", title="first")]))
    run(a_message([an_event(eventId="e", title="second")]))
    run(a_message([an_event(eventId="f", title="first"), an_event(eventId="f", title="second")]))
    assert {found["title"] for found in pipeline["events"].find()} == {"first"}
    kept = list(pipeline["quarantine"].find())
    assert [found["reason"] for found in kept] == ["id_conflict", "id_conflict"]
    assert {json.loads(found["original"])["title"] for found in kept} == {"second"}


@pytest.mark.parametrize("body", ["not json", "[]", "{}", '{"site_id": "demo", "received_at": "no"}', "[" * 100_000])
def test_a_message_that_cannot_be_read_is_quarantined_whole(pipeline: Mongo, body: str) -> None:
    event = sqs_event([a_message([an_event()])])
    event["Records"][0]["body"] = body
    assert handler(event, LambdaContext()) == {"batchItemFailures": []}
    assert only(pipeline["quarantine"].find())["original"].decode() == body


def test_events_of_a_site_nobody_knows_are_quarantined(pipeline: Mongo) -> None:
    run(a_message([an_event()], site_id="nobody"))
    kept = only(pipeline["quarantine"].find())
    assert (kept["site_id"], kept["reason"], pipeline["events"].count_documents({})) == ("nobody", "unknown_site", 0)


def test_a_message_for_another_site_than_its_group_is_quarantined(pipeline: Mongo) -> None:
    event = sqs_event([a_message([an_event()], site_id="other")])
    event["Records"][0]["attributes"]["MessageGroupId"] = "demo"
    handler(event, LambdaContext())
    assert only(pipeline["quarantine"].find())["reason"] == "wrong_site"


def test_a_late_event_merges_two_sessions_into_one(pipeline: Mongo) -> None:
    run(a_message([an_event(timestamp=at(0)), an_event(timestamp=at(50))]))
    assert pipeline["user_sessions"].count_documents({}) == 2
    run(a_message([an_event(timestamp=at(25))]))
    assert only(pipeline["user_sessions"].find())["events"] == 3


def test_a_late_event_before_the_first_renames_the_session(pipeline: Mongo) -> None:
    run(a_message([an_event(timestamp=at(10))]))
    run(a_message([an_event(timestamp=at(0))]))
    assert only(pipeline["user_sessions"].find())["started_at"] == NOON


def test_a_session_far_longer_than_the_gap_is_still_one(pipeline: Mongo) -> None:
    for minute in [*range(0, 600, 20), 610]:
        run(a_message([an_event(timestamp=at(minute))]))
    assert only(pipeline["user_sessions"].find())["events"] == 31


def test_the_clients_session_id_counts_before_the_gap(pipeline: Mongo) -> None:
    run(a_message([an_event(timestamp=at(0), sessionId="s"), an_event(timestamp=at(300), sessionId="s")]))
    session = only(pipeline["user_sessions"].find())
    assert (session["client_session_id"], session["duration"]) == ("s", 300 * 60.0)


def test_two_visitors_whose_client_counts_sessions_in_seconds_have_a_session_each(pipeline: Mongo) -> None:
    shared = {"sessionId": "1794132000"}
    for visitor_id, minute in (("x", 0), ("y", 0), ("y", 10)):
        run(a_message([an_event(visitorId=visitor_id, timestamp=at(minute), **shared)]))
    found = {session["visitor_id"]: session["events"] for session in pipeline["user_sessions"].find()}
    assert found == {"x": 1, "y": 2}
    assert {session["client_session_id"] for session in pipeline["user_sessions"].find()} == {"1794132000"}


def test_a_clients_id_that_comes_back_after_a_days_silence_is_another_session(pipeline: Mongo) -> None:
    for hours in (-60, 0, -30):
        run(a_message([an_event(sessionId="1", timestamp=at(60 * hours))]))
    assert pipeline["user_sessions"].count_documents({}) == 3
    run(a_message([an_event(sessionId="1", timestamp=at(60 * -15))]))
    assert sorted(session["events"] for session in pipeline["user_sessions"].find()) == [1, 3]


def test_devices_of_one_person_that_share_a_clients_id_keep_their_sessions(pipeline: Mongo) -> None:
    for visitor_id in ("phone", "laptop"):
        run(a_message([an_event(visitorId=visitor_id, sessionId="1", userId="ann")]))
    assert sorted(session["visitor_id"] for session in pipeline["user_sessions"].find()) == ["laptop", "phone"]
    assert {session["person_id"] for session in pipeline["user_sessions"].find()} == {"ann"}


def arriving(minutes: float, *, utm: str = "", referrer: str | None = None, **but: Any) -> Json:
    """A page view by a link."""
    url = f"https://shop.example/{utm and f'?utm_source={utm}&utm_medium=email'}"
    return an_event(timestamp=at(minutes), url=url, referrer=referrer, **but)


def sources(database: Mongo) -> list[str]:
    """What each session is attributed to, in order."""
    sessions = database["user_sessions"].find().sort("started_at", 1)
    return [session["attribution"].get("source", "direct") for session in sessions]


def test_who_comes_back_from_a_payment_page_later_keeps_what_brought_them(pipeline: Mongo) -> None:
    run(a_message([arriving(-40, utm="Newsletter"), arriving(-35, referrer="https://shop.example/cart")]))
    run(a_message([arriving(0, referrer="https://www.paypal.com/", visitorId="stranger")]))
    run(a_message([arriving(0, referrer="https://www.paypal.com/")]))
    assert sources(pipeline) == ["newsletter", "direct", "newsletter"]
    back = pipeline["user_sessions"].find_one({"visitor_id": "visitor", "started_at": NOON})
    assert back is not None
    assert back["own_attribution"] == {"channel": "direct"}
    assert back["attributed_at"] == NOON - timedelta(minutes=40)


def test_an_attribution_ends_after_thirty_days_and_direct_visits_do_not_renew_it(pipeline: Mongo) -> None:
    for days in (31, 1 + 1 / 24, 1, 1 - 1 / 24):
        run(a_message([arriving(-days * DAY, utm="news" if days == 31 else "")]))
    assert sources(pipeline) == ["news", "news", "news", "direct"]


def test_a_late_event_changes_what_later_sessions_are_attributed_to_and_their_days(pipeline: Mongo) -> None:
    run(a_message([arriving(-5 * DAY, utm="news"), *(arriving(-days * DAY) for days in (4, 2, 0))]))
    pipeline["stale_days"].delete_many({})
    run(a_message([arriving(-3 * DAY, utm="google")]))
    assert sources(pipeline) == ["news", "news", "google", "google", "google"]
    assert {mark["date"] for mark in pipeline["stale_days"].find()} == {"2026-02-26", "2026-02-27", "2026-03-01"}
    run(a_message([arriving(-3 * DAY - 1)]))
    assert sources(pipeline) == ["news", "news", "news", "news", "news"]


def test_a_visitor_who_logs_in_is_linked_to_the_person_and_keeps_the_past(pipeline: Mongo) -> None:
    run(a_message([an_event(visitorId="v", timestamp=at(-3 * 24 * 60))]))
    pipeline["stale_days"].delete_many({})
    run(a_message([an_event(visitorId="v", userId="ann", eventType="identify", traits={"sex": "Female"})]))
    person, visitor = pipeline["users"].find_one({"_id": "demo:ann"}), pipeline["users"].find_one({"_id": "demo:v"})
    assert person is not None
    assert visitor is not None
    assert (person["merged_ids"], person["sex"], visitor["link"]["person_id"]) == (["v"], "Female", "ann")
    assert {found["date"] for found in pipeline["stale_days"].find()} == {"2026-02-26", "2026-03-01"}


def test_the_latest_word_on_a_trait_counts_whatever_comes_first(pipeline: Mongo) -> None:
    run(a_message([an_event(eventType="identify", timestamp=at(5), traits={"plan": "gold", "$odd.key": 1})]))
    run(a_message([an_event(eventType="identify", timestamp=at(0), traits={"plan": "free", "city": "Rome"})]))
    assert only(pipeline["users"].find())["traits"] == {"plan": "gold", "city": "Rome", "$odd.key": 1}


def test_sessions_of_now_are_announced_and_those_of_the_past_only_by_person(
    pipeline: Mongo, announced: list[SessionsMessage]
) -> None:
    run(a_message([an_event(visitorId="past", timestamp=at(0))]))
    run(a_message([an_event(visitorId="now", timestamp=None)], received_at=now()))
    assert [message.person_ids for message in announced] == [["past"], ["now"]]
    assert [len(message.sessions) for message in announced] == [0, 1]


def test_a_database_that_does_not_answer_brings_every_message_back(
    pipeline: Mongo, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(*_: Any) -> None:
        raise Unavailable("the database does not answer")

    monkeypatch.setattr(store, "insert", down)
    assert len(run(a_message([an_event()]), a_message([an_event()]))) == 2
    assert pipeline["quarantine"].count_documents({}) == 0


def test_a_message_that_breaks_a_step_fails_alone(pipeline: Mongo, monkeypatch: pytest.MonkeyPatch) -> None:
    insert = store.insert

    def breaks_on_poison(database: Mongo, events: list[EventDocument]) -> Any:
        if any(event["event_id"] == "poison" for event in events):
            raise RuntimeError
        return insert(database, events)

    monkeypatch.setattr(store, "insert", breaks_on_poison)
    assert len(run(a_message([an_event()]), a_message([an_event(eventId="poison")]), a_message([an_event()]))) == 1
    assert pipeline["events"].count_documents({}) == 2


def test_large_messages_go_in_groups_and_suspects_alone() -> None:
    event = sqs_event([a_message([an_event(properties={"text": "x" * 30_000})] * 30) for _ in range(5)])
    event["Records"][4]["attributes"]["ApproximateReceiveCount"] = "3"
    assert [len(group) for group in groups(event["Records"])] == [2, 2, 1]


def test_what_is_done_before_a_store_goes_away_is_done(pipeline: Mongo, monkeypatch: pytest.MonkeyPatch) -> None:
    insert = store.insert

    def goes_away(database: Mongo, events: list[EventDocument]) -> Any:
        if any(event["event_id"] == "last" for event in events):
            raise Unavailable("the database does not answer")
        return insert(database, events)

    monkeypatch.setattr(store, "insert", goes_away)
    event = sqs_event([a_message([an_event()]), a_message([an_event(eventId="last")])])
    event["Records"][1]["attributes"]["ApproximateReceiveCount"] = "3"
    answer = handler(event, LambdaContext())
    assert [failure["itemIdentifier"] for failure in answer["batchItemFailures"]] == [event["Records"][1]["messageId"]]
    assert pipeline["events"].count_documents({}) == 1


def test_a_message_that_ends_the_process_is_quarantined_and_its_neighbours_go_on(pipeline: Mongo) -> None:
    event = sqs_event([a_message([an_event(eventId="deadly")]), a_message([an_event(eventId="neighbour")])], receives=5)
    deadly = event["Records"][0]["messageId"]
    pipeline["suspects"].insert_one({"_id": deadly, "attempts": 2})
    assert handler(event, LambdaContext()) == {"batchItemFailures": []}
    assert only(pipeline["events"].find())["event_id"] == "neighbour"
    aside = only(pipeline["quarantine"].find())
    assert (aside["reason"], aside["origin"]["message_id"]) == ("ends_the_process", deadly)
    assert pipeline["suspects"].count_documents({}) == 0


def test_a_suspect_is_not_judged_by_one_attempt_that_never_ended(pipeline: Mongo) -> None:
    event = sqs_event([a_message([an_event(eventId="innocent")])], receives=4)
    pipeline["suspects"].insert_one({"_id": event["Records"][0]["messageId"], "attempts": 1})
    assert handler(event, LambdaContext()) == {"batchItemFailures": []}
    assert only(pipeline["events"].find())["event_id"] == "innocent"
    assert pipeline["suspects"].count_documents({}) == 0


def test_messages_that_cannot_be_finished_in_time_come_back(pipeline: Mongo) -> None:
    answer = handler(sqs_event([a_message([an_event()])], receives=3), LambdaContext(remaining_milliseconds=1_000))
    assert len(answer["batchItemFailures"]) == 1
    assert pipeline["events"].count_documents({}) == 0


def test_a_sweep_heals_what_a_stale_recompute_left_and_then_changes_nothing(pipeline: Mongo) -> None:
    run(a_message([an_event(timestamp=at(0)), an_event(timestamp=at(10))]))
    right = list(pipeline["user_sessions"].find())
    stale = {
        **right[0],
        "_id": "demo:stale",
        "session_id": "stale",
        "started_at": NOON + timedelta(minutes=10),
        "events": 1,
    }
    pipeline["user_sessions"].insert_one(stale)
    sweep = EventsMessage(
        site_id="demo",
        source="sweep",
        received_at=NOON,
        recheck=[Span(visitor_id="visitor", since=found["started_at"], until=found["ended_at"]) for found in right],
    )
    event = sqs_event([a_message([an_event()])])
    event["Records"][0]["body"] = sweep.model_dump_json()
    handler(event, LambdaContext())
    assert list(pipeline["user_sessions"].find()) == right
    handler(event, LambdaContext())
    assert list(pipeline["user_sessions"].find()) == right


def test_a_sweep_reads_no_more_of_a_visitor_than_it_is_asked_for(pipeline: Mongo) -> None:
    run(a_message([an_event(eventId=f"e{minute}", visitorId="v", timestamp=at(minute)) for minute in range(4)]))
    span = Span(visitor_id="v", since=NOON + timedelta(minutes=1), until=NOON + timedelta(minutes=2))
    assert [event["event_id"] for event in sessions.events_in(pipeline, "demo", [span])] == ["e1", "e2"]
