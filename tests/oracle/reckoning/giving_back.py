"""The right answer of /api/analytics/refunds."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from tests.oracle.life import Json, Question
from tests.oracle.reckoning.numbers import local_day, percentile, rate
from tests.oracle.reckoning.orders import Order
from tests.oracle.reckoning.periods import periods
from tests.oracle.reckoning.shop import Days, Reckoning

DAY = timedelta(days=1)


class GivenBack(NamedTuple):
    """One refund, and why."""

    order: Order
    at: datetime
    amount: int
    reason: str


def answer(shop: Reckoning, question: Question) -> Json:
    """Returns what was given back on some days, and why."""
    days = shop.days_of(question)
    found = [
        GivenBack(order, refund.at, refund.amount, _reason(shop, days, order, refund.at))
        for order in shop.orders
        if order.currency == shop.shop.currency
        for refund in order.refunds
        if local_day(refund.at, shop.zone) in days
    ]
    return {
        "range": shop.range(days),
        "overall": _overall(shop, days, found),
        "reasons": _reasons(shop, found),
        "data": [
            {
                "first": str(part.first),
                "last": str(part.last),
                **_sums(shop, [one for one in found if local_day(one.at, shop.zone) in part]),
            }
            for part in periods(days, question.get("period") or "day")
        ],
        "currency": shop.shop.currency,
    }


def _reason(shop: Reckoning, days: Days, order: Order, at: datetime) -> str:
    # the last that is told of the order by then; else the first at all
    told = sorted(
        (event.at, str(event.fields["reason"]).casefold())
        for event in shop.events
        if event.kind in ("order_refunded", "order_cancelled")
        and shop.day(event) in days
        and event.fields.get("order_id") == order.order_id.partition("@")[0]
        and "reason" in event.fields
    )
    by_then = [reason for moment, reason in told if moment <= at] or [reason for _, reason in told[:1]]
    return by_then[-1] if by_then else "unknown"


def _sums(shop: Reckoning, found: Sequence[GivenBack]) -> Json:
    return {
        "refunds": len(found),
        "refunded": shop.major(sum(one.amount for one in found)),
        "refunded_orders": len({one.order.order_id for one in found}),
    }


def _overall(shop: Reckoning, days: Days, found: Sequence[GivenBack]) -> Json:
    placed = [order for order in shop.placed(shop.orders, days) if shop.counted(order)]
    revenue, back = sum(order.total or 0 for order in placed), [order.refunded for order in placed]
    amount = sum(one.amount for one in found)
    return {
        **_sums(shop, found),
        "avg_refund": shop.major(amount / len(found)) if found else 0.0,
        "orders": len(placed),
        "revenue": shop.major(revenue),
        "average_order_value": shop.average_value(placed),
        "orders_refunded": sum(part > 0 for part in back),
        "orders_refunded_rate": rate(sum(part > 0 for part in back), len(placed)),
        "revenue_refunded_rate": rate(sum(back), revenue),
        **_times(sorted((one.at - one.order.placed_at) / DAY for one in found if one.order.placed_at)),
    }


def _times(days: Sequence[float]) -> Json:
    figures = [sum(days) / len(days), percentile(days, 0.5), percentile(days, 0.9)] if days else [None] * 3
    rounded = [None if one is None else round(one, 1) for one in figures]
    return {"timed": len(days), **dict(zip(("avg_days", "median_days", "p90_days"), rounded, strict=True))}


def _reasons(shop: Reckoning, found: Sequence[GivenBack]) -> list[Json]:
    counts, amounts = Counter(one.reason for one in found), Counter[str]()
    for one in found:
        amounts[one.reason] += one.amount
    ranked = sorted(counts, key=lambda reason: (-amounts[reason], -counts[reason], reason))
    return [
        {
            "reason": reason,
            "refunds": counts[reason],
            "refunded": shop.major(amounts[reason]),
            "refunded_rate": rate(amounts[reason], amounts.total()),
        }
        for reason in ranked
    ]
