"""Revenue and refunds of the orders that pass filters: by their sessions, their people, and what was bought."""

from datetime import timedelta
from random import Random
from typing import Any

import pytest
from footfall.questions import narrowed_orders

from functions.api.metrics.handler import handler
from tests.support.asking import ask, refusal
from tests.support.builders import NOON
from tests.support.visits import TODAY, Mongo, an_order, buy, happen, person, view

REVENUE, REFUNDS = "/api/analytics/revenue-trend", "/api/analytics/refunds"
FORTNIGHT = {"from": "2026-02-16", "to": TODAY}
SOURCES = ("news", "google", "direct")
Order = dict[str, Any]


def a_life(shop: Mongo, seed: int) -> list[Order]:
    """Stores orders of four people, most of which came of a visit of theirs; returns them."""
    rng = Random(seed)
    who = [f"v{number}" for number in range(4)]
    shop["users"].insert_many(
        [
            person(50 + n, each, sex=rng.choice(["f", "m", None]), date=NOON - timedelta(days=n))
            for n, each in enumerate(who)
        ]
    )
    found = [_ordered(shop, rng, number, rng.choice(who)) for number in range(12)]
    buy(shop, *({name: value for name, value in each.items() if name not in ("source", "device")} for each in found))
    return found


def _ordered(shop: Mongo, rng: Random, number: int, who: str) -> Order:
    placed = NOON - timedelta(days=rng.randrange(16), minutes=number)
    back = [
        {"at": placed + timedelta(days=rng.randrange(5)), "amount": rng.randrange(1, 90)}
        for _ in range(rng.randrange(3))
    ]
    source, device = rng.choice(SOURCES), rng.choice(["Mobile", "Desktop"])
    lines = [{"product_id": rng.choice(["lamp", "cup"]), "name": None, "category": rng.choice(["light", None])}]
    order = an_order(
        f"o{number}", who, rng.choice([0, 100, 2_000, 350]), placed_at=placed, refunds=back,
        refunded=sum(each["amount"] for each in back), refunded_at=back[0]["at"] if back else None,
        lines=lines, coupon=rng.choice(["MAY", None]), user_id=rng.choice([who, None]),
        currency=rng.choice(["EUR"] * 4 + ["USD"]),
    )  # fmt: skip
    if rng.random() < 0.8:
        url = f"https://shop.example/?utm_source={source}" if source != "direct" else "https://shop.example/"
        happen(
            shop,
            view(
                "home", who, (placed - NOON) / timedelta(minutes=1) - 1, url=url, device=device, sessionId=f"s{number}"
            ),
        )
        came = {"order_id": f"o{number}", "told_id": f"o{number}", "placed_at": placed, "total": 1, "currency": "EUR"}
        shop["user_sessions"].update_one({"client_session_id": f"s{number}"}, {"$set": {"orders": [came]}})
        return {**order, "source": source, "device": device}
    return {**order, "source": "direct", "device": "unknown"}


def sexes(shop: Mongo) -> dict[str, str]:
    names = {"f": "female", "m": "male", None: "unknown"}
    return {each["person_id"]: names[each["sex"]] for each in shop["users"].find({"sex": {"$exists": True}})}


def _of(order: Order) -> str:
    return str(order["lines"][0]["product_id"])


FILTERS: list[tuple[dict[str, Any], Any]] = [
    ({"source": "news"}, lambda order, sex: order["source"] == "news"),
    ({"device": "mobile"}, lambda order, sex: order["device"] == "Mobile"),
    ({"source": "!direct", "product": "cup"}, lambda order, sex: order["source"] != "direct" and _of(order) == "cup"),
    ({"product": "lamp"}, lambda order, sex: _of(order) == "lamp"),
    ({"category": "unknown"}, lambda order, sex: order["lines"][0]["category"] is None),
    ({"coupon": "may"}, lambda order, sex: order["coupon"] == "MAY"),
    ({"sex": ["female", "unknown"]}, lambda order, sex: sex[order["person_id"]] != "male"),
    ({"source": "!nothing"}, lambda order, sex: True),
]  # fmt: skip


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("only", "passes"), FILTERS, ids=[str(only) for only, _ in FILTERS])
def test_figures_are_of_the_orders_that_pass(shop: Mongo, only: dict[str, Any], passes: Any, seed: int) -> None:
    life, start, end = a_life(shop, seed), NOON - timedelta(days=13, hours=12), NOON + timedelta(hours=12)
    sex = sexes(shop)
    ours = [order for order in life if passes(order, sex) and order["currency"] == "EUR"]
    placed = [order for order in ours if order["total"] and start <= order["placed_at"] < end]
    back = [each for order in ours for each in order["refunds"] if start <= each["at"] < end]
    told, given = ask(handler, REVENUE, {**FORTNIGHT, **only}), ask(handler, REFUNDS, {**FORTNIGHT, **only})
    revenue, refunds = sum(order["total"] for order in placed) / 100, sum(each["amount"] for each in back) / 100
    whole = told["overall"]
    assert (whole["orders"], whole["revenue"], whole["refunds"]) == (len(placed), revenue, refunds)
    assert whole["customers"] == len({order["person_id"] for order in placed if order["user_id"]})
    assert sum(day["orders"] for day in told["data"]) == len(placed)
    assert sum(day["refunds"] for day in told["data"]) == pytest.approx(refunds)
    assert (given["overall"]["refunds"], given["overall"]["refunded"]) == (len(back), refunds)
    assert (given["overall"]["orders"], given["overall"]["revenue"]) == (len(placed), revenue)


@pytest.mark.parametrize("seed", range(4))
def test_a_filter_that_every_order_passes_changes_nothing(shop: Mongo, seed: int) -> None:
    a_life(shop, seed)
    for path, query in ((REVENUE, {"compare": "year", "period": "week"}), (REFUNDS, {"period": "week"}), (REVENUE, {})):
        plain = ask(handler, path, {**FORTNIGHT, **query})
        narrowed = ask(handler, path, {**FORTNIGHT, **query, "channel": "!nothing"})
        left_out = ("complete_to", "other_currencies", "unknown_amounts", "free_orders")
        assert {name: told for name, told in narrowed.items() if name not in left_out} == {
            name: told for name, told in plain.items() if name not in left_out
        }


@pytest.mark.parametrize("path", [REVENUE, REFUNDS])
def test_what_no_order_has_and_too_many_orders_are_refused(
    shop: Mongo, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_life(shop, 1)
    assert refusal(handler, path, {**FORTNIGHT, "page": "/"}) == (422, ["page"])
    assert refusal(handler, path, {**FORTNIGHT, "colour": "red"}) == (422, ["colour"])
    assert refusal(handler, path, {**FORTNIGHT, "bots": "include"}) == (422, ["bots"])
    monkeypatch.setattr(narrowed_orders, "MOST_ORDERS", 0)
    assert refusal(handler, path, {**FORTNIGHT, "source": "news"}) == (422, ["from"])
