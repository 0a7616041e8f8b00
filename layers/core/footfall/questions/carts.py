"""The question what becomes of the carts that people begin: how many are ordered, left and brought back."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Annotated

import numpy as np
from pydantic import BaseModel, BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from footfall.activity.carts import RECOVERY, Cart, CartEvent, Change, Outcome, carts_of
from footfall.days import DayRange, day_of
from footfall.errors import FieldProblem, Invalid
from footfall.funnels.columns import milliseconds
from footfall.lake.lines import unpacked
from footfall.money import major_units
from footfall.questions.cache import Asked, Remembered
from footfall.questions.event_rows import CHOSEN, ChoosingQuery, Kinds, Rows, columns_named
from footfall.questions.figures import Currency
from footfall.questions.filters import Filtered
from footfall.questions.funnel_query import WINDOW, read_window
from footfall.questions.placed_orders import placed_orders
from footfall.questions.range import Range, RangeAnswer
from footfall.questions.read_rows import read_rows
from footfall.rates import percentage
from footfall.rollups import Rollups, rollups_of
from footfall.stores.keys import ANALYTICS
from footfall.stores.mongo import answering

CHANGES: dict[str, Change] = {
    "product_added": "add",
    "wishlist_product_added_to_cart": "add",
    "product_removed": "remove",
    "cart_viewed": "whole",
    "checkout_started": "whole",
    "checkout_step_viewed": "touch",
    "checkout_step_completed": "touch",
    "shipping_info_entered": "touch",
    "payment_info_entered": "touch",
}
MOST_EVENTS = 1_000_000
MOST_PRODUCTS = 100
OTHER = "other"


def _window(text: object) -> int:
    window = read_window(text)
    if window > RECOVERY:
        raise PydanticCustomError("window", "is at most 7d")
    return window


Rest = Annotated[int, BeforeValidator(_window), WithJsonSchema({"type": "string", "pattern": f"^{WINDOW.pattern}$"})]


class CartsQuestion(Filtered):
    """Over which days, of which carts, and after how long a cart is abandoned."""

    window: Rest = Field(
        default="24h",
        validate_default=True,
        description="How long nothing may be done with a cart before it is abandoned: a number and s, m, h or d, at"
        " most 7d",
        examples=["24h"],
    )


class CartFigures(BaseModel):
    """Carts that began, and what became of them. Their value is what was left in them cost, where prices are told."""

    started: int = Field(description="Carts that began: the sum of the five counts that follow", examples=[200])
    ordered: int = Field(description="Their person ordered within the window after the last event of the cart")
    abandoned: int = Field(description="Something was left in them, and no order came within seven days")
    recovered: int = Field(description="An order came after the window, within seven days after the last event")
    emptied: int = Field(description="All was taken out again, without an order")
    open: int = Field(description="The window is not over yet")
    started_value: float = Field(description="What was left in all of them")
    ordered_value: float = Field(description="What was left in those that were ordered")
    abandoned_value: float = Field(description="What was left in those that were abandoned and not recovered")
    recovered_value: float = Field(description="What was left in those that were recovered")
    abandonment_rate: float = Field(
        description="`abandoned` and `recovered` of these and `ordered`, in percent", examples=[70.19]
    )
    recovery_rate: float = Field(description="`recovered` of `abandoned` and `recovered`, in percent", examples=[8.3])


class CartsDay(CartFigures):
    """The carts that began on one day."""

    date: date


class ProductLeft(BaseModel):
    """A product in carts that were abandoned and not recovered."""

    product_id: str = Field(
        description="Its id; `unknown` where none is told, `other` for all beyond the hundred first"
    )
    carts: int = Field(description="In how many it was left")
    quantity: float = Field(description="How much of it")
    value: float = Field(description="What that costs")


class Carts(RangeAnswer):
    """The carts of a range of days, bots left out unless they are asked for.

    A cart is one person's, on whatever device: from what is put into it to their next order, or until nothing is done
    with it for the window. A cart that is viewed, and a checkout that begins, tell its content anew where they tell
    products. What was done before and after the range is not looked at, but for orders of the seven days after it.
    Filters choose the carts of which any event passes them.
    """

    overall: CartFigures = Field(description="All carts of the range")
    data: list[CartsDay] = Field(description="By the day they began, every day of the range")
    products_left: list[ProductLeft] = Field(description="Those with the largest value first, then in most carts")
    currency: Currency


_answers = Remembered(ANALYTICS, Carts)


@_answers.or_last
@answering()
def answer(site_id: str, question: CartsQuestion) -> Carts:
    """Returns the carts of a range of days; raises NotFound, Unavailable, or Invalid, also for too many events."""
    with rollups_of(site_id) as rollups:
        days = question.days_of(rollups)
        looked_at = replace(days, last=days.last + timedelta(milliseconds=RECOVERY))
        filters = question.filters_of(rollups.site).values()
        asked = Asked(rollups, looked_at, question, "events", [wanted.row for wanted in filters])
        if days.last >= day_of(rollups.moment - timedelta(milliseconds=question.window + RECOVERY), days.zone):
            return _answer(rollups, days, question).counted_to(asked.complete_to())  # what is open may be so no longer
        return _answers.remember(asked, lambda: _answer(rollups, days, question))


def _answer(rollups: Rollups, days: DayRange, question: CartsQuestion) -> Carts:
    currency = rollups.site.currency
    carts = [cart for cart in _carts(rollups, days, question) if cart.chosen]
    by_day: defaultdict[int, list[Cart]] = defaultdict(list)
    for cart in carts:
        by_day[cart.day].append(cart)
    return Carts(
        range=Range.of(days),
        complete_to=None,
        overall=_figures(carts, currency),
        data=[CartsDay(date=day, **_figures(by_day[number], currency).model_dump()) for number, day in enumerate(days)],
        products_left=_left((cart for cart in carts if cart.outcome == "abandoned"), currency),
        currency=currency,
    )


def _carts(rollups: Rollups, days: DayRange, question: CartsQuestion) -> Iterator[Cart]:
    query = ChoosingQuery.by(rollups, days, question, columns_named("lines"), Kinds(tuple(CHANGES)), by_session=False)
    rows = read_rows(query).rows
    if sum(len(each.who) for each in rows) > MOST_EVENTS:
        raise Invalid([FieldProblem("from", f"more than {MOST_EVENTS:,} events are of carts; ask for fewer days")])
    placed = placed_orders(rollups, days.start, days.end + timedelta(milliseconds=RECOVERY))
    orders: defaultdict[int, list[int]] = defaultdict(list)
    for person, moment in sorted(zip(placed.people.tolist(), placed.times.tolist(), strict=True)):
        orders[person].append(moment)
    return carts_of(_events(rows), orders, question.window, milliseconds(rollups.moment), rollups.site.currency)


def _events(rows: Sequence[Rows]) -> Iterator[CartEvent]:
    # person by person, in the order of time
    found = [(*place, event) for each in rows for place, event in _of(each)]
    return (event for _, _, _, event in sorted(found, key=lambda one: one[:3]))


def _of(rows: Rows) -> Iterator[tuple[tuple[int, int, int], CartEvent]]:
    chosen = CHOSEN in rows.steps
    change = list(CHANGES.values())[max(rows.steps)]
    lines = [unpacked(text) for text in rows.told["lines"].texts]
    columns = (rows.people, rows.days, rows.ranks, rows.times, rows.told["lines"].codes)
    for person, day, rank, time, code in zip(*map(np.ndarray.tolist, columns), strict=True):
        yield (person, day, rank), CartEvent(person, time, day, change, lines[code], chosen)


def _figures(carts: Sequence[Cart], currency: str) -> CartFigures:
    counts, values = Counter[Outcome](), Counter[Outcome]()
    for cart in carts:
        counts[cart.outcome] += 1
        values[cart.outcome] += cart.value
    gone = counts["abandoned"] + counts["recovered"]
    return CartFigures(
        started=len(carts),
        ordered=counts["ordered"],
        abandoned=counts["abandoned"],
        recovered=counts["recovered"],
        emptied=counts["emptied"],
        open=counts["open"],
        started_value=major_units(values.total(), currency),
        ordered_value=major_units(values["ordered"], currency),
        abandoned_value=major_units(values["abandoned"], currency),
        recovered_value=major_units(values["recovered"], currency),
        abandonment_rate=percentage(gone, gone + counts["ordered"]),
        recovery_rate=percentage(counts["recovered"], gone),
    )


def _left(carts: Iterable[Cart], currency: str) -> list[ProductLeft]:
    number, quantity, value = Counter[str](), Counter[str](), Counter[str]()
    for cart in carts:
        for product, left in cart.left.items():
            number[product] += 1
            quantity[product] += left.quantity  # type: ignore[assignment]
            value[product] += left.value
    ranked = sorted(number, key=lambda product: (-value[product], -number[product], product))
    groups = [(product, [product]) for product in ranked[:MOST_PRODUCTS]]
    if others := ranked[MOST_PRODUCTS:]:
        groups.append((OTHER, others))
    return [
        ProductLeft(
            product_id=name,
            carts=sum(number[product] for product in group),
            quantity=round(sum(quantity[product] for product in group), 3),
            value=major_units(sum(value[product] for product in group), currency),
        )
        for name, group in groups
    ]
