"""What a funnel says of money, through its handler."""

import math
from datetime import timedelta
from typing import Any

from pymongo.database import Database

from functions.api.funnel.handler import handler
from tests.support.asking import ask
from tests.support.builders import NOON
from tests.support.caches import forget_redis
from tests.support.visits import TODAY, an_order, happen, person, roll_up, view

Mongo = Database[dict[str, Any]]
FUNNEL = "/api/funnel"


def funnel(**query: Any) -> dict[str, Any]:
    return ask(handler, FUNNEL, {name.rstrip("_"): value for name, value in query.items()})


def test_revenue_is_that_of_the_people_who_reached_the_step(shop: Mongo) -> None:
    happen(shop, view("home"), view("search", minutes=1), view("home", "bob", device="Desktop"))
    shop["orders"].insert_many(
        [
            an_order("o1", "ann", 1_250),
            an_order("o2", "ann", 750),
            an_order("o3", "bob", 100),
            an_order("o4", "cid", 9_999),
            an_order("o5", "ann", 5_000, currency="USD"),
            an_order("o6", "ann", 7_000, placed_at=NOON - timedelta(days=400)),
        ]
    )
    roll_up()
    answer = funnel(breakdown="device")
    assert [step["revenue"] for step in answer["steps"]] == [21.0, 20.0, 0.0]
    assert {part["value"]: [step["revenue"] for step in part["steps"]] for part in answer["breakdowns"]} == {
        "Mobile": [20.0, 20.0, 0.0],
        "Desktop": [1.0, 0.0, 0.0],
    }


def test_revenue_less_refunds_is_that_of_the_same_orders_whenever_they_were_given_back(shop: Mongo) -> None:
    happen(shop, view("home"), view("search", minutes=1), view("home", "bob"), view("home", "cid"))
    later = NOON + timedelta(days=40)
    shop["orders"].insert_many(
        [
            an_order("o1", "ann", 1_000, refunded=250, refunded_at=later),
            an_order("o2", "ann", 600),
            an_order("o3", "bob", 500, refunded=500, refunded_at=NOON),
            an_order("o4", "bob", 900, placed_at=NOON - timedelta(days=400), refunded=900, refunded_at=NOON),
        ]
    )
    roll_up()
    steps = funnel(from_="2026-02-27", to=TODAY)["steps"]
    assert [step["revenue"] for step in steps] == [21.0, 16.0, 0.0]
    assert [step["net_revenue"] for step in steps] == [13.5, 13.5, 0.0]
    assert [step["value_lost"] for step in steps] == [None, 27.0, None], "nobody stayed to tell what others would bring"
    shop["daily_metrics"].update_many({}, {"$unset": {"buyers.refunded": 1}})
    forget_redis()
    assert [step["net_revenue"] for step in funnel()["steps"]] == [21.0, 16.0, 0.0], "as of before it was stored"


def test_what_those_who_left_would_have_brought_has_an_interval_from_thirty_who_stayed(shop: Mongo) -> None:
    names = [f"v{number}" for number in range(32)]
    shop["users"].insert_many([person(number, name) for number, name in enumerate(names, 100)])
    happen(shop, *(view("home", name) for name in names), *(view("search", name, 1) for name in names[:30]))
    happen(shop, *(view("payment", name, 2) for name in names[:29]))
    shop["orders"].insert_many([an_order(f"o{number}", name, 3_000) for number, name in enumerate(names[:10])])
    roll_up()
    _, search, payment = funnel()["steps"]
    deviation = math.sqrt((10 * 20.0**2 + 20 * 10.0**2) / 29)
    half = 2 * 1.959964 * deviation / math.sqrt(30)
    lost = [search[name] for name in ("value_lost", "value_lost_low", "value_lost_high")]
    assert lost == [20.0, round(20 - half, 2), round(20 + half, 2)]
    assert (payment["value_lost"], payment["value_lost_low"]) == (10.34, None)
