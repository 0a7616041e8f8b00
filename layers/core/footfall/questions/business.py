"""The question what a shop's customers, revenue and refunds amount to, and how they compare with an earlier day."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field
from pyroaring import BitMap

from footfall.customers.rfm_segments import AT_RISK, CANNOT_LOSE, CHAMPIONS, LOYAL
from footfall.days import Compare, DayRange, day_of, zone_named
from footfall.models.registry import in_use
from footfall.money import major_units
from footfall.questions.comparison import Figures, compared
from footfall.questions.figures import AverageOrderValue, Currency, Customers, NetRevenue, Orders, Refunds, Revenue
from footfall.questions.left_out import LeftOut
from footfall.questions.range import Range, RangeAnswer
from footfall.rates import percentage
from footfall.rollups import Rollups, rollups_of
from footfall.schemas.metrics import DayBusiness
from footfall.schemas.model import ModelDocument
from footfall.schemas.order import OrderSums
from footfall.stores.collections import daily_metrics, orders
from footfall.stores.mongo import answering, database

ACTIVE_DAYS = 30
CHURNED_DAYS = 90
HIGH_VALUE = [CHAMPIONS.name, LOYAL.name]
AWAY = [AT_RISK.name, CANNOT_LOSE.name]
SUMS: tuple[Literal["orders", "revenue", "refunds"], ...] = ("orders", "revenue", "refunds")
BATCH = 20_000


class BusinessQuestion(BaseModel):
    """What to compare the figures with."""

    model_config = ConfigDict(extra="forbid")

    compare: Compare | None = Field(
        default=None,
        description="With the figures at the end of which earlier day: `previous`, 30 days before; `weekdays`, five"
        " weeks before; `year`, the same date a year before",
    )


class BusinessFigures(BaseModel):
    """What the shop's customers and orders amount to at the end of a day, since the beginning.

    Guests, people whom the shop does not know by an id, are no customers; their orders count.
    """

    total_customers: Customers
    active_customers: int = Field(description="Customers with such an order in the last 30 days of data")
    churn_rate: float = Field(
        description="Customers whose last order is more than 90 days before the last day of data, in percent"
    )
    total_revenue: float = Field(description="`revenue` of customers", examples=[8911407.9])
    guest_revenue: float = Field(description="`revenue` of guests")
    refunds: Refunds
    revenue: Revenue
    net_revenue: NetRevenue
    orders: Orders
    average_order_value: AverageOrderValue
    high_value_customers: int | None = Field(
        description="In the RFM segments Champions and Loyal, as last trained; null before the first training"
    )
    at_risk_customers: int | None = Field(
        description="In the RFM segments At Risk and Cannot Lose, as last trained; null before the first training"
    )
    predicted_clv: float | None = Field(
        description="What customers are expected to bring, together; null until a lifetime value model is published"
    )
    avg_clv: float | None = Field(description="The same for each customer of whom it is predicted; null until then")


class Comparison(BaseModel):
    """Every figure against an earlier day; each is null where that is before any data.

    RFM segments are not kept over time, so they have no earlier figure.
    """

    compare: Compare = Field(description="What was asked for")
    as_of: date = Field(description="The earlier day")
    figures: Figures


class BusinessMetrics(LeftOut, BusinessFigures, RangeAnswer):
    """The figures at the end of the last day with an order or refund; `range` goes from the first such day.

    They are added up of days: what came after `complete_to` counts once its day is computed.
    """

    currency: Currency
    comparison: Comparison | None = Field(description="Only with `compare`")


@answering()
def answer(site_id: str, question: BusinessQuestion) -> BusinessMetrics:
    """Returns the figures as of the last day with an order or refund; raises NotFound or Unavailable."""
    with rollups_of(site_id) as rollups:
        days, bought, currency = _days_of_orders(rollups), _bought(rollups), rollups.site.currency
        figures = _figures(bought, currency, days.last, _found(rollups))
        return BusinessMetrics(
            **figures.model_dump(),
            **LeftOut.of_days(bought).model_dump(),
            range=Range.of(days),
            complete_to=rollups.complete_to(days),
            currency=currency,
            comparison=_comparison(bought, currency, figures, days, question.compare) if question.compare else None,
        )


def _days_of_orders(rollups: Rollups) -> DayRange:
    # from the first day with an order or refund to the last; today where there is none
    zone = zone_named(rollups.site.time_zone)
    moments = [*_ends(rollups, "placed_at"), *_ends(rollups, "refunds.at")] or [rollups.moment]
    return DayRange(day_of(min(moments), zone), day_of(max(moments), zone), zone)


def _ends(rollups: Rollups, field: Literal["placed_at", "refunds.at"]) -> list[datetime]:
    query = {"site_id": rollups.site.site_id, field: {"$type": "date"}}
    found = [
        order
        for direction in (1, -1)
        for order in orders.read(database(), OrderSums, query, session=rollups.session)
        .sort([("site_id", direction), (field, direction)])
        .limit(1)
    ]
    refunded = [refund["at"] for order in found for refund in order["refunds"]]
    moments = [*(order["placed_at"] for order in found), *refunded]
    return [moment for moment in moments if moment is not None]


def _bought(rollups: Rollups) -> list[DayBusiness]:
    found = daily_metrics.read(
        database(), DayBusiness, {"site_id": rollups.site.site_id}, session=rollups.session, batch_size=BATCH
    )
    return found.to_list()


class _Found(NamedTuple):
    # of customers, by the last training; nobody knows before the first
    high_value_customers: int | None = None
    at_risk_customers: int | None = None
    predicted_clv: float | None = None
    avg_clv: float | None = None


NOTHING = _Found()


def _figures(days: Iterable[DayBusiness], currency: str, as_of: date, found: _Found = NOTHING) -> BusinessFigures:
    # at the end of a day
    until = [day for day in days if day["date"] <= as_of.isoformat()]
    people = len(_customers(until, date.min))
    known = sum(day["customers"]["revenue"] for day in until if "customers" in day)
    number, revenue, refunds = (sum(day[name] for day in until) for name in SUMS)
    return BusinessFigures(
        total_customers=people,
        active_customers=len(_customers(until, as_of - timedelta(days=ACTIVE_DAYS - 1))),
        churn_rate=percentage(people - len(_customers(until, as_of - timedelta(days=CHURNED_DAYS))), people),
        total_revenue=major_units(known, currency),
        guest_revenue=major_units(revenue - known, currency),
        refunds=major_units(refunds, currency),
        revenue=major_units(revenue, currency),
        net_revenue=major_units(revenue - refunds, currency),
        orders=number,
        average_order_value=major_units(revenue / number, currency) if number else 0.0,
        **found._asdict(),
    )


def _customers(days: Iterable[DayBusiness], since: date) -> BitMap:
    # who ordered on that day or later
    bitmaps = (day["customers"]["people"] for day in days if "customers" in day and day["date"] >= since.isoformat())
    return BitMap.union(BitMap(), *map(BitMap.deserialize, bitmaps))


def _found(rollups: Rollups) -> _Found:
    model = in_use(database(), rollups.site.site_id, "rfm")
    if model is None:
        return NOTHING
    sizes = {segment["name"]: segment["customers"] for segment in model.get("segments", [])}
    high_value, at_risk = (sum(sizes.get(name, 0) for name in names) for names in (HIGH_VALUE, AWAY))
    return _Found(high_value, at_risk, *_predicted(model, rollups.site.currency))


def _predicted(model: ModelDocument, currency: str) -> tuple[float | None, float | None]:
    # what customers are expected to bring, together and each
    values = model.get("values", [])
    if not values or model["details"]["currency"] != currency:
        return None, None
    together, customers = sum(each["predicted"] for each in values), sum(each["customers"] for each in values)
    return major_units(together, currency), major_units(together / customers, currency)


def _comparison(
    bought: Iterable[DayBusiness], currency: str, now: BusinessFigures, days: DayRange, compare: Compare
) -> Comparison:
    lately = DayRange(days.last - timedelta(days=ACTIVE_DAYS - 1), days.last, days.zone)
    as_of = lately.earlier(compare).last
    before = _figures(bought, currency, as_of) if as_of >= days.first else None
    return Comparison(compare=compare, as_of=as_of, figures=compared(now, before))
