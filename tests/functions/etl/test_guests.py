"""What somebody bought before the shop knew them is theirs, whoever says so and whenever."""

import struct
from itertools import permutations
from typing import Any

import pytest
from footfall.errors import NotFound
from footfall.questions import business, customer
from footfall.questions.business import BusinessQuestion
from footfall.questions.customer import CustomerQuestion
from footfall.schemas.event import Json
from footfall.sites import get_site
from pymongo.database import Database

from functions.etl.events import derived, orders, people, steps
from functions.training.extract.handler import gather
from tests.support.builders import an_event, at
from tests.support.interrupting import before_next_call
from tests.support.telling import DAY, said, tell
from tests.support.visits import roll_up

Mongo = Database[dict[str, Any]]


def logs_in(visitor: str = "v", user: str = "ann", minute: float = DAY, **but: Any) -> Json:
    """An event that says who a visitor is."""
    return an_event(**{"eventType": "identify", "visitorId": visitor, "userId": user, "timestamp": at(minute), **but})


def buys(order_id: str = "o1", visitor: str = "v", minute: float = 0, total: int = 100, **but: Any) -> Json:
    """A visitor who does not say who they are buys something."""
    return said("order_completed", minute, order_id, visitorId=visitor, total=total, **but)


def owners(database: Mongo) -> dict[str, str | None]:
    """Whose each order is; None for a guest's."""
    found = list(database["orders"].find())
    assert all(order["person_id"] == order["user_id"] for order in found if order["user_id"])
    return {order["order_id"]: order["user_id"] for order in found}


WAYS = {
    "identify": logs_in(eventId="link"),
    "alias": {"eventType": "alias", "eventId": "link", "previousId": "v", "userId": "ann", "timestamp": at(DAY)},
    "a page view": logs_in(eventId="link", eventType="pageview"),
    "another order": said(minute=DAY, order_id="o2", visitorId="v", userId="ann", total=0),
}


@pytest.mark.parametrize("way", WAYS)
def test_what_was_bought_before_is_the_customers_in_every_answer(pipeline: Mongo, way: str) -> None:
    tell(buys())
    roll_up()
    assert everywhere(pipeline) == {"customers": 0, "known": 0.0, "guests": 100.0, "page": None, "buyers": ["v"]}
    tell(WAYS[way])
    roll_up()
    expected = {"customers": 1, "known": 100.0, "guests": 0.0, "page": 100.0, "buyers": ["ann"]}
    assert everywhere(pipeline) == expected
    gathered = gather(get_site(pipeline, "demo"))
    assert gathered.purchases["ann"].spent == 10_000
    assert "v" not in gathered.people
    assert gathered.totals["guest_orders"] == 0


def everywhere(database: Mongo) -> Json:
    """What the answers make of the orders: business figures, ann's page, the day's buyers."""
    answer = business.answer("demo", BusinessQuestion())
    try:
        page = customer.answer("demo", CustomerQuestion(customer_id="ann")).orders.revenue
    except NotFound:
        page = None
    people = {found["number"]: found["person_id"] for found in database["users"].find()}
    bought = (database["daily_metrics"].find_one({"date": "2026-03-01"}) or {})["buyers"]["people"]
    return {
        "customers": answer.total_customers,
        "known": answer.total_revenue,
        "guests": answer.guest_revenue,
        "page": page,
        "buyers": [people[number] for number in struct.unpack(f"<{len(bought) // 4}I", bought)],
    }


STORY = [
    buys(eventId="a"),
    buys("o2", "phone", minute=5, eventId="b"),
    logs_in(eventId="c"),
    logs_in("phone", minute=2 * DAY, eventId="d"),
]


@pytest.mark.parametrize("order", list(permutations(range(len(STORY)))), ids=str)
def test_several_devices_are_one_customers_whatever_came_first(pipeline: Mongo, order: tuple[int, ...]) -> None:
    for place in order:
        tell(STORY[place])
    assert owners(pipeline) == {"o1": "ann", "o2": "ann"}
    assert {mark["date"] for mark in pipeline["stale_days"].find()} == {"2026-03-01", "2026-03-02", "2026-03-03"}


def test_at_one_computer_what_nobody_signed_is_whose_who_came_first(pipeline: Mongo) -> None:
    tell(buys("unsigned"), buys("bobs", userId="bob"), logs_in(user="bob", minute=20))
    assert owners(pipeline) == {"unsigned": "bob", "bobs": "bob"}
    tell(logs_in(user="ann", minute=-10))
    assert owners(pipeline) == {"unsigned": "ann", "bobs": "bob"}
    tell(logs_in(user="cid", minute=30))
    assert owners(pipeline) == {"unsigned": "ann", "bobs": "bob"}


def test_a_server_that_knows_nobody_may_tell_of_an_order_before_its_page_does(pipeline: Mongo) -> None:
    tell(said(visitorId=None, total=5), buys(minute=1, total=5), logs_in())
    assert owners(pipeline) == {"o1": "ann"}


def test_who_gives_an_order_back_in_the_shops_office_has_not_bought_it(pipeline: Mongo) -> None:
    tell(buys(), logs_in("office", user="clerk"), said("order_refunded", 9, "o1", visitorId="office", total=5))
    assert owners(pipeline) == {"o1": None}
    tell(said("order_refunded", 9, "o2", visitorId="v", total=5), logs_in())
    assert owners(pipeline) == {"o1": "ann", "o2": "ann"}


def test_an_order_without_an_id_is_found_by_its_visitor(pipeline: Mongo) -> None:
    tell(said(order_id=None, visitorId="v", total=5, eventId="e"))
    tell(logs_in())
    tell(logs_in())
    assert owners(pipeline) == {"event:e": "ann"}
    assert [order["events"] for order in pipeline["orders"].find()] == [1]


def test_a_signed_order_stays_whose_it_is(pipeline: Mongo) -> None:
    tell(buys(), buys(userId="bob", minute=1), logs_in())
    assert owners(pipeline) == {"o1": "bob"}


def test_what_a_link_moves_is_moved_though_the_process_ends_after_the_link(
    pipeline: Mongo, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell(buys(), an_event(visitorId="v", timestamp=at(-3 * DAY)))
    roll_up()
    link = logs_in()
    with monkeypatch.context() as broken:
        until = [step.__name__ for step in steps.STEPS].index("recompute_people") + 1
        broken.setattr(steps, "STEPS", steps.STEPS[:until])
        tell(link)
    assert owners(pipeline) == {"o1": None}
    tell(link, receives=2)
    assert owners(pipeline) == {"o1": "ann"}
    assert {mark["date"] for mark in pipeline["stale_days"].find()} == {"2026-02-26", "2026-03-01", "2026-03-02"}


def test_a_link_that_comes_while_an_order_is_stored_is_not_missed(
    pipeline: Mongo, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell(an_event(visitorId="v", timestamp=at(-1)))
    before_next_call(orders, "convert", lambda: tell(logs_in()), monkeypatch)
    tell(buys())
    assert owners(pipeline) == {"o1": "ann"}


def test_a_link_of_a_visitor_who_is_stored_meanwhile_is_not_missed(
    pipeline: Mongo, monkeypatch: pytest.MonkeyPatch
) -> None:
    before_next_call(people, "_insert", lambda: tell(buys()), monkeypatch)
    tell(logs_in())
    assert owners(pipeline) == {"o1": "ann"}


def test_very_many_orders_move_a_part_at_a_time(pipeline: Mongo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orders, "EVENTS_AT_ONCE", 3)
    monkeypatch.setattr(derived, "REPLACED_AT_ONCE", 2)
    tell(*(buys(f"o{number}", minute=number) for number in range(7)))
    tell(logs_in())
    assert owners(pipeline) == {f"o{number}": "ann" for number in range(7)}


def test_nothing_more_is_asked_of_who_is_new_or_links_nobody(pipeline: Mongo, monkeypatch: pytest.MonkeyPatch) -> None:
    tell(logs_in("w", minute=-1))
    asked: list[str] = []
    for name in ("aggregate", "find"):
        monkeypatch.setattr(type(pipeline["events"]), name, _noting(asked, getattr(type(pipeline["events"]), name)))
    tell(logs_in(), an_event(visitorId="new"), an_event(visitorId="w", userId="ann", timestamp=at(1)))
    assert asked.count("orders") == 1, "of those who were here before, which sessions they may have come of"
    assert asked.count("events") == 1, "only what the session of a visitor who was here before is made of"


def _noting(asked: list[str], method: Any) -> Any:
    def call(collection: Any, *arguments: Any, **more: Any) -> Any:
        asked.append(collection.name)
        return method(collection, *arguments, **more)

    return call
