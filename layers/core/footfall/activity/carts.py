"""Carts from what people put into them, and what became of each.

A cart begins with what is put into it, and ends with its person's next order, or where nothing more is done with it for
longer than the window.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Literal, NamedTuple

from footfall.lake.lines import Line, Lines

Change = Literal["add", "remove", "whole", "touch"]
Outcome = Literal["ordered", "emptied", "open", "recovered", "abandoned"]
RECOVERY = 7 * 86_400_000
"""Milliseconds after a cart's last event within which an order still brings it back: seven days."""
MOST_PRODUCTS = 1_000
"""Different products of a cart, the first ones."""
UNNAMED = Line("unknown", 1, None, None, None)


class CartEvent(NamedTuple):
    """Something done with a cart: by whom, when in Unix milliseconds, on which day, and what it makes of the content.

    `whole` tells all that is in the cart, if it tells anything; `touch` changes nothing. `chosen` says whether a
    question is about it.
    """

    person: int
    time: int
    day: int
    change: Change
    lines: Lines
    chosen: bool


class Left(NamedTuple):
    """How much of a product is in a cart, and what one costs, in minor units; 0 where that is not known."""

    quantity: float
    price: float

    @property
    def value(self) -> int:
        """What it costs, in minor units."""
        return round(self.quantity * self.price)


@dataclass
class Cart:
    """A cart: when it began and was last used, on which day it began, and what is in it by product."""

    begun: int
    last: int
    day: int
    chosen: bool = False
    left: dict[str, Left] = field(default_factory=dict)
    outcome: Outcome = "abandoned"

    @property
    def value(self) -> int:
        """What is in it costs, in minor units."""
        return sum(left.value for left in self.left.values())

    def take(self, event: CartEvent, currency: str) -> None:
        """Do with the cart what an event says; amounts in another currency are not known."""
        self.last, self.chosen = event.time, self.chosen or event.chosen
        if event.change == "whole" and event.lines.lines:
            self.left = {}
        if event.change != "touch":
            known = event.lines.currency == currency
            for line in _lines(event):
                self._change(line if known else line._replace(total=None), removed=event.change == "remove")

    def _change(self, line: Line, *, removed: bool) -> None:
        before = self.left.get(line.product, Left(0, 0))
        quantity = before.quantity + (-line.quantity if removed else line.quantity)
        price = before.price if removed or not line.total or not line.quantity else line.total / line.quantity
        if quantity > 0 and (line.product in self.left or len(self.left) < MOST_PRODUCTS):
            self.left[line.product] = Left(quantity, price)
        else:
            self.left.pop(line.product, None)


def _lines(event: CartEvent) -> Sequence[Line]:
    # who puts something into a cart without saying what puts one thing into it
    return event.lines.lines or ((UNNAMED,) if event.change == "add" else ())


def carts_of(
    events: Iterable[CartEvent], orders: Mapping[int, Sequence[int]], window: int, now: int, currency: str
) -> Iterator[Cart]:
    """Yields all carts, as of `now`, from events person by person in the order of time.

    `orders` are the moments of each person's orders, in order; `window` is how many milliseconds a cart may rest. An
    order within it means that the cart was ordered; a later one, within `RECOVERY`, that it was recovered. A cart in
    which nothing is left is emptied, and one that may go on is open.
    """
    for person, theirs in groupby(events, lambda event: event.person):
        placed = orders.get(person, ())
        for cart in _of_one(theirs, placed, window, currency):
            cart.outcome = _outcome(cart, _next(placed, cart.begun), window, now)
            yield cart


def _of_one(events: Iterable[CartEvent], placed: Sequence[int], window: int, currency: str) -> Iterator[Cart]:
    cart: Cart | None = None
    for event in events:
        if cart and (event.time - cart.last > window or _is_between(_next(placed, cart.begun), event.time)):
            yield cart
            cart = None
        if cart is None and (event.change == "add" or (event.change == "whole" and event.lines.lines)):
            cart = Cart(event.time, event.time, event.day)
        if cart:
            cart.take(event, currency)
    if cart:
        yield cart


def _next(placed: Sequence[int], moment: int) -> int | None:
    at = bisect_left(placed, moment)
    return placed[at] if at < len(placed) else None


def _is_between(order: int | None, moment: int) -> bool:
    return order is not None and order < moment


def _outcome(cart: Cart, order: int | None, window: int, now: int) -> Outcome:
    waited = None if order is None else order - cart.last
    if waited is not None and waited <= window:
        return "ordered"
    if not cart.left:
        return "emptied"
    if now - cart.last <= window:
        return "open"
    return "recovered" if waited is not None and waited <= RECOVERY else "abandoned"
