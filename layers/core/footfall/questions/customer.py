"""The question who one customer is: scores, forecasts, visits, orders and refunds. Money is in major units."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, TypedDict

from pydantic import BaseModel, ConfigDict, Field
from pymongo.client_session import ClientSession

from footfall.errors import NotFound
from footfall.money import major_units
from footfall.people.identities import identities
from footfall.questions.figures import AverageOrderValue, Currency, NetRevenue, Orders, Refunds, Revenue
from footfall.questions.forecasts import Churn, Degraded, LifetimeValue, churn_details, degraded, lifetime_details
from footfall.questions.interests import Interest, interests_of
from footfall.questions.left_out import LeftOut
from footfall.questions.person_orders import orders_of
from footfall.questions.recommendations import Recommendation, shown_to
from footfall.rates import percentage
from footfall.schemas.customer import CustomerDocument, Priority, PurchaseTiming
from footfall.schemas.order import Contradiction, Conversion, OrderDocument, OrderFlag, OrderSource, OrderStatus
from footfall.schemas.site import Site
from footfall.sessions.conversions import has_counted_order
from footfall.sites import get_site
from footfall.stores.collections import customers, orders, user_sessions
from footfall.stores.mongo import Pipeline, answering, client, database

PRODUCTS_SHOWN = 10
RECENT_ORDERS = 20
CustomerId = Annotated[str, Field(max_length=256)]


class CustomerQuestion(BaseModel):
    """Which customer."""

    model_config = ConfigDict(extra="forbid")

    customer_id: CustomerId


class Rfm(BaseModel):
    """How lately, how often and for how much somebody buys, as the last training found it.

    Each score is the fifth of all customers that somebody is in, 5 being best; equal values share a score. Of fewer
    than 25 customers, scores go by limits that are the same in every shop.
    """

    recency: int = Field(description="Days from the last order to `as_of`", examples=[12])
    frequency: Orders
    monetary: float = Field(description="The same as `revenue`", examples=[1250.5])
    revenue: Revenue
    refunds: Refunds
    net_revenue: NetRevenue
    rfm_score: str = Field(description="Scores for recency, frequency and monetary value", examples=["545"])
    rfm_segment: str = Field(description="The group that the scores amount to", examples=["Champions"])
    behaviour_segment: str = Field(
        description="By how they shop, found by clustering", examples=["Frequent, big orders"]
    )
    customer_value_score: float | None = Field(
        description="What they were worth so far, from 0 to 100: half by net revenue, three tenths by orders, two by"
        " recency, each as a rank among all customers; null before a training of 0.1.0"
    )
    customer_priority: Priority | None = Field(
        description="Whom to turn to first: by the value score, and by the risk of churn or, until a model tells it,"
        " by `purchase_timing_status`; null likewise"
    )
    purchase_timing_status: PurchaseTiming | None = Field(
        description="`due` from 0.8 of the gap that is expected between the last order and the next, `overdue` from"
        " 1.5, `unknown` in a shop where nobody came back; null likewise"
    )
    expected_gap_days: float | None = Field(
        description="That gap: the mean of their own gaps and of one more, the median of the shop's customers"
    )
    due_on: date | None = Field(description="The day that it ends")
    as_of: date = Field(description="The last day with an order or refund when the models were trained")

    @classmethod
    def of(cls, customer: CustomerDocument) -> "Rfm":
        """Returns the scores of a stored customer."""
        monetary, refunded, currency = customer["monetary"], customer["refunded"], customer["currency"]
        return cls(
            recency=customer["recency"],
            frequency=customer["frequency"],
            monetary=major_units(monetary, currency),
            revenue=major_units(monetary, currency),
            refunds=major_units(refunded, currency),
            net_revenue=major_units(monetary - refunded, currency),
            rfm_score=customer["rfm_score"],
            rfm_segment=customer["rfm_segment"],
            behaviour_segment=customer["behaviour_segment"],
            customer_value_score=customer.get("customer_value_score"),
            customer_priority=customer.get("customer_priority"),
            purchase_timing_status=customer.get("purchase_timing"),
            expected_gap_days=customer.get("expected_gap_days"),
            due_on=date.fromisoformat(due_on) if (due_on := customer.get("due_on")) else None,
            as_of=date.fromisoformat(customer["as_of"]),
        )


class Visits(BaseModel):
    """What is known of a person's visits; all zero for a customer who was never seen on the site itself."""

    sessions: int = Field(description="Each with a view of a page, a product, a list or the cart")
    page_views: int = Field(description="In all of them")
    avg_session_seconds: float = Field(description="Mean seconds from a session's first event to its last")
    bounce_rate: float = Field(description="Sessions of one page view and nothing else that a person does, in percent")
    converted_sessions: int = Field(description="Sessions that an order came of")
    devices: dict[str, int] = Field(description="Sessions by device", examples=[{"Desktop": 3, "Mobile": 1}])
    first_seen: datetime | None
    last_seen: datetime | None


class OrderRefund(BaseModel):
    """What was given back of an order at one moment."""

    at: datetime
    amount: float = Field(description="In major units of the order's currency")


class Converted(BaseModel):
    """What an order was told in, and the site's exchange rate by which it is in the site's currency now."""

    currency: str = Field(description="What it was told in", examples=["USD"])
    total: float = Field(description="In that currency")
    rate: str = Field(description="What one unit of it was worth in the site's own", examples=["0.9234"])
    date: date


class SaidOtherwise(BaseModel):
    """What a less trusted source said of an order, and does not count."""

    at: datetime
    event_id: str
    type: str = Field(description="The event's type", examples=["order_refunded"])
    source: OrderSource = Field(description="Who said it")
    total: float | None = Field(description="The amount it told, in major units of `currency`; null for none")
    currency: str | None = Field(description="What it told its amount in; null where it told none")


class CustomerOrder(BaseModel):
    """One order, or a refund whose order was never seen (`refund_only`)."""

    order_id: str
    placed_at: datetime | None
    refunded_at: datetime | None
    status: OrderStatus = Field(description="What became of it")
    total: float = Field(description="Before refunds, in major units of `currency`")
    refunded: float = Field(description="What was given back of it")
    currency: str = Field(description="Of this order's amounts")
    items: int | float = Field(description="Pieces ordered; half a kilogram is 0.5")
    products: list[str] = Field(description="Ids of the first ten products")
    refunds: list[OrderRefund]
    flags: list[OrderFlag] = Field(description="What keeps its money out of sums, or in doubt")
    converted_from: Converted | None
    told_by: OrderSource | None = Field(
        description="The most trusted source that told its money; null before a deployment was prepared"
    )
    contradictions: list[SaidOtherwise] = Field(
        description="What less trusted sources said otherwise, the first twenty"
    )
    unconfirmed_total: float | None = Field(
        description="What it comes to by the public key's word alone, where the site waits for its own; else null"
    )


class OrdersSummary(LeftOut):
    """A customer's orders as they stand now."""

    count: Orders
    revenue: Revenue
    refunds: Refunds
    net_revenue: NetRevenue
    average_order_value: AverageOrderValue
    recent: list[CustomerOrder] = Field(description="The newest twenty, also of those that no figure counts")


class CustomerLifetime(LifetimeValue, Degraded):
    """What a customer is expected to bring."""


class CustomerChurn(Churn, Degraded):
    """How likely a customer is to leave, and why."""

    horizon_days: int | None = Field(description="Churn is not to buy within so many days", examples=[119])


class CustomerAnswer(BaseModel):
    """One customer: scores as of the last training, visits and orders as they stand now."""

    customer_id: str
    currency: Currency
    rfm: Rfm | None = Field(description="null for a customer who has come since the last training")
    lifetime: CustomerLifetime | None = Field(description="What they are expected to bring; null likewise")
    churn: CustomerChurn | None = Field(description="How likely they are to leave, and why; null likewise")
    sessions: Visits
    orders: OrdersSummary
    interests: list[Interest] = Field(description="As `/api/users/{user_id}/interests` has them")
    recommendations: list[Recommendation] = Field(
        description="The ten foremost products to show them, as `/api/recommendations/{customer_id}` has them"
    )


@answering()
def answer(site_id: str, question: CustomerQuestion) -> CustomerAnswer:
    """Returns all that is known of a customer; raises NotFound where the site has none of that id, or Unavailable."""
    site, customer_id = get_site(database(), site_id), question.customer_id
    scored = customers.of(database()).find_one({"_id": f"{site_id}:{customer_id}"})
    summary = _summary(site, customer_id)
    if not (scored or summary.count):
        raise NotFound("there is no such customer")
    return CustomerAnswer(
        customer_id=customer_id,
        currency=site.currency,
        rfm=Rfm.of(scored) if scored else None,
        lifetime=_lifetime(site_id, scored) if scored else None,
        churn=_churn(site_id, scored) if scored else None,
        sessions=_visits(_sessions_of(site, customer_id)),
        orders=summary,
        interests=interests_of(site_id, customer_id),
        recommendations=shown_to(site_id, customer_id),
    )


def _lifetime(site_id: str, customer: CustomerDocument) -> CustomerLifetime:
    told = degraded(lifetime_details(site_id))
    return CustomerLifetime(**LifetimeValue.of(customer).model_dump(), **told.model_dump())


def _churn(site_id: str, customer: CustomerDocument) -> CustomerChurn:
    details = churn_details(site_id)
    return CustomerChurn(
        **Churn.of(customer).model_dump(),
        **degraded(details).model_dump(),
        horizon_days=details["horizon_days"] if details else None,
    )


class _DeviceSessions(TypedDict):
    _id: str
    sessions: int
    page_views: int
    seconds: float
    bounces: int
    converted: int
    first_seen: datetime
    last_seen: datetime


def seen_of(site: Site, customer_id: str) -> dict[str, object]:
    """Returns the condition for what a customer did, under whatever visitor's id, of documents with these fields."""
    visitors = identities(database(), site.site_id, [customer_id]).visitors
    own = [visitor for visitor, person_id in visitors.items() if person_id == customer_id]
    return {
        "site_id": site.site_id,
        "visitor_id": {"$in": list(visitors)},
        "person_id": {"$in": own},
        "bot": False,
    }


def _sessions_of(site: Site, customer_id: str) -> list[_DeviceSessions]:
    match = seen_of(site, customer_id)
    group = {
        "_id": "$device",
        "sessions": {"$sum": 1},
        "page_views": {"$sum": "$page_views"},
        "seconds": {"$sum": "$duration"},
        "bounces": {"$sum": {"$toInt": "$bounce"}},
        "converted": {"$sum": {"$toInt": has_counted_order(site.currency)}},
        "first_seen": {"$min": "$started_at"},
        "last_seen": {"$max": "$ended_at"},
    }
    pipeline: Pipeline = [{"$match": match}, {"$group": group}, {"$sort": {"_id": 1}}]
    return user_sessions.aggregate(database(), _DeviceSessions, pipeline).to_list()


def _visits(by_device: Sequence[_DeviceSessions]) -> Visits:
    sessions = sum(sums["sessions"] for sums in by_device)
    seconds = sum(sums["seconds"] for sums in by_device)
    return Visits(
        sessions=sessions,
        page_views=sum(sums["page_views"] for sums in by_device),
        avg_session_seconds=round(seconds / sessions, 1) if sessions else 0.0,
        bounce_rate=percentage(sum(sums["bounces"] for sums in by_device), sessions),
        converted_sessions=sum(sums["converted"] for sums in by_device),
        devices={sums["_id"]: sums["sessions"] for sums in by_device},
        first_seen=min((sums["first_seen"] for sums in by_device), default=None),
        last_seen=max((sums["last_seen"] for sums in by_device), default=None),
    )


def _summary(site: Site, customer_id: str) -> OrdersSummary:
    # all of one moment
    with client().start_session(snapshot=True) as session:
        found = orders_of(site, customer_id, session)
        return OrdersSummary(
            count=found.orders,
            revenue=major_units(found.revenue, site.currency),
            refunds=major_units(found.refunds, site.currency),
            net_revenue=major_units(found.revenue - found.refunds, site.currency),
            average_order_value=major_units(found.revenue / (found.orders or 1), site.currency),
            recent=[order_of(order, site.currency) for order in _newest(site, customer_id, session)],
            **found.left_out.model_dump(),
        )


def _newest(site: Site, customer_id: str, session: ClientSession) -> Iterator[OrderDocument]:
    theirs = orders.of(database()).find({"site_id": site.site_id, "user_id": customer_id}, session=session)
    yield from theirs.sort([("placed_at", -1), ("_id", 1)]).limit(RECENT_ORDERS)


def order_of(order: OrderDocument, currency: str) -> CustomerOrder:
    """Returns what is shown of an order of a site that has this currency."""
    own = order["currency"] or currency
    waiting = order.get("unconfirmed_total")
    return CustomerOrder(
        order_id=order["order_id"],
        placed_at=order["placed_at"],
        refunded_at=order["refunded_at"],
        status=order["status"],
        total=major_units(order["total"], own),
        refunded=major_units(order["refunded"], own),
        currency=own,
        items=_pieces(order),
        products=[line["product_id"] for line in order["lines"][:PRODUCTS_SHOWN]],
        refunds=[OrderRefund(at=one["at"], amount=major_units(one["amount"], own)) for one in order["refunds"]],
        flags=order.get("flags", []),
        converted_from=_converted(order.get("converted_from")),
        told_by=order.get("told_by"),
        contradictions=[_otherwise(said, own) for said in order.get("contradictions", [])],
        unconfirmed_total=None if waiting is None else major_units(waiting, own),
    )


def _otherwise(said: Contradiction, own: str) -> SaidOtherwise:
    currency = said.get("currency")
    amount = said.get("total")
    return SaidOtherwise(
        at=said["at"],
        event_id=said["event_id"],
        type=said["type"],
        source=said["source"],
        total=None if amount is None else major_units(amount, currency or own),
        currency=currency,
    )


def _converted(told: Conversion | None) -> Converted | None:
    if told is None:
        return None
    total = major_units(told["total"], told["currency"])
    return Converted(currency=told["currency"], total=total, rate=told["rate"], date=date.fromisoformat(told["date"]))


def _pieces(order: OrderDocument) -> int | float:
    total = sum((Decimal(str(line.get("quantity", 0))) for line in order["lines"]), Decimal())
    return int(total) if total == total.to_integral_value() else float(total)
