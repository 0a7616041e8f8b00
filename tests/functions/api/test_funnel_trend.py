"""The trend of a funnel through its Lambda handler, on a real MongoDB."""

import json
from typing import Any

from footfall.events.names import PAGE_TYPES
from pymongo.database import Database

from functions.api.funnel.handler import handler
from tests.support.asking import ask, question, reached, refusal, request
from tests.support.builders import LambdaContext
from tests.support.visits import TODAY, YESTERDAY, a_shop, happen, know, roll_up, view

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


def test_a_trend_too_long_for_one_answer_is_refused_with_what_to_ask_instead(shop: Mongo) -> None:
    know(shop, a_shop(*PAGE_TYPES.values(), "click", "scroll", "form", "identify"))
    days = {"from": "2016-02-23", "to": TODAY}
    status, problem = request(handler, "GET", TREND, days)
    assert (status, problem["errors"]) == (
        422,
        [
            {
                "field": "period",
                "message": "too many for one answer: ask by week or month, or for at most 2,000 days",
            }
        ],
    )
    assert len(ask(handler, TREND, {**days, "period": "week"})["data"]) == 523
    largest = handler(question(TREND, {"from": "2020-09-09", "to": TODAY}), LambdaContext())
    assert (largest["statusCode"], len(json.loads(largest["body"])["data"])) == (200, 2_000)
    assert len(json.dumps(largest)) < 6 * 1024 * 1024
