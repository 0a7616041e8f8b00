"""api/metrics through its Lambda handler, on a real MongoDB."""

import csv
import gzip
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from footfall.money import minor_units
from pymongo.database import Database

from functions.api.funnel.handler import handler as funnel_handler
from functions.api.metrics.handler import handler
from tests.support.asking import ask, refusal
from tests.support.builders import NOON
from tests.support.visits import TODAY, YESTERDAY, a_shop, an_order, buy, happen, know, mark, roll_up, view

Mongo = Database[dict[str, Any]]
BUSINESS, DASHBOARD = "/api/metrics", "/api/metrics/dashboard"


def a_weekend(shop: Mongo) -> None:
    """Ann looks in on Saturday and Sunday and buys, Bob only looks, on two devices; a bot is there too."""
    happen(
        shop,
        view("home", minutes=-1440, path="/", attribution={"utmParams": {"source": "news"}}),
        view("home", path="/"),
        view("search", minutes=2, path="/search"),
        view("home", "bob", path="/"),
        view("home", "bob", minutes=90, path="/", device="Desktop"),
        {**view("home", "cid"), "bot": True},
    )
    shop["orders"].insert_one(an_order("o1", "ann", 1_250, refunded=250, refunded_at=NOON))
    roll_up()


def test_the_dashboard_counts_people_once_over_the_range(shop: Mongo) -> None:
    a_weekend(shop)
    answer = ask(handler, DASHBOARD, {"from": YESTERDAY, "to": TODAY})
    figures = ("total_users", "total_sessions", "page_views", "bounce_rate", "avg_session_seconds")
    assert [answer[name] for name in figures] == [2, 4, 5, 75.0, 30.0]
    assert [day["users"] for day in answer["daily"]] == [1, 2], "their sum is three, and there are two people"


def test_the_dashboard_gives_money_in_major_units(shop: Mongo) -> None:
    a_weekend(shop)
    answer = ask(handler, DASHBOARD)
    assert [answer[name] for name in ("orders", "revenue", "refunds", "currency")] == [1, 12.5, 2.5, "EUR"]
    assert [day["revenue"] for day in answer["daily"]][-2:] == [0.0, 12.5]


def test_the_dashboard_tells_devices_pages_and_sources(shop: Mongo) -> None:
    a_weekend(shop)
    answer = ask(handler, DASHBOARD)
    assert [(one["device"], one["users"], one["sessions"], one["page_views"]) for one in answer["by_device"]] == [
        ("Mobile", 2, 3, 4),
        ("Desktop", 1, 1, 1),
    ]
    assert answer["top_pages"] == [{"page": "/", "views": 4}, {"page": "/search", "views": 1}]
    assert answer["top_sources"] == [
        {"source": "direct", "sessions": 3, "conversions": 0},
        {"source": "news", "sessions": 1, "conversions": 0},
    ]


def test_the_dashboards_funnel_is_the_funnels(shop: Mongo) -> None:
    a_weekend(shop)
    answer, funnel = ask(handler, DASHBOARD), ask(funnel_handler, "/api/funnel")
    assert answer["overall_conversion_rate"] == funnel["overall_conversion_rate"] == 0.0
    points = [(point["from_step"], point["to_step"], point["drop_off"]) for point in answer["top_drop_off_points"]]
    assert points == [("home", "search", 1), ("search", "payment", 1)]
    assert [point["drop_off_rate"] for point in answer["top_drop_off_points"]] == [50.0, 100.0]


def test_the_dashboard_of_nothing_is_all_zeros(shop: Mongo) -> None:
    answer = ask(handler, DASHBOARD, {"from": YESTERDAY, "to": TODAY})
    assert answer["complete_to"] is None
    assert [answer[name] for name in ("total_users", "bounce_rate", "overall_conversion_rate", "revenue")] == [
        0,
        0,
        0,
        0,
    ]
    assert [day["date"] for day in answer["daily"]] == [YESTERDAY, TODAY]
    assert answer["sentiment_distribution"] == {"positive": 0, "neutral": 0, "negative": 0}


def compared(**question: str) -> dict[str, Any]:
    """What the dashboard's key figures are beside those of other days."""
    comparison: dict[str, Any] = ask(handler, DASHBOARD, question)["comparison"]
    return comparison


def test_the_dashboards_key_figures_are_compared_with_those_of_earlier_days(shop: Mongo) -> None:
    a_weekend(shop)
    found = compared(**{"from": TODAY, "to": TODAY, "compare": "previous"})
    assert (found["compare"], found["first_with_data"]) == ("previous", None)
    assert found["range"] == {"from": YESTERDAY, "to": YESTERDAY, "time_zone": "UTC"}
    assert found["figures"]["total_users"] == {"previous": 1, "change": 100.0}
    assert found["figures"]["total_sessions"] == {"previous": 1, "change": 200.0}
    assert found["figures"]["bounce_rate"] == {"previous": 100.0, "change": -33.33}
    assert found["figures"]["revenue"] == {"previous": 0.0, "change": None}


def test_the_earlier_figures_are_those_that_the_dashboard_gives_of_these_days(shop: Mongo) -> None:
    a_weekend(shop)
    before = ask(handler, DASHBOARD, {"from": YESTERDAY, "to": YESTERDAY})
    found = compared(**{"from": TODAY, "to": TODAY, "compare": "previous"})["figures"]
    assert {name: before[name] for name in found} == {name: one["previous"] for name, one in found.items()}
    assert len(found) == 10


def test_earlier_days_before_any_data_have_no_figures_and_those_partly_before_say_where_data_begin(shop: Mongo) -> None:
    a_weekend(shop)
    before = compared(**{"from": YESTERDAY, "to": TODAY, "compare": "weekdays"})
    assert before["range"] == {"from": "2026-02-21", "to": "2026-02-22", "time_zone": "UTC"}
    assert all(one == {"previous": None, "change": None} for one in before["figures"].values())
    partly = compared(**{"from": TODAY, "to": "2026-03-02", "compare": "previous"})
    assert (partly["range"]["from"], partly["first_with_data"]) == ("2026-02-27", YESTERDAY)
    assert partly["figures"]["total_users"]["previous"] == 1


def test_a_site_without_events_compares_nothing_with_nothing(shop: Mongo) -> None:
    found = compared(**{"from": "2024-02-29", "to": "2024-02-29", "compare": "year"})
    assert found["range"] == {"from": "2023-02-28", "to": "2023-02-28", "time_zone": "UTC"}
    assert found["figures"]["page_views"] == {"previous": None, "change": None}


def test_a_remembered_dashboard_knows_what_it_was_compared_with(shop: Mongo) -> None:
    a_weekend(shop)
    days = {"from": TODAY, "to": TODAY}
    for _ in range(2):
        assert ask(handler, DASHBOARD, days)["comparison"] is None
        assert compared(**days, compare="year")["compare"] == "year"
        assert compared(**days, compare="previous")["compare"] == "previous"


def test_the_dashboard_is_remembered_until_the_next_rollup(shop: Mongo) -> None:
    a_weekend(shop)
    first = ask(handler, DASHBOARD)
    shop["daily_metrics"].update_many({}, {"$set": {"page_views": 0}})
    assert ask(handler, DASHBOARD)["page_views"] == first["page_views"]
    mark(shop, YESTERDAY)
    roll_up()
    assert ask(handler, DASHBOARD)["page_views"] == first["page_views"] - 4, "Sunday was not recomputed"


@pytest.mark.parametrize(
    ("path", "query", "field"),
    [
        (DASHBOARD, {"from": "2015-02-30"}, "from"),
        (DASHBOARD, {"from": TODAY, "to": YESTERDAY}, "to"),
        (DASHBOARD, {"bots": "only"}, "bots"),
        (DASHBOARD, {"from_": TODAY}, "from_"),
        (BUSINESS, {"compare": "decade"}, "compare"),
        (DASHBOARD, {"compare": "decade"}, "compare"),
        (BUSINESS, {"from": TODAY}, "from"),
    ],
)
def test_what_cannot_be_answered_is_refused_by_name(shop: Mongo, path: str, query: dict[str, str], field: str) -> None:
    assert refusal(handler, path, query) == (422, [field])


def test_another_sites_figures_are_not_seen(shop: Mongo) -> None:
    a_weekend(shop)
    know(shop, a_shop("home", "search", site_id="other"))
    assert ask(handler, DASHBOARD, {"from": YESTERDAY, "to": TODAY}, site_id="other")["total_users"] == 0
    assert ask(handler, BUSINESS, site_id="other")["total_revenue"] == 0
    assert refusal(handler, BUSINESS, scopes="collect")[0] == 403


def some_orders(shop: Mongo) -> None:
    """Two customers, one of them long gone; a guest; a refund; what does not count."""
    buy(
        shop,
        an_order("o1", "ann", 10_000, placed_at=NOON - timedelta(days=40)),
        an_order("o2", "ann", 5_000),
        an_order("o3", "bob", 2_000, placed_at=NOON - timedelta(days=91)),
        an_order("o4", "guest", 1_000, user_id=None, refunded=400, refunded_at=NOON),
        an_order("o5", "cid", 0),
        an_order("o6", "cid", 9_900, currency="USD"),
        an_order("o7", "ann", 0, placed_at=None, refunded=300, refunded_at=NOON - timedelta(days=50)),
        an_order("o8", "dan", 0, currency=""),  # an order without a currency has no amount, and is no purchase
    )


def test_the_business_is_counted_since_the_beginning(shop: Mongo) -> None:
    some_orders(shop)
    answer = ask(handler, BUSINESS)
    assert {name: answer[name] for name in ("total_customers", "active_customers", "churn_rate", "orders")} == {
        "total_customers": 2,
        "active_customers": 1,
        "churn_rate": 50.0,
        "orders": 4,
    }
    money = ("total_revenue", "guest_revenue", "refunds", "average_order_value")
    assert [answer[name] for name in money] == [170.0, 10.0, 7.0, 45.0]
    assert answer["range"] == {"from": "2025-11-30", "to": TODAY, "time_zone": "UTC"}
    assert (answer["predicted_clv"], answer["avg_clv"], answer["comparison"]) == (None, None, None)


def test_the_business_is_what_the_daily_figures_say_of_days_whatever_order_comes_meanwhile(shop: Mongo) -> None:
    some_orders(shop)
    shop["orders"].insert_one(an_order("o9", "ann", 100))
    mark(shop, TODAY)
    assert ask(handler, BUSINESS)["orders"] == ask(handler, DASHBOARD, {"from": "2025-11-01"})["orders"] == 4
    roll_up()
    assert ask(handler, BUSINESS)["orders"] == ask(handler, DASHBOARD, {"from": "2025-11-01"})["orders"] == 5


def test_segments_are_those_of_the_last_training(shop: Mongo) -> None:
    publish_rfm(shop, "Champions", "Loyal", "At Risk", "Cannot Lose", "Hibernating")
    answer = ask(handler, BUSINESS)
    assert (answer["high_value_customers"], answer["at_risk_customers"]) == (2, 2)


def publish_rfm(shop: Mongo, *segments: str) -> None:
    """Have a model of RFM in use that found a customer in each of these segments."""
    published: dict[str, Any] = {"site_id": "demo", "name": "rfm", "version": 1, "state": "published"}
    published["segments"] = [{"name": name, "customers": 1} for name in segments]
    shop["models"].insert_one({"_id": "demo:rfm:1", **published})


def test_nobody_knows_who_is_at_risk_before_the_first_training(shop: Mongo) -> None:
    some_orders(shop)
    answer = ask(handler, BUSINESS, {"compare": "previous"})
    assert (answer["high_value_customers"], answer["at_risk_customers"]) == (None, None)
    assert answer["comparison"]["figures"]["at_risk_customers"] == {"previous": None, "change": None}
    publish_rfm(shop)
    assert ask(handler, BUSINESS)["high_value_customers"] == 0, "a training found nobody"


def test_the_business_is_compared_with_an_earlier_day(shop: Mongo) -> None:
    some_orders(shop)
    comparison = ask(handler, BUSINESS, {"compare": "previous"})["comparison"]
    assert (comparison["compare"], comparison["as_of"]) == ("previous", "2026-01-30")
    assert comparison["figures"]["total_customers"] == {"previous": 2, "change": 0.0}
    assert comparison["figures"]["total_revenue"] == {"previous": 120.0, "change": 41.67}
    assert comparison["figures"]["refunds"] == {"previous": 3.0, "change": 133.33}
    assert comparison["figures"]["guest_revenue"] == {"previous": 0.0, "change": None}
    assert comparison["figures"]["high_value_customers"] == {"previous": None, "change": None}
    assert ask(handler, BUSINESS, {"compare": "weekdays"})["comparison"]["as_of"] == "2026-01-25", "a Sunday too"


def test_of_a_day_before_the_first_order_nothing_is_known(shop: Mongo) -> None:
    some_orders(shop)
    comparison = ask(handler, BUSINESS, {"compare": "year"})["comparison"]
    assert comparison["as_of"] == "2025-03-01"
    assert set(map(str, comparison["figures"].values())) == {"{'previous': None, 'change': None}"}


@pytest.mark.shared_data
def test_online_retail_gives_the_figures_it_is_known_for(shop: Mongo, shared_data: Path) -> None:
    orders = list(invoices(shared_data / "online_retail" / "online_retail.csv.gz"))
    know(shop, a_shop("home", "search", currency="GBP"))
    buy(shop, *orders)
    answer = ask(handler, BUSINESS, {"compare": "year"})
    assert (answer["total_customers"], answer["total_revenue"]) == (4_338, 8_911_407.90)
    assert answer["range"] == {"from": "2010-12-01", "to": "2011-12-09", "time_zone": "UTC"}
    assert answer["comparison"]["as_of"] == "2010-12-09"
    assert 0 < answer["comparison"]["figures"]["total_customers"]["previous"] < 4_338
    whole = {"from": "2010-12-01", "to": "2011-12-31", "period": "month"}
    trend = ask(handler, "/api/analytics/revenue-trend", whole)
    assert sold_by_month(orders) == {
        month["date"][:7]: tuple(month[name] for name in ("revenue", "customers", "new_customers"))
        for month in trend["data"]
    }
    assert trend["overall"]["new_customers"] == 4_338


def sold_by_month(orders: list[dict[str, Any]]) -> dict[str, tuple[float, int, int]]:
    """What was sold in each month, how many customers bought, and how many of them for the first time."""
    revenue: defaultdict[str, int] = defaultdict(int)
    buyers: defaultdict[str, set[str]] = defaultdict(set)
    for order in orders:
        if order["placed_at"]:
            month = order["placed_at"].isoformat()[:7]
            revenue[month] += order["total"]
            buyers[month] |= {order["user_id"]} - {None}
    before = {month: set[str]().union(*(buyers[each] for each in buyers if each < month)) for month in revenue}
    return {
        month: (amount / 100, len(buyers[month]), len(buyers[month] - before[month]))
        for month, amount in revenue.items()
    }


def invoices(path: Path) -> Iterator[dict[str, Any]]:
    """The orders that the table's invoices amount to."""
    totals: defaultdict[tuple[str, str, datetime], Decimal] = defaultdict(Decimal)
    with gzip.open(path, "rt", newline="", encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            moment = datetime.fromisoformat(row["InvoiceDate"]).replace(tzinfo=UTC)
            amount = int(row["Quantity"]) * Decimal(row["UnitPrice"])
            if amount and row["InvoiceNo"].startswith("C") == (amount < 0) and not row["InvoiceNo"].startswith("A"):
                totals[row["InvoiceNo"], row["CustomerID"], moment] += amount
    for (invoice, customer, moment), amount in totals.items():
        minor = minor_units(abs(amount), "GBP") or 0
        paid = {"total": minor, "placed_at": moment}
        given_back = {"total": 0, "placed_at": None, "refunded": minor, "refunded_at": moment}
        order = an_order(
            f"{invoice}-{moment}", customer or f"guest:{invoice}", 0, currency="GBP", user_id=customer or None
        )
        yield {**order, **(paid if amount > 0 else given_back)}
