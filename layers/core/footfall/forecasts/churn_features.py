"""What is known of customers on a day that may tell whether they will buy again; nothing of that day or later.

Each feature is a column. `lately` is in the last days before, as many as the horizon has.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from footfall.forecasts.likelihood import Reals
from footfall.forecasts.trade_log import Ints, Standing, TradeLog, counts, day_keys, standing, sums
from footfall.schemas.customer import CHURN_FEATURES, ChurnFeature

Columns = dict[ChurnFeature, NDArray[np.float64 | np.int64]]


class Known(NamedTuple):
    """Which customers had bought when a day began, and a column of what was known of them for each feature."""

    customer: Ints
    features: Reals


def known(log: TradeLog, cutoff: int, horizon: int) -> Known:
    """Returns the features of everybody who had bought before a day; `horizon` in days."""
    before, lately = log.before(cutoff), log.between(cutoff - horizon, cutoff)
    all_time = standing(before)
    columns = _of_purchases(all_time, cutoff, horizon) | _of_visits(before, lately, cutoff, horizon)
    columns["purchases_lately"] = standing(lately).purchases
    customer = np.flatnonzero(all_time.purchases)
    features = np.column_stack([columns[name][customer] for name in CHURN_FEATURES])
    return Known(customer, features.astype(np.float64))


def left(log: TradeLog, customer: Ints, cutoff: int, horizon: int) -> NDArray[np.bool_]:
    """Returns which customers bought on none of the days of the horizon, which begins with the cut-off."""
    after = log.between(cutoff, cutoff + horizon)
    found: NDArray[np.bool_] = counts(after.orders.customer, log.customers)[customer] == 0
    return found


def _of_purchases(found: Standing, cutoff: int, horizon: int) -> Columns:
    away, purchases = cutoff - found.last, np.maximum(found.purchases, 1)
    usual = (found.last - found.first + horizon) / purchases
    return {
        "days_since_purchase": away,
        "days_since_first_purchase": cutoff - found.first,
        "purchases": found.purchases,
        "times_overdue": away / usual,
        "net_revenue_per_purchase": found.net / purchases,
        "refund_rate": np.minimum(found.refunded / np.maximum(found.spent, 1), 1),
    }


def _of_visits(before: TradeLog, lately: TradeLog, cutoff: int, horizon: int) -> Columns:
    activity, everybody, longest = lately.activity, before.customers, 2 * horizon
    last = np.full(everybody, cutoff - longest)
    np.maximum.at(last, before.activity.customer, before.activity.day)
    return {
        "days_since_visit": cutoff - last,
        "visits_lately": sums(activity.customer, activity.visits, everybody),
        "pages_lately": sums(activity.customer, activity.pages, everybody),
        "carts_lately": sums(activity.customer, activity.carts, everybody),
        "checkouts_left_lately": _checkouts_left(lately),
        "complaints_lately": counts(lately.complaints.customer, everybody),
    }


def _checkouts_left(lately: TradeLog) -> Ints:
    # days on which somebody came to the checkout and bought nothing
    activity, orders = lately.activity, lately.orders
    came = activity.checkouts > 0
    customer, day = activity.customer[came], activity.day[came]
    bought = np.isin(day_keys(customer, day), day_keys(orders.customer, orders.day))
    return counts(customer[~bought], lately.customers)
