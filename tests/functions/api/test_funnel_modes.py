"""Every mode of a funnel, the people behind its numbers and their times, from the lake, from events and from both."""

import math
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymongo.database import Database

from functions.api.funnel.handler import handler
from tests.layers.core.funnel_oracle import Chain, Rules, Seen, furthest, percentile, users
from tests.support.asking import ask, reached, refusal
from tests.support.builders import NOON
from tests.support.caches import forget_answers
from tests.support.visits import TODAY, a_shop, an_order, happen, know, mark, person, roll_up, view

Mongo = Database[dict[str, Any]]
FUNNEL, PEOPLE, TIMES = "/api/funnel", "/api/funnel/people", "/api/funnel/time-to-convert"
PAGES, NAMES = ["home", "search", "payment"], ["ann", "bob", "cid"]
RANGE = {"from": "2026-02-27", "to": "2026-03-02"}
WINDOWS = {None: None, "1s": timedelta(seconds=1), "45m": timedelta(minutes=45), "1d": timedelta(days=1)}
Query = dict[str, Any]


def funnel(**query: Any) -> dict[str, Any]:
    return ask(handler, FUNNEL, RANGE | query)


def people(**query: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ask(handler, PEOPLE, RANGE | query)["people"]
    return found


def test_a_strict_step_is_the_next_thing_that_somebody_does(shop: Mongo) -> None:
    happen(shop, view("home"), view("search", minutes=1))
    happen(shop, view("home", "bob"), view("about", "bob", 1), view("search", "bob", 2))
    happen(shop, view("home", "cid"), view("", "cid", 1, eventType="track", event="Lamp lit"), view("search", "cid", 2))
    happen(shop, view("home", "dan"), {**view("about", "dan", 1), "bot": True}, view("search", "dan", 2))
    assert reached(funnel(order="strict")) == [4, 2, 0]
    roll_up()
    assert reached(funnel(order="strict")) == [4, 2, 0]
    assert reached(funnel(order="ordered")) == [4, 4, 0]


@pytest.mark.parametrize("kind", ["page_exit", "click", "scroll", "hover", "form", "rage_click", "identify"])
def test_what_a_page_records_by_itself_is_not_in_between_unless_a_step_is_called_so(shop: Mongo, kind: str) -> None:
    happen(shop, view("home"), view("home", minutes=1, eventType=kind), view("search", minutes=2))
    for _ in range(2):
        assert reached(funnel(order="strict")) == [1, 1, 0]
        assert reached(funnel(order="strict", steps=f"home,{kind},search")) == [1, 1, 1]
        assert reached(funnel(order="strict", steps="home,search,payment", exclude=kind)) == [1, 0, 0]
        roll_up()


@pytest.mark.parametrize("filters", [{"device": "Desktop"}, {"country": "!de"}, {"source": "news"}, {"visitor": "new"}])
def test_what_filters_leave_out_is_still_in_between_strict_steps(shop: Mongo, filters: Query) -> None:
    one, other = ({"device": device, "country": country} for device, country in (("Desktop", "IT"), ("Mobile", "DE")))
    news = {"attribution": {"source": "news", "channel": "email"}}
    shop["users"].update_many({}, {"$set": {"date": NOON}})
    for name, between in (("ann", {"type": "click"}), ("bob", {"page_type": "cart"}), ("cid", {"page_type": "search"})):
        happen(
            shop,
            {**view("home", name, sessionId="1"), **one, **news},
            {**view("cart", name, 40, sessionId="2"), **other, **between},
            {**view("cart", name, 40, sessionId="2"), **other, "type": "scroll"},
            {**view("search", name, 50, sessionId="1"), **one, **news},
        )
    for _ in range(2):
        assert reached(funnel(order="strict", **filters)) == [3, 1, 0], "a click is overlooked, as without a filter"
        assert reached(funnel(**filters)) == [3, 3, 0]
        assert reached(funnel(order="strict", unit="session", **filters)) == [3, 3, 0]
        roll_up()


def test_a_window_counts_from_each_step_where_it_is_asked_to(shop: Mongo) -> None:
    happen(shop, *(view(page, minutes=minutes) for page, minutes in zip(PAGES, (0, 50, 100), strict=True)))
    happen(shop, view("home", "bob"), view("search", "bob", 1), view("search", "bob", 60), view("payment", "bob", 119))
    for _ in range(2):
        assert reached(funnel(window="60m", window_mode="step")) == [2, 2, 2], "bob's second search is near enough"
        assert reached(funnel(window="60m")) == [2, 2, 0]
        roll_up()


def test_an_attempt_ends_at_what_is_excluded_and_another_may_go_further(shop: Mongo) -> None:
    happen(shop, view("home"), view("cart", minutes=1), view("search", minutes=2))
    happen(shop, view("home", "bob"), view("cart", "bob", 1), view("home", "bob", 2), view("search", "bob", 3))
    happen(shop, view("cart", "cid"), view("home", "cid", 1), view("search", "cid", 2), view("cart", "cid", 3))
    for _ in range(2):
        assert reached(funnel(exclude="cart")) == [3, 2, 0]
        assert reached(funnel(exclude=["product|confirmation", "cart"])) == [3, 2, 0]
        assert reached(funnel(exclude="home")) == [3, 3, 0], "bob's second home begins an attempt"
        roll_up()


def test_a_funnel_has_up_to_32_steps(shop: Mongo) -> None:
    happen(shop, *(view("home", minutes=minute) for minute in range(40)))
    steps = ",".join(["home"] * 32)
    for order in ("ordered", "strict"):
        for unit in ("user", "session"):
            assert reached(funnel(steps=steps, order=order, unit=unit)) == [1] * 32
    assert refusal(handler, FUNNEL, {"steps": steps, "order": "any", **RANGE}) == (422, ["steps"])


def test_the_people_of_a_step_are_named_with_what_they_bought(shop: Mongo) -> None:
    link = {"at": NOON, "event_id": "e", "person_id": "ann"}
    shop["users"].insert_one(person(9, "cookie", link=link))
    happen(shop, view("home", "cookie"), view("search", "cookie", 1, userId="ann"), view("home", "bob", 2))
    shop["orders"].insert_one(an_order("o1", "ann", 1_250, refunded=250, refunded_at=NOON))
    at = {"entered_at": "2026-03-01T12:00:00Z", "revenue": 12.5, "net_revenue": 10.0}
    roll_up()
    for funnel_of_the_shop in (PAGES, ["home", "cart"]):  # from the rollups, and from the lake
        know(shop, a_shop(*funnel_of_the_shop))
        roll_up()
        asked = {"steps": ",".join(PAGES)}
        (found,) = people(**asked, step=2)
        assert found == {"user_id": "ann", "visitor_id": None, "at": "2026-03-01T12:01:00Z", "steps": 2, **at}
        (found,) = people(**asked, step=2, outcome="dropped")
        assert (found["user_id"], found["visitor_id"], found["at"]) == (None, "bob", "2026-03-01T12:02:00Z")
        latest = [one["visitor_id"] or one["user_id"] for one in people(**asked, step=1)]
        assert latest == ["bob", "ann"]
        assert people(**asked, step=1, outcome="dropped") == people(**asked) == []
        (found,) = people(**asked, step=2, unit="session")
        assert (found["user_id"], found["revenue"], found["steps"]) == ("ann", None, 2)


def test_lists_of_people_go_on_behind_their_last_one(shop: Mongo) -> None:
    names = [f"v{number:02}" for number in range(25)]
    shop["users"].insert_many([person(number, name) for number, name in enumerate(names, 100)])
    happen(shop, *(view("home", name, number % 5) for number, name in enumerate(names)))
    roll_up()
    for unit in ("user", "session"):
        asked = {**RANGE, "step": 1, "page_size": 10, "unit": unit}
        numbered = [ask(handler, PEOPLE, {**asked, "page": page}) for page in (1, 2, 3)]
        behind = [ask(handler, PEOPLE, asked)]
        while place := behind[-1]["next"]:
            behind.append(ask(handler, PEOPLE, {**asked, "after": place}))
        assert [answer["people"] for answer in behind] == [answer["people"] for answer in numbered]
        assert sorted(one["visitor_id"] for answer in behind for one in answer["people"]) == names
        assert {(answer["total"], answer["total_pages"]) for answer in behind} == {(25, 3)}
        other = {**asked, "step": 2, "after": behind[0]["next"]}
        assert refusal(handler, PEOPLE, other) == (422, ["after"])


def test_times_between_two_steps_are_counted_in_bins(shop: Mongo) -> None:
    for name, seconds in (("ann", 3), ("bob", 60), ("cid", 90)):
        happen(shop, view("home", name), view("search", name, seconds / 60), view("payment", name, 10 + seconds / 60))
    happen(shop, view("home", "dan"), view("search", "dan", 100))
    roll_up()
    answer = ask(handler, TIMES, RANGE | {"to_step": 2})
    assert [(one["from_seconds"], one["to_seconds"], one["users"]) for one in answer["bins"]] == [
        *((2, 5, 1), (5, 10, 0), (10, 15, 0), (15, 30, 0), (30, 60, 0), (60, 120, 2), (120, 300, 0)),
        *((300, 600, 0), (600, 900, 0), (900, 1_800, 0), (1_800, 3_600, 0), (3_600, 7_200, 1)),
    ]
    assert (answer["users"], answer["avg_seconds"], answer["median_seconds"]) == (4, 1538.25, 75.0)
    assert (answer["from_name"], answer["to_name"]) == ("home", "search")
    last = ask(handler, TIMES, RANGE | {"from_step": 2})
    assert (last["users"], last["to_step"], last["avg_seconds"], last["p90_seconds"]) == (3, 3, 600.0, 600.0)
    nobody = ask(handler, TIMES, {"from": TODAY, "to": TODAY, "exclude": "search"})
    assert (nobody["users"], nobody["avg_seconds"], nobody["bins"]) == (0, None, [])


@pytest.mark.parametrize(
    ("path", "query", "field"),
    [
        (PEOPLE, {"step": 0}, "step"),
        (PEOPLE, {"step": 4}, "step"),
        (PEOPLE, {"step": 33}, "step"),
        (PEOPLE, {"outcome": "left"}, "outcome"),
        (PEOPLE, {"after": "there"}, "after"),
        (PEOPLE, {"page": 501}, "page"),
        (PEOPLE, {"steps": "home"}, "steps"),
        (PEOPLE, {"steps": ",".join(["home"] * 33)}, "steps"),
        (PEOPLE, {"exclude": "nothing of the kind"}, "exclude"),
        (TIMES, {"from_step": 3}, "from_step"),
        (TIMES, {"from_step": 2, "to_step": 2}, "from_step"),
        (TIMES, {"to_step": 4}, "to_step"),
        (TIMES, {"to_step": 33}, "to_step"),
        (TIMES, {"steps": ",".join(["home"] * 33)}, "steps"),
    ],
)
def test_what_cannot_be_answered_is_refused_by_name(shop: Mongo, path: str, query: Query, field: str) -> None:
    assert refusal(handler, path, query) == (422, [field])


seen = st.builds(
    Seen,
    st.integers(1, 3),
    st.sampled_from(["Desktop", "Mobile"]),
    st.sampled_from([*PAGES, "cart"]),
    st.builds(
        lambda minutes: NOON + timedelta(minutes=minutes), st.sampled_from([-1500, -1440, 0, 0, 1, 29, 45, 700, 1500])
    ),
)
histories = st.lists(seen, min_size=1, max_size=10).map(lambda events: sorted(events, key=lambda event: event.at))
modes = st.fixed_dictionaries(
    {
        "steps": st.sampled_from([PAGES, ["home", "search|payment", "home"], ["cart|home", "search"]]),
        "order": st.sampled_from(["ordered", "strict", "any"]),
        "window": st.sampled_from(list(WINDOWS)),
        "window_mode": st.sampled_from(["first", "step"]),
        "exclude": st.sampled_from([None, "cart", "search", "cart|payment"]),
        "unit": st.sampled_from(["user", "session"]),
        "device": st.sampled_from([None, None, "Desktop"]),
    }
).map(lambda drawn: drawn if drawn["window"] and drawn["order"] != "any" else {**drawn, "window_mode": "first"})


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(histories, modes)
def test_every_mode_is_the_definition_from_events_from_the_lake_and_from_both(
    shop: Mongo, events: list[Seen], mode: dict[str, Any]
) -> None:
    for collection in ("events", "user_sessions", "funnel_analytics", "daily_metrics", "lake_periods", "rollups"):
        shop[collection].delete_many({})
    forget_answers()
    steps = mode["steps"] if mode["order"] != "any" else PAGES
    store(shop, events)
    each_step = mode["window_mode"] == "step"
    rules = Rules(mode["order"], WINDOWS[mode["window"]], each_step, mode["exclude"], mode["device"])
    chains = furthest(by_session(events) if mode["unit"] == "session" else events, steps, rules=rules)
    query = {name: value for name, value in mode.items() if value} | {"steps": ",".join(steps)}
    know(shop, a_shop("home", "cart"))
    assert_right(query, events, chains, len(steps))
    roll_up()
    assert_right(query, events, chains, len(steps))
    mark(shop, "2026-03-01")
    assert_right(query, events, chains, len(steps))
    know(shop, a_shop(*PAGES))
    roll_up()
    assert_right(query, events, chains, len(steps))


def store(shop: Mongo, events: Sequence[Seen]) -> None:
    happen(
        shop,
        *(
            {
                **view(event.page, NAMES[event.person - 1], device=event.device, eventId=f"{99 - number}"),
                "timestamp": event.at,
                "sequence": number,
            }
            for number, event in enumerate(events)
        ),
    )


def by_session(events: Sequence[Seen]) -> list[Seen]:
    """The same events, each by a number of its session: whoever was away for more than half an hour began another."""
    last: dict[int, Seen] = {}
    found: list[Seen] = []
    for place, event in enumerate(events):
        before = last.get(event.person)
        stayed = before is not None and event.at - before.at <= timedelta(minutes=30)
        number = found[events.index(before)].person if before and stayed else place
        last[event.person] = event
        found.append(event._replace(person=number))
    return found


def assert_right(query: Query, events: Sequence[Seen], chains: dict[int, Chain], steps: int) -> None:
    assert reached(funnel(**query)) == users(chains, steps)
    for step in range(1, steps + 1):
        outcomes = {
            "reached": {owner: chain[:step] for owner, chain in chains.items() if len(chain) >= step},
            "dropped": {owner: chain for owner, chain in chains.items() if len(chain) == step - 1},
        }
        for outcome, expected in outcomes.items():
            listed = people(**query, step=step, outcome=outcome)
            found = [(one["user_id"] or one["visitor_id"], one["entered_at"], one["at"]) for one in listed]
            assert sorted(found) == sorted(told(events, chain) for chain in expected.values())
    assert_times(query, [taken(events, chain) for chain in chains.values() if len(chain) == steps])


def told(events: Sequence[Seen], chain: Chain) -> tuple[str, str, str]:
    """Who went how far, when they began and when they came so far; in any order a step is reached when all are."""
    entered, came = (events[place].at.isoformat().replace("+00:00", "Z") for place in (chain[0], max(chain)))
    return NAMES[events[chain[0]].person - 1], entered, came


def taken(events: Sequence[Seen], chain: Chain) -> float:
    return (events[max(chain)].at - events[chain[0]].at).total_seconds()


def assert_times(query: Query, seconds: list[float]) -> None:
    answer = ask(handler, TIMES, RANGE | query)
    ascending = sorted(seconds)
    assert (answer["users"], sum(one["users"] for one in answer["bins"])) == (len(seconds), len(seconds))
    for one in answer["bins"]:
        within = [each for each in seconds if one["from_seconds"] <= each < (one["to_seconds"] or math.inf)]
        assert one["users"] == len(within)
    if seconds:
        assert answer["avg_seconds"] == pytest.approx(sum(seconds) / len(seconds), abs=1e-3)
        assert answer["median_seconds"] == pytest.approx(percentile(ascending, 0.5), abs=1e-3)
        assert answer["p90_seconds"] == pytest.approx(percentile(ascending, 0.9), abs=1e-3)
