"""Who is who is asked of one site, and of nobody else's people."""

from datetime import timedelta
from typing import Any

import pytest
from footfall.people.identities import identities, links, people_seen_since
from pymongo.database import Database

from tests.support.builders import NOON

Mongo = Database[dict[str, Any]]
SECOND = timedelta(seconds=1)


@pytest.fixture
def people(database: Mongo) -> Mongo:
    """On two sites: ann, who was seen as `v` and `w`, and of whom `w` turned out to be bob; and `x`, who is nobody."""
    for site_id in ("demo", "other"):
        ann = {"person_id": "ann", "merged_ids": ["v", "w"]}
        v, w = ({"person_id": name, "link": {"person_id": who}} for name, who in (("v", "ann"), ("w", "bob")))
        found = [
            {"_id": f"{site_id}:{one['person_id']}", "site_id": site_id, **one}
            for one in (ann, v, w, {"person_id": "x"})
        ]
        database["users"].insert_many([{**one, "number": number} for number, one in enumerate(found)])
    database["users"].update_one({"_id": "other:v"}, {"$set": {"link.person_id": "eve"}})
    return database


def test_a_visitors_link_is_that_of_the_site(people: Mongo) -> None:
    assert links(people, "demo") == {"v": "ann", "w": "bob"}
    assert links(people, "other") == {"v": "eve", "w": "bob"}


@pytest.mark.parametrize("asked", ["ann", "v"])
def test_a_person_is_every_visitor_they_were_seen_as_and_who_these_turned_out_to_be(people: Mongo, asked: str) -> None:
    assert identities(people, "demo", [asked]) == ({"ann"}, {"ann": "ann", "v": "ann", "w": "bob"})
    assert identities(people, "demo", ["x", "y"]) == ({"x", "y"}, {"x": "x", "y": "y"})


def test_who_was_here_or_ordered_since_a_moment_is_of_the_site(database: Mongo) -> None:
    for site_id in ("demo", "other"):
        for name, at in (("before", NOON - SECOND), ("then", NOON), ("after", NOON + SECOND)):
            who = {"_id": f"{site_id}:{name}", "site_id": site_id, "person_id": f"{name} on {site_id}"}
            database["user_sessions"].insert_one({**who, "session_id": name, "computed_at": at})
            database["orders"].insert_one({**who, "person_id": f"buys {who['person_id']}", "placed_at": at})
    here = {"then on demo", "after on demo"}
    assert people_seen_since(database, "demo", NOON) == here | {f"buys {name}" for name in here}
