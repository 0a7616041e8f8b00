"""The trend of a funnel through its Lambda handler, on a real MongoDB."""

from typing import Any

from pymongo.database import Database

from functions.api.funnel.handler import handler
from tests.support.asking import ask, reached, refusal
from tests.support.visits import TODAY, YESTERDAY, happen, roll_up, view

Mongo = Database[dict[str, Any]]
TREND = "/api/funnel/trend"


def test_the_trend_is_one_funnel_for_each_period(shop: Mongo) -> None:
    happen(shop, view("home", minutes=-1440), view("search"), view("home", "bob"), view("search", "bob", 1))
    roll_up()
    daily = ask(handler, TREND, {"from": YESTERDAY, "to": TODAY})
    assert [(period["date"], reached(period)) for period in daily["data"]] == [
        (YESTERDAY, [1, 0, 0]),
        (TODAY, [1, 1, 0]),
    ]
    weekly = ask(handler, TREND, {"from": YESTERDAY, "to": TODAY, "period": "week"})
    assert [(one["date"], one["last_date"], reached(one)) for one in weekly["data"]] == [(YESTERDAY, TODAY, [2, 2, 0])]
    monthly = ask(handler, TREND, {"from": YESTERDAY, "to": TODAY, "period": "month"})
    assert [(one["date"], reached(one)) for one in monthly["data"]] == [(YESTERDAY, [1, 0, 0]), (TODAY, [1, 1, 0])]


def test_the_trend_of_nothing_is_flat(shop: Mongo) -> None:
    answer = ask(handler, TREND, {"from": YESTERDAY, "to": TODAY})
    assert [reached(period) for period in answer["data"]] == [[0, 0, 0]] * 2
    assert answer["anomalies"] == []


def test_the_trend_takes_a_device_a_window_and_own_steps(shop: Mongo) -> None:
    happen(shop, view("home"), view("search", minutes=5), view("home", "bob", device="Desktop"))
    roll_up()
    only_today = {"from": TODAY, "to": TODAY}
    asked = [{"device": "Mobile"}, {"window": "1m"}, {"steps": "home,search"}, {"funnel": "default"}]
    answers = [ask(handler, TREND, only_today | query)["data"][0] for query in asked]
    assert [reached(answer)[:2] for answer in answers] == [[1, 1], [2, 0], [2, 1], [2, 1]]
    assert refusal(handler, TREND, {"period": "year"}) == (422, ["period"])
    assert refusal(handler, TREND, {"unit": "session"}) == (422, ["unit"])
