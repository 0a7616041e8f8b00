"""/api/analytics/refunds through its Lambda handler."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest
from footfall.questions import refunds
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from functions.api.metrics.handler import handler
from tests.support.asking import ask, refusal
from tests.support.builders import NOON
from tests.support.shopping import online_retail
from tests.support.visits import Mongo, a_shop, an_order, know, view

REFUNDS = "/api/analytics/refunds"
RANGE = {"from": "2026-03-01", "to": "2026-03-08"}
START, END = datetime.fromisoformat("2026-03-01T00:00Z"), datetime.fromisoformat("2026-03-09T00:00Z")
DAY = timedelta(days=1)


def order(
    order_id: str, total: int, *given_back: tuple[float, int], placed: float | None = 0, **but: Any
) -> dict[str, Any]:
    """An order, placed and given back so many days after noon of 1 March 2026."""
    back = [{"at": NOON + days * DAY, "amount": amount} for days, amount in given_back]
    moment = None if placed is None else NOON + placed * DAY
    sums = {"refunded": sum(amount for _, amount in given_back), "refunds": back}
    return an_order(order_id, "ann", total, placed_at=moment, **sums, **but)


def told(order_id: str, days: float, reason: str | None, kind: str = "order_refunded") -> dict[str, Any]:
    properties = {"order_id": order_id, "reason": reason}
    event = view("", eventType=kind, pageType=None, properties=properties)
    return {**event, "timestamp": NOON + days * DAY}


def days_between(found: list[float]) -> tuple[float, float, float]:
    return tuple(round(float(value), 1) for value in (np.mean(found), *np.percentile(found, [50, 90])))  # type: ignore[return-value]


AT = st.sampled_from([-1, -0.5, 0, 0.25, 2, 6.5, 7, 7.5, 9])
ORDERS = st.lists(
    st.tuples(st.integers(1, 500), AT | st.none(), st.lists(st.tuples(AT, st.integers(1, 99)), max_size=3)), max_size=5
)


@settings(max_examples=40, phases=[Phase.generate], suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ORDERS, st.sampled_from(["EUR", "USD"]))
def test_refunds_are_what_is_reckoned_by_hand(shop: Mongo, orders: Any, last_currency: str) -> None:
    shop["orders"].delete_many({})
    stored = [order(f"o{at}", total, *back, placed=placed) for at, (total, placed, back) in enumerate(orders)]
    for one in stored[-1:]:
        one["currency"] = last_currency
    if stored:
        shop["orders"].insert_many(stored)
    ours = [one for one in stored if one["currency"] == "EUR"]
    within = [(one, back) for one in ours for back in one["refunds"] if START <= back["at"] < END]
    placed = [one for one in ours if one["placed_at"] and START <= one["placed_at"] < END]
    overall = ask(handler, REFUNDS, RANGE)["overall"]
    assert overall["refunds"] == len(within)
    assert round(overall["refunded"] * 100) == sum(back["amount"] for _, back in within)
    assert overall["refunded_orders"] == len({one["order_id"] for one, _ in within})
    assert overall["orders"] == len(placed)
    assert overall["orders_refunded"] == sum(one["refunded"] > 0 for one in placed)
    found = [(back["at"] - one["placed_at"]) / DAY for one, back in within if one["placed_at"]]
    assert overall["timed"] == len(found)
    if found:
        assert (overall["avg_days"], overall["median_days"], overall["p90_days"]) == days_between(found)


def test_periods_hold_each_refund_on_its_own_day(shop: Mongo) -> None:
    shop["orders"].insert_many([order("o1", 500, (0, 100), (1, 200)), order("o2", 500, (1, 50), placed=None)])
    data = ask(handler, REFUNDS, {"from": "2026-03-01", "to": "2026-03-03"})["data"]
    assert [(one["first"], one["refunds"], one["refunded"], one["refunded_orders"]) for one in data] == [
        ("2026-03-01", 1, 1.0, 1),
        ("2026-03-02", 2, 2.5, 2),
        ("2026-03-03", 0, 0.0, 0),
    ]
    (month,) = ask(handler, REFUNDS, {**RANGE, "period": "month"})["data"]
    assert (month["first"], month["last"], month["refunds"], month["refunded_orders"]) == (
        "2026-03-01",
        "2026-03-08",
        3,
        2,
    )


def test_a_reason_is_what_an_event_of_the_order_tells(shop: Mongo, monkeypatch: pytest.MonkeyPatch) -> None:
    shop["orders"].insert_many(
        [
            order("o1", 900, (1, 100), (3, 200)),
            order("o2", 500, (2, 500)),
            order("o3", 500, (2, 50)),
            order("o4", 500, (2, 10)),
        ]
    )
    shop["events"].insert_many(
        [
            told("o1", 1, "Too  Small"),
            told("o1", 3, "late"),
            told("o2", 2, "TOO SMALL", "order_cancelled"),
            told("o3", 2, None),
            told("o9", 2, "of another order"),
        ]
    )
    reasons = ask(handler, REFUNDS, RANGE)["reasons"]
    assert [(one["reason"], one["refunds"], one["refunded"]) for one in reasons] == [
        ("too small", 2, 6.0),
        ("late", 1, 2.0),
        ("unknown", 2, 0.6),
    ]
    assert sum(one["refunded_rate"] for one in reasons) == pytest.approx(100, abs=0.02)
    monkeypatch.setattr(refunds, "MOST_REASONS", 1)
    assert [one["reason"] for one in ask(handler, REFUNDS, RANGE)["reasons"]] == ["too small", "other"]


def test_a_site_without_orders_has_an_empty_answer_with_its_range(shop: Mongo) -> None:
    answer = ask(handler, REFUNDS, RANGE)
    assert (answer["overall"]["refunds"], answer["overall"]["avg_days"], answer["reasons"]) == (0, None, [])
    assert (len(answer["data"]), answer["overall"]["orders_refunded_rate"]) == (8, 0)


@pytest.mark.parametrize(("query", "field"), [({"period": "year"}, "period"), ({"bots": "include"}, "bots")])
def test_what_cannot_be_answered_is_refused_by_name(shop: Mongo, query: dict[str, str], field: str) -> None:
    assert refusal(handler, REFUNDS, query) == (422, [field])


def test_too_many_refunds_are_refused(shop: Mongo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refunds, "MOST_ORDERS", 1)
    shop["orders"].insert_many([order("o1", 900, (1, 100)), order("o2", 500, (2, 500))])
    assert refusal(handler, REFUNDS, RANGE) == (422, ["from"])


def test_reasons_beyond_those_that_can_be_read_are_refused_and_not_called_unknown(
    shop: Mongo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refunds, "MOST_TOLD", 1)
    shop["orders"].insert_one(order("o1", 900, (1, 100)))
    told = [view("", minutes=minute, eventType="order_refunded", eventId=f"r{minute}") for minute in (1, 2)]
    shop["events"].insert_many(told)
    assert refusal(handler, REFUNDS, RANGE) == (422, ["from"])


@pytest.mark.shared_data
def test_what_online_retail_gave_back(shop: Mongo, shared_data: Any) -> None:
    know(shop, a_shop("home", "payment", currency="GBP", time_zone="Europe/London"))
    orders = [one for one in online_retail(shared_data) if one["refunds"]]
    shop["orders"].insert_many([dict(one) for one in orders])
    by_month: Counter[str] = Counter()
    for one in orders:
        by_month.update({f"{refund['at']:%Y-%m}": refund["amount"] for refund in one["refunds"]})
    answer = ask(handler, REFUNDS, {"from": "2010-12-01", "to": "2011-12-09", "period": "month"})
    assert {month["first"][:7]: round(100 * month["refunded"]) for month in answer["data"]} == dict(by_month)
    assert answer["overall"]["refunds"] == len(orders)
    assert answer["overall"]["timed"] == 0, "its refunds name no order"
