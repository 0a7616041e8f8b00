"""When people were first seen, by numbers: read once, and then what is new, whoever a visitor turned out to be."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from footfall.clock import now
from footfall.dimensions import BUILT_IN, Facts
from footfall.lake.session_numbers import NEVER
from footfall.people import first_seen, links
from footfall.people.first_seen import NOT_SEEN, of_persons
from footfall.people.profiles import profiles
from footfall.questions.person_values import new_or_returning
from footfall.schemas.person import PersonProfile
from footfall.stores.mongo import client
from footfall.stores.mongo import database as mongo
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.support.builders import NOON
from tests.support.visits import Mongo, person

VISITOR = next(row for row in BUILT_IN if row.name == "visitor")


def seen(number: int, who: str, minutes: float, told_ago: float = 60, **but: Any) -> dict[str, Any]:
    """Somebody who was first seen so many minutes after noon, which was stored some minutes ago."""
    told_at = now() - timedelta(minutes=told_ago)
    return person(number, who, date=NOON + timedelta(minutes=minutes), first_told_at=told_at, **but)


def minutes(site_id: str = "demo") -> list[float | None]:
    with client().start_session(snapshot=True) as session:
        found = first_seen.first_seen(mongo(), site_id, session, now()).tolist()
    noon = NOON.timestamp() * 1000
    return [None if moment == NOT_SEEN else (moment - noon) / 60_000 for moment in found]


def test_it_is_there_for_every_number(database: Mongo) -> None:
    database["users"].insert_many([seen(1, "ann", 5), seen(3, "bob", -7.5), person(4, "untold")])
    assert minutes() == [None, 5, None, -7.5, None]


def test_what_came_since_is_added_to_what_was_read(database: Mongo) -> None:
    database["users"].insert_many([seen(1, "ann", 5), seen(2, "bob", 6), seen(3, "cat", 7)])
    assert minutes() == [None, 5, 6, 7]
    database["users"].replace_one({"person_id": "ann"}, seen(1, "ann", 1, told_ago=9))
    database["users"].update_one({"person_id": "cat"}, {"$set": {"date": NOON}})
    database["users"].insert_one(seen(4, "new", 8, told_ago=0))
    assert minutes() == [None, 1, 6, 7, 8], "of what was read before, only what is new is read again"


def test_a_question_as_of_an_earlier_moment_sees_nothing_of_later(database: Mongo) -> None:
    database["users"].insert_one(seen(1, "ann", 5))
    assert minutes() == [None, 5]
    with client().start_session(snapshot=True) as session:
        found = first_seen.first_seen(mongo(), "demo", session, now() - timedelta(minutes=1))
    assert found.tolist()[1] == NOON.timestamp() * 1000 + 5 * 60_000


def test_sites_and_their_people_are_apart(database: Mongo) -> None:
    database["users"].insert_one(seen(1, "ann", 5))
    assert (minutes(), minutes("another")) == ([None, 5], [None])


people = st.lists(
    st.tuples(st.integers(-5, 5), st.booleans(), st.one_of(st.none(), st.integers(0, 5))), min_size=1, max_size=6
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(people)
@example([(1, True, 1), (0, False, None)])
def test_a_visitor_was_first_seen_when_the_person_was(
    database: Mongo, told: list[tuple[int, bool, int | None]]
) -> None:
    first_seen._known.clear()
    links._known.clear()
    database["users"].delete_many({})
    for place, (minute, dated, whose) in enumerate(told):
        one = seen(place + 1, f"p{place}", minute) if dated else person(place + 1, f"p{place}")
        if whose is not None and whose < len(told) and whose != place:
            link = {"at": NOON, "event_id": "e", "person_id": f"p{whose}"}
            one |= {"link": link, "linked_at": now()}
        database["users"].insert_one(one)
    for place, (_, _, whose) in enumerate(told):
        if whose is not None and whose < len(told) and whose != place:
            merged = {"$addToSet": {"merged_ids": f"p{place}"}}
            database["users"].update_one({"_id": f"demo:p{whose}"}, merged)
    with client().start_session(snapshot=True) as session:
        whom = links.people_of(mongo(), "demo", session, now()).astype(np.int32)
        moments = of_persons(first_seen.first_seen(mongo(), "demo", session, now()), whom)
    for number in range(1, len(told) + 1):
        known = profiles(database, "demo", [f"p{number - 1}"])[f"p{number - 1}"]["first_seen"]
        assert moments[number] == (NOT_SEEN if known is None else known.timestamp() * 1000)


def test_where_nobody_was_somebody_else_nothing_is_looked_for() -> None:
    moments = np.array([3, 1, 2])
    assert of_persons(moments, None) is moments


def test_links_of_numbers_that_nobody_was_seen_under_are_followed() -> None:
    assert of_persons(np.array([NOT_SEEN, 5]), np.array([0, 1, 1], np.int32)).tolist() == [NOT_SEEN, 5, 5]
    assert of_persons(np.array([NOT_SEEN, 5, 4]), np.array([0, 1], np.int32)).tolist() == [NOT_SEEN, 5, 4]


moments = st.one_of(st.none(), st.integers(0, 120).map(lambda minute: NOON + timedelta(minutes=minute)))


@given(st.lists(st.tuples(moments, moments), max_size=10))
def test_who_is_new_is_told_of_columns_as_of_one_after_the_other(told: list[tuple[datetime | None, ...]]) -> None:
    first, starts = (
        np.array([nothing if each[place] is None else _milliseconds(each[place]) for each in told], np.int64)
        for place, nothing in ((0, NOT_SEEN), (1, NEVER))
    )
    found = new_or_returning(VISITOR, first, starts)
    assert [found.texts[code] for code in found.codes] == [_one_by_one(*each) for each in told]


def _milliseconds(moment: datetime | None) -> int:
    assert moment
    return round(moment.astimezone(UTC).timestamp() * 1000)


def _one_by_one(first: datetime | None, start: datetime | None) -> str:
    profile = PersonProfile(person_id="ann", first_seen=first, sex=None, rfm_segment=None)
    return VISITOR.value(Facts(session={"started_at": start} if start else None, person=profile))
