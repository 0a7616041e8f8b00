"""Filters and breakdowns of a funnel by every kind of dimension: from the lake, from events, and from both together."""

from collections import defaultdict
from datetime import timedelta
from typing import Any

import pytest
from footfall.questions import funnel_groups
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from functions.api.funnel.handler import handler
from functions.jobs.rollup import lake
from tests.layers.core.funnel_oracle import Chain, Seen, furthest, users
from tests.support.asking import ask, refusal
from tests.support.builders import NOON
from tests.support.caches import forget_answers
from tests.support.visits import Mongo, a_shop, happen, know, person, roll_up, view

FUNNEL = "/api/funnel"
PAGES = ["home", "search", "payment"]
ANEW = ",".join(f"{page}|{page}" for page in PAGES)
RANGE = {"from": "2026-02-26", "to": "2026-03-03", "steps": ANEW}
NAMES = ["ann", "bob", "cid"]


def asked(**query: Any) -> dict[str, Any]:
    return ask(handler, FUNNEL, {**RANGE, **query})


def counts(answer: dict[str, Any]) -> list[int]:
    return [step["users"] for step in answer["steps"]]


def by_value(answer: dict[str, Any]) -> dict[Any, list[int]]:
    return {
        tuple(part["value"]) if isinstance(part["value"], list) else part["value"]: [
            step["users"] for step in part["steps"]
        ]
        for part in answer["breakdowns"]
    }


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
FILTERS = [
    ({}, lambda device, country: True),
    ({"country": "it"}, lambda device, country: country == "IT"),
    ({"country": ["IT", "de"]}, lambda device, country: country is not None),
    ({"country": "!IT"}, lambda device, country: country != "IT"),
    ({"country": "unknown"}, lambda device, country: country is None),
    ({"device": ["mobile", "Desktop"], "country": "!unknown"}, lambda device, country: country is not None),
    ({"device": "!mobile"}, lambda device, country: device != "Mobile"),
]


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(seen, min_size=1, max_size=10).map(lambda events: sorted(events, key=lambda each: each[0].at)),
    st.sampled_from(FILTERS),
    st.sampled_from(["first", "last", "2"]),
    st.integers(0, 10),
)
def test_filters_and_breakdowns_are_what_the_definition_says_wherever_events_are(
    shop: Mongo, events: list[tuple[Seen, str | None]], chosen: Any, at: str, rolled_up: int
) -> None:
    for name in ("events", "user_sessions", "funnel_analytics", "daily_metrics", "lake_periods", "rollups"):
        shop[name].delete_many({})
    forget_answers()
    stored = [
        {
            **view(event.page, NAMES[event.person - 1], device=event.device, eventId=f"{99 - place}"),
            **({"country": country} if country else {}),
            "timestamp": event.at,
            "sequence": place,
        }
        for place, (event, country) in enumerate(events)
    ]
    parameters, passes = chosen
    left = [(event, country) for event, country in events if passes(event.device, country)]
    chains = furthest([event for event, _ in left], PAGES, None)
    query = {**parameters, "breakdown": "country,device", "at": at}
    happen_in_parts(shop, stored[:rolled_up], stored[rolled_up:])
    for answer in (asked(**query), _after_a_rollup(query)):
        assert counts(answer) == users(chains, len(PAGES))
        assert by_value(answer) == _groups(left, chains, at)
        assert _people_by_value(query, answer) == by_value(answer), "the people behind each number"


def _people_by_value(query: dict[str, Any], answer: dict[str, Any]) -> dict[Any, list[int]]:
    def people(value: list[str], step: int) -> int:
        asked_of = {**RANGE, **query, "value": value, "step": step, "page_size": 1}
        total: int = ask(handler, f"{FUNNEL}/people", asked_of)["total"]
        return total

    return {
        tuple(part["value"]): [people(part["value"], step) for step in range(1, len(PAGES) + 1)]
        for part in answer["breakdowns"]
    }


def test_people_behind_one_value_are_those_of_the_step_that_tells_it(shop: Mongo) -> None:
    happen(shop, view("home", "ann"), view("search", "ann", 1, device="Desktop"), view("home", "bob"))
    query = {**RANGE, "breakdown": "device", "at": "2"}
    for step, outcome, value, who in [
        (2, "reached", "Desktop", ["ann"]),
        (2, "reached", "Mobile", []),
        (2, "dropped", "not reached", ["bob"]),
        (1, "reached", "desktop", []),
    ]:
        found = ask(handler, f"{FUNNEL}/people", {**query, "step": step, "outcome": outcome, "value": value})
        assert [one["visitor_id"] for one in found["people"]] == who, "values are as /api/funnel gives them"
    for wrong in ({"breakdown": "device"}, {"value": "x"}, {"breakdown": "device,country", "value": "x"}):
        assert refusal(handler, f"{FUNNEL}/people", {**RANGE, **wrong}) == (422, ["value"])


def happen_in_parts(shop: Mongo, before: list[dict[str, Any]], since: list[dict[str, Any]]) -> None:
    """Some events are in the lake, and others came since."""
    if before:
        happen(shop, *before)
        roll_up()
    if since:
        happen(shop, *since)


def _after_a_rollup(query: dict[str, Any]) -> dict[str, Any]:
    roll_up()
    return asked(**query)


def _groups(
    events: list[tuple[Seen, str | None]], chains: dict[int, Chain], at: str
) -> dict[tuple[str, str], list[int]]:
    groups: defaultdict[tuple[str, str], dict[int, Chain]] = defaultdict(dict)
    for who, chain in chains.items():
        place = {"first": 0, "last": len(chain) - 1, "2": 1}[at]
        if place < len(chain):
            event, country = events[chain[place]]
            value = (country or "unknown", event.device)
        else:
            value = ("not reached", "not reached")
        groups[value][who] = chain
    return {value: users(chains, len(PAGES)) for value, chains in groups.items()}


@pytest.mark.parametrize("rolled_up", [False, True], ids=["from events", "from the lake"])
def test_what_is_of_a_session_of_lines_and_of_a_sites_own_filters_and_breaks_down_too(
    shop: Mongo, rolled_up: bool
) -> None:
    know(shop, a_shop(*PAGES, dimensions=[{"name": "colour", "property": "tint"}]))
    lines = {"products": [{"product_id": "lamp", "category": "Light"}, {"product_id": "cup", "category": "Table"}]}
    product = {"eventType": "track", "event": "Product Viewed", "pageType": None}
    happen(
        shop,
        view("home", "ann", url="https://shop.example/?utm_source=news", properties={"tint": True}),
        view("", "ann", 1, **product, properties=lines),
        view("home", "bob", url="https://shop.example/sale", properties={"tint": "red"}),
        view("", "bob", 1, **product, properties={"products": [{"product_id": "cup"}]}),
    )
    if rolled_up:
        roll_up()
    steps = {"steps": "home|home,product_viewed"}
    assert by_value(asked(**steps, breakdown="source")) == {"news": [1, 1], "direct": [1, 1]}
    assert by_value(asked(**steps, breakdown="landing_page")) == {"/": [1, 1], "/sale": [1, 1]}
    assert by_value(asked(**steps, breakdown="colour")) == {"true": [1, 1], "red": [1, 1]}
    assert by_value(asked(**steps, breakdown="product", at="last")) == {"lamp": [1, 1], "cup": [1, 1]}
    assert counts(asked(**steps, source="NEWS")) == [1, 1]
    assert counts(asked(steps="product_viewed,product_viewed|product_viewed", product="cup")) == [2, 0]
    assert counts(asked(steps="product_viewed,product_viewed|product_viewed", category="Light")) == [1, 0]
    assert counts(asked(**steps, colour="!red")) == [1, 1], "what has no colour is not red"


@pytest.mark.parametrize("rolled_up", [False, True], ids=["from events", "from the lake"])
def test_what_is_of_people_filters_and_breaks_down_as_it_is_now(shop: Mongo, rolled_up: bool) -> None:
    seen = {"ann": NOON, "bob": NOON - timedelta(days=9), "cid": NOON}
    for who, moment in seen.items():
        shop["users"].update_one({"person_id": who}, {"$set": {"date": moment, "sex": "f" if who != "cid" else None}})
    shop["customers"].insert_one(
        {"_id": "demo:ann", "site_id": "demo", "customer_id": "ann", "rfm_segment": "Champions"}
    )
    happen(
        shop, *(view("home", who) for who in seen), view("search", "bob", 1), view("", "ann", 2, eventType="identify")
    )
    if rolled_up:
        roll_up()
    assert by_value(asked(breakdown="sex")) == {"female": [2, 1, 0], "unknown": [1, 0, 0]}
    assert by_value(asked(breakdown="visitor")) == {"new": [2, 0, 0], "returning": [1, 1, 0]}
    assert by_value(asked(breakdown="segment,visitor", unit="session")) == {
        ("Champions", "new"): [1, 0, 0],
        ("unknown", "returning"): [1, 1, 0],
        ("unknown", "new"): [1, 0, 0],
    }
    assert counts(asked(visitor="returning", sex="FEMALE")) == [1, 1, 0]
    assert counts(asked(segment="!champions")) == [2, 1, 0]
    shop["users"].update_one({"person_id": "cid"}, {"$set": {"sex": "male"}})
    assert counts(asked(sex="male")) == [1, 0, 0], "no event says so"


def test_beyond_the_largest_values_all_others_are_one(shop: Mongo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(funnel_groups, "MOST_VALUES", 1)
    shop["users"].insert_many([person(number, f"p{number}") for number in range(10, 16)])
    happen(
        shop, *(view("home", f"p{number}", country="IT" if number < 13 else f"D{number}") for number in range(10, 16))
    )
    roll_up()
    assert by_value(asked(breakdown="country")) == {"IT": [3, 0, 0], "other": [3, 0, 0]}


def test_rare_and_common_kinds_are_read_alike(shop: Mongo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lake, "FEWEST_ROWS", 2)
    happen(shop, view("home", country="IT"), view("home", "bob", 1, country="DE"), view("search", "bob", 2))
    roll_up()
    assert by_value(asked(breakdown="country")) == {"IT": [1, 0, 0], "DE": [1, 1, 0]}
