"""The question what brought people to a shop, and what of its orders each source is credited with."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Annotated, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from footfall.activity.credit import Bought, Model, Numbers, Touches, credits_of
from footfall.days import DayRange, day_of
from footfall.funnels.columns import milliseconds
from footfall.funnels.engine import Coded
from footfall.lake.columns import NOBODY
from footfall.money import major_units
from footfall.questions.added_up import AddedUp
from footfall.questions.cache import Asked, Remembered
from footfall.questions.event_rows import ChoosingQuery, Kinds, columns_named, dimensions_named
from footfall.questions.figures import Currency, Orders, Revenue
from footfall.questions.filters import Filtered
from footfall.questions.funnel_query import WINDOW, read_window
from footfall.questions.placed_orders import PlacedOrders, placed_orders, sessions_behind
from footfall.questions.range import Range, RangeAnswer
from footfall.questions.session_columns import VisitColumns, visits_of
from footfall.questions.table import Table
from footfall.rates import percentage
from footfall.rollups import Rollups, rollups_of
from footfall.schemas.order import NamedOrder
from footfall.sessions.attribution import ATTRIBUTION_WINDOW
from footfall.stores.keys import ANALYTICS
from footfall.stores.mongo import answering

Breakdown = Literal["source", "medium", "campaign", "term", "content", "channel"]
ATTRIBUTION = ATTRIBUTION_WINDOW // timedelta(milliseconds=1)
"""How long after a session's begin an order may come of it, in milliseconds."""
LONGEST_WINDOW = 365 * 86_400_000
MOST_VALUES = 100
PARTS = 10_000
"""Of so many parts each order is split over its visits, to be counted."""
OTHER = "other"


def _window(text: object) -> int:
    window = read_window(text)
    if window > LONGEST_WINDOW:
        raise PydanticCustomError("window", "is at most 365d")
    return window


Lookback = Annotated[
    int, BeforeValidator(_window), WithJsonSchema({"type": "string", "pattern": f"^{WINDOW.pattern}$"})
]


class TrafficSourcesQuestion(Filtered):
    """What visits are told apart by, and how orders are credited to them."""

    breakdown: Breakdown = Field(default="source", description="What visits are told apart by")
    model: Model = Field(
        default="last_non_direct",
        description="Which of a buyer's visits an order is credited to: the `first`, the `last`, the last that"
        " something brought (`last_non_direct`), all alike (`linear`), by `position` 40 % to the first, 40 % to"
        " the last and 20 % to all between, or all with half as much for every seven days before the last one"
        " (`time_decay`)",
    )
    window: Lookback = Field(
        default="30d",
        validate_default=True,
        description="How long before an order a visit may have begun: a number and s, m, h or d, at most 365d",
        examples=["30d"],
    )


class TrafficSource(BaseModel):
    """The visits of one source, and its part of the orders."""

    value: str = Field(description="The source, or medium and so on; beyond the hundred largest all are `other`")
    sessions: int = Field(description="Sessions that began in the range and are attributed to it", examples=[120])
    people: int = Field(description="Distinct people of these sessions; one of several sources is in each")
    conversions: float = Field(
        description="Its part of the orders, in orders with four decimals: of all sources, and `unattributed_orders`,"
        " together exactly `orders`",
        examples=[12.5],
    )
    conversion_rate: float = Field(description="`conversions` for a hundred of `sessions`, 0 without sessions")
    revenue: float = Field(description="Its part of the revenue, exact to the smallest unit", examples=[1250.5])


class TrafficSources(RangeAnswer):
    """What brought people, and what of the orders placed in the range each source is credited with.

    Bots are left out unless they are asked for. Sessions count as in all answers by source: one that nothing brought is
    attributed to the last one of its visitor that something did. Credit goes to visits by what brought them themselves:
    sessions of the order's person, on whatever device, that began before it within the window; of more than five
    hundred the latest. Filters narrow the sessions, and then the orders to those that came of such a session.
    """

    data: list[TrafficSource] = Field(description="Those with most sessions first, then by revenue")
    orders: Orders
    revenue: Revenue
    unattributed_orders: int = Field(description="Of `orders`, those whose person had no session within the window")
    unattributed_revenue: float = Field(description="What these amount to: it is in no row")
    currency: Currency


_answers = Remembered(ANALYTICS, TrafficSources)


@_answers.or_last
@answering()
def answer(site_id: str, question: TrafficSourcesQuestion) -> TrafficSources:
    """Returns the sources of a range of days; raises NotFound, Unavailable, or Invalid, also for too many orders."""
    with rollups_of(site_id) as rollups:
        days = question.days_of(rollups)
        looked_at = _with_window(days, max(question.window, ATTRIBUTION))
        filters = question.filters_of(rollups.site).values()
        asked = Asked(rollups, looked_at, question, "events", [wanted.row for wanted in filters])
        return _answers.remember(asked, lambda: ADDED_UP.answer(rollups, question))


def _with_window(days: DayRange, window: int) -> DayRange:
    return replace(days, first=day_of(days.start - timedelta(milliseconds=window), days.zone))


class _Sums(NamedTuple):
    # by source: sessions, and their people; by what brought it itself: each session of a buyer, by its number, person,
    # start and whether nothing brought it; by its id: each order, by its person, time and amount
    sessions: Table
    people: Table
    touches: Table
    orders: Table


def _about_nobody(rollups: Rollups, question: TrafficSourcesQuestion) -> TrafficSources:
    return TrafficSources(
        range=Range.of(question.days_of(rollups)),
        complete_to=rollups.received_to,
        data=[],
        orders=0,
        revenue=0.0,
        unattributed_orders=0,
        unattributed_revenue=0.0,
        currency=rollups.site.currency,
    )


def _sums(rollups: Rollups, question: TrafficSourcesQuestion) -> _Sums:
    found = _Found.of(rollups, question.days_of(rollups), question)
    visits, placed = found.visits, found.placed
    counted, bought = found.counted, np.isin(visits.people, found.buyers)
    ids = [order["order_id"] for order in placed.orders]
    return _Sums(
        Table.of(found.texts, [found.attributed[counted]], sums=[np.ones(np.count_nonzero(counted), np.int64)]),
        Table.of(found.texts, [found.attributed[counted]], [visits.people[counted]]),
        Table.of(
            found.texts,
            [found.own[bought]],
            [visits.numbers[bought], visits.people[bought], visits.starts[bought], found.direct[bought]],
        ),
        Table.of(ids, [np.arange(len(ids))], [placed.people, placed.times, placed.totals]),
    )


def _answered(question: TrafficSourcesQuestion, about_nobody: TrafficSources, sums: _Sums) -> TrafficSources:
    *_, totals = sums.orders.numbers
    credit, currency = _credit(question, sums), about_nobody.currency
    unattributed = totals[~credit.given]
    return about_nobody.model_copy(
        update={
            "data": _rows(sums, credit, currency),
            "orders": len(totals),
            "revenue": major_units(int(totals.sum()), currency),
            "unattributed_orders": len(unattributed),
            "unattributed_revenue": major_units(int(unattributed.sum()), currency),
        }
    )


@dataclass(frozen=True)
class _Found:
    # `attributed` is for each session the place of its source in `texts`, `own` of what brought it itself
    visits: VisitColumns
    counted: NDArray[np.bool_]
    texts: list[str]
    attributed: Numbers
    own: Numbers
    direct: NDArray[np.bool_]
    placed: PlacedOrders[NamedOrder]
    buyers: Numbers

    @classmethod
    def of(cls, rollups: Rollups, days: DayRange, question: TrafficSourcesQuestion) -> "_Found":
        row = dimensions_named(rollups.site, [question.breakdown])
        span = _with_window(days, max(question.window, ATTRIBUTION))
        query = ChoosingQuery.by(rollups, span, question, {**row, **columns_named("own_direct")}, Kinds())
        visits = visits_of(query)
        placed = placed_orders(rollups, days.start, days.end)
        buyers = np.unique(placed.people[placed.people != NOBODY])
        if query.chosen:
            placed = placed.where(np.isin(sessions_behind(rollups, placed), visits.numbers[visits.chosen]))
        elif rollups.part and rollups.part.number:
            placed = placed.where(np.zeros(len(placed.totals), bool))  # all orders are of the first part
        counted = visits.chosen & (visits.starts >= milliseconds(days.start))
        texts, (attributed, missing) = _with(visits.told[question.breakdown], row[question.breakdown].missing)
        direct = np.array([text == "true" for text in visits.told["own_direct"].texts], bool)
        own_direct = direct[visits.told["own_direct"].codes]
        return cls(
            visits, counted, texts, attributed, np.where(own_direct, missing, attributed), own_direct, placed, buyers
        )


def _with(told: Coded, missing: str) -> tuple[list[str], tuple[Numbers, int]]:
    texts = list(dict.fromkeys([*told.texts, missing]))
    return texts, (told.codes.astype(np.int64), texts.index(missing))


class _Credit(NamedTuple):
    # what each source has of the orders, by its text, in parts of one and in minor units; which were given to any
    parts: dict[str, int]
    revenue: dict[str, int]
    given: NDArray[np.bool_]


def _credit(question: TrafficSourcesQuestion, sums: _Sums) -> _Credit:
    buyers, times, totals = sums.orders.numbers
    order = np.argsort(sums.touches.numbers[0])
    _, people, starts, direct = sums.touches.numbers[:, order]
    own, texts = sums.touches.codes[0, order], sums.touches.texts
    parts, revenue = np.zeros((2, len(texts)), np.int64)
    given, ones = np.zeros(len(totals), bool), np.full(len(totals), PARTS)
    touches, bought = Touches(people, starts, direct == 1), Bought(buyers, times)
    for some in credits_of(touches, bought, question.window, question.model):
        np.add.at(parts, own[some.touches], some.shares(ones))
        np.add.at(revenue, own[some.touches], some.shares(totals))
        given[some.orders] = True
    each = (dict(zip(texts, amounts.tolist(), strict=True)) for amounts in (parts, revenue))
    return _Credit(next(each), next(each), given)


def _rows(sums: _Sums, credit: _Credit, currency: str) -> list[TrafficSource]:
    names = [sums.sessions.texts[code] for code in sums.sessions.codes[0]]
    sessions = Counter(dict(zip(names, sums.sessions.sums[0].tolist(), strict=True)))
    there = {*names, *(text for text, parts in credit.parts.items() if parts)}
    ranked = sorted(there, key=lambda text: (-sessions[text], -credit.revenue.get(text, 0), text))
    groups = [(text, [text]) for text in ranked[:MOST_VALUES]]
    if others := ranked[MOST_VALUES:]:
        groups.append((OTHER, others))
    return [
        _row(name, group, sum(sessions[text] for text in group), people, credit, currency)
        for (name, group), people in zip(groups, _people(sums.people, [group for _, group in groups]), strict=True)
    ]


def _people(found: Table, groups: Sequence[Sequence[str]]) -> list[int]:
    # how many distinct people each group of texts has
    row_of = {text: row for row, group in enumerate(groups) for text in group}
    rows = np.array([row_of.get(text, len(groups)) for text in found.texts], np.int64)
    pairs = np.unique(np.stack([rows[found.codes[0]], found.numbers[0]]), axis=1)
    counts: list[int] = np.bincount(pairs[0], minlength=len(groups)).tolist()
    return counts[: len(groups)]


def _row(name: str, group: Sequence[str], sessions: int, people: int, credit: _Credit, currency: str) -> TrafficSource:
    parts, revenue = (sum(each.get(text, 0) for text in group) for each in (credit.parts, credit.revenue))
    return TrafficSource(
        value=name,
        sessions=sessions,
        people=people,
        conversions=parts / PARTS,
        conversion_rate=percentage(parts / PARTS, sessions),
        revenue=major_units(revenue, currency),
    )


ADDED_UP = AddedUp(TrafficSourcesQuestion, TrafficSources, _Sums, _about_nobody, _sums, _answered)
