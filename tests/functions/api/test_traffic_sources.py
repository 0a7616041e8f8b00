"""/api/analytics/traffic-sources through its Lambda handler, from the lake, from events and from both together."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import pytest
from footfall.questions import traffic_sources
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from functions.api.metrics.handler import handler
from tests.layers.core.test_credit import MODELS
from tests.oracle.reckoning.credit import split, weights
from tests.support.asking import ask, refusal
from tests.support.builders import NOON
from tests.support.caches import forget_answers
from tests.support.visits import Mongo, an_order, buy, happen, mark, person, roll_up, view

SOURCES = "/api/analytics/traffic-sources"
RANGE = {"from": "2026-02-27", "to": "2026-03-03"}
NAMES = ["ann", "bob", "cookie"]
DAY = timedelta(days=1)


class Visit(NamedTuple):
    """One visit, of somebody, by what brought it."""

    who: str
    at: datetime
    source: str | None


class Order(NamedTuple):
    """One order."""

    who: str
    at: datetime
    total: int


def stored(visit: Visit, **but: Any) -> dict[str, Any]:
    """A visit of one page."""
    url = f"https://shop.example/?utm_source={visit.source}" if visit.source else "https://shop.example/"
    event = view("home", visit.who, url=url, **but)
    return {**event, "timestamp": visit.at}


def sources(**query: Any) -> dict[str, Any]:
    return ask(handler, SOURCES, RANGE | query)


def told(answer: dict[str, Any], *names: str) -> dict[str, Any]:
    return {row["value"]: tuple(row[name] for name in names) for row in answer["data"]}


def person_of(who: str) -> str:
    return "ann" if who == "cookie" else who


def reckoned(
    visits: Sequence[Visit], orders: Sequence[Order], model: Any, window: timedelta
) -> tuple[dict[str, tuple[float, int]], int]:
    """What each source has of orders and revenue, and how many orders nobody's visit has."""
    parts, revenue, without = Counter[str](), Counter[str](), 0
    for order in orders:
        theirs = [
            visit
            for visit in visits
            if person_of(visit.who) == person_of(order.who) and order.at - window <= visit.at <= order.at
        ]
        theirs.sort(key=lambda visit: visit.at)
        without += not theirs
        if theirs:
            times = [round(visit.at.timestamp() * 1000) for visit in theirs]
            weighed = weights(model, times, [visit.source is None for visit in theirs])
            for visit, part, share in zip(theirs, split(10_000, weighed), split(order.total, weighed), strict=True):
                parts[visit.source or "direct"] += part
                revenue[visit.source or "direct"] += share
    return {source: (parts[source] / 10_000, revenue[source]) for source in parts if parts[source]}, without


DAYS = st.sampled_from([-31, -30, -4, -2, -1, 0, 0, 1]).map(lambda days: NOON + days * DAY)
# visits of one person at one moment are one session: each is a little later than the one before
VISITS = st.lists(
    st.builds(Visit, st.sampled_from(NAMES), DAYS, st.sampled_from(["news", "ads", None])), max_size=9
).map(lambda visits: [visit._replace(at=visit.at + timedelta(hours=number)) for number, visit in enumerate(visits)])
ORDERS = st.lists(
    st.builds(Order, st.sampled_from(["ann", "bob", "dan"]), DAYS, st.integers(1, 2_000)), min_size=1, max_size=4
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(VISITS, ORDERS, st.sampled_from(MODELS), st.sampled_from([2, 30]), st.integers(0, 9))
def test_credit_is_what_is_reckoned_wherever_events_are(
    shop: Mongo, visits: list[Visit], orders: list[Order], model: str, days: int, rolled_up: int
) -> None:
    for name in ("events", "user_sessions", "daily_metrics", "lake_periods", "rollups", "orders", "stale_days"):
        shop[name].delete_many({})
    forget_answers()
    link = {"at": NOON, "event_id": "e", "person_id": "ann"}
    shop["users"].replace_one({"_id": "demo:cookie"}, person(9, "cookie", link=link, linked_at=NOON), upsert=True)
    shop["orders"].insert_many(
        [an_order(f"o{number}", order.who, order.total, placed_at=order.at) for number, order in enumerate(orders)]
    )
    if visits[:rolled_up]:
        happen(shop, *map(stored, visits[:rolled_up]))
    mark(shop, "2026-03-01")
    roll_up()
    if visits[rolled_up:]:
        happen(shop, *map(stored, visits[rolled_up:]))
    within = [order for order in orders if NOON.date() - 2 * DAY <= order.at.date()]
    expected, without = reckoned(visits, within, model, days * DAY)
    answer = sources(model=model, window=f"{days}d")
    found = {value: each for value, each in told(answer, "conversions", "revenue").items() if each[0]}
    assert found == {source: (parts, cents / 100) for source, (parts, cents) in expected.items()}
    assert (answer["orders"], answer["unattributed_orders"]) == (len(within), without)
    assert round(100 * answer["revenue"]) == sum(order.total for order in within)
    counted = [visit for visit in visits if NOON.date() - 2 * DAY <= visit.at.date()]
    assert sum(row["sessions"] for row in answer["data"]) == len(counted)
    given_away = sum(row["revenue"] for row in answer["data"]) + answer["unattributed_revenue"]
    assert round(100 * given_away) == sum(order.total for order in within)


def two_visits(shop: Mongo) -> None:
    """Ann comes by news, and a day later by herself on a desktop, where she buys; bob comes by ads."""
    happen(
        shop,
        stored(Visit("ann", NOON - DAY, "news")),
        stored(Visit("ann", NOON, None), device="Desktop"),
        stored(Visit("bob", NOON, "ads"), device="Mobile"),
    )
    buy(shop, an_order("o1", "ann", 1_001, placed_at=NOON + timedelta(minutes=5)))


def test_sessions_count_by_what_they_are_attributed_to_and_credit_by_what_brought_them(shop: Mongo) -> None:
    two_visits(shop)
    shop["user_sessions"].update_one(
        {"visitor_id": "ann", "started_at": NOON},
        {"$set": {"attribution": {"source": "news", "channel": "referral"}, "attributed_at": NOON - DAY}},
    )
    mark(shop, "2026-03-01")
    roll_up()
    answer = sources(model="linear")
    assert told(answer, "sessions", "people", "conversions", "revenue") == {
        "news": (2, 1, 0.5, 5.01),
        "ads": (1, 1, 0, 0),
        "direct": (0, 0, 0.5, 5.0),
    }
    assert told(sources(model="last"), "conversions", "conversion_rate")["direct"] == (1, 0)
    assert told(sources(), "conversions", "conversion_rate")["news"] == (1, 50.0)
    assert told(sources(breakdown="channel", model="first"), "revenue")["referral"] == (10.01,)


def test_a_filter_narrows_sessions_and_the_orders_that_came_of_them(shop: Mongo) -> None:
    two_visits(shop)
    came = {"order_id": "o1", "told_id": "o1", "placed_at": NOON, "total": 1_001, "currency": "EUR"}
    shop["user_sessions"].update_one({"visitor_id": "ann", "started_at": NOON}, {"$set": {"orders": [came]}})
    on_desktop = sources(device="Desktop")
    assert told(on_desktop, "sessions", "revenue") == {"direct": (1, 0), "news": (0, 10.01)}
    on_mobile = sources(device="Mobile")
    assert told(on_mobile, "sessions", "revenue") == {"news": (1, 0), "ads": (1, 0)}
    assert (on_desktop["orders"], on_mobile["orders"]) == (1, 0)


def test_beyond_the_largest_values_all_others_are_one(shop: Mongo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traffic_sources, "MOST_VALUES", 1)
    happen(
        shop,
        *(stored(Visit("ann", NOON + timedelta(hours=hour), "news")) for hour in (0, 1)),
        *(stored(Visit("bob", NOON + timedelta(hours=hour), f"s{hour}")) for hour in (0, 1)),
        stored(Visit("cid", NOON, "s2")),
    )
    assert told(sources(), "sessions", "people") == {"news": (2, 1), "other": (3, 2)}


def test_a_site_without_events_has_an_empty_answer_with_its_range(shop: Mongo) -> None:
    answer = sources()
    assert (answer["data"], answer["orders"], answer["revenue"], answer["unattributed_orders"]) == ([], 0, 0, 0)
    assert (answer["range"]["from"], answer["complete_to"]) == ("2026-02-27", None)


def test_nothing_of_another_site_is_counted(shop: Mongo) -> None:
    happen(shop, {**stored(Visit("ann", NOON, "news")), "site_id": "other"})
    shop["orders"].insert_one({**an_order("o1", "ann", 100), "site_id": "other"})
    assert sources()["data"] == []
    assert sources()["orders"] == 0


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"model": "best"}, "model"),
        ({"breakdown": "device"}, "breakdown"),
        ({"window": "0d"}, "window"),
        ({"window": "366d"}, "window"),
        ({"from": "2026-03-02", "to": "2026-03-01"}, "to"),
        ({"no_such": "1"}, "no_such"),
    ],
)
def test_what_cannot_be_answered_is_refused_by_name(shop: Mongo, query: dict[str, str], field: str) -> None:
    assert refusal(handler, SOURCES, query) == (422, [field])


def test_too_many_orders_are_refused(shop: Mongo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("footfall.questions.placed_orders.MOST_ORDERS", 1)
    buy(shop, an_order("o1", "ann", 1), an_order("o2", "ann", 1))
    assert refusal(handler, SOURCES, RANGE) == (422, ["from"])
