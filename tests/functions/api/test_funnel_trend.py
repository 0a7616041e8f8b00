"""The trend of a funnel through its Lambda handler, on a real MongoDB."""

import json
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from footfall.days import DayRange, PeriodName, periods_of
from footfall.events.names import PAGE_TYPES
from footfall.questions.funnel_trend import _counts
from pymongo.database import Database

from functions.api.funnel.handler import handler
from tests.support.asking import ask, question, reached, refusal, request
from tests.support.builders import LambdaContext
from tests.support.visits import TODAY, YESTERDAY, a_shop, happen, know, person, roll_up, view

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


def test_a_break_is_marked_on_its_day_and_in_the_week_that_shows_most_of_it_and_weekends_are_not(shop: Mongo) -> None:
    weeks_of_a_shop(shop, first=date(2026, 1, 3), broken=date(2026, 2, 4))

    def marks(period: str, to: str) -> list[dict[str, Any]]:
        asked = {"from": "2026-01-03", "to": to, "steps": "home,search", "period": period}
        found: list[dict[str, Any]] = ask(handler, TREND, asked)["anomalies"]
        return found

    daily, weekly = marks("day", TODAY), marks("week", TODAY)
    assert [(one["date"], one["kind"]) for one in daily] == [("2026-02-04", "shift")]
    assert (daily[0]["step_before"], daily[0]["step"], daily[0]["rate"]) == ("home", "search", 80.0)
    assert 35 < daily[0]["expected_rate"] < 42, "a weekday's"
    assert 60 < daily[0]["level_rate"] < 65, "a whole week's"
    assert [(one["date"], one["kind"]) for one in weekly] == [("2026-02-02", "shift")]
    assert marks("day", "2026-02-01") == marks("week", "2026-02-01") == []


def weeks_of_a_shop(shop: Mongo, first: date, broken: date) -> None:
    """Ten people a day until today, of whom four search, one on Saturdays and Sundays; twice as many once broken."""
    last, events = date.fromisoformat(TODAY), []
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        searching = (4 if day.weekday() < 5 else 1) * (1 if day < broken else 2)
        for place in range(10):
            pages = ["home", "search"] if place < searching else ["home"]
            minutes = (day - last).days * 1_440
            events += [view(page, f"{day} {place}", minutes + later) for later, page in enumerate(pages)]
    people = dict.fromkeys(event["visitor_id"] for event in events)
    shop["users"].insert_many([person(number, who) for number, who in enumerate(people, 10)])
    happen(shop, *events)
    roll_up()


@pytest.mark.parametrize(("period", "compared"), [("day", 40), ("week", 5), ("month", 1)])
def test_weeks_and_months_that_are_only_partly_in_the_range_are_not_compared(period: PeriodName, compared: int) -> None:
    days = DayRange(date(2026, 1, 31), date(2026, 3, 11), ZoneInfo("UTC"))  # from a Saturday to a Wednesday
    periods = list(periods_of(days, period))
    assert sum(could for could, _ in _counts(periods, [[1, 1]] * len(periods), 1)) == compared
    assert periods[0].first == days.first
    assert periods[-1].last == days.last
