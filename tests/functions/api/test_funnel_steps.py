"""What a step of a funnel may be called: any name of what it means, and none that means nothing."""

from typing import Any

import pytest
from footfall.schemas.site import PageRule
from pymongo.database import Database

from functions.api.funnel.handler import handler
from tests.support.asking import ask, reached, refusal, request
from tests.support.visits import TODAY, a_shop, happen, know, roll_up, view

Mongo = Database[dict[str, Any]]
FUNNEL, TREND = "/api/funnel", "/api/funnel/trend"


def funnel(**query: Any) -> dict[str, Any]:
    return ask(handler, FUNNEL, {name.rstrip("_"): value for name, value in query.items()})


@pytest.mark.parametrize("name", ["Order Completed", "order_completed", "purchase", "completedOrder"])
def test_a_step_is_found_by_any_name_of_what_happened(shop: Mongo, name: str) -> None:
    know(shop, a_shop("home", name))
    happen(
        shop,
        view("home"),
        view("", minutes=1, eventType="track", event="Order Completed"),
        view("Home", "bob"),
        view("", "bob", minutes=1, eventType="purchase"),
    )
    assert reached(funnel(steps=f"HOME,{name}|Order Cancelled", from_=TODAY, to=TODAY)) == [2, 2]
    roll_up()
    assert reached(funnel()) == [2, 2]


def test_a_step_that_nothing_is_called_is_refused_with_the_names_near_it(shop: Mongo) -> None:
    happen(shop, view("home"), view("", minutes=1, eventType="track", event="Wishlist opened"), view("landing page"))
    for steps in ("home,Wishlist opened", "home,landing page", "home,custom", "home|payment,cart"):
        assert reached(funnel(steps=steps, from_=TODAY, to=TODAY))
    nearly = [("wishlist_open", "Wishlist opened"), ("order_compltd", "order_completed"), ("serch", "search")]
    for wrong, near in nearly:
        status, body = request(handler, "GET", FUNNEL, {"steps": f"home,home|{wrong}"})
        (problem,) = body["errors"]
        assert (status, problem["field"]) == (422, "steps")
        assert problem["message"].startswith("step 2: no event or page of this name was ever seen; near it are ")
        assert near in problem["message"]
        assert wrong not in problem["message"]
    far = request(handler, "GET", TREND, {"steps": "home,Ω"})[1]["errors"][0]["message"]
    assert far == "step 2: no event or page of this name was ever seen; /events/count tells the types of events"
    assert refusal(handler, FUNNEL, {"steps": "home,Wishlist opened"}, site_id="other")[0] in (404, 422)


def test_what_a_sites_funnels_and_page_rules_name_is_known_before_it_happens(shop: Mongo) -> None:
    rules = [PageRule(prefix="/try/", page_type="fitting room")]
    know(shop, a_shop("home", "Lamp lit|search", page_rules=rules))
    assert reached(funnel(steps="home,Lamp lit", from_=TODAY, to=TODAY)) == [0, 0]
    assert reached(funnel(steps="home,fitting room", from_=TODAY, to=TODAY)) == [0, 0]
