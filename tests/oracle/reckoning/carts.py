"""What becomes of carts, and the right answer of /api/analytics/carts."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import NamedTuple

from tests.oracle.life import Json, Question
from tests.oracle.reckoning.events import Event
from tests.oracle.reckoning.narrowing import event_passes, looked_at
from tests.oracle.reckoning.numbers import milliseconds, rate
from tests.oracle.reckoning.shop import Reckoning
from tests.oracle.reckoning.steps import window_of
from tests.oracle.reckoning.tellings import read_lines

RECOVERY = timedelta(days=7)
CHANGES = {
    "product_added": "add",
    "product_removed": "remove",
    "cart_viewed": "whole",
    "checkout_started": "whole",
    "payment_info_entered": "touch",
}
UNNAMED = ("unknown", 1, None)
Content = dict[str, tuple[int, int]]
"""How many are left of each product, and what they cost together."""


class Step(NamedTuple):
    """Something done with a cart, when in milliseconds: it adds or removes lines, tells the whole, or only touches it.

    A line is a product, how many, and what they come to in minor units, None where that is not known.
    """

    person: object
    time: int
    change: str
    lines: Sequence[tuple[str, int, int | None]]
    chosen: bool = True
    day: date = date.min


@dataclass(frozen=True)
class Cart:
    """One cart, and what became of it."""

    steps: Sequence[Step]
    outcome: str
    left: Content

    @property
    def value(self) -> int:
        """What is left in it costs."""
        return sum(value for _, value in self.left.values())


def carts(steps: Sequence[Step], orders: Sequence[tuple[object, int]], window: int, now: int) -> Iterable[Cart]:
    """Yields the carts of each person, of steps in the order of time; `orders` are persons and moments."""
    for person in dict.fromkeys(step.person for step in steps):
        placed = sorted(moment for who, moment in orders if who == person)
        for cart in _of_person([step for step in steps if step.person == person], placed, window):
            left, last = content(cart), cart[-1].time
            waits = [moment - last for moment in placed if moment >= cart[0].time][:1]
            yield Cart(cart, _outcome(waits, left, window, now - last), left)


def _of_person(steps: Sequence[Step], placed: Sequence[int], window: int) -> list[list[Step]]:
    found: list[list[Step]] = []
    for step in steps:
        goes_on = found and step.time - found[-1][-1].time <= window
        if goes_on and not any(found[-1][0].time <= moment < step.time for moment in placed):
            found[-1].append(step)
        elif step.change == "add" or (step.change == "whole" and step.lines):
            found.append([step])
    return found


def content(steps: Iterable[Step]) -> Content:
    """Returns what is left of each product, and what all of it costs."""
    left: dict[str, tuple[int, Fraction]] = {}
    for step in steps:
        if step.change == "whole" and step.lines:
            left = {}
        lines = step.lines or ([UNNAMED] if step.change == "add" else [])
        for product, number, total in lines if step.change != "touch" else []:
            count, price = left.pop(product, (0, Fraction(0)))
            sign = -1 if step.change == "remove" else 1
            if sign == 1 and total:
                price = Fraction(total, number)
            if count + sign * number > 0:
                left[product] = (count + sign * number, price)
    return {product: (count, round(count * price)) for product, (count, price) in left.items()}


def _outcome(waits: Sequence[int], left: Content, window: int, rested: int) -> str:
    if any(wait <= window for wait in waits):
        return "ordered"
    if not left:
        return "emptied"
    if rested <= window:
        return "open"
    return "recovered" if any(wait <= RECOVERY / timedelta(milliseconds=1) for wait in waits) else "abandoned"


def answer(shop: Reckoning, question: Question) -> Json:
    """Returns the carts of a range."""
    days, window = shop.days_of(question), window_of(question.get("window") or "24h")
    assert window
    placed = [order for order in shop.placed(shop.orders) if shop.counted(order) and order.placed_at]
    orders = [
        (order.person, milliseconds(order.placed_at))
        for order in placed
        if order.placed_at and shop.begin(days) <= order.placed_at < shop.end(days) + RECOVERY
    ]
    span = round(window / timedelta(milliseconds=1))
    now = milliseconds(datetime.now(UTC))
    found = [
        cart for cart in carts(_steps(shop, question), orders, span, now) if any(step.chosen for step in cart.steps)
    ]
    return {
        "range": shop.range(days),
        "overall": _figures(shop, found),
        "data": [
            {"date": str(day), **_figures(shop, [cart for cart in found if cart.steps[0].day == day])}
            for day in days.all()
        ],
        "products_left": _left(shop, [cart for cart in found if cart.outcome == "abandoned"]),
        "currency": shop.shop.currency,
    }


def _steps(shop: Reckoning, question: Question) -> list[Step]:
    return [
        Step(
            shop.person(event),
            milliseconds(event.at),
            CHANGES[event.kind],
            _lines(shop, event),
            event_passes(shop, question, event),
            shop.day(event),
        )
        for event in looked_at(shop, shop.days_of(question), question)
        if event.kind in CHANGES
    ]


def _lines(shop: Reckoning, event: Event) -> list[tuple[str, int, int | None]]:
    # prices in another currency are not known
    currency = str(event.fields.get("currency", shop.shop.currency))
    known = currency == shop.shop.currency
    return [(line.product, int(line.quantity), line.total if known else None) for line in read_lines(event, currency)]


def _figures(shop: Reckoning, found: Sequence[Cart]) -> Json:
    counts, values = Counter(cart.outcome for cart in found), Counter[str]()
    for cart in found:
        values[cart.outcome] += cart.value
    gone = counts["abandoned"] + counts["recovered"]
    return {
        "started": len(found),
        **{name: counts[name] for name in ("ordered", "abandoned", "recovered", "emptied", "open")},
        "started_value": shop.major(values.total()),
        **{f"{name}_value": shop.major(values[name]) for name in ("ordered", "abandoned", "recovered")},
        "abandonment_rate": rate(gone, gone + counts["ordered"]),
        "recovery_rate": rate(counts["recovered"], gone),
    }


def _left(shop: Reckoning, found: Sequence[Cart]) -> list[Json]:
    products: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
    for cart in found:
        for product, left in cart.left.items():
            products[product].append(left)
    ranked = sorted(products, key=lambda name: (-_value(products, name), -len(products[name]), name))
    return [
        {
            "product_id": name,
            "carts": len(products[name]),
            "quantity": float(sum(count for count, _ in products[name])),
            "value": shop.major(_value(products, name)),
        }
        for name in ranked
    ]


def _value(products: Mapping[str, Sequence[tuple[int, int]]], name: str) -> int:
    return sum(value for _, value in products[name])
