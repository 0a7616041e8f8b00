"""The question what a shop gives back: how much of its orders, why, and how long after."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import islice
from typing import NamedTuple, NotRequired, TypedDict

import numpy as np
from pydantic import BaseModel, Field

from footfall.days import DayRange, PeriodName, day_of, periods_of
from footfall.errors import FieldProblem, Invalid
from footfall.events.commerce_fields import first_filled
from footfall.money import major_units
from footfall.orders.fold import told_id_of
from footfall.orders.purchases import in_currency_of
from footfall.questions.cache import Asked, Remembered
from footfall.questions.figures import AverageOrderValue, Currency, Orders, Refunds, Revenue
from footfall.questions.filters import FilteredOrders, Wanted
from footfall.questions.narrowed_orders import passing
from footfall.questions.placed_orders import placed_orders
from footfall.questions.range import Range, RangeAnswer
from footfall.rates import percentage
from footfall.rollups import Rollups, rollups_of
from footfall.schemas.event import Commerce, Json
from footfall.schemas.order import NamedOrder
from footfall.stores.collections import events, orders
from footfall.stores.keys import ANALYTICS
from footfall.stores.mongo import answering, database

REASONS = ("reason", "refund_reason", "refundReason", "cancel_reason", "cancelReason", "cancellation_reason", "note")
LONGEST = 256
MOST_ORDERS = 200_000
MOST_TOLD = 200_000
MOST_REASONS = 50
OTHER, UNKNOWN = "other", "unknown"
DAY = timedelta(days=1)
Filters = Mapping[str, Wanted]
BATCH = 20_000


class RefundsQuestion(FilteredOrders):
    """Over which days, and of which orders: filters go by the session that an order came of, by its person, and by what
    was bought."""

    period: PeriodName = Field(default="day", description="Weeks begin on Monday")


class RefundSums(BaseModel):
    """What was given back, each refund at its own time, whenever its order was placed."""

    refunds: int = Field(description="How many; a cancellation is one, of what was left of its order", examples=[31])
    refunded: Refunds
    refunded_orders: int = Field(description="Distinct orders that these refunds are of", examples=[30])


class RefundsOverall(RefundSums):
    """The refunds of the range, and what became of the orders placed in it."""

    avg_refund: float = Field(description="`refunded` for each of `refunds`, 0 without any", examples=[28.93])
    orders: Orders
    revenue: Revenue
    average_order_value: AverageOrderValue
    orders_refunded: int = Field(
        description="Of `orders`, those of which anything was given back, whenever", examples=[28]
    )
    orders_refunded_rate: float = Field(description="`orders_refunded` of `orders`, in percent", examples=[3.1])
    revenue_refunded_rate: float = Field(
        description="What was given back of these very orders, whenever, of `revenue`, in percent", examples=[2.4]
    )
    timed: int = Field(description="Of `refunds`, those of an order of which it is known when it was placed")
    avg_days: float | None = Field(description="Of these, mean days from the order on; null for none", examples=[9.2])
    median_days: float | None = Field(description="Median of the same", examples=[6.5])
    p90_days: float | None = Field(description="Nine in ten were sooner", examples=[21.0])


class RefundReason(BaseModel):
    """Why something was given back."""

    reason: str = Field(
        description="As an event tells it that says the order was refunded or cancelled, in small letters; `unknown`"
        " where none does, `other` for all beyond the fifty that come to most",
        examples=["too small"],
    )
    refunds: int = Field(description="How many", examples=[12])
    refunded: float = Field(description="What they come to", examples=[310.5])
    refunded_rate: float = Field(description="Of `refunded` of all, in percent", examples=[34.6])


class RefundPeriod(RefundSums):
    """The refunds of a period."""

    first: date = Field(description="First day of the period that is in the range")
    last: date = Field(description="Last day of it, counted")


class RefundsAnswer(RangeAnswer):
    """What was given back over a range of days, in the site's currency."""

    overall: RefundsOverall
    reasons: list[RefundReason] = Field(description="Those that come to most first")
    data: list[RefundPeriod] = Field(description="By period, in order")
    currency: Currency


class _Refund(NamedTuple):
    # one refund: of which order, when, how much, how long after the order, and why
    order_id: str
    at: datetime
    amount: int
    after: timedelta | None
    reason: str


_answers = Remembered(ANALYTICS, RefundsAnswer)


@_answers.or_last
@answering()
def answer(site_id: str, question: RefundsQuestion) -> RefundsAnswer:
    """Returns the refunds of a range of days; raises NotFound, Unavailable, or Invalid, also for too many of them."""
    with rollups_of(site_id) as rollups:
        days = question.days_of(rollups)
        rows = [wanted.row for wanted in question.filters_of(rollups.site).values()]
        asked = Asked(rollups, days, question, "events", rows)
        return _answers.remember(asked, lambda: _answer(rollups, days, question))


def _answer(rollups: Rollups, days: DayRange, question: RefundsQuestion) -> RefundsAnswer:
    currency, filters = rollups.site.currency, question.filters_of(rollups.site)
    found = _refunds(rollups, days, filters)
    by_day: defaultdict[date, list[_Refund]] = defaultdict(list)
    for refund in found:
        by_day[day_of(refund.at, days.zone)].append(refund)
    periods = [
        (period, [refund for day in DayRange(period.first, period.last, days.zone) for refund in by_day[day]])
        for period in periods_of(days, question.period)
    ]
    return RefundsAnswer(
        range=Range.of(days),
        complete_to=None,
        overall=_overall(rollups, days, found, filters),
        reasons=_reasons(found, currency),
        data=[
            RefundPeriod(first=period.first, last=period.last, **_sums(ours, currency).model_dump())
            for period, ours in periods
        ],
        currency=currency,
    )


def _refunds(rollups: Rollups, days: DayRange, filters: Filters) -> list[_Refund]:
    during = {"refunds": {"$elemMatch": {"at": {"$gte": days.start, "$lt": days.end}}}}
    condition = {**in_currency_of(rollups.site), **during}
    read = orders.read(database(), NamedOrder, condition, session=rollups.session, batch_size=BATCH)
    refunded = list(islice(read, MOST_ORDERS + 1))
    if len(refunded) > MOST_ORDERS:
        raise Invalid([FieldProblem("from", f"more than {MOST_ORDERS:,} orders were refunded; ask for fewer days")])
    why = _told(rollups, days)
    ours = passing(rollups, filters, refunded)
    return [one for order in ours for one in _of_order(order, days, why.get(told_id_of(order), []))]


def _of_order(order: NamedOrder, days: DayRange, why: Sequence[tuple[datetime, str]]) -> Iterator[_Refund]:
    # a refund's reason is told at its very moment, else the order's last one that was told by then
    placed = order["placed_at"]
    for refund in order["refunds"]:
        if days.start <= refund["at"] < days.end:
            told = [reason for moment, reason in why if moment <= refund["at"]] or [reason for _, reason in why[:1]]
            after = refund["at"] - placed if placed else None
            yield _Refund(order["order_id"], refund["at"], refund["amount"], after, told[-1] if told else UNKNOWN)


class _Reason(TypedDict):
    timestamp: datetime
    commerce: NotRequired[Commerce]
    properties: NotRequired[Json]


def _told(rollups: Rollups, days: DayRange) -> Mapping[str, Sequence[tuple[datetime, str]]]:
    # the reasons that are told of each order, in the order of time
    during = {"timestamp": {"$gte": days.start, "$lt": days.end}}
    condition = {"site_id": rollups.site.site_id, "type": {"$in": ["order_cancelled", "order_refunded"]}, **during}
    parts = {"commerce": ("order_id",), "properties": REASONS}
    read = events.read(database(), _Reason, condition, parts=parts, session=rollups.session, batch_size=BATCH)
    found: defaultdict[str, list[tuple[datetime, str]]] = defaultdict(list)
    told = list(islice(read, MOST_TOLD + 1))
    if len(told) > MOST_TOLD:
        raise Invalid([FieldProblem("from", f"more than {MOST_TOLD:,} events tell of refunds; ask for fewer days")])
    for event in told:
        order_id, reason = event.get("commerce", {}).get("order_id"), _reason(event.get("properties", {}))
        if order_id and reason:
            found[order_id].append((event["timestamp"], reason))
    return {order_id: sorted(reasons) for order_id, reasons in found.items()}


def _reason(properties: Json) -> str | None:
    told = first_filled(properties, REASONS)
    return (" ".join(told.casefold().split())[:LONGEST] or None) if isinstance(told, str) else None


def _sums(refunds: Sequence[_Refund], currency: str) -> RefundSums:
    return RefundSums(
        refunds=len(refunds),
        refunded=major_units(sum(refund.amount for refund in refunds), currency),
        refunded_orders=len({refund.order_id for refund in refunds}),
    )


def _overall(rollups: Rollups, days: DayRange, refunds: Sequence[_Refund], filters: Filters) -> RefundsOverall:
    currency = rollups.site.currency
    placed = passing(rollups, filters, placed_orders(rollups, days.start, days.end).orders)
    count, revenue = len(placed), sum(order["total"] for order in placed)
    back = [order["refunded"] for order in placed]
    amount = sum(refund.amount for refund in refunds)
    return RefundsOverall(
        **_sums(refunds, currency).model_dump(),
        avg_refund=major_units(amount / len(refunds), currency) if refunds else 0.0,
        orders=count,
        revenue=major_units(revenue, currency),
        average_order_value=major_units(revenue / count, currency) if count else 0.0,
        orders_refunded=sum(part > 0 for part in back),
        orders_refunded_rate=percentage(sum(part > 0 for part in back), count),
        revenue_refunded_rate=percentage(sum(back), revenue),
        **_times(refund.after / DAY for refund in refunds if refund.after is not None),
    )


class _Times(TypedDict):
    timed: int
    avg_days: float | None
    median_days: float | None
    p90_days: float | None


def _times(days: Iterable[float]) -> _Times:
    found = np.array(list(days))
    if not len(found):
        return _Times(timed=0, avg_days=None, median_days=None, p90_days=None)
    median, p90 = (round(float(value), 1) for value in np.percentile(found, [50, 90]))
    return _Times(timed=len(found), avg_days=round(float(found.mean()), 1), median_days=median, p90_days=p90)


def _reasons(refunds: Sequence[_Refund], currency: str) -> list[RefundReason]:
    counts, amounts = Counter[str](), Counter[str]()
    for refund in refunds:
        counts[refund.reason] += 1
        amounts[refund.reason] += refund.amount
    ranked = sorted(counts, key=lambda reason: (-amounts[reason], -counts[reason], reason))
    groups = [(reason, [reason]) for reason in ranked[:MOST_REASONS]]
    if others := ranked[MOST_REASONS:]:
        groups.append((OTHER, others))
    return [
        RefundReason(
            reason=name,
            refunds=sum(counts[reason] for reason in group),
            refunded=major_units(sum(amounts[reason] for reason in group), currency),
            refunded_rate=percentage(sum(amounts[reason] for reason in group), amounts.total()),
        )
        for name, group in groups
    ]
