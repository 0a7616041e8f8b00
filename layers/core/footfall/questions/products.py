"""The question how products sell: how often they are seen, put into carts and bought, and where in lists they stand."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Literal, NamedTuple

import numpy as np
from pydantic import BaseModel, Field

from footfall.activity.products import Place, Told, What, shares, shown
from footfall.days import DayRange, day_of
from footfall.lake.lines import unpacked
from footfall.money import major_units
from footfall.questions.added_up import AddedUp
from footfall.questions.cache import Asked, Remembered
from footfall.questions.event_rows import CHOSEN, ChoosingQuery, Kinds, Rows, columns_named
from footfall.questions.figures import Currency
from footfall.questions.filters import FilteredList
from footfall.questions.keyed_list import KeyedAnswer, KeyedQuestion
from footfall.questions.placed_orders import orders_with_lines, sessions_behind
from footfall.questions.range import Range, RangeAnswer
from footfall.questions.ranked_list import MOST_LISTED, OTHER, page_of
from footfall.questions.read_rows import read_rows
from footfall.questions.session_columns import visits_of
from footfall.questions.sums import added
from footfall.rates import percentage
from footfall.rollups import Rollups, rollups_of
from footfall.schemas.order import PurchasedOrder
from footfall.schemas.paging import paged
from footfall.sessions.attribution import ATTRIBUTION_WINDOW
from footfall.stores.keys import ANALYTICS
from footfall.stores.mongo import answering

WHATS: dict[str, What] = {
    "product_list_viewed": "impressions",
    "product_clicked": "clicks",
    "product_viewed": "views",
    "product_added": "added",
    "wishlist_product_added_to_cart": "added",
    "product_removed": "removed",
}
SortedBy = Literal["revenue", "views", "added", "orders", "quantity", "impressions", "clicks", "refunded"]
MOST_PLACES = 200


class ProductsQuestion(KeyedQuestion, FilteredList):
    """Over which days, of which events and products, and which part of the list."""

    sort_by: SortedBy = Field(default="revenue", description="By which figure products are listed, the largest first")


class ProductRow(BaseModel):
    """One product: what was done with it, and what was bought of it."""

    product_id: str = Field(
        description="Its id, or its name where none is told; `unknown` without either, `other` for all beyond the"
        " hundred thousand first"
    )
    impressions: int = Field(description="How often it was shown in a list", examples=[4_100])
    clicks: int = Field(description="How often it was clicked there", examples=[310])
    click_rate: float = Field(description="`clicks` of `impressions`, in percent", examples=[7.56])
    views: int = Field(description="How often its own page was viewed", examples=[820])
    added: int = Field(description="How often it was put into a cart, in whatever quantity", examples=[96])
    added_rate: float = Field(description="`added` for a hundred of `views`", examples=[11.71])
    removed: int = Field(description="How often it was taken out of a cart", examples=[12])
    orders: int = Field(description="Orders placed in the range that hold it", examples=[41])
    orders_rate: float = Field(description="`orders` for a hundred of `views`", examples=[5.0])
    quantity: float = Field(description="How much of it these orders hold", examples=[55])
    revenue: float = Field(
        description="What these lines cost, before what orders as a whole add or take off (shipping, tax, discounts)",
        examples=[1_099.45],
    )
    refunded: float = Field(
        description="What was given back of these orders, whenever: of each order, every line has its part by what it"
        " costs, to the smallest unit",
        examples=[59.97],
    )
    refunded_orders: int = Field(description="Of `orders`, those of which anything was given back", examples=[2])


class ListPlace(BaseModel):
    """A place in a list of products."""

    list: str = Field(description="The list's id, or its name; empty where none is told", examples=["new-in"])
    position: int = Field(description="The place in it, as the shop counts", examples=[1])
    impressions: int = Field(description="How often a product was shown there", examples=[900])
    clicks: int = Field(description="How often it was clicked there", examples=[120])
    click_rate: float = Field(description="`clicks` of `impressions`, in percent", examples=[13.33])


class Products(RangeAnswer, KeyedAnswer):
    """How products sold over a range of days, without bots unless they are asked for.

    Of each event the first two hundred lines are looked at. Filters choose events, and the orders that came of a
    session with any such event; `product` chooses products alone.
    """

    data: list[ProductRow] = Field(description="Those with the largest figure of `sort_by` first")
    places: list[ListPlace] = Field(
        description="Where products were shown, of all lists the two hundred places that were shown most"
    )
    places_other: int = Field(description="Impressions at all other places")
    currency: Currency


_answers = Remembered(ANALYTICS, Products)


@_answers.or_last
@answering()
def answer(site_id: str, question: ProductsQuestion) -> Products:
    """Returns a page of the products of a range; raises NotFound, Unavailable, or Invalid, also for too many events."""
    with rollups_of(site_id) as rollups:
        days = question.days_of(rollups)
        question.behind(question.sort_by)
        filters = question.filters_of(rollups.site).values()
        asked = Asked(rollups, _with_sessions(days), question, "events", [wanted.row for wanted in filters])
        return _answers.remember(asked, lambda: ADDED_UP.answer(rollups, question))


class _Done(NamedTuple):
    impressions: int = 0
    clicks: int = 0
    views: int = 0
    added: int = 0
    removed: int = 0

    @classmethod
    def of(cls, counts: Counter[What]) -> "_Done":
        return cls(**{name: counts[name] for name in counts})


class _Shown(NamedTuple):
    impressions: int
    clicks: int


class _Sold(NamedTuple):
    orders: int = 0
    quantity: Fraction = Fraction(0)
    revenue: int = 0
    refunded: int = 0
    refunded_orders: int = 0


class _Sums(NamedTuple):
    # by product what was done with it and sold of it, and by list and position how often it was shown and clicked
    done: dict[str, _Done]
    sold: dict[str, _Sold]
    places: dict[Place, _Shown]


def _about_nobody(rollups: Rollups, question: ProductsQuestion) -> Products:
    return Products(
        range=Range.of(question.days_of(rollups)),
        complete_to=rollups.received_to,
        data=[],
        places=[],
        places_other=0,
        currency=rollups.site.currency,
        next=None,
        **paged(question, 0),
    )


def _answered(question: ProductsQuestion, about_nobody: Products, sums: _Sums) -> Products:
    every = {
        name: _Figures(sums.done.get(name, _Done()), sums.sold.get(name, _Sold()))
        for name in {**sums.done, **sums.sold}
    }
    listed = _listed(every, question.sort_by)
    names, figures = list(listed), list(listed.values())
    part = page_of(question, names, [each.of(question.sort_by) for each in figures], question.sort_by)
    places = _places(sums.places)
    return about_nobody.model_copy(
        update={
            "data": [figures[at].row(names[at], about_nobody.currency) for at in part.items],
            "places": places[:MOST_PLACES],
            "places_other": sum(place.impressions for place in places[MOST_PLACES:]),
            "next": part.next,
            **paged(question, len(names)),
        }
    )


def _sums(rollups: Rollups, question: ProductsQuestion) -> _Sums:
    filters = question.filters_of(rollups.site)
    wanted, days = filters.pop("product", None), question.days_of(rollups)
    query = ChoosingQuery.by(rollups, days, question, columns_named("lines"), Kinds(tuple(WHATS)), by_session=False)
    query = replace(query, chosen=filters)
    found, sold = shown(_told(read_rows(query).rows)), _sold(_orders(query))
    return _Sums(
        {name: _Done.of(counts) for name, counts in found.products.items() if wanted is None or wanted.takes([name])},
        {name: counts for name, counts in sold.items() if wanted is None or wanted.takes([name])},
        {place: _Shown(counts["impressions"], counts["clicks"]) for place, counts in found.places.items()},
    )


def _told(rows: Iterable[Rows]) -> Iterator[Told]:
    # what the same text says is read once
    for each in rows:
        if CHOSEN in each.steps:
            lines, what = each.told["lines"], list(WHATS.values())[max(each.steps)]
            counts = np.bincount(lines.codes, minlength=len(lines.texts))
            for at in np.flatnonzero(counts).tolist():
                yield Told(what, unpacked(lines.texts[at]).lines, int(counts[at]))


def _with_sessions(days: DayRange) -> DayRange:
    # an order may come of a session some time before
    return replace(days, first=day_of(days.start - ATTRIBUTION_WINDOW, days.zone))


def _orders(query: ChoosingQuery) -> list[PurchasedOrder]:
    days = query.days
    if query.rollups.part and query.rollups.part.number and not query.chosen:
        return []  # all orders are of the first part
    placed = orders_with_lines(query.rollups, days.start, days.end)
    if query.chosen:
        visits = visits_of(replace(query, days=_with_sessions(days), told={}, by_session=True, reading=Kinds()))
        placed = placed.where(np.isin(sessions_behind(query.rollups, placed), visits.numbers[visits.chosen]))
    return placed.orders


def _sold(orders: Iterable[PurchasedOrder]) -> dict[str, _Sold]:
    found: defaultdict[str, list[_Sold]] = defaultdict(list)
    for order in orders:
        lines = order["lines"]
        refunded = shares(order["refunded"], [max(line.get("total", 0), 0) for line in lines]) if lines else []
        given_back: defaultdict[str, int] = defaultdict(int)
        for line, back in zip(lines, refunded, strict=True):
            product = line["product_id"]
            given_back[product] += back
            found[product].append(_Sold(0, Fraction(line.get("quantity", 0)), line.get("total", 0), back, 0))
        for product, back in given_back.items():
            found[product].append(_Sold(orders=1, refunded_orders=int(back > 0)))
    return {product: added(parts) for product, parts in found.items()}


class _Figures(NamedTuple):
    done: _Done
    sold: _Sold

    def of(self, name: SortedBy) -> int:
        return int(getattr(self.sold if name in _Sold._fields else self.done, name))

    def row(self, name: str, currency: str) -> ProductRow:
        done, sold = self.done, self.sold
        return ProductRow(
            product_id=name,
            impressions=done.impressions,
            clicks=done.clicks,
            click_rate=percentage(done.clicks, done.impressions),
            views=done.views,
            added=done.added,
            added_rate=percentage(done.added, done.views),
            removed=done.removed,
            orders=sold.orders,
            orders_rate=percentage(sold.orders, done.views),
            quantity=round(float(sold.quantity), 3),
            revenue=major_units(sold.revenue, currency),
            refunded=major_units(sold.refunded, currency),
            refunded_orders=sold.refunded_orders,
        )


def _listed(figures: dict[str, _Figures], sorted_by: SortedBy) -> dict[str, _Figures]:
    if len(figures) <= MOST_LISTED:
        return figures
    ranked = sorted(figures, key=lambda name: (-figures[name].of(sorted_by), name))
    found = {name: figures[name] for name in ranked[:MOST_LISTED]}
    others = [figures[name] for name in ranked[MOST_LISTED:]]
    return {**found, OTHER: added([*others, *([found[OTHER]] if OTHER in found else [])])}


def _places(shown: Mapping[Place, _Shown]) -> list[ListPlace]:
    ranked = sorted(shown.items(), key=lambda each: (-each[1].impressions, -each[1].clicks, each[0]))
    return [
        ListPlace(
            list=place.list,
            position=place.position,
            impressions=counts.impressions,
            clicks=counts.clicks,
            click_rate=percentage(counts.clicks, counts.impressions),
        )
        for place, counts in ranked
    ]


ADDED_UP = AddedUp(ProductsQuestion, Products, _Sums, _about_nobody, _sums, _answered)
