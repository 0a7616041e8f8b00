"""Events that were not read as they were sent, through the Lambda handler of api/pipeline."""

from collections import Counter
from typing import Any

from footfall.questions.flagged import flag_counts
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymongo.database import Database

from functions.api.pipeline.handler import handler
from tests.support.asking import ask
from tests.support.builders import a_document, at

Mongo = Database[dict[str, Any]]
FLAGS = st.lists(
    st.sampled_from(["title_cut", "no_visitor", "clock_future", "url_cut", "a", "zz"]), unique=True, max_size=4
)


def store(database: Mongo, *flags: list[str], site_id: str = "demo") -> None:
    """Store an event a minute with each of these flags."""
    for number, told in enumerate(flags):
        event = {**a_document(eventId=f"e{number}", timestamp=at(number)), "site_id": site_id}
        event["_id"] = f"{site_id}:e{number}"
        database["events"].insert_one({**event, "flags": told} if told else event)


def test_flags_are_counted_and_their_events_listed(database: Mongo, queue_urls: dict[str, str]) -> None:
    store(database, ["title_cut"], [], ["no_visitor", "title_cut"], ["url_cut"])
    store(database, ["secret"], site_id="other")
    found = ask(handler, "/etl/flagged", {"flag": "title_cut"})
    assert found["flags"] == {"no_visitor": 1, "title_cut": 2, "url_cut": 1}
    assert ([event["event_id"] for event in found["events"]], found["total"]) == (["e2", "e0"], 2)
    assert found["events"][0]["flags"] == ["no_visitor", "title_cut"]
    everything = ask(handler, "/etl/flagged", {"page": 2, "page_size": 2})
    assert ([event["event_id"] for event in everything["events"]], everything["total_pages"]) == (["e0"], 2)
    assert ask(handler, "/etl/flagged", {"flag": "unheard_of"})["events"] == []


def test_the_status_has_the_counts(database: Mongo, queue_urls: dict[str, str]) -> None:
    assert ask(handler, "/etl/status")["flags"] == {}
    store(database, ["title_cut"], ["title_cut"])
    assert ask(handler, "/etl/status")["flags"] == {"title_cut": 2}


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(FLAGS, max_size=12))
def test_every_flag_is_counted_exactly(database: Mongo, told: list[list[str]]) -> None:
    database["events"].delete_many({})
    store(database, *told)
    assert flag_counts(database, "demo") == Counter(flag for flags in told for flag in flags)
