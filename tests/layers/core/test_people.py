"""What one batch of events says of people, in whatever order they stand in it."""

import pytest
from footfall.people.fold import sex_of, sightings

from tests.support.builders import a_document


@pytest.mark.parametrize("order", [1, -1])
def test_of_two_people_at_one_moment_a_visitor_is_whom_the_event_with_the_first_id_names(order: int) -> None:
    events = [a_document(eventId=f"e{number}", visitorId="v", userId=who) for number, who in enumerate(("bob", "ann"))]
    link = sightings(events[::order])["v"].link
    assert link
    assert (link["person_id"], link["event_id"]) == ("bob", "e0")


def test_what_is_told_of_somebodys_sex_has_an_end() -> None:
    assert sex_of({"gender": "x" * 99}) == "x" * 32
    assert sex_of({"sex": 1}) is None
