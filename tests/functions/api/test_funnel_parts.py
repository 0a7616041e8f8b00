"""An answer about a funnel made of parts of the people is, to the byte, the one that is made at once."""

from collections.abc import Iterator
from typing import Any

import pytest
from footfall.errors import Conflict
from footfall.people import links
from footfall.questions import funnel, time_to_convert
from footfall.questions.funnel_query import FunnelModes
from footfall.questions.large import LARGE
from footfall.questions.time_to_convert import TimeToConvertQuestion
from footfall.rollups import Part
from footfall.schemas.job import LargeQuestion
from footfall.stores.mongo import Moment
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymongo.database import Database

from tests.functions.api.test_funnel_modes import PAGES, RANGE, histories, modes, store
from tests.layers.core.funnel_oracle import Seen
from tests.support.builders import NOON
from tests.support.caches import forget_answers
from tests.support.visits import a_shop, an_order, happen, know, mark, person, roll_up, view

Mongo = Database[dict[str, Any]]
STORED = ("events", "user_sessions", "funnel_analytics", "daily_metrics", "lake_periods", "rollups", "stale_days")
breakdowns = st.sampled_from([None, ["device"], ["visitor"], ["page", "device"], ["sex"]])


def asked(**query: Any) -> funnel.FunnelQuestion:
    return funnel.FunnelQuestion.model_validate(RANGE | {name: value for name, value in query.items() if value})


def at_once(question: funnel.FunnelQuestion) -> str:
    return funnel.answer("demo", question).model_dump_json(by_alias=True)


def in_parts(question: funnel.FunnelQuestion, of: int) -> str:
    return added_up("funnel", question, of)


def added_up(kind: LargeQuestion, question: FunnelModes, of: int) -> str:
    asked, moment = question.model_dump_json(by_alias=True, exclude_none=True), Moment.now()
    parts = [LARGE[kind].part("demo", asked, moment, Part(number, of)) for number in range(of)]
    return str(LARGE[kind].folded(asked, parts).model_dump_json(by_alias=True))


def states(shop: Mongo) -> Iterator[str]:
    """From events alone, from the lake, from both, and where rollups have the funnel."""
    know(shop, a_shop("home", "cart"))
    yield "events"
    roll_up()
    yield "lake"
    mark(shop, "2026-03-01")
    yield "both"
    know(shop, a_shop(*PAGES))
    roll_up()
    yield "rollups"


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(histories, modes, breakdowns, st.sampled_from(["first", "last", "2"]), st.booleans())
def test_parts_give_every_answer_that_one_call_gives(
    shop: Mongo, events: list[Seen], mode: dict[str, Any], breakdown: list[str] | None, at: str, linked: bool
) -> None:
    for collection in STORED:
        shop[collection].delete_many({})
    forget_answers()
    shop["orders"].delete_many({})
    store(shop, events)
    link = {"at": NOON, "event_id": "e", "person_id": "dan"}
    change = {"$set": {"link": link, "linked_at": NOON}} if linked else {"$unset": {"link": 1, "linked_at": 1}}
    shop["users"].update_one({"_id": "demo:bob"}, change)
    links._known.clear()  # of the example before, whose link has the same time
    shop["orders"].insert_many([an_order("o1", "ann", 1_250, refunded=250, refunded_at=NOON), an_order("o2", "dan", 7)])
    mark(shop, "2026-03-01")
    steps = mode["steps"] if mode["order"] != "any" else PAGES
    exclude = mode["exclude"] and [mode["exclude"]]
    device = mode["device"] and [mode["device"]]
    more = {"steps": steps, "exclude": exclude, "device": device, "breakdown": breakdown, "at": at}
    question = asked(**{**mode, **more})
    for state in states(shop):
        whole = at_once(question)
        assert in_parts(question, 1) == in_parts(question, 3) == whole, state
        times = TimeToConvertQuestion.model_validate(question.model_dump(exclude={"breakdown", "at"}))
        assert added_up("time-to-convert", times, 3) == time_to_convert.answer("demo", times).model_dump_json(
            by_alias=True
        )


def test_a_visitor_who_turns_out_to_be_somebody_is_in_one_part_with_them(shop: Mongo) -> None:
    shop["users"].insert_one(
        person(9, "cookie", link={"at": NOON, "event_id": "e", "person_id": "ann"}, linked_at=NOON)
    )
    happen(shop, view("home", "cookie"), view("search", "ann", 1, userId="ann"))
    roll_up()
    question = asked(steps=["home", "search", "payment|home"])
    assert [step.users for step in funnel.answer("demo", question).steps] == [1, 1, 0]
    assert in_parts(question, 5) == at_once(question)


def test_what_happens_after_the_moment_asked_for_is_in_no_part(shop: Mongo) -> None:
    happen(shop, view("home"), view("search", minutes=1), view("home", "bob"))
    roll_up()
    question = asked(steps=["home", "search", "payment|home"])
    whole, moment, asked_for = at_once(question), Moment.now(), question.model_dump_json(by_alias=True)
    parts = [funnel.ADDED_UP.part("demo", asked_for, moment, Part(0, 2))]
    happen(shop, view("search", "bob", 2), view("home", "cid"), view("home", "dan"))
    shop["users"].update_one({"_id": "demo:bob"}, {"$set": {"link": {"person_id": "ann"}, "linked_at": NOON}})
    roll_up()
    assert at_once(question) != whole
    parts.append(funnel.ADDED_UP.part("demo", asked_for, moment, Part(1, 2)))
    assert funnel.ADDED_UP.folded(asked_for, parts).model_dump_json(by_alias=True) == whole


def test_parts_of_different_settings_are_refused(shop: Mongo) -> None:
    happen(shop, view("home"))
    question = asked(steps=["home", "search", "payment|home"]).model_dump_json(by_alias=True)
    moment = Moment.now()
    first = funnel.ADDED_UP.part("demo", question, moment, Part(0, 2))
    know(shop, a_shop("home", "cart", currency="USD"))
    with pytest.raises(Conflict, match="settings changed"):
        funnel.ADDED_UP.folded(question, [first, funnel.ADDED_UP.part("demo", question, moment, Part(1, 2))])


def test_a_hundred_values_and_the_others_are_the_same_in_parts(shop: Mongo) -> None:
    names = [f"v{number:03}" for number in range(130)]
    shop["users"].insert_many([person(number, name) for number, name in enumerate(names, 100)])
    views = [view("home", name, number % 7, path=f"/{number % 121}") for number, name in enumerate(names)]
    searches = [view("search", name, 9 + number / 60) for number, name in enumerate(names) if number % 3]
    happen(shop, *views, *searches)
    roll_up()
    question = asked(steps=["home", "search", "payment|home"], breakdown=["page"])
    assert len(funnel.answer("demo", question).breakdowns) == 101
    assert in_parts(question, 4) == at_once(question)
