"""What peers get wrong in funnels, through the Lambda handler: from the events, from the lake and from both."""

from typing import Any

from functions.api.funnel.handler import handler
from tests.support.asking import ask, reached
from tests.support.caches import forget_answers
from tests.support.visits import TODAY, YESTERDAY, Mongo, happen, mark, roll_up, view

Json = dict[str, Any]
RANGE = {"from": YESTERDAY, "to": TODAY}
A_DAY = 1440


def everywhere(shop: Mongo, **query: str) -> Json:
    """The answer, which is the same whether days are read from the events, from the lake, or one of them from each."""
    answers = []
    for prepare in (lambda: None, roll_up, lambda: mark(shop, TODAY)):
        prepare()
        forget_answers()
        answers.append(ask(handler, "/api/funnel", RANGE | query) | {"complete_to": None})
    assert answers[0] == answers[1] == answers[2]
    return answers[0]


def test_one_event_never_satisfies_two_steps(shop: Mongo) -> None:
    happen(shop, view("home", "ann"), view("home", "bob"), view("home", "bob", 1))
    assert reached(everywhere(shop, steps="home,home")) == [2, 1]
    assert reached(everywhere(shop, steps="home,pageview,home|pageview")) == [2, 1, 0]


def test_events_of_one_instant_keep_their_order_of_arrival_and_none_is_lost(shop: Mongo) -> None:
    happen(shop, *({**view(page, eventId=f"{9 - at}"), "sequence": at} for at, page in enumerate(["home", "search"])))
    happen(shop, *({**view(page, "bob"), "sequence": at} for at, page in enumerate(["search", "home"])))
    assert reached(everywhere(shop, steps="home,search")) == [2, 1]
    assert reached(everywhere(shop, steps="search,home")) == [2, 1]
    assert reached(everywhere(shop, steps="home,search", order="any")) == [2, 2]


def test_a_failed_attempt_does_not_eat_a_later_success(shop: Mongo) -> None:
    happen(shop, view("home", minutes=-A_DAY), view("search", minutes=-A_DAY + 5))
    happen(shop, view("home"), view("search", minutes=5), view("payment", minutes=10))
    assert reached(everywhere(shop, window="1h")) == [1, 1, 1]
    assert reached(everywhere(shop, steps="home,search,payment", window="10m")) == [1, 1, 1]


def test_the_window_is_from_the_first_step_unless_each_step_is_asked_for(shop: Mongo) -> None:
    happen(shop, view("home"), view("search", minutes=50), view("payment", minutes=100))
    assert reached(everywhere(shop, window="1h")) == [1, 1, 0]
    assert reached(everywhere(shop, window="100m")) == [1, 1, 1]
    assert reached(everywhere(shop, window="1h", window_mode="step")) == [1, 1, 1]


def test_a_breakdown_never_splits_one_person(shop: Mongo) -> None:
    happen(shop, view("home", minutes=-A_DAY), view("search", device="Desktop"), view("home", "bob", device="Desktop"))
    for steps in ("home,search,payment", "home,search"):
        answer = everywhere(shop, steps=steps, breakdown="device")
        found = {one["value"]: reached(one)[:2] for one in answer["breakdowns"]}
        assert found == {"Mobile": [1, 1], "Desktop": [1, 0]}
        assert reached(answer)[:2] == [2, 1]


def test_the_last_day_of_a_range_counts_to_its_end_and_the_next_does_not(shop: Mongo) -> None:
    happen(
        shop, view("home", minutes=-A_DAY), view("search", minutes=12 * 60 - 0.001), view("payment", minutes=12 * 60)
    )
    assert reached(everywhere(shop)) == [1, 1, 0]
    assert reached(everywhere(shop, steps="home,search,payment")) == [1, 1, 0]
