"""A site's exchange rates: given by day, and used at once for the orders of those days."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import chain
from typing import Annotated, TypedDict

from footfall.aws.queues import send
from footfall.chunks import chunks
from footfall.clock import now
from footfall.currencies import CODES
from footfall.days import Day, DayRange, zone_named
from footfall.orders.exchange import MOST_DAYS_OLD
from footfall.orders.fold import ORDER_EVENTS
from footfall.schemas.exchange import ExchangeRateDocument
from footfall.schemas.message import EventsMessage
from footfall.schemas.paging import PagedAnswer, PagedQuestion, paged
from footfall.schemas.site import Site
from footfall.settings import EventsQueueSettings, from_environment
from footfall.sites import get_site
from footfall.stores.collections import events, exchange_rates, orders, remnants
from footfall.stores.mongo import Condition, database
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError
from pymongo import ReplaceOne

MOST_RATES = 5_000
ORDERS_AT_ONCE = 500
EVENTS_PER_MESSAGE = 500


def _code(text: str) -> str:
    if text.strip().upper() not in CODES:
        raise PydanticCustomError("currency", "there is no such currency in ISO 4217: write a code such as USD")
    return text.strip().upper()


class Rate(BaseModel):
    """What one unit of a currency was worth in the site's own on a day."""

    model_config = ConfigDict(extra="forbid")

    date: Day
    currency: Annotated[str, AfterValidator(_code)] = Field(description="ISO 4217's code", examples=["USD"])
    rate: Decimal = Field(
        description="What one unit was worth in the site's currency",
        gt=0,
        max_digits=20,
        decimal_places=12,
        examples=["0.9234"],
    )


class RatesRequest(BaseModel):
    """Rates by day, for several currencies together if need be."""

    model_config = ConfigDict(extra="forbid")

    rates: list[Rate] = Field(min_length=1, max_length=MOST_RATES)


class GivenRates(BaseModel):
    """Rates that are stored now, and how many orders are being converted by them."""

    rates: int = Field(description="How many are stored now")
    orders: int = Field(description="Orders of those days in those currencies, which are being computed anew")


class KnownRates(PagedAnswer):
    """A page of a site's rates, the newest first."""

    into: str = Field(description="The site's currency", examples=["EUR"])
    rates: list[Rate]


def give_rates(site_id: str, rates: list[Rate]) -> GivenRates:
    """Store rates, each in place of one of the same day and currency, and have their orders computed anew.

    Returns how many of both.
    """
    site = get_site(database(), site_id)
    documents = [_document(site, rate) for rate in rates]
    exchange_rates.of(database()).bulk_write(
        [ReplaceOne({"_id": document["_id"]}, document, upsert=True) for document in documents], ordered=False
    )
    recomputed = 0
    for some in chunks(_orders_of(site, rates), ORDERS_AT_ONCE):
        _recompute(site_id, some)
        recomputed += len(some)
    return GivenRates(rates=len(documents), orders=recomputed)


def _document(site: Site, rate: Rate) -> ExchangeRateDocument:
    day = rate.date.isoformat()
    return ExchangeRateDocument(
        _id=f"{site.site_id}:{rate.currency}:{site.currency}:{day}",
        site_id=site.site_id,
        currency=rate.currency,
        into=site.currency,
        date=day,
        rate=f"{rate.rate:f}",
    )


class _OrderName(TypedDict):
    order_id: str
    user_id: str | None


def _orders_of(site: Site, rates: Iterable[Rate]) -> Iterator[_OrderName]:
    # that these rates may convert, or older ones converted
    days = [rate.date for rate in rates]
    whole = DayRange(min(days), max(days) + timedelta(days=MOST_DAYS_OLD), zone_named(site.time_zone))
    currencies = sorted({rate.currency for rate in rates})
    query: Condition = {
        "site_id": site.site_id,
        "$and": [
            {"$or": [{"currency": {"$in": currencies}}, {"converted_from.currency": {"$in": currencies}}]},
            {"$or": [{name: {"$gte": whole.start, "$lt": whole.end}} for name in ("placed_at", "refunded_at")]},
        ],
    }
    return orders.read(database(), _OrderName, query)


class _OrderEvent(TypedDict):
    event_id: str


def _recompute(site_id: str, found: Sequence[_OrderName]) -> None:
    # where two customers ordered under one id, the second's order is called after both, and its events tell the id
    told_ids = {order["order_id"].removesuffix(f"@{order['user_id']}") for order in found}
    order_ids = sorted(told_ids.union(order["order_id"] for order in found))
    told: Condition = {
        "site_id": site_id,
        "commerce.order_id": {"$in": order_ids},
        "type": {"$in": sorted(ORDER_EVENTS)},
    }
    unnamed = [name.removeprefix("event:") for name in order_ids if name.startswith("event:")]
    speaking = chain.from_iterable(kept.read(database(), _OrderEvent, told) for kept in (events, remnants))
    named = [event["event_id"] for event in speaking]
    messages = [
        EventsMessage(site_id=site_id, source="rates", received_at=now(), reprocess=some)
        for some in chunks([*named, *unnamed], EVENTS_PER_MESSAGE)
    ]
    queue = from_environment(EventsQueueSettings).events_queue_url
    send(queue, site_id, [message.model_dump_json() for message in messages])


def known_rates(site_id: str, question: PagedQuestion) -> KnownRates:
    """Returns a page of the rates into the site's present currency; raises NotFound."""
    site = get_site(database(), site_id)
    query: Condition = {"site_id": site_id, "into": site.currency}
    found = exchange_rates.of(database()).find(query).sort([("date", -1), ("currency", 1)])
    page = found.skip(question.skip).limit(question.page_size)
    rates = [
        Rate(date=date.fromisoformat(one["date"]), currency=one["currency"], rate=Decimal(one["rate"])) for one in page
    ]
    return KnownRates(into=site.currency, rates=rates, **paged(question, exchange_rates.count(database(), query)))
