"""/api/analytics/pages through its Lambda handler, from the lake, from events and from both together."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import pytest
from footfall.questions import ranked_list
from footfall.schemas.event import INTERACTION_TYPES
from footfall.sessions.fold import session_id_of, sessions_of
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from functions.api.metrics.handler import handler
from tests.support.asking import ask, refusal
from tests.support.builders import NOON
from tests.support.caches import forget_answers
from tests.support.visits import Mongo, an_order, happen, person, roll_up, view

PAGES = "/api/analytics/pages"
RANGE = {"from": "2026-03-01", "to": "2026-03-02"}
START, END = datetime.fromisoformat("2026-03-01T00:00Z"), datetime.fromisoformat("2026-03-03T00:00Z")
COUNTS = ("views", "people", "sessions", "entrances", "exits", "bounces", "conversions", "buyers")
PATHS = ["/", "/lamps", None]


class Order(NamedTuple):
    """An order that came of the session of an event, so many minutes after it."""

    event: int
    minutes: int


def table(**query: Any) -> dict[str, tuple[Any, ...]]:
    return {row["page"]: tuple(row[name] for name in COUNTS) for row in ask(handler, PAGES, RANGE | query)["data"]}


def page_of(event: Any) -> str:
    return str(event.get("path") or event.get("page_type") or "other")


def reckoned(events: Sequence[Any], orders: dict[str, datetime], device: str | None) -> dict[str, tuple[Any, ...]]:
    """The table by hand; `orders` say when the last order was placed that came of a session, by its id."""
    found: defaultdict[str, list[Any]] = defaultdict(lambda: [0, set(), set(), 0, 0, 0, set(), set()])
    for session in sessions_of(events):
        first = session[0]
        key = session_id_of((first["visitor_id"], first.get("session_id")), first["timestamp"])
        who = "ann" if first["visitor_id"] == "cookie" else first["visitor_id"]
        within = [event for event in session if START <= event["timestamp"] < END]
        views = [event for event in within if event["type"] == "pageview"]
        busy = any(event["type"] in INTERACTION_TYPES for event in within)
        for place, event in enumerate(views):
            if device not in (None, event["device"]):
                continue
            row, entered = found[page_of(event)], place == 0 and first["timestamp"] >= START
            row[0] += 1
            row[1].add(who)
            row[2].add(key)
            row[3] += entered
            row[4] += place == len(views) - 1
            row[5] += entered and len(views) == 1 and not busy and key not in orders
            if key in orders and orders[key] >= event["timestamp"]:
                row[6].add(key)
                row[7].add(who)
    return {page: tuple(len(one) if isinstance(one, set) else one for one in row) for page, row in found.items()}


def stored(number: int, told: tuple[str, int, str | None, str, str]) -> dict[str, Any]:
    who, minutes, path, kind, device = told
    event = view("search", who, device=device, path=path, eventId=f"{number:03}", eventType=kind)
    return {**event, "timestamp": NOON + timedelta(minutes=minutes), "sequence": number}


def store(shop: Mongo, sessions: Sequence[Sequence[Any]]) -> None:
    if sessions:
        happen(shop, *(event for session in sessions for event in session))


TOLD = st.tuples(
    st.sampled_from(["ann", "bob", "cookie"]),
    st.sampled_from([-740, -725, -719, -700, 0, 0, 1, 20, 45, 700, 725, 2150, 2165]),
    st.sampled_from(PATHS),
    st.sampled_from(["pageview", "pageview", "pageview", "click"]),
    st.sampled_from(["Mobile", "Mobile", "Desktop"]),
)


@settings(max_examples=25, phases=[Phase.generate], suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(TOLD, min_size=1, max_size=12),
    st.lists(st.builds(Order, st.integers(0, 11), st.sampled_from([-1, 0, 5, 3000])), max_size=2),
    st.integers(0, 5),
    st.sampled_from([None, "Desktop"]),
)
def test_the_table_is_what_is_reckoned_wherever_events_are(
    shop: Mongo, told: list[Any], bought: list[Order], rolled_up: int, device: str | None
) -> None:
    for name in ("events", "user_sessions", "daily_metrics", "lake_periods", "rollups", "orders", "stale_days"):
        shop[name].delete_many({})
    forget_answers()
    link = {"at": NOON, "event_id": "e", "person_id": "ann"}
    shop["users"].replace_one({"_id": "demo:cookie"}, person(9, "cookie", link=link, linked_at=NOON), upsert=True)
    events = [stored(number, each) for number, each in enumerate(told)]
    # sessions are stored whole, as by etl/events
    sessions: list[Any] = sessions_of(events)
    store(shop, sessions[:rolled_up])
    roll_up()
    store(shop, sessions[rolled_up:])
    orders = _buy(shop, events, bought)
    query = {"device": device} if device else {}
    assert table(**query) == reckoned(events, orders, device)
    shop["rollups"].delete_many({})
    roll_up()
    assert table(**query) == reckoned(events, orders, device)


def _buy(shop: Mongo, events: list[Any], bought: list[Order]) -> dict[str, datetime]:
    last: dict[str, datetime] = {}
    for number, order in enumerate(bought):
        event = events[order.event % len(events)]
        at = event["timestamp"] + timedelta(minutes=order.minutes)
        whose = {"visitor_id": event["visitor_id"], "started_at": {"$lte": event["timestamp"]}}
        session = shop["user_sessions"].find_one({**whose, "ended_at": {"$gte": event["timestamp"]}})
        if session is None or at < START:
            continue
        name = f"o{number}"
        entry = {"order_id": name, "told_id": name, "placed_at": at, "total": 100, "currency": "EUR"}
        shop["orders"].insert_one(an_order(name, event["visitor_id"], 100, placed_at=at))
        shop["user_sessions"].update_one({"_id": session["_id"]}, {"$push": {"orders": entry}})
        key = session["session_id"]
        last[key] = max(last.get(key, at), at)
    return last


def test_time_on_a_page_ends_with_the_next_page_view(shop: Mongo) -> None:
    happen(
        shop, view("", path="/"), view("", path="/", eventType="click", minutes=1), view("", path="/lamps", minutes=3)
    )
    happen(shop, view("", "bob", path="/"), view("", "bob", path="/lamps", minutes=1))
    rows = {row["page"]: row for row in ask(handler, PAGES, RANGE)["data"]}
    assert (rows["/"]["avg_seconds"], rows["/"]["measured"]) == (120.0, 2)
    assert (rows["/lamps"]["avg_seconds"], rows["/lamps"]["measured"], rows["/lamps"]["exit_rate"]) == (None, 0, 100)


def test_the_list_is_sorted_and_goes_on_behind_its_last_page(shop: Mongo) -> None:
    happen(shop, *(view("", "ann", number, path=f"/{number % 7}") for number in range(10)))
    pages, after = [], None
    while True:
        answer = ask(handler, PAGES, {**RANGE, "page_size": 2, **({"after": after} if after else {})})
        pages += [row["page"] for row in answer["data"]]
        after = answer["next"]
        if after is None:
            break
    assert pages == ["/0", "/1", "/2", "/3", "/4", "/5", "/6"]
    assert answer["total"] == 7
    assert [row["page"] for row in ask(handler, PAGES, {**RANGE, "page_size": 3, "page": 2})["data"]] == pages[3:6]
    assert next(iter(table(sort_by="exits"))) == "/2"
    assert refusal(handler, PAGES, {**RANGE, "after": "nonsense"}) == (422, ["after"])


def test_the_list_is_narrowed_by_the_path_of_a_page_where_page_is_a_pages_number(shop: Mongo) -> None:
    happen(shop, *(view("home", f"v{number}", number, path=f"/{number % 3}") for number in range(6)))
    for _ in ("from events", "from the lake"):
        assert table(path="/1").keys() == {"/1"}
        assert table(path="!/1", page=1).keys() == {"/0", "/2"}
        assert table(path="/nothing") == {}
        roll_up()
    assert refusal(handler, PAGES, {**RANGE, "page": "/1"}) == (422, ["page"])


def test_beyond_the_most_viewed_pages_all_others_are_one(shop: Mongo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("footfall.questions.pages.MOST_LISTED", 1)
    happen(shop, *(view("", "ann", number, path=f"/{number // 2}") for number in range(3)), view("", "bob", path="/x"))
    assert {page: row[:2] for page, row in table().items()} == {"/0": (2, 1), "other": (2, 2)}
    assert ranked_list.OTHER == "other"


def test_filters_choose_views_and_leave_what_came_before_and_after(shop: Mongo) -> None:
    happen(shop, view("home", path="/"), view("cart", path="/cart", minutes=1), view("home", path="/", minutes=2))
    assert table(page_type="cart") == {"/cart": (1, 1, 1, 0, 0, 0, 0, 0)}


def test_a_site_without_events_has_an_empty_table_with_its_range(shop: Mongo) -> None:
    answer = ask(handler, PAGES, RANGE)
    assert (answer["data"], answer["total"], answer["next"]) == ([], 0, None)
    assert answer["range"]["to"] == "2026-03-02"


def test_nothing_of_bots_and_other_sites_is_counted(shop: Mongo) -> None:
    happen(shop, {**view("home"), "bot": True})
    happen(shop, {**view("home"), "site_id": "other"})
    assert table() == {}


@pytest.mark.parametrize(
    ("query", "field"), [({"sort_by": "name"}, "sort_by"), ({"no_such": "1"}, "no_such"), ({"device": "tv"}, "device")]
)
def test_what_cannot_be_answered_is_refused_by_name(shop: Mongo, query: dict[str, str], field: str) -> None:
    assert refusal(handler, PAGES, query) == (422, [field])
