"""What is known of customers on a day, reckoned by hand from lists: slow and plain."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from footfall.forecasts.trade_log import Activity, Amounts, Complaints, TradeLog
from hypothesis import strategies as st

FIRST_DAY, LAST_DAY, CUSTOMERS = 1_000, 1_060, 4
days = st.integers(FIRST_DAY, LAST_DAY)
customers = st.integers(0, CUSTOMERS - 1)
orders = st.lists(st.tuples(customers, days, st.integers(1, 900)), max_size=25)
refunds = st.lists(st.tuples(customers, days, st.integers(1, 900)), max_size=8)
visits = st.lists(st.tuples(customers, days, *[st.integers(0, 2)] * 4), max_size=20)
complaints = st.lists(st.tuples(customers, days), max_size=6)


class Told(NamedTuple):
    """Everything as lists of tuples, whose first is the customer and whose second the day."""

    orders: Sequence[tuple[int, ...]]
    refunds: Sequence[tuple[int, ...]]
    visits: Sequence[tuple[int, ...]]
    complaints: Sequence[tuple[int, ...]]


told = st.builds(Told, orders, refunds, visits, complaints)


def log_of(found: Told) -> TradeLog:
    return TradeLog(
        CUSTOMERS,
        Amounts(*_columns(found.orders, 3)),
        Amounts(*_columns(found.refunds, 3)),
        Activity(*_columns(found.visits, 6)),
        Complaints(*_columns(found.complaints, 2)),
    )


def _columns(rows: Sequence[tuple[int, ...]], width: int) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
    return np.array(rows, np.int64).reshape(-1, width).T


def features_by_hand(found: Told, customer: int, cutoff: int, horizon: int) -> dict[str, float]:
    """What is known of a customer when a day begins; nothing of who has not bought."""

    def of(rows: Sequence[tuple[int, ...]], since: int = 0) -> list[tuple[int, ...]]:
        return [row for row in rows if row[0] == customer and since <= row[1] < cutoff]

    bought = sorted({day for _, day, _ in of(found.orders)})
    if not bought:
        return {}
    spent, refunded = sum(row[2] for row in of(found.orders)), sum(row[2] for row in of(found.refunds))
    away, usual = cutoff - bought[-1], (bought[-1] - bought[0] + horizon) / len(bought)
    begin = cutoff - horizon
    lately, came = of(found.visits, begin), [row[1] for row in of(found.visits)]
    left = [row for row in lately if row[5] and row[1] not in bought]
    return {
        "days_since_purchase": away,
        "days_since_first_purchase": cutoff - bought[0],
        "purchases": len(bought),
        "times_overdue": away / usual,
        "purchases_lately": sum(day >= begin for day in bought),
        "net_revenue_per_purchase": max(spent - refunded, 0) / len(bought),
        "refund_rate": min(refunded / spent, 1),
        "days_since_visit": min(cutoff - max(came), 2 * horizon) if came else 2 * horizon,
        "visits_lately": sum(row[2] for row in lately),
        "pages_lately": sum(row[3] for row in lately),
        "carts_lately": sum(row[4] for row in lately),
        "checkouts_left_lately": len(left),
        "complaints_lately": len(of(found.complaints, begin)),
    }
