"""The right answer of /api/metrics."""

from datetime import date, datetime, timedelta

from tests.oracle.life import Json, Question
from tests.oracle.reckoning.earlier import compared, earlier
from tests.oracle.reckoning.numbers import local_day, rate
from tests.oracle.reckoning.orders import Order
from tests.oracle.reckoning.shop import Days, Reckoning

NOT_TRAINED = {"high_value_customers": None, "at_risk_customers": None, "predicted_clv": None, "avg_clv": None}


def answer(shop: Reckoning, question: Question) -> Json:
    """Returns the figures at the end of the last day with an order or refund."""
    days = _days(shop)
    figures = _figures(shop, days.last)
    compare = question.get("compare")
    return {
        **figures,
        "range": shop.range(days),
        "currency": shop.shop.currency,
        **shop.left_out(shop.orders),
        "comparison": _comparison(shop, figures, days, compare) if compare else None,
    }


def _days(shop: Reckoning) -> Days:
    moments = [order.placed_at for order in shop.orders if order.placed_at]
    moments += [refund.at for order in shop.orders for refund in order.refunds]
    days = [local_day(moment, shop.zone) for moment in moments] or [shop.today]
    return Days(min(days), max(days))


def _figures(shop: Reckoning, last: date) -> Json:
    # of all that happened until the end of a day
    until = Days(date.min, last)
    counted = [order for order in shop.placed(shop.orders, until) if shop.counted(order)]
    of_customers = [order for order in counted if order.user]
    bought: dict[str, date] = {}
    for order in of_customers:
        bought[str(order.user)] = max(bought.get(str(order.user), date.min), local_day(_placed(order), shop.zone))
    revenue = sum(order.total or 0 for order in of_customers)
    return {
        **shop.money_figures(shop.orders, until),
        "total_customers": len(bought),
        "active_customers": sum(day > last - timedelta(days=30) for day in bought.values()),
        "churn_rate": rate(sum(day < last - timedelta(days=90) for day in bought.values()), len(bought)),
        "total_revenue": shop.major(revenue),
        "guest_revenue": shop.major(sum(order.total or 0 for order in counted) - revenue),
        "average_order_value": shop.average_value(counted),
        **NOT_TRAINED,
    }


def _placed(order: Order) -> datetime:
    assert order.placed_at
    return order.placed_at


def _comparison(shop: Reckoning, figures: Json, days: Days, compare: str) -> Json:
    as_of = earlier(Days(days.last - timedelta(days=29), days.last), compare).last
    before = _figures(shop, as_of) if as_of >= days.first else None
    return {"compare": compare, "as_of": str(as_of), "figures": compared(figures, before, figures)}
