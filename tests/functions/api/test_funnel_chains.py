"""A site's own funnel from linked entries of the lake, against the definition and against what is read anew."""

from datetime import date, timedelta
from typing import Any

import pytest
from footfall.clock import now
from footfall.lake import loader
from footfall.questions import funnel_attempts, funnel_chains
from footfall.stores import lake
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from functions.api.funnel.handler import handler
from functions.jobs.rollup import lake as lake_of_days
from tests.layers.core.funnel_oracle import Chain, Seen, furthest, users
from tests.support.asking import ask
from tests.support.builders import NOON
from tests.support.caches import forget_answers
from tests.support.visits import TODAY, Mongo, a_shop, happen, know, roll_up, view

FUNNEL = "/api/funnel"
PAGES = ["home", "search", "payment"]
NAMES = ["ann", "bob", "cid"]
DAYS = {"from": "2026-02-26", "to": "2026-03-03"}
WINDOWS = {None: None, "1m": timedelta(minutes=1), "12h": timedelta(hours=12), "2d": timedelta(days=2)}


@pytest.fixture
def own(shop: Mongo, monkeypatch: pytest.MonkeyPatch) -> Mongo:
    """A shop whose own funnel is asked for; events of any number have files of their own."""
    know(shop, a_shop(*PAGES))
    monkeypatch.setattr(lake_of_days, "FEWEST_ROWS", 2)
    return shop


def asked(path: str = FUNNEL, **query: Any) -> dict[str, Any]:
    return ask(handler, path, {**DAYS, "funnel": "default", **query})


def by_value(answer: dict[str, Any]) -> dict[str, list[int]]:
    return {part["value"]: [step["users"] for step in part["steps"]] for part in answer["breakdowns"]}


seen = st.tuples(
    st.builds(
        Seen,
        st.integers(1, 3),
        st.sampled_from(["Desktop", "Mobile"]),
        st.sampled_from(PAGES),
        st.sampled_from([-2900, -1440, 0, 0, 1, 30, 700, 1500]).map(lambda minutes: NOON + timedelta(minutes=minutes)),
    ),
    st.sampled_from(["IT", "DE", None]),
)
histories = st.lists(seen, min_size=1, max_size=12).map(lambda events: sorted(events, key=lambda each: each[0].at))


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(histories, st.sampled_from(list(WINDOWS)), st.sampled_from(["first", "last", "2"]))
def test_any_days_and_windows_by_any_dimension_are_what_the_definition_says(
    own: Mongo, events: list[tuple[Seen, str | None]], window: str | None, at: str
) -> None:
    for name in ("events", "user_sessions", "funnel_analytics", "daily_metrics", "lake_periods", "rollups"):
        own[name].delete_many({})
    forget_answers()
    happen(own, *(_stored(place, *each) for place, each in enumerate(events)))
    roll_up()
    within = {} if window is None else {"window": window}
    for days in (DAYS, {"from": "2026-02-27", "to": TODAY}, {"from": TODAY, "to": TODAY}):
        first, last = (date.fromisoformat(days[end]) for end in ("from", "to"))
        during = [each for each in events if first <= each[0].at.date() <= last]
        chains = furthest([event for event, _ in during], PAGES, WINDOWS[window])
        for breakdown in ("country", "device"):  # what the rollups have, too, is of the chains that are there now
            answer = asked(**days, **within, breakdown=breakdown, at=at)
            assert [step["users"] for step in answer["steps"]] == users(chains, len(PAGES))
            assert by_value(answer) == _groups(during, chains, at, breakdown)
    assert len(funnel_chains._kept) >= 1


def _stored(place: int, event: Seen, country: str | None) -> dict[str, Any]:
    told = {"country": country} if country else {}
    visited = view(event.page, NAMES[event.person - 1], device=event.device, eventId=f"{99 - place}")
    return {**visited, **told, "timestamp": event.at, "sequence": place}


def _groups(
    events: list[tuple[Seen, str | None]], chains: dict[int, Chain], at: str, breakdown: str
) -> dict[str, list[int]]:
    groups: dict[str, dict[int, Chain]] = {}
    for who, chain in chains.items():
        place = {"first": 0, "last": len(chain) - 1, "2": 1}[at]
        value = "not reached"
        if place < len(chain):
            event, country = events[chain[place]]
            value = event.device if breakdown == "device" else country or "unknown"
        groups.setdefault(value, {})[who] = chain
    return {value: users(found, len(PAGES)) for value, found in groups.items()}


def visits(shop: Mongo) -> None:
    """Ann goes all the way over two days, Bob only begins."""
    happen(shop, view("home", "ann", -1440), view("search", "ann"), view("payment", "ann", 5), view("home", "bob", 9))


def test_times_and_people_are_those_that_are_read_anew(own: Mongo, monkeypatch: pytest.MonkeyPatch) -> None:
    visits(own)
    roll_up()
    paths: dict[str, dict[str, Any]] = {
        FUNNEL: {"breakdown": "country", "window": "2d"},
        f"{FUNNEL}/time-to-convert": {},
        f"{FUNNEL}/people": {"step": 2},
    }
    asked(breakdown="country")
    found = [asked(path, **given) for path, given in paths.items()]
    monkeypatch.setattr(funnel_attempts, "chained", lambda *_: None)
    forget_answers()
    assert found == [asked(path, **given) for path, given in paths.items()]
    assert found[0]["steps"][1]["avg_seconds"] == 86_400
    assert [one["visitor_id"] for one in found[2]["people"]] == ["ann"]


def test_what_is_kept_is_read_anew_once_somebody_turns_out_to_be_somebody_else(own: Mongo) -> None:
    visits(own)
    roll_up()
    assert asked(breakdown="country")["steps"][0]["users"] == 2
    link = {"at": NOON, "event_id": "e", "person_id": "ann"}
    own["users"].update_one({"_id": "demo:bob"}, {"$set": {"link": link, "linked_at": now()}})
    forget_answers()
    assert asked(breakdown="country")["steps"][0]["users"] == 1


def test_a_day_that_changed_since_is_in_the_answer(own: Mongo) -> None:
    visits(own)
    roll_up()
    assert asked(breakdown="country")["steps"][0]["users"] == 2
    happen(own, view("home", "cid", 20))
    assert asked(breakdown="country")["steps"][0]["users"] == 3, "of a day that the lake holds"
    roll_up()
    assert asked(breakdown="country")["steps"][0]["users"] == 3
    happen(own, view("home", "cid", 1430), view("search", "cid", 1435))
    own["stale_days"].delete_many({})
    forget_answers()
    assert asked(breakdown="country")["steps"][1]["users"] == 2, "of a day that nobody marked yet"


def test_where_the_lake_has_lost_a_file_its_days_are_read_from_the_events(own: Mongo) -> None:
    visits(own)
    roll_up()
    told = asked(breakdown="country")
    for period in own["lake_periods"].find():
        for file in period["files"]:
            lake.remove(file["key"])
    loader.forget()
    forget_answers()
    assert by_value(asked(breakdown="country")) == by_value(told)
