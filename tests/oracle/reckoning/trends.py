"""The right answers of /api/analytics/revenue-trend and /api/analytics/conversion-trends."""

from collections.abc import Callable
from datetime import date, timedelta

from tests.oracle.life import Json, Question
from tests.oracle.reckoning.dashboard import happened, visits
from tests.oracle.reckoning.earlier import compared, earlier, earlier_of, first_day
from tests.oracle.reckoning.numbers import rate
from tests.oracle.reckoning.periods import is_whole, periods
from tests.oracle.reckoning.shop import Days, Reckoning

Reckoned = Callable[[Reckoning, Days], Json]


def revenue(shop: Reckoning, question: Question) -> Json:
    """Returns what was sold in each period, and to whom."""
    currency = {"currency": shop.shop.currency, **shop.left_out(shop.orders, shop.days_of(question))}
    return _trend(shop, question, trade) | currency


def conversions(shop: Reckoning, question: Question) -> Json:
    """Returns the visits of each period, and what came of them."""
    device = question.get("device")
    return _trend(shop, question, lambda shop, days: visit_figures(shop, days, device))


def trade(shop: Reckoning, days: Days) -> Json:
    """Returns what was sold on some days, and to whom."""
    counted = [order for order in shop.placed(shop.orders, days) if shop.counted(order)]
    before = Days(date.min, days.first - timedelta(days=1))
    buyers = {order.user for order in counted if order.user}
    known = {order.user for order in shop.placed(shop.orders, before) if shop.counted(order)}
    return {
        **shop.money_figures(shop.orders, days),
        "average_order_value": shop.average_value(counted),
        "customers": len(buyers),
        "new_customers": len(buyers - known),
        "returning_customers": len(buyers & known),
    }


def visit_figures(shop: Reckoning, days: Days, device: str | None) -> Json:
    """Returns the visits that began on some days, on a device if one is asked for, and what came of them."""
    events, sessions = happened(shop, days)
    events = [event for event in events if device in (None, event.device)]
    sessions = [session for session in sessions if device in (None, session.device)]
    converted = sum(map(shop.converted, sessions))
    return {
        "users": len({shop.person(event) for event in events}),
        "sessions": len(sessions),
        **visits(shop, events, sessions),
        "conversions": converted,
        "session_conversion_rate": rate(converted, len(sessions)),
    }


def _trend(shop: Reckoning, question: Question, reckoned: Reckoned) -> Json:
    days, period, compare = shop.days_of(question), question.get("period") or "day", question.get("compare")
    return {
        "range": shop.range(days),
        "period": period,
        "overall": reckoned(shop, days),
        "comparison": _comparison(shop, days, compare, reckoned) if compare else None,
        "data": [_period(shop, part, days, question, reckoned) for part in periods(days, period)],
    }


def _comparison(shop: Reckoning, days: Days, compare: str, reckoned: Reckoned) -> Json:
    before, began = earlier(days, compare), first_day(shop)
    return {
        "compare": compare,
        "range": shop.range(before),
        "first_with_data": str(began) if began and before.first < began <= before.last else None,
        "figures": _beside(shop, days, before, reckoned),
    }


def _period(shop: Reckoning, part: Days, days: Days, question: Question, reckoned: Reckoned) -> Json:
    compare = question.get("compare")
    whole = is_whole(part, question.get("period") or "day") and part.last < shop.today
    comparison = None
    if compare:
        before = earlier_of(part, days, compare)
        figures = _beside(shop, part, before, reckoned)
        comparison = {"date": str(before.first), "last_date": str(before.last), "figures": figures}
    own = {"date": str(part.first), "last_date": str(part.last), "whole": whole, "comparison": comparison}
    return own | reckoned(shop, part)


def _beside(shop: Reckoning, days: Days, before: Days, reckoned: Reckoned) -> Json:
    now, began = reckoned(shop, days), first_day(shop)
    return compared(now, reckoned(shop, before) if began and began <= before.last else None, now)
