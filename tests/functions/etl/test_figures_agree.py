"""Figures of orders and money that should be equal are equal, whoever is asked: every route over one set of orders."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from footfall.errors import NotFound
from footfall.questions import business, customer, customers, dashboard, funnel, segments
from footfall.questions.dashboard_answer import DashboardQuestion
from footfall.questions.left_out import LeftOut
from footfall.schemas.event import Json
from footfall.stores import vectors
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymongo.database import Database

from functions.etl.events.handler import handler
from infra.local.aws import AwsAddresses
from tests.functions.training.pipeline import site_to_train, train
from tests.support.builders import NOON, LambdaContext, a_message, a_site, an_event, at, sqs_event
from tests.support.visits import know, roll_up

Mongo = Database[dict[str, Any]]
DAY = 24 * 60
DAYS = 9
PEOPLE = ("ann", "bob", "guest-1", "guest-2")
KNOWN = ("ann", "bob")
KINDS = ["order_completed"] * 4 + ["order_updated", "order_refunded", "order_cancelled"]
LINES = [{"product_id": "tea", "price": 4, "quantity": 2}]
_numbers = count(1)


@pytest.fixture
def trainable(pipeline: Mongo, aws: AwsAddresses, worker: str) -> Iterator[str]:
    """What training needs; gives the beginning of site ids that no other test has."""
    with site_to_train(worker) as site_id:
        yield site_id


@st.composite
def tellings(draw: st.DrawFn) -> Json:
    """What somebody says of one of a few orders: in several currencies, of nothing, without an amount, unreadable."""
    who = draw(st.sampled_from(PEOPLE))
    said = {
        "order_id": draw(st.sampled_from(["o1", "o2", "o3", "o4"])),
        "total": draw(st.sampled_from([None, 0, 5, 12.34, 12.34, "1.234", 80])),
        "currency": draw(st.sampled_from([None, None, "EUR", "USD", "credits"])),
        "products": draw(st.sampled_from([None, None, LINES])),
    }
    properties = {name: value for name, value in said.items() if value is not None}
    moment = at(draw(st.sampled_from([0, 3, 600, DAY, DAY + 721, 5 * DAY, 8 * DAY])))
    return an_event(eventType=draw(st.sampled_from(KINDS)), timestamp=moment, properties=properties, **_named(who))


def _named(who: str) -> Json:
    return {"visitorId": f"v-{who}", **({"userId": who} if who in KNOWN else {})}


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(told=st.lists(tellings(), min_size=1, max_size=14), zone=st.sampled_from(["UTC", "Asia/Kolkata"]))
def test_figures_that_should_be_equal_are_equal(pipeline: Mongo, trainable: str, told: list[Json], zone: str) -> None:
    site_id = f"{trainable}-{next(_numbers)}"
    know(pipeline, a_site(site_id=site_id, time_zone=zone))
    visits = [an_event(timestamp=at(0), pageType="home", **_named(who)) for who in PEOPLE]
    message = a_message([*visits, *told], site_id=site_id, received_at=NOON + timedelta(days=30))
    assert handler(sqs_event([message]), LambdaContext())["batchItemFailures"] == []
    roll_up({"site_id": site_id})
    assert train(site_id)["state"] == "published"
    try:
        _compare(pipeline, site_id)
    finally:
        for collection in vectors.COLLECTIONS:
            vectors.remove_older(collection, site_id, 2**53)


def _compare(database: Mongo, site_id: str) -> None:
    days = {"from": NOON.date(), "to": (NOON + timedelta(days=DAYS)).date()}
    shop = business.answer(site_id, business.BusinessQuestion())
    board = dashboard.answer(site_id, DashboardQuestion.model_validate(days))
    steps = funnel.answer(site_id, funnel.FunnelQuestion.model_validate(days))
    for name in ("orders", "revenue", "refunds", "net_revenue"):
        everybody = getattr(shop, name)
        assert everybody == getattr(board, name) == _sum(board.daily, name), name
    assert steps.steps[0].revenue == shop.revenue, "everybody saw the first step"
    assert shop.average_order_value == (round(shop.revenue / shop.orders, 2) if shop.orders else 0)
    assert shop.net_revenue == round(shop.revenue - shop.refunds, 2)
    _compare_customers(site_id, shop)
    assert _left_out(shop) == _left_out(board) == _left_out(steps)
    placed = database["orders"].count_documents({"site_id": site_id, "placed_at": {"$ne": None}})
    assert shop.orders + _number(shop) == placed, "every order is in the figures, or counted as left out"


def _compare_customers(site_id: str, shop: business.BusinessMetrics) -> None:
    listed = customers.answer(site_id, customers.CustomersQuestion())
    by_money, by_behaviour = (
        segments.answer(site_id, segments.SegmentsQuestion.model_validate({"segment_type": kind}))
        for kind in ("rfm", "behaviour")
    )
    pages = {who: found.orders for who in PEOPLE if (found := _page(site_id, who))}
    assert pages.keys() == {line.customer_id for line in listed.customers}
    assert shop.total_customers == listed.total == by_money.total_customers == by_behaviour.total_customers
    for name in ("revenue", "refunds", "net_revenue"):
        all_of_them = _sum(pages.values(), name)
        assert all_of_them == _sum(listed.customers, name) == _sum(by_money.segments, name), name
        assert all_of_them == _sum(by_behaviour.segments, name), name
    assert shop.total_revenue == _sum(pages.values(), "revenue") == round(shop.revenue - shop.guest_revenue, 2)
    for line in listed.customers:
        page = pages[line.customer_id]
        assert (line.frequency, line.revenue, line.refunds) == (page.count, page.revenue, page.refunds)
    assert _left_out(listed) == _left_out(by_money) == _left_out(by_behaviour)


def _page(site_id: str, who: str) -> customer.CustomerAnswer | None:
    try:
        return customer.answer(site_id, customer.CustomerQuestion(customer_id=who))
    except NotFound:
        return None


def _sum(parts: Any, name: str) -> float:
    return float(round(sum(getattr(part, name) for part in parts), 2))


def _left_out(answer: LeftOut) -> Json:
    return {name: getattr(answer, name) for name in LeftOut.model_fields}


def _number(answer: LeftOut) -> int:
    return answer.unknown_amounts + answer.free_orders + sum(one.orders for one in answer.other_currencies)
