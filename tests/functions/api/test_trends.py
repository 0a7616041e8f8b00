"""Revenue and conversions over time through the Lambda handler, on a real MongoDB; lives of shops reckon them whole."""

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from footfall.clock import now
from footfall.questions import periods
from pymongo.database import Database

from functions.api.metrics.handler import handler
from tests.support.asking import ask, refusal
from tests.support.builders import NOON
from tests.support.visits import TODAY, YESTERDAY, an_order, buy, happen, mark, person, roll_up, view

Mongo = Database[dict[str, Any]]
Query = dict[str, Any]
REVENUE, CONVERSIONS = "/api/analytics/revenue-trend", "/api/analytics/conversion-trends"
WEEKEND = {"from": YESTERDAY, "to": TODAY}
WHO = ("customers", "new_customers", "returning_customers")


def some_orders(shop: Mongo) -> None:
    """Ann buys on Saturday and Sunday, Bob on Sunday as long before, a guest on Sunday; a refund on Sunday."""
    buy(
        shop,
        an_order("o1", "ann", 1_000, placed_at=NOON - timedelta(days=1)),
        an_order("o2", "ann", 3_000),
        an_order("o3", "bob", 2_000),
        an_order("o4", "bob", 500, placed_at=NOON - timedelta(days=60)),
        an_order("o5", "guest", 400, user_id=None, refunded=100, refunded_at=NOON),
        an_order("o6", "cid", 900, currency="USD"),
    )


def test_revenue_orders_and_customers_are_told_of_each_day_and_of_all(shop: Mongo) -> None:
    some_orders(shop)
    answer = ask(handler, REVENUE, WEEKEND)
    money = ("orders", "revenue", "refunds", "net_revenue", "average_order_value")
    assert [[day[name] for name in money] for day in answer["data"]] == [
        [1, 10.0, 0.0, 10.0, 10.0],
        [3, 54.0, 1.0, 53.0, 18.0],
    ]
    assert [answer["overall"][name] for name in money] == [4, 64.0, 1.0, 63.0, 16.0]
    assert (answer["currency"], answer["period"], answer["comparison"]) == ("EUR", "day", None)
    assert answer["other_currencies"] == [{"currency": "USD", "orders": 1}]


def test_somebody_is_new_in_the_first_period_they_bought_in_and_returning_afterwards(shop: Mongo) -> None:
    some_orders(shop)
    answer = ask(handler, REVENUE, WEEKEND)
    assert [[day[name] for name in WHO] for day in answer["data"]] == [[1, 1, 0], [2, 0, 2]]
    assert [answer["overall"][name] for name in WHO] == [2, 1, 1], "Ann is new in the range, Bob had bought before"


def test_what_a_day_does_not_tell_of_its_customers_is_not_guessed(shop: Mongo) -> None:
    some_orders(shop)
    shop["daily_metrics"].update_one({"date": YESTERDAY}, {"$unset": {"customers": 1}})
    answer = ask(handler, REVENUE, {"from": "2026-02-27", "to": TODAY})
    assert [[day[name] for name in WHO] for day in answer["data"]] == [[0, 0, 0], [None] * 3, [None] * 3]


def test_a_period_that_the_range_or_time_cuts_short_is_not_whole(shop: Mongo) -> None:
    some_orders(shop)
    weeks = ask(handler, REVENUE, {"from": "2026-02-14", "to": TODAY, "period": "week"})["data"]
    assert [(week["date"], week["last_date"], week["whole"]) for week in weeks] == [
        ("2026-02-14", "2026-02-15", False),
        ("2026-02-16", "2026-02-22", True),
        ("2026-02-23", "2026-03-01", True),
    ]
    today = now().date()
    days = ask(handler, CONVERSIONS, {"from": str(today - timedelta(days=1)), "to": str(today)})["data"]
    assert [day["whole"] for day in days] == [True, False], "today is not over"


def test_each_period_is_beside_the_days_as_far_before_it_as_the_whole_range(shop: Mongo) -> None:
    some_orders(shop)
    answer = ask(handler, REVENUE, {"from": TODAY, "to": "2026-03-02", "compare": "previous"})
    first, second = (day["comparison"] for day in answer["data"])
    assert (first["date"], first["last_date"]) == ("2026-02-27", "2026-02-27")
    assert (second["date"], second["last_date"]) == (YESTERDAY, YESTERDAY)
    assert first["figures"]["revenue"] == {"previous": 0.0, "change": None}
    assert second["figures"]["revenue"] == {"previous": 10.0, "change": -100.0}
    assert answer["comparison"]["range"] == {"from": "2026-02-27", "to": YESTERDAY, "time_zone": "UTC"}
    assert answer["comparison"]["figures"]["revenue"] == {"previous": 10.0, "change": 440.0}
    assert answer["comparison"]["figures"]["customers"] == {"previous": 1, "change": 100.0}


def test_a_leap_day_is_compared_with_the_28th_and_what_is_before_any_data_with_nothing(shop: Mongo) -> None:
    buy(shop, an_order("o1", "ann", 1_000, placed_at=datetime(2023, 2, 28, 12, tzinfo=UTC)))
    days = ask(handler, REVENUE, {"from": "2024-02-27", "to": "2024-03-01", "compare": "year"})["data"]
    beside = [(day["comparison"]["date"], day["comparison"]["figures"]["orders"]["previous"]) for day in days]
    assert beside == [("2023-02-27", None), ("2023-02-28", 1), ("2023-02-28", 1), ("2023-03-01", 0)]


def some_visits(shop: Mongo) -> None:
    """Ann on both days, with an order on Sunday; Bob on Sunday, on one page."""
    happen(
        shop,
        view("home", minutes=-1440),
        view("home"),
        view("search", minutes=2),
        view("home", "bob", device="Desktop"),
    )
    order = {"order_id": "o1", "told_id": "o1", "placed_at": NOON, "total": 1_000, "currency": "EUR"}
    bought = {"orders": [order], "converted": True, "conversion_value": 1_000, "currency": "EUR"}
    shop["user_sessions"].update_one({"visitor_id": "ann", "started_at": NOON}, {"$set": bought})
    roll_up()


def test_visits_and_conversions_are_told_of_each_period_and_of_all(shop: Mongo) -> None:
    some_visits(shop)
    rates = ("session_conversion_rate", "bounce_rate", "avg_session_seconds")
    names = ("users", "sessions", "page_views", "conversions", *rates)
    answer = ask(handler, CONVERSIONS, WEEKEND)
    assert [[day[name] for name in names] for day in answer["data"]] == [
        [1, 1, 1, 0, 0.0, 100.0, 0.0],
        [2, 2, 3, 1, 50.0, 50.0, 60.0],
    ]
    assert [answer["overall"][name] for name in names] == [2, 3, 4, 1, 33.33, 66.67, 40.0]
    assert [week["sessions"] for week in ask(handler, CONVERSIONS, {**WEEKEND, "period": "week"})["data"]] == [3]


def test_visits_are_told_of_some_devices_or_of_all_but_some(shop: Mongo) -> None:
    some_visits(shop)

    def visits(*devices: str) -> list[int]:
        answer = ask(handler, CONVERSIONS, {**WEEKEND, "device": list(devices)})
        return [answer["overall"][name] for name in ("users", "sessions", "page_views", "conversions")]

    assert visits("mobile") == visits("!Desktop") == [1, 2, 3, 1]
    assert visits("Desktop") == [1, 1, 1, 0]
    assert visits("Mobile", "Desktop") == visits() == [2, 3, 4, 1]
    assert visits("Tablet") == [0, 0, 0, 0]
    assert refusal(handler, CONVERSIONS, {"device": "Fridge"}) == (422, ["device"])
    assert refusal(handler, CONVERSIONS, {"colour": "red"}) == (422, ["colour"])


@pytest.mark.parametrize("rolled_up", [False, True], ids=["from events", "from the lake"])
@pytest.mark.parametrize(
    "only",
    [
        {"source": "news"},
        {"source": "!news", "device": "Mobile"},
        {"page": "/lamp"},
        {"visitor": "new"},
        {"country": ["IT", "unknown"], "bots": "include"},
    ],
)
def test_visits_that_pass_filters_are_those_of_the_dashboard(shop: Mongo, only: Query, rolled_up: bool) -> None:
    rng = Random(repr(only))
    happen(shop, *(_visit(rng, number) for number in range(150)))
    shop["users"].insert_many([person(30 + each, f"v{each}", date=NOON - timedelta(days=each)) for each in range(9)])
    if rolled_up:
        roll_up()
    fortnight = {"from": "2026-02-12", "to": TODAY, **only}
    answer = ask(handler, CONVERSIONS, {**fortnight, "period": "week", "compare": "previous"})
    whole = ask(handler, "/api/metrics/dashboard", {**fortnight, "compare": "previous"})
    assert _told(answer["overall"]) == _told(whole, "total_")
    assert answer["overall"]["sessions"] > 0
    for week in answer["data"]:
        of_week = {**fortnight, "from": week["date"], "to": week["last_date"]}
        assert _told(week) == _told(ask(handler, "/api/metrics/dashboard", of_week), "total_")
    before = answer["comparison"]["figures"], whole["comparison"]["figures"]
    assert before[0]["sessions"] == before[1]["total_sessions"]
    assert before[0]["users"] == before[1]["total_users"]


def test_a_filter_that_all_pass_changes_nothing(shop: Mongo) -> None:
    rng = Random(7)
    happen(shop, *(_visit(rng, number, bots=False) for number in range(150)))
    shop["users"].insert_many([person(30 + each, f"v{each}") for each in range(9)])
    roll_up()
    fortnight = {"from": "2026-02-12", "to": TODAY, "compare": "year"}
    for only in ({}, {"device": "Mobile"}, {"device": ["Desktop", "Mobile"]}):
        of_days = ask(handler, CONVERSIONS, {**fortnight, **only})
        of_events = ask(handler, CONVERSIONS, {**fortnight, **only, "source": "!nothing"})
        assert (of_events["overall"], of_events["data"]) == (of_days["overall"], of_days["data"])


def _visit(rng: Random, number: int, *, bots: bool = True) -> dict[str, Any]:
    agent = rng.choice(["", "", "Mozilla/5.0 (compatible; Googlebot/2.1)"]) if bots else ""
    return view(
        "home",
        f"v{rng.randrange(9)}",
        -rng.choice([0, 1, 30, 31, 1440]) * rng.randrange(20) - number / 100,
        path=rng.choice(["/", "/lamp"]),
        url=f"https://shop.example/?utm_source={rng.choice(['', 'News', 'google'])}",
        device=rng.choice(["Mobile", "Desktop"]),
        context={"country": rng.choice(["IT", "DE", ""]), **({"userAgent": agent} if agent else {})},
    )


def _told(figures: dict[str, Any], prefix: str = "") -> list[Any]:
    sums = [figures[f"{prefix}{name}"] for name in ("users", "sessions")]
    return sums + [figures[name] for name in ("page_views", "bounce_rate", "avg_session_seconds")]


@pytest.mark.parametrize("path", [REVENUE, CONVERSIONS])
def test_a_trend_is_remembered_until_the_next_rollup_and_by_what_was_asked(shop: Mongo, path: str) -> None:
    some_visits(shop)
    first, weeks = ask(handler, path, WEEKEND), ask(handler, path, {**WEEKEND, "period": "week"})
    shop["daily_metrics"].update_many({}, {"$set": {"orders": 70, "by_device.Mobile.sessions": 70}})
    assert ask(handler, path, WEEKEND) == first
    assert ask(handler, path, {**WEEKEND, "period": "week"}) == weeks != first
    mark(shop, YESTERDAY)
    roll_up()
    assert ask(handler, path, WEEKEND) != first, "Sunday was not recomputed"


@pytest.mark.parametrize("path", [REVENUE, CONVERSIONS])
def test_a_site_without_events_has_an_empty_trend_with_its_range(shop: Mongo, path: str) -> None:
    answer = ask(handler, path, {**WEEKEND, "compare": "previous"})
    assert answer["range"] == {"from": YESTERDAY, "to": TODAY, "time_zone": "UTC"}
    assert answer["complete_to"] is None
    assert len(answer["data"]) == 2
    assert not any(value for value in answer["overall"].values())
    beside = [answer["comparison"], *(day["comparison"] for day in answer["data"])]
    assert all(one == {"previous": None, "change": None} for each in beside for one in each["figures"].values())


@pytest.mark.parametrize("path", [REVENUE, CONVERSIONS])
@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"period": "hour"}, "period"),
        ({"compare": "decade"}, "compare"),
        ({"from": TODAY, "to": YESTERDAY}, "to"),
        ({"from": "2016-06-01", "to": TODAY}, "period"),
    ],
)
def test_what_no_trend_can_be_is_refused_by_name(shop: Mongo, path: str, query: dict[str, str], field: str) -> None:
    assert refusal(handler, path, query) == (422, [field])


def test_a_trend_has_eleven_hundred_periods_at_most(shop: Mongo) -> None:
    last = datetime.fromisoformat(TODAY).date()
    most = {"from": str(last - timedelta(days=periods.MOST_PERIODS - 1)), "to": TODAY}
    assert len(ask(handler, REVENUE, most)["data"]) == periods.MOST_PERIODS
    assert len(ask(handler, REVENUE, {"from": "2016-06-01", "to": TODAY, "period": "week"})["data"]) == 509
