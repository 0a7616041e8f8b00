"""What is folded of fewer events never replaces what was folded of more, whoever is slower.

Each time something else is done after a recompute has read its events and before it stores what it made of them.
"""

from typing import Any

import pytest
from footfall.schemas.event import Json
from pymongo.database import Database

from functions.etl.events import derived, orders
from tests.support.builders import an_event, at
from tests.support.interrupting import before_next_call
from tests.support.telling import DAY, said, tell
from tests.support.visits import roll_up

Mongo = Database[dict[str, Any]]


def view(minute: float) -> Json:
    """A page viewed by the one visitor there is."""
    return an_event(visitorId="v", timestamp=at(minute))


@pytest.mark.parametrize("before", [[], [view(0)]], ids=["that is new", "that goes on"])
def test_a_session(pipeline: Mongo, monkeypatch: pytest.MonkeyPatch, before: list[Json]) -> None:
    tell(*before)
    before_next_call(derived, "store", lambda: tell(view(2)), monkeypatch)
    tell(view(1))
    (session,) = pipeline["user_sessions"].find()
    assert (session["events"], session["page_views"]) == (len(before) + 2, len(before) + 2)


@pytest.mark.parametrize("before", [[], [said(total=1)]], ids=["that is new", "that was told before"])
def test_an_order(pipeline: Mongo, monkeypatch: pytest.MonkeyPatch, before: list[Json]) -> None:
    tell(*before)
    before_next_call(orders, "convert", lambda: tell(said(minute=9, total=3)), monkeypatch)
    tell(said(minute=5, total=2))
    (order,) = pipeline["orders"].find()
    assert (order["events"], order["total"]) == (len(before) + 2, 300)


def test_what_is_replaced_after_it_was_looked_at_is_looked_at_again(
    pipeline: Mongo, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell(view(0), said(total=1))
    before_next_call(derived, "_write", lambda: tell(view(2)), monkeypatch)
    tell(view(1))
    before_next_call(derived, "_write", lambda: tell(said(minute=9, total=3)), monkeypatch)
    tell(said(minute=5, total=2))
    assert [session["page_views"] for session in pipeline["user_sessions"].find()] == [3]
    assert [(order["events"], order["total"]) for order in pipeline["orders"].find()] == [(3, 300)]


def test_an_order_of_a_second_customer_whom_fewer_events_do_not_know(
    pipeline: Mongo, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell(said(total=50, userId="ann"), said(minute=1, total=50, userId="bob"))
    bobs = said(minute=9, total=50, userId="bob")
    before_next_call(orders, "convert", lambda: tell(bobs, source="import:1"), monkeypatch)
    tell(said(minute=3, total=50, userId="cid"), source="import:1")
    assert {order["order_id"]: order["user_id"] for order in pipeline["orders"].find()} == {
        "o1": "cid",
        "o1@bob": "bob",
    }


def test_of_as_many_events_the_later_counts(pipeline: Mongo) -> None:
    purchase, page = said(total=50), view(0)
    tell(purchase, page)
    pipeline["orders"].update_one({}, {"$set": {"total": 1}})
    pipeline["user_sessions"].update_one({}, {"$set": {"duration": 9.0}})
    tell(purchase, page)
    assert [order["total"] for order in pipeline["orders"].find()] == [5000]
    assert [session["duration"] for session in pipeline["user_sessions"].find()] == [0.0]


def test_what_is_new_marks_its_days_too(pipeline: Mongo) -> None:
    tell(an_event(eventType="scroll", visitorId="v", sessionId="s", timestamp=at(0)))
    pipeline["stale_days"].delete_many({})
    tell(an_event(visitorId="v", sessionId="s", timestamp=at(DAY)))
    assert sorted(mark["date"] for mark in pipeline["stale_days"].find()) == ["2026-03-01", "2026-03-02"]


def test_what_is_the_same_already_is_not_written_again_and_marks_no_day(pipeline: Mongo) -> None:
    given_back = said("order_refunded", 3 * DAY, eventId="refund", total=1)
    tell(said(total=5), given_back)
    roll_up()
    tell(given_back)
    assert [mark["date"] for mark in pipeline["stale_days"].find()] == ["2026-03-04"]


def test_a_session_that_goes_over_midnight_marks_every_day_it_was_on(pipeline: Mongo) -> None:
    tell(view(715), view(725), view(740))
    roll_up()
    tell(view(700))
    assert sorted(mark["date"] for mark in pipeline["stale_days"].find()) == ["2026-03-01", "2026-03-02"]
    (session,) = pipeline["user_sessions"].find()
    assert session["page_views"] == 4
