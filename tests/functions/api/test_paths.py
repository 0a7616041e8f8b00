"""Which ways sessions take and which journeys are common: from the lake, from events and from both."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from footfall.rates import percentage
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymongo.database import Database

from functions.api.funnel.handler import handler
from tests.oracle.reckoning import journeys as oracle
from tests.oracle.reckoning.journeys import Visit
from tests.support.asking import ask, refusal
from tests.support.builders import NOON
from tests.support.caches import forget_answers
from tests.support.clickstream import load_clickstream, rows_of
from tests.support.visits import an_order, buy, happen, mark, person, roll_up, view

Mongo = Database[dict[str, Any]]
Json = dict[str, Any]
PATHS, JOURNEYS = "/api/paths", "/api/journeys"
RANGE = {"from": "2026-03-01", "to": "2026-03-02"}
START, END = (datetime(2026, 3, day, tzinfo=UTC) for day in (1, 3))
COLLECTIONS = ("events", "user_sessions", "funnel_analytics", "daily_metrics", "lake_periods", "rollups", "stale_days")
NUMBERS = {"ann": 1, "bob": 2, "cid": 3}


class Seen(NamedTuple):
    """Somebody viewed a page of some type, by its path where it has one, or did something else."""

    who: str
    what: str
    path: str | None
    at: datetime

    @property
    def is_view(self) -> bool:
        return self.what in PAGES

    def node(self, nodes: str) -> str | None:
        """What the step is called; None for what is none."""
        if nodes == "event":
            return None if self.what == "click" else self.what
        return (self.path or self.what if nodes == "page" else self.what) if self.is_view else None


PAGES = ["home", "search", "cart"]
WHATS = [*PAGES, "click", "product_added", "Lamp lit"]
seen = st.builds(
    Seen,
    st.sampled_from(list(NUMBERS)),
    st.sampled_from([*PAGES, *WHATS]),
    st.sampled_from([None, "/a", "/b"]),
    st.builds(
        lambda minutes: NOON + timedelta(minutes=minutes),
        st.sampled_from([-730, -715, 0, 0, 1, 29, 45, 715, 725, 1500]),
    ),
)
histories = st.lists(seen, min_size=1, max_size=16).map(lambda found: sorted(found, key=lambda each: each.at))


def document(each: Seen, number: int) -> Json:
    named: Json = {"eventType": each.what} if each.what in ("click", "product_added") else {}
    if each.what == "Lamp lit":
        named = {"eventType": "track", "event": each.what}
    page = view(each.what if each.is_view else "home", each.who, path=each.path, eventId=f"{99 - number}", **named)
    return {**page, "timestamp": each.at, "sequence": number}


def store(shop: Mongo, events: Sequence[Seen]) -> None:
    for collection in COLLECTIONS:
        shop[collection].delete_many({})
    forget_answers()
    happen(shop, *(document(each, number) for number, each in enumerate(events)))


def sessions(events: Sequence[Seen]) -> list[tuple[int, Seen]]:
    """Each event with its session, told by gaps of half an hour; where nothing was viewed there is none."""
    numbers: dict[str, int] = {}
    last: dict[str, datetime] = {}
    found = []
    for place, each in enumerate(events):
        if each.who not in last or each.at - last[each.who] > timedelta(minutes=30):
            numbers[each.who] = place
        last[each.who] = each.at
        found.append((numbers[each.who], each))
    viewed = {number for number, each in found if each.is_view}
    begun = {number for number in viewed if events[number].at >= START}
    return [(number, each) for number, each in found if number in begun]


def visits(events: Sequence[Seen], unit: str, nodes: str) -> list[Visit]:
    numbered = sessions(events) if unit == "session" else [(NUMBERS[each.who], each) for each in events]
    return [
        Visit(number, NUMBERS[each.who], node)
        for number, each in numbered
        if START <= each.at < END and (node := each.node(nodes))
    ]


def assert_paths(events: Sequence[Seen], query: Json) -> None:
    answer = ask(handler, PATHS, {**RANGE, **query})
    node, back = query.get("from_page") or query.get("to_page"), "to_page" in query
    parts = oracle.followed(oracle.journeys(visits(events, "session", query["nodes"])), node, back=back)
    nodes, links = oracle.flow(parts, query["depth"], query["top"])
    assert {
        (one["step"], one["name"]): (one["sessions"], one["users"], one["ended"], one["beyond"])
        for one in answer["nodes"]
    } == nodes
    ends = ("target", "source") if back else ("source", "target")
    assert {
        (one["step"] - 1, *(one[end] for end in ends)): (one["sessions"], one["users"]) for one in answer["links"]
    } == links
    assert (answer["sessions"], answer["users"]) == (len(parts), len({part.person for part in parts}))
    for one in answer["nodes"]:
        gone = sum(
            link["sessions"]
            for link in answer["links"]
            if (link["step"] - 1, link[ends[0]]) == (one["step"], one["name"])
        )
        assert one["sessions"] == gone + one["ended"] + one["beyond"]


def assert_journeys(events: Sequence[Seen], unit: str, query: Json) -> None:
    answer = ask(handler, JOURNEYS, {**RANGE, **query, "unit": unit})
    found = oracle.journeys(visits(events, unit, query["nodes"]))
    expected = oracle.patterns(found, [], query["length"])
    listed = sorted(expected.items(), key=lambda each: (-each[1][0], each[0]))
    assert [(one["pattern"], one["users"], one["percentage"]) for one in answer["journeys"]] == [
        ([*steps, *(["…"] if goes_on else [])], users, percentage(users, len(found)))
        for (steps, goes_on), (users, _) in listed[: query["top"]]
    ]
    assert (answer["users"], answer["patterns"]) == (len(found), len(expected))
    assert answer["other_users"] == sum(users for _, (users, _) in listed[query["top"] :])


NODES = st.sampled_from(["page", "page_type", "event"])
paths = st.fixed_dictionaries({"nodes": NODES, "depth": st.integers(1, 3), "top": st.integers(1, 3)}).flatmap(
    lambda drawn: st.sampled_from([{}, {"from_page": "home"}, {"to_page": "cart"}, {"to_page": "/a"}]).map(drawn.__or__)
)
journeys = st.fixed_dictionaries({"nodes": NODES, "length": st.integers(1, 3), "top": st.integers(1, 4)})


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(histories, st.lists(paths, min_size=3, max_size=3), journeys)
def test_paths_and_journeys_are_what_walking_them_one_by_one_gives(
    shop: Mongo, events: list[Seen], asked: list[Json], query: Json
) -> None:
    def check() -> None:
        for each in asked:
            assert_paths(events, each)
        for unit in ("user", "session"):
            assert_journeys(events, unit, query)

    store(shop, events)
    check()
    roll_up()
    check()
    mark(shop, "2026-03-01")
    check()


@pytest.mark.shared_data
def test_the_clickstream_s_paths_are_those_that_its_file_tells(shop: Mongo, shared_data: Path) -> None:
    file = shared_data / "clickstream" / "ecom.csv.gz"
    load_clickstream(shop, file)
    roll_up()
    named = {"product_view": "product_viewed", "purchase": "order_completed", "search": "product_searched"}
    named |= {"add_to_cart": "product_added", "wishlist_add": "wishlist_product_added"}
    told = sorted(rows_of(file), key=lambda row: row["timestamp"])
    visited = [
        Visit(int(row["session_id"][5:]), int(row["user_id"][5:]), named.get(row["event"], row["event"]))
        for row in told
    ]
    shown = {visit.who for visit in visited if visit.node == "product_viewed"}
    found = {who: one for who, one in oracle.journeys(visited).items() if who in shown}
    whole = {"from": "2024-01-01", "to": "2024-06-30", "nodes": "event"}
    for query in ({}, {"from_page": "product_view"}, {"to_page": "purchase"}):
        answer = ask(handler, PATHS, whole | query)
        node = named[next(iter(query.values()))] if query else None
        parts = oracle.followed(found, node, back="to_page" in query)
        nodes, links = oracle.flow(parts, 5, 10)
        assert len(answer["nodes"]) == len(nodes)
        assert sum(one["sessions"] for one in answer["links"]) == sum(sessions for sessions, _ in links.values())
        assert answer["sessions"] == len(parts) == (445 if "to_page" in query else 2_868)
    by_user = ask(handler, JOURNEYS, whole)
    assert (by_user["users"], sum(one["users"] for one in by_user["journeys"]) + by_user["other_users"]) == (600, 600)
    assert ask(handler, JOURNEYS, whole | {"unit": "session"})["users"] == 2_868
    cohorts = ask(
        handler,
        "/api/retention",
        {"from": "2024-01-01", "to": "2024-06-30", "period": "month", "first": "product_view"},
    )
    assert cohorts["users"] == 598


def test_a_merged_visitor_s_sessions_are_the_person_s(shop: Mongo) -> None:
    happen(shop, view("home"), view("search", minutes=1), view("home", "cookie", 60), view("search", "cookie", 61))
    shop["users"].insert_one(person(9, "cookie"))
    roll_up()
    (link,) = ask(handler, PATHS, RANGE)["links"]
    assert (link["sessions"], link["users"]) == (2, 2)
    told = {"at": NOON, "event_id": "e", "person_id": "ann"}
    shop["users"].update_one({"number": 9}, {"$set": {"link": told, "linked_at": datetime.now(UTC)}})
    for _ in range(2):
        (link,) = ask(handler, PATHS, RANGE)["links"]
        assert (link["sessions"], link["users"]) == (2, 1)
        (one,) = ask(handler, JOURNEYS, RANGE)["journeys"]
        assert (one["pattern"], one["users"]) == (["home", "search", "home", "search"], 1)
        mark(shop, "2026-03-01")


def test_journeys_say_how_many_of_those_who_took_them_bought(shop: Mongo) -> None:
    for name in ("ann", "bob", "cid"):
        happen(shop, view("home", name), view("cart", name, 1), view("cart", name, 2))
    happen(shop, view("home", "dan"))
    shop["user_sessions"].update_one(
        {"visitor_id": "bob"},
        {
            "$set": {
                "converted": True,
                "orders": [{"order_id": "o", "told_id": "o", "placed_at": NOON, "total": 5, "currency": "EUR"}],
            }
        },
    )
    buy(shop, an_order("o1", "ann", 1_250), an_order("o2", "bob", 500), an_order("o3", "dan", 0))
    for unit, bought in (("user", 2), ("session", 1)):
        common, rare = ask(handler, JOURNEYS, RANGE | {"unit": unit})["journeys"]
        assert (common["pattern"], common["users"], common["percentage"]) == (["home", "cart"], 3, 75.0)
        assert (common["converted"], common["conversion_rate"]) == (bought, percentage(bought, 3))
        assert (rare["pattern"], rare["converted"], rare["conversion_rate"]) == (["home"], 0, 0.0)


def test_bots_are_on_no_path_and_filters_narrow_them(shop: Mongo) -> None:
    happen(shop, view("home"), view("search", minutes=1))
    happen(shop, view("home", "bob", device="Desktop"), {**view("home", "cid"), "bot": True})
    for _ in range(2):
        assert ask(handler, PATHS, RANGE)["sessions"] == 2
        assert ask(handler, PATHS, RANGE | {"device": "Desktop"})["links"] == []
        assert ask(handler, JOURNEYS, RANGE | {"device": "!Mobile"})["users"] == 1
        roll_up()


@pytest.mark.parametrize(
    ("path", "query", "field"),
    [
        (PATHS, {"from_page": "home", "to_page": "cart"}, "to_page"),
        (PATHS, {"depth": 11}, "depth"),
        (PATHS, {"top": 31}, "top"),
        (PATHS, {"nodes": "product"}, "nodes"),
        (PATHS, {"from_page": ""}, "from_page"),
        (PATHS, {"contry": "IT"}, "contry"),
        (JOURNEYS, {"length": 0}, "length"),
        (JOURNEYS, {"top": 101}, "top"),
        (JOURNEYS, {"unit": "visitor"}, "unit"),
    ],
)
def test_what_cannot_be_answered_is_refused_by_name(shop: Mongo, path: str, query: Json, field: str) -> None:
    assert refusal(handler, path, query) == (422, [field])


def test_a_shop_without_events_and_a_page_that_nobody_saw_have_an_empty_answer(shop: Mongo) -> None:
    for query in ({}, {"from_page": "$home"}, {"to_page": "/nowhere"}):
        answer = ask(handler, PATHS, RANGE | query)
        assert (answer["sessions"], answer["nodes"], answer["links"]) == (0, [], [])
        assert (answer["range"]["from"], answer["range"]["to"]) == (RANGE["from"], RANGE["to"])
    answer = ask(handler, JOURNEYS, RANGE)
    assert (answer["users"], answer["patterns"], answer["journeys"]) == (0, 0, [])
