"""What customers did, day by day: the log that forecasts learn from, and what of it was known on a day.

Customers are numbered from 0, days are counted as `date.toordinal` does, in the site's time zone.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


class Amounts(NamedTuple):
    """Orders, or refunds: whose, on which day, and how much, in minor units."""

    customer: Ints
    day: Ints
    amount: Ints


class Activity(NamedTuple):
    """What customers did on the site, a row for each day of each that they came on.

    `carts` are products they put into the cart, `checkouts` steps of paying that they saw.
    """

    customer: Ints
    day: Ints
    visits: Ints
    pages: Ints
    carts: Ints
    checkouts: Ints


class Complaints(NamedTuple):
    """Feedback that reads as negative: whose, and on which day."""

    customer: Ints
    day: Ints


Table = TypeVar("Table", Amounts, Activity, Complaints)


class TradeLog(NamedTuple):
    """All of it, of so many customers."""

    customers: int
    orders: Amounts
    refunds: Amounts
    activity: Activity
    complaints: Complaints

    def before(self, day: int) -> "TradeLog":
        """Returns the log as it was known when a day began."""
        return self.between(0, day)

    def between(self, first: int, end: int) -> "TradeLog":
        """Returns what happened from a first day on and before an end."""
        return TradeLog(
            self.customers,
            _between(self.orders, first, end),
            _between(self.refunds, first, end),
            _between(self.activity, first, end),
            _between(self.complaints, first, end),
        )


TABLES = ("orders", "refunds", "activity", "complaints")


def log_of(arrays: Mapping[str, NDArray[Any]], customers: int) -> TradeLog:
    """Returns the log that training extracted: `orders`, `refunds` and so on, each with a row for each column."""
    orders, refunds, activity, complaints = (arrays[name] for name in TABLES)
    return TradeLog(customers, Amounts(*orders), Amounts(*refunds), Activity(*activity), Complaints(*complaints))


def _between(table: Table, first: int, end: int) -> Table:
    chosen = (table.day >= first) & (table.day < end)
    return type(table)(*(column[chosen] for column in table))


class Purchases(NamedTuple):
    """Days on which customers bought, each once, by customer and then by day, and for how much, in minor units."""

    customer: Ints
    day: Ints
    amount: Ints


def purchases_of(orders: Amounts) -> Purchases:
    """Returns the days of purchase of orders: several of a customer on one day are one purchase."""
    keys, number = np.unique(day_keys(orders.customer, orders.day), return_inverse=True)
    return Purchases(keys >> 32, keys & 0xFFFFFFFF, sums(number, orders.amount, len(keys)))


def day_keys(customer: Ints, day: Ints) -> Ints:
    """Returns one number for each customer and day, in the order of customers and then of days."""
    return customer << 32 | day


class Standing(NamedTuple):
    """What each customer's purchases came to: days with one, the first and last of these, and money in minor units.

    `net` is what was spent less what was given back, at least 0. Who has not bought has 0 purchases, and days of 0.
    """

    purchases: Ints
    first: Ints
    last: Ints
    spent: Ints
    refunded: Ints

    @property
    def net(self) -> Ints:
        """What was spent less what was given back; refunds larger than that leave nothing."""
        left: Ints = np.maximum(self.spent - self.refunded, 0)
        return left


def standing(log: TradeLog) -> Standing:
    """Returns what each customer's purchases of a log came to."""
    found, refunds = purchases_of(log.orders), log.refunds
    count = counts(found.customer, log.customers)
    ends = np.cumsum(count)
    bought = count > 0
    first, last = np.zeros((2, log.customers), np.int64)
    first[bought], last[bought] = found.day[(ends - count)[bought]], found.day[ends[bought] - 1]
    spent = sums(found.customer, found.amount, log.customers)
    return Standing(count, first, last, spent, sums(refunds.customer, refunds.amount, log.customers))


def counts(customer: Ints, customers: int) -> Ints:
    """Returns how many rows each customer has."""
    found: Ints = np.bincount(customer, minlength=customers).astype(np.int64)
    return found


def sums(customer: Ints, amount: NDArray[Any], customers: int) -> Ints:
    """Returns what the rows of each customer add up to, exactly."""
    total = np.zeros(customers, np.int64)
    np.add.at(total, customer, amount)
    return total


def gaps(found: Purchases) -> Ints:
    """Returns the days between each purchase and the next one of the same customer."""
    same = np.diff(found.customer) == 0
    between: Ints = np.diff(found.day)[same]
    return between


def first_purchases(found: Purchases) -> NDArray[np.bool_]:
    """Returns which purchases are the first of their customers."""
    return np.concatenate(([True], np.diff(found.customer) != 0))[: len(found.customer)]
