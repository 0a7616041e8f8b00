"""etl/events on a real MongoDB: which session a purchase came of, whoever tells it, and whatever arrives first."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from footfall import sites
from footfall.clock import now
from footfall.schemas.event import Json
from footfall.schemas.message import API_KEY_SOURCE, EventsMessage, SessionsMessage, Span
from pymongo.database import Database

from functions.etl.events import conversions, derived
from functions.etl.events.handler import handler
from functions.etl.events.stale import StaleDays
from tests.support.builders import NOON, LambdaContext, a_message, an_event, at, sqs_event
from tests.support.visits import roll_up

Mongo = Database[dict[str, Any]]
DAY = 24 * 60


def run(*told: Json, source: str = "collect") -> None:
    """Handle events, each in a batch of its own."""
    for one in told:
        message = a_message([one], source=source, received_at=max(now(), NOON + timedelta(days=60)))
        assert handler(sqs_event([message]), LambdaContext()) == {"batchItemFailures": []}


def looks(minutes: float = 0, visitor: str = "phone", **but: Any) -> Json:
    """A page view."""
    return an_event(visitorId=visitor, timestamp=at(minutes), **but)


def buys(minutes: float, visitor: str = "ann", order: str = "o1", **but: Any) -> Json:
    """An order of 5, as a server tells it of somebody whom the shop knows."""
    told = {"order_id": order, "total": 5, "currency": "EUR"}
    return an_event(eventType="Order Completed", visitorId=visitor, timestamp=at(minutes), properties=told, **but)


def is_known(minutes: float, visitor: str = "phone", user: str = "ann") -> Json:
    """That a visitor is somebody."""
    return an_event(eventType="identify", visitorId=visitor, userId=user, timestamp=at(minutes))


def converted(database: Mongo) -> dict[str, list[str]]:
    """The orders that came of sessions, by visitor and minute of their start."""
    return {
        f"{session['visitor_id']} {round((session['started_at'] - NOON) / timedelta(minutes=1))}": [
            order["order_id"] for order in session["orders"]
        ]
        for session in database["user_sessions"].find({"converted": True})
    }


def stale(database: Mongo) -> set[str]:
    return {mark["date"] for mark in database["stale_days"].find()}


def test_what_a_server_tells_is_no_visit_and_its_order_came_of_the_visit_before(pipeline: Mongo) -> None:
    link = "https://shop.example/?utm_source=news&utm_medium=email"
    run(looks(0, userId="ann", url=link, sessionId="s"), looks(3, userId="ann", sessionId="s"))
    server = [
        an_event(eventType="track", event=name, userId="ann", visitorId=None, timestamp=at(minutes))
        for name, minutes in (("Newsletter Sent", 40), ("Order Shipped", 90))
    ]
    run(buys(5, userId="ann"), *server, source=API_KEY_SOURCE)
    roll_up()
    day = pipeline["daily_metrics"].find_one({}) or {}
    assert [day[name] for name in ("visitors", "sessions", "bounces", "conversions")] == [1, 1, 0, 1]
    assert day["sources"] == [{"source": "news", "sessions": 1, "conversions": 1}]
    (session,) = pipeline["user_sessions"].find()
    assert (session["conversion_value"], session["currency"], session["events"]) == (500, "EUR", 2)


def test_whoever_shares_a_visitor_with_the_buyer_leaves_the_purchase_to_the_buyers_visit(pipeline: Mongo) -> None:
    refund = an_event(
        eventType="Order Refunded", visitorId="desk", userId="bob", timestamp=at(20), properties={"order_id": "o1"}
    )
    run(is_known(0, "tablet"), is_known(1, "tablet", "bob"), looks(2), is_known(3), buys(5, userId="ann"))
    assert converted(pipeline) == {"phone 2": ["o1"]}
    run(refund)
    assert converted(pipeline) == {"phone 2": ["o1"]}


def test_imported_orders_make_no_sessions(pipeline: Mongo) -> None:
    run(buys(0), buys(1, "bob", "o2"), source="import:1")
    assert pipeline["user_sessions"].count_documents({}) == 0
    assert pipeline["orders"].count_documents({}) == 2


HISTORY = [
    looks(0, "laptop", userId="ann"),
    looks(60, "phone"),
    is_known(3 * DAY),
    buys(2 * DAY, userId="ann"),
    looks(2 * DAY + 1, "phone"),
]


@pytest.mark.parametrize("turn", range(len(HISTORY)))
def test_it_came_of_the_buyers_last_session_on_whatever_device_whatever_arrives_last(
    pipeline: Mongo, turn: int
) -> None:
    run(*HISTORY[turn:], *HISTORY[:turn])
    assert converted(pipeline) == {"phone 60": ["o1"]}


def test_a_new_visitor_who_says_who_they_are_brings_what_was_told_before(pipeline: Mongo) -> None:
    run(buys(10, userId="ann"), looks(0, userId="ann"))
    assert converted(pipeline) == {"phone 0": ["o1"]}


def test_an_order_of_somebody_whom_the_page_does_not_know_came_of_the_session_that_told_it(pipeline: Mongo) -> None:
    run(buys(4, userId="ann"), buys(5, "phone", sessionId="s"), looks(0, sessionId="s"))
    assert converted(pipeline) == {"phone 0": ["o1"]}


def test_a_page_view_that_makes_a_session_of_events_brings_it_the_order(pipeline: Mongo) -> None:
    run(buys(10, "phone"))
    assert converted(pipeline) == {}
    run(looks(20))
    assert converted(pipeline) == {"phone 10": ["o1"]}


def test_an_order_is_told_first_by_the_page_and_then_by_the_server_or_the_reverse_and_is_one(pipeline: Mongo) -> None:
    server, page = buys(4, userId="ann"), buys(5, "phone", sessionId="s")
    run(looks(0, sessionId="s"), looks(DAY, "laptop", userId="ann"), server, page)
    assert converted(pipeline) == {"phone 0": ["o1"]}
    assert pipeline["orders"].count_documents({}) == 1


def test_an_order_whose_page_is_shown_again_next_day_is_one_conversion(pipeline: Mongo) -> None:
    run(*(event for minutes in (DAY, 0) for event in (looks(minutes), buys(minutes + 1, "phone"))))
    assert converted(pipeline) == {"phone 0": ["o1"]}


@pytest.mark.parametrize(("minutes", "found"), [(30 * DAY, True), (30 * DAY + 1 / 60_000, False)])
def test_an_order_comes_of_a_session_for_thirty_days(pipeline: Mongo, minutes: float, found: bool) -> None:
    run(looks(0, userId="ann"), buys(minutes, userId="ann"))
    assert bool(converted(pipeline)) == found


def test_an_order_that_a_server_tells_comes_of_no_bots_session(pipeline: Mongo) -> None:
    robot = {"context": {"userAgent": "Googlebot/2.1 (+http://www.google.com/bot.html)"}}
    run(looks(0, userId="ann"), looks(60, "robot", userId="ann", **robot), buys(70, userId="ann"))
    assert converted(pipeline) == {"phone 0": ["o1"]}


def test_whose_visitor_was_somebody_else_before_leaves_the_others_order_to_their_own_session(pipeline: Mongo) -> None:
    run(looks(0, "desk", userId="bob"), looks(10), is_known(30, user="bob"), buys(40, "bob", userId="bob"))
    assert converted(pipeline) == {"phone 10": ["o1"]}
    run(is_known(20, user="ann"))
    assert converted(pipeline) == {"desk 0": ["o1"]}


def test_an_order_that_turns_out_to_be_another_customers_moves_and_both_days_change(pipeline: Mongo) -> None:
    run(looks(0, userId="ann"), looks(-DAY, "desk", userId="bob"), buys(10, userId="ann"))
    pipeline["stale_days"].delete_many({})
    run(buys(11, "bob", userId="bob"), source=API_KEY_SOURCE)
    assert converted(pipeline) == {"desk -1440": ["o1"]}
    assert stale(pipeline) == {"2026-02-28", "2026-03-01"}


def test_an_order_that_only_its_refund_said_to_be_somebodys_leaves_their_session(pipeline: Mongo) -> None:
    given_back = an_event(eventType="refund", visitorId="bob", userId="bob", properties={"order_id": "o1", "total": 1})
    run(looks(0, "desk", userId="bob"), buys(10, "somebody"), given_back)
    assert converted(pipeline) == {"desk 0": ["o1"]}
    run(an_event(eventType="order_updated", visitorId="erp", userId="ann", properties={"order_id": "o1"}))
    assert converted(pipeline) == {}


def test_the_order_of_a_second_customer_came_of_theirs_until_it_turns_out_to_be_none(pipeline: Mongo) -> None:
    run(looks(0, userId="ann"), looks(0, "desk", userId="bob"), buys(10, userId="ann"), buys(11, "bob", userId="bob"))
    assert converted(pipeline) == {"phone 0": ["o1"], "desk 0": ["o1@bob"]}
    run(buys(12, userId="ann"), source=API_KEY_SOURCE)
    assert converted(pipeline) == {"phone 0": ["o1"]}


def test_a_late_event_that_joins_two_sessions_keeps_what_came_of_them(pipeline: Mongo) -> None:
    run(looks(0), buys(1, "phone"), looks(50), buys(51, "phone", "o2"), looks(25))
    assert converted(pipeline) == {"phone 0": ["o1", "o2"]}
    run(looks(-5))
    assert converted(pipeline) == {"phone -5": ["o1", "o2"]}


def test_a_session_is_no_bounce_for_an_order_that_a_server_tells(pipeline: Mongo) -> None:
    run(looks(0, userId="ann"))
    assert pipeline["user_sessions"].count_documents({"bounce": True}) == 1
    pipeline["stale_days"].delete_many({})
    run(buys(2 * DAY, userId="ann"))
    assert pipeline["user_sessions"].count_documents({"bounce": True}) == 0
    assert stale(pipeline) == {"2026-03-01", "2026-03-03"}


def test_a_change_of_an_order_changes_what_came_of_its_session(pipeline: Mongo) -> None:
    run(looks(0), buys(1, "phone"))
    for total, value in ((8, 800), (0, 0)):
        told = {"order_id": "o1", "total": total}
        run(an_event(eventType="order_updated", visitorId="erp", timestamp=at(9 - total), properties=told))
        assert (pipeline["user_sessions"].find_one({}) or {})["conversion_value"] == value


def test_orders_of_other_currencies_are_in_no_sum_of_a_session(pipeline: Mongo) -> None:
    told = [("o1", "EUR", 10), ("o2", "JPY", 1_000), ("o3", "EUR", 5)]
    bought = [
        buys(minute, "phone") | {"properties": {"order_id": name, "total": total, "currency": currency}}
        for minute, (name, currency, total) in enumerate(told)
    ]
    run(looks(0), *bought)
    session = pipeline["user_sessions"].find_one({}) or {}
    assert (session["conversion_value"], session["currency"], len(session["orders"])) == (1500, "EUR", 3)


def test_a_conversion_in_another_currency_is_in_no_figure_until_it_is_the_sites(pipeline: Mongo) -> None:
    run(looks(0), buys(1, "phone") | {"properties": {"order_id": "o1", "total": 5, "currency": "USD"}})
    for currency, count in (("EUR", 0), ("USD", 1)):
        pipeline["sites"].update_one({"_id": "demo"}, {"$set": {"currency": currency}})
        sites._known.clear()
        roll_up()
        assert (pipeline["daily_metrics"].find_one({}) or {})["conversions"] == count


def test_a_recheck_finds_what_came_of_a_session(pipeline: Mongo) -> None:
    run(looks(0), buys(1, "phone"))
    pipeline["user_sessions"].update_one({}, {"$set": {"converted": False}, "$unset": {"orders": ""}})
    span = Span(visitor_id="phone", since=NOON, until=NOON + timedelta(minutes=1))
    event = sqs_event([a_message([looks(0)])])
    message = EventsMessage(site_id="demo", source="sweep", received_at=NOON, recheck=[span])
    event["Records"][0]["body"] = message.model_dump_json()
    handler(event, LambdaContext())
    assert converted(pipeline) == {"phone 0": ["o1"]}
    right = pipeline["user_sessions"].find_one({})
    handler(event, LambdaContext())
    assert pipeline["user_sessions"].find_one({}) == right


def before_it_is_stored(monkeypatch: pytest.MonkeyPatch, event: Json) -> None:
    """Have an event handled when the next session or order is about to be stored."""
    insert = derived._insert
    waiting = [event]

    def insert_late(*args: Any) -> set[str]:
        while waiting:
            run(waiting.pop())
        return insert(*args)

    monkeypatch.setattr(derived, "_insert", insert_late)


def test_an_order_that_arrives_while_its_buyers_first_session_is_written_is_found(
    pipeline: Mongo, monkeypatch: pytest.MonkeyPatch
) -> None:
    before_it_is_stored(monkeypatch, buys(5, "phone"))
    run(looks(0, sessionId="s"))
    assert converted(pipeline) == {"phone 0": ["o1"]}


def test_a_session_that_is_written_while_its_order_is_brings_it(
    pipeline: Mongo, monkeypatch: pytest.MonkeyPatch
) -> None:
    before_it_is_stored(monkeypatch, looks(0, sessionId="s"))
    run(buys(5, "phone"))
    assert converted(pipeline) == {"phone 0": ["o1"]}


@pytest.mark.parametrize("other", [4, 6], ids=["before", "after"])
def test_two_orders_that_are_told_at_once_both_came_of_the_session(
    pipeline: Mongo, monkeypatch: pytest.MonkeyPatch, other: float
) -> None:
    write = conversions._write
    waiting = [buys(other, order="o2")]

    def write_late(*args: Any) -> Any:
        while waiting:
            run(waiting.pop())
        return write(*args)

    monkeypatch.setattr(conversions, "_write", write_late)
    run(looks(0), is_known(1), buys(5))
    assert converted(pipeline) == {"phone 0": ["o2", "o1"] if other == 4 else ["o1", "o2"]}


def test_very_many_sessions_are_changed_a_part_at_a_time(pipeline: Mongo, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[int] = []
    write = conversions._write

    def write_some(database: Mongo, days: StaleDays, changes: Sequence[Any], computed_at: datetime) -> None:
        written.append(len(changes))
        write(database, days, changes, computed_at)

    run(*(looks(100 * number) for number in range(3)), *(buys(100 * n + 1, "office", f"o{n}") for n in range(3)))
    run(is_known(900, "office"))
    monkeypatch.setattr(conversions, "REPLACED_AT_ONCE", 2)
    monkeypatch.setattr(conversions, "_write", write_some)
    run(is_known(900))
    assert converted(pipeline) == {"phone 0": ["o0"], "phone 100": ["o1"], "phone 200": ["o2"]}
    assert written == [2, 1]


def test_of_a_persons_orders_only_those_since_are_read(pipeline: Mongo) -> None:
    run(*(buys(DAY * number, order=f"o{number}", userId="ann") for number in range(9)))
    theirs = {"site_id": "demo", "person_id": {"$in": ["ann"]}, "placed_at": {"$gte": NOON + timedelta(days=7)}}
    by_person = {"site_id": 1, "person_id": 1, "placed_at": 1}
    question = {"find": "orders", "filter": theirs, "hint": by_person}
    found = pipeline.command("explain", question, verbosity="executionStats")["executionStats"]
    assert (found["nReturned"], found["totalDocsExamined"]) == (2, 2)


def test_the_live_view_is_told_what_came_of_a_session(pipeline: Mongo, announced: list[SessionsMessage]) -> None:
    minutes = (now() - NOON) / timedelta(minutes=1)
    run(looks(minutes - 2, userId="ann"), buys(minutes - 1, userId="ann"))
    told = [(session.visitor_id, session.converted) for message in announced for session in message.sessions]
    assert told == [("phone", False), ("phone", True)]
