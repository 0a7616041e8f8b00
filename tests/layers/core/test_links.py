"""Whom visitors turned out to be, as numbers: read once, and after that what is new."""

from datetime import timedelta

import pytest
from footfall.clock import now
from footfall.people import links
from footfall.stores.mongo import client
from footfall.stores.mongo import database as mongo

from tests.support.visits import Mongo, person


def linked(number: int, visitor: str, user: str, minutes_ago: float) -> dict[str, object]:
    """A visitor who turned out to be somebody so many minutes ago."""
    link = {"at": now(), "event_id": "e", "person_id": user}
    return person(number, visitor, link=link, linked_at=now() - timedelta(minutes=minutes_ago))


def numbers(site_id: str = "demo") -> list[int]:
    with client().start_session(snapshot=True) as session:
        return [int(number) for number in links.people_of(mongo(), site_id, session, now())]


def test_a_visitor_has_the_number_of_whom_they_turned_out_to_be(database: Mongo) -> None:
    database["users"].insert_many(
        [person(1, "v"), linked(2, "w", "ann", 60), person(3, "ann"), linked(4, "x", "gone", 1)]
    )
    assert numbers() == [0, 1, 3, 3, 4]


def test_what_came_since_is_added_to_what_was_read(database: Mongo, monkeypatch: pytest.MonkeyPatch) -> None:
    database["users"].insert_many([person(1, "v"), person(2, "ann"), linked(3, "w", "ann", 60)])
    assert numbers() == [0, 1, 2, 2]
    database["users"].replace_one({"person_id": "v"}, linked(1, "v", "ann", 0))
    database["users"].insert_one(person(4, "new"))
    database["users"].update_one({"person_id": "w"}, {"$unset": {"link": "", "linked_at": ""}})
    assert numbers() == [0, 2, 2, 2, 4], "of what was read before, only what is new is read again"


def test_a_link_that_was_stored_late_is_seen(database: Mongo) -> None:
    database["users"].insert_many([person(1, "v"), person(2, "ann")])
    assert numbers() == [0, 1, 2]
    database["users"].replace_one({"person_id": "v"}, linked(1, "v", "ann", 9))
    assert numbers() == [0, 2, 2]


def test_sites_and_their_people_are_apart(database: Mongo) -> None:
    database["users"].insert_many([person(1, "v"), linked(2, "w", "v", 60)])
    assert numbers() == [0, 1, 1]
    assert numbers("another") == [0]
