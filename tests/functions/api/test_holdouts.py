"""Hold-outs through the handler of api/customers: begun, told who is left out, and judged by what both arms bought."""

from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from footfall.models.holdouts import Mean, Rate, effect_on_mean, effect_on_rate
from footfall.questions import hold_outs

from functions.api.customers.handler import handler
from tests.support.asking import ask, refusal, request
from tests.support.builders import NOON
from tests.support.customers import a_customer
from tests.support.shopping import an_order
from tests.support.visits import Mongo

HOLD_OUTS = "/api/holdouts"
MAIL = {"name": "Spring mail", "share": 40}
CUSTOMERS = 300


def begin(told: Any = MAIL, **caller: Any) -> tuple[int, dict[str, Any]]:
    return request(handler, "POST", HOLD_OUTS, body=told, **{"scopes": "read write", **caller})


def arm(name: str, page_size: int = 50) -> list[str]:
    """Returns all customers of an arm, page by page."""
    found: list[str] = []
    for page in range(1, 99):
        query = {"arm": name, "page": page, "page_size": page_size}
        answer = ask(handler, f"{HOLD_OUTS}/spring mail/people", query)
        found += answer["customer_ids"]
        if page >= answer["total_pages"]:
            assert len(found) == answer["total"]
            return found
    raise AssertionError("the pages have no end")


def begun_at(shop: Mongo, days: float) -> None:
    shop["hold_outs"].update_one({"_id": "demo"}, {"$set": {"hold_outs.0.started_at": NOON + timedelta(days=days)}})


@pytest.fixture
def customers(shop: Mongo) -> Mongo:
    """Three hundred customers who ordered long ago, one who came later, and one of another shop."""
    known = [a_customer(f"c-{number:03}", first_order_at=NOON - timedelta(days=90)) for number in range(CUSTOMERS)]
    late = a_customer("late", first_order_at=NOON + timedelta(days=3))
    shop["customers"].insert_many([*known, late, a_customer("alien", "other", first_order_at=NOON)])
    return shop


def test_everybody_who_ordered_before_is_in_one_arm_and_stays_there(customers: Mongo) -> None:
    status, answer = begin()
    assert (status, answer["name"], answer["share"]) == (201, "Spring mail", 40)
    begun_at(customers, 0)
    treated, held_out = arm("treated"), arm("held_out")
    assert sorted(treated + held_out) == [f"c-{number:03}" for number in range(CUSTOMERS)]
    assert len(held_out) / CUSTOMERS == pytest.approx(0.4, abs=4 * (0.4 * 0.6 / CUSTOMERS) ** 0.5)
    assert arm("held_out", page_size=7) == held_out
    assert [each["name"] for each in ask(handler, HOLD_OUTS)["hold_outs"]] == ["Spring mail"]


@pytest.mark.parametrize("seed", [1, 2])
def test_the_effect_is_that_of_what_both_arms_bought_in_the_days(customers: Mongo, seed: int) -> None:
    begin()
    begun_at(customers, 0)
    draw, reached = np.random.default_rng(seed), set(arm("treated"))
    placed = []
    for number in range(CUSTOMERS):
        who = f"c-{number:03}"
        days = draw.uniform(-3, 12, draw.integers(0, 4 if who in reached else 3)).tolist()
        placed += [an_order(who, day=day, total=int(draw.integers(0, 3)) * 1_000, refunded=100) for day in days]
    placed += [an_order("late", day=4), an_order("c-001", day=4, total=9_999, currency="USD")]
    customers["orders"].insert_many([dict(order) for order in placed])
    answer = ask(handler, f"{HOLD_OUTS}/SPRING MAIL", {"days": 10})
    sums = {}
    for name in ("treated", "held_out"):
        people = arm(name)
        spent: dict[str, int] = {}
        for order in placed:
            moment, buyer = order["placed_at"], order["user_id"]
            assert moment
            assert buyer
            within = NOON <= moment < NOON + timedelta(days=10)
            if buyer in people and order["total"] > 0 and within and order["currency"] != "USD":
                spent[buyer] = spent.get(buyer, 0) + order["total"] - order["refunded"]
        total, squares = sum(spent.values()), sum(amount**2 for amount in spent.values())
        sums[name] = Rate(len(people), len(spent)), Mean(len(people), total, squares)
        found = answer[name]
        assert (found["customers"], found["bought"]) == (len(people), len(spent))
        assert found["purchase_rate"] == round(100 * len(spent) / len(people), 2)
        assert found["net_revenue"] == total / 100
    rate = effect_on_rate(sums["treated"][0], sums["held_out"][0])
    mean = effect_on_mean(sums["treated"][1], sums["held_out"][1])
    told = answer["purchase_rate"]
    assert [told[name] for name in ("difference", "low", "high")] == pytest.approx(
        [100 * rate.difference, 100 * rate.low, 100 * rate.high], abs=0.006
    )
    assert (told["sure"], told["reason"]) == (rate.sure, None)
    told = answer["net_revenue_per_customer"]
    assert [told[name] for name in ("difference", "low", "high")] == pytest.approx(
        [mean.difference / 100, mean.low / 100, mean.high / 100], abs=0.006
    )
    assert answer["complete"] is True


def test_before_anybody_did_anything_no_effect_is_claimed(customers: Mongo) -> None:
    begin()
    answer = ask(handler, f"{HOLD_OUTS}/Spring mail")
    assert answer["complete"] is False
    assert answer["purchase_rate"]["difference"] is None
    assert "fewer than 5" in answer["purchase_rate"]["reason"]
    assert answer["treated"]["bought"] == answer["held_out"]["bought"] == 0


def test_of_a_shop_without_customers_no_effect_is_claimed(shop: Mongo) -> None:
    begin()
    answer = ask(handler, f"{HOLD_OUTS}/Spring mail")
    for name in ("purchase_rate", "net_revenue_per_customer"):
        assert (answer[name]["difference"], answer[name]["sure"]) == (None, False)
        assert "nobody" in answer[name]["reason"]
    assert arm("treated") == []


def test_a_name_is_given_once_and_no_more_hold_outs_than_there_is_room_for(shop: Mongo) -> None:
    assert [begin(MAIL)[0], begin({**MAIL, "name": " SPRING MAIL "})[0]] == [201, 409]
    for number in range(hold_outs.MOST_HOLD_OUTS - 1):
        assert begin({**MAIL, "name": f"mail {number}"})[0] == 201
    assert begin({**MAIL, "name": "one too many"})[0] == 409


def test_a_hold_out_is_removed_and_one_of_its_name_leaves_out_others(customers: Mongo) -> None:
    begin()
    begun_at(customers, 0)
    before = arm("held_out")
    assert request(handler, "DELETE", f"{HOLD_OUTS}/spring mail", scopes="read write")[0] == 200
    assert refusal(handler, f"{HOLD_OUTS}/spring mail")[0] == 404
    begin()
    begun_at(customers, 0)
    assert arm("held_out") != before


def test_of_another_site_nothing_is_told_or_removed(customers: Mongo) -> None:
    begin()
    for path in (f"{HOLD_OUTS}/spring mail", f"{HOLD_OUTS}/spring mail/people"):
        assert refusal(handler, path, site_id="other")[0] == 404
    assert ask(handler, HOLD_OUTS, site_id="other")["hold_outs"] == []
    assert request(handler, "DELETE", f"{HOLD_OUTS}/spring mail", scopes="read write", site_id="other")[0] == 404


@pytest.mark.parametrize(
    ("told", "field"),
    [
        ({"name": "x", "share": 0.5}, "share"),
        ({"name": "x", "share": 91}, "share"),
        ({"name": " ", "share": 10}, "name"),
        ({"name": "a/b", "share": 10}, "name"),
        ({"name": "x", "share": 10, "salt": "mine"}, "salt"),
    ],
)
def test_what_is_no_hold_out_is_refused_by_the_name_of_its_field(shop: Mongo, told: Any, field: str) -> None:
    status, answer = begin(told)
    assert (status, [each["field"] for each in answer["errors"]]) == (422, [field])


def test_beginning_needs_a_key_that_may_write_and_a_bad_parameter_is_named(shop: Mongo) -> None:
    assert begin(scopes="read")[0] == 403
    begin()
    assert refusal(handler, f"{HOLD_OUTS}/spring mail", {"days": 0}) == (422, ["days"])
    assert refusal(handler, f"{HOLD_OUTS}/spring mail/people", {"arm": "both", "page_size": 0}) == (
        422,
        ["page_size", "arm"],
    )
