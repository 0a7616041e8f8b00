"""The question what becomes of the carts that people begin: how many are ordered, left and brought back."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from typing import Annotated, NamedTuple, get_args

import numpy as np
from pydantic import BaseModel, BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from footfall.activity.carts import RECOVERY, Cart, CartEvent, Change, Outcome, carts_of
from footfall.days import DayRange, day_of
from footfall.errors import FieldProblem
from footfall.funnels.columns import milliseconds
from footfall.lake.lines import unpacked
from footfall.money import major_units
from footfall.questions.added_up import AddedUp
from footfall.questions.cache import Asked, Remembered
from footfall.questions.event_rows import CHOSEN, ChoosingQuery, Kinds, Rows, columns_named
from footfall.questions.figures import Currency
from footfall.questions.filters import Filtered
from footfall.questions.funnel_query import WINDOW, read_window
from footfall.questions.how_much import LARGEST_PART, TooBig, most_rows
from footfall.questions.placed_orders import placed_orders
from footfall.questions.range import Range, RangeAnswer
from footfall.questions.read_rows import read_rows
from footfall.questions.sums import added
from footfall.questions.table import Table
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
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
MOST_PRODUCTS = 100
OTHER = "other"


def most_events() -> int:
    """Returns how many events of carts one call looks at: they are looked at one by one."""
    return min(MOST_EVENTS, most_rows())


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
            return ADDED_UP.answer(rollups, question)  # what is open may be so no longer
        return _answers.remember(asked, lambda: ADDED_UP.answer(rollups, question))


class _Sums(NamedTuple):
    # by the day's place in the range and the outcome's: how many carts, and their value; by product left: the same
    carts: Table
    left: Table
    quantities: dict[str, Fraction]


def _about_nobody(rollups: Rollups, question: CartsQuestion) -> Carts:
    days, currency = question.days_of(rollups), rollups.site.currency
    none = _figures({}, currency)
    return Carts(
        range=Range.of(days),
        complete_to=rollups.received_to,
        overall=none,
        data=[CartsDay(date=day, **none.model_dump()) for day in days],
        products_left=[],
        currency=currency,
    )


def _answered(_question: CartsQuestion, about_nobody: Carts, sums: _Sums) -> Carts:
    currency = about_nobody.currency
    of_days: defaultdict[int, dict[Outcome, _Counted]] = defaultdict(dict)
    overall: dict[Outcome, _Counted] = {}
    for (day, at), counts in zip(sums.carts.numbers.T.tolist(), sums.carts.sums.T.tolist(), strict=True):
        of_days[day][OUTCOMES[at]] = _Counted(*counts)
        overall[OUTCOMES[at]] = added([overall.get(OUTCOMES[at], _Counted(0, 0)), _Counted(*counts)])
    data = [
        CartsDay(date=day.date, **_figures(of_days[number], currency).model_dump())
        for number, day in enumerate(about_nobody.data)
    ]
    found = {"overall": _figures(overall, currency), "data": data, "products_left": _left(sums, currency)}
    return about_nobody.model_copy(update=found)


def _sums(rollups: Rollups, question: CartsQuestion) -> _Sums:
    carts = [cart for cart in _carts(rollups, question.days_of(rollups), question) if cart.chosen]
    days, outcomes, values = (
        np.array(column, np.int64)
        for column in (
            [cart.day for cart in carts],
            [OUTCOMES.index(cart.outcome) for cart in carts],
            [cart.value for cart in carts],
        )
    )
    counted = Table.of([], [], [days, outcomes], [np.ones(len(carts), np.int64), values])
    return _Sums(counted, *_left_in(cart for cart in carts if cart.outcome == "abandoned"))


def _left_in(carts: Iterable[Cart]) -> tuple[Table, dict[str, Fraction]]:
    number, value = Counter[str](), Counter[str]()
    quantities: defaultdict[str, Fraction] = defaultdict(Fraction)
    for cart in carts:
        for product, left in cart.left.items():
            number[product] += 1
            quantities[product] += Fraction(left.quantity)
            value[product] += left.value
    columns = (np.array([counts[product] for product in number], np.int64) for counts in (number, value))
    return Table.of(list(number), [np.arange(len(number))], sums=list(columns)), dict(quantities)


def _carts(rollups: Rollups, days: DayRange, question: CartsQuestion) -> Iterator[Cart]:
    query = ChoosingQuery.by(rollups, days, question, columns_named("lines"), Kinds(tuple(CHANGES)), by_session=False)
    rows = read_rows(query).rows
    if sum(len(each.who) for each in rows) > most_events() * (LARGEST_PART if rollups.part else 1):
        raise TooBig([FieldProblem("from", f"more than {most_events():,} events are of carts; ask for fewer days")])
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
    columns = (rows.people, rows.times, rows.ties, rows.days, rows.told["lines"].codes)
    for person, time, tie, day, code in zip(*map(np.ndarray.tolist, columns), strict=True):
        yield (person, time, tie), CartEvent(person, time, day, change, lines[code], chosen)


class _Counted(NamedTuple):
    # carts, and what was left in them, in minor units
    carts: int
    value: int


def _figures(found: Mapping[Outcome, _Counted], currency: str) -> CartFigures:
    of = {outcome: found.get(outcome, _Counted(0, 0)) for outcome in OUTCOMES}
    gone = of["abandoned"].carts + of["recovered"].carts
    return CartFigures(
        started=sum(each.carts for each in of.values()),
        ordered=of["ordered"].carts,
        abandoned=of["abandoned"].carts,
        recovered=of["recovered"].carts,
        emptied=of["emptied"].carts,
        open=of["open"].carts,
        started_value=major_units(sum(each.value for each in of.values()), currency),
        ordered_value=major_units(of["ordered"].value, currency),
        abandoned_value=major_units(of["abandoned"].value, currency),
        recovered_value=major_units(of["recovered"].value, currency),
        abandonment_rate=percentage(gone, gone + of["ordered"].carts),
        recovery_rate=percentage(of["recovered"].carts, gone),
    )


def _left(sums: _Sums, currency: str) -> list[ProductLeft]:
    products = [sums.left.texts[code] for code in sums.left.codes[0]]
    number, value = (dict(zip(products, line.tolist(), strict=True)) for line in sums.left.sums)
    ranked = sorted(products, key=lambda product: (-value[product], -number[product], product))
    groups = [(product, [product]) for product in ranked[:MOST_PRODUCTS]]
    if others := ranked[MOST_PRODUCTS:]:
        groups.append((OTHER, others))
    return [
        ProductLeft(
            product_id=name,
            carts=sum(number[product] for product in group),
            quantity=round(float(sum(sums.quantities[product] for product in group)), 3),
            value=major_units(sum(value[product] for product in group), currency),
        )
        for name, group in groups
    ]


ADDED_UP = AddedUp(CartsQuestion, Carts, _Sums, _about_nobody, _sums, _answered, most_events)
