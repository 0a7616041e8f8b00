"""The question what brought people to a shop, and what of its orders each source is credited with."""

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
from footfall.money import major_units
from footfall.questions.cache import Asked, Remembered
from footfall.questions.event_rows import ChoosingQuery, Kinds, columns_named, dimensions_named
from footfall.questions.figures import Currency, Orders, Revenue
from footfall.questions.filters import Filtered
from footfall.questions.funnel_query import WINDOW, read_window
from footfall.questions.placed_orders import PlacedOrders, placed_orders, sessions_behind
from footfall.questions.range import Range, RangeAnswer
from footfall.questions.session_columns import VisitColumns, visits_of
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
        return _answers.remember(asked, lambda: _answer(rollups, days, question))


def _with_window(days: DayRange, window: int) -> DayRange:
    return replace(days, first=day_of(days.start - timedelta(milliseconds=window), days.zone))


def _answer(rollups: Rollups, days: DayRange, question: TrafficSourcesQuestion) -> TrafficSources:
    found = _Found.of(rollups, days, question)
    placed, currency = found.placed, rollups.site.currency
    credit = _credit(found, question)
    none = ~credit.given
    return TrafficSources(
        range=Range.of(days),
        complete_to=None,
        data=_rows(found, credit, currency),
        orders=len(placed.totals),
        revenue=major_units(int(placed.totals.sum()), currency),
        unattributed_orders=int(none.sum()),
        unattributed_revenue=major_units(int(placed.totals[none].sum()), currency),
        currency=currency,
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

    @classmethod
    def of(cls, rollups: Rollups, days: DayRange, question: TrafficSourcesQuestion) -> "_Found":
        row = dimensions_named(rollups.site, [question.breakdown])
        span = _with_window(days, max(question.window, ATTRIBUTION))
        query = ChoosingQuery.by(rollups, span, question, {**row, **columns_named("own_direct")}, Kinds())
        visits = visits_of(query)
        placed = placed_orders(rollups, days.start, days.end)
        if query.chosen:
            placed = placed.where(np.isin(sessions_behind(rollups, placed), visits.numbers[visits.chosen]))
        counted = visits.chosen & (visits.starts >= milliseconds(days.start))
        texts, (attributed, missing) = _with(visits.told[question.breakdown], row[question.breakdown].missing)
        direct = np.array([text == "true" for text in visits.told["own_direct"].texts], bool)
        own_direct = direct[visits.told["own_direct"].codes]
        return cls(visits, counted, texts, attributed, np.where(own_direct, missing, attributed), own_direct, placed)


def _with(told: Coded, missing: str) -> tuple[list[str], tuple[Numbers, int]]:
    texts = list(dict.fromkeys([*told.texts, missing]))
    return texts, (told.codes.astype(np.int64), texts.index(missing))


class _Credit(NamedTuple):
    # what each source has of the orders, in parts of one and in minor units, and which orders were given to any
    parts: Numbers
    revenue: Numbers
    given: NDArray[np.bool_]


def _credit(found: _Found, question: TrafficSourcesQuestion) -> _Credit:
    placed, visits = found.placed, found.visits
    parts, revenue = np.zeros((2, len(found.texts)), np.int64)
    given = np.zeros(len(placed.totals), bool)
    ones = np.full(len(placed.totals), PARTS)
    touches = Touches(visits.people, visits.starts, found.direct)
    bought = Bought(placed.people, placed.times)
    for some in credits_of(touches, bought, question.window, question.model):
        sources = found.own[some.touches]
        np.add.at(parts, sources, some.shares(ones))
        np.add.at(revenue, sources, some.shares(placed.totals))
        given[some.orders] = True
    return _Credit(parts, revenue, given)


def _rows(found: _Found, credit: _Credit, currency: str) -> list[TrafficSource]:
    sources = found.attributed[found.counted]
    sessions = np.bincount(sources, minlength=len(found.texts))
    there = np.flatnonzero((sessions > 0) | (credit.parts > 0))
    ranked = sorted(there.tolist(), key=lambda at: (-sessions[at], -credit.revenue[at], found.texts[at]))
    # beyond the largest, all are one row more
    row_of = np.full(len(found.texts), MOST_VALUES)
    row_of[ranked[:MOST_VALUES]] = np.arange(len(ranked[:MOST_VALUES]))
    pairs = np.unique(np.stack([row_of[sources], found.visits.people[found.counted]]), axis=1)
    names = [found.texts[at] for at in ranked[:MOST_VALUES]] + [OTHER] * (len(ranked) > MOST_VALUES)
    rows = zip(
        names,
        np.bincount(row_of[sources], minlength=len(names)).tolist(),
        np.bincount(pairs[0], minlength=len(names)).tolist(),
        *(_by_row(row_of[there], amounts[there], len(names)) for amounts in (credit.parts, credit.revenue)),
        strict=True,
    )
    return [
        TrafficSource(
            value=name,
            sessions=count,
            people=people,
            conversions=parts / PARTS,
            conversion_rate=percentage(parts / PARTS, count),
            revenue=major_units(revenue, currency),
        )
        for name, count, people, parts, revenue in rows
    ]


def _by_row(rows: Numbers, amounts: Numbers, count: int) -> list[int]:
    found = np.zeros(count, np.int64)
    np.add.at(found, rows, amounts)
    return [int(amount) for amount in found]
