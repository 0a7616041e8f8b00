"""The shop's business: customers, revenue and refunds since the beginning, and against an earlier day."""

from datetime import date, timedelta
from typing import Literal

from footfall.days import DayRange, day_of, start_of, zone_named
from footfall.money import major_units
from footfall.rates import percentage
from footfall.rollups import Rollups
from footfall.schemas.metrics import BusinessFigures, BusinessMetrics, Compared, Comparison
from footfall.schemas.range import Range

from . import queries

Compare = Literal["previous", "year"]
ACTIVE_DAYS = 30
CHURNED_DAYS = 90
COMPARED_DAYS = {"previous": 30, "year": 365}


def business(rollups: Rollups, compare: Compare | None) -> BusinessMetrics:
    """The figures as of the last day with an order or refund, and what they were 30 or 365 days before."""
    days = _days_of_orders(rollups)
    high_value, at_risk = queries.customers_in_segments(rollups)
    figures = _figures(rollups, days.last, high_value, at_risk)
    return BusinessMetrics(
        **figures.model_dump(),
        range=Range(first=days.first, last=days.last, time_zone=days.zone.key),
        complete_to=rollups.moment,
        currency=rollups.site.currency,
        comparison=_comparison(rollups, figures, days.last, compare) if compare else None,
    )


def _days_of_orders(rollups: Rollups) -> DayRange:
    """From the first day with an order or refund to the last; today where there is none."""
    zone = zone_named(rollups.site.time_zone)
    first, last = queries.span_of_orders(rollups) or (rollups.moment, rollups.moment)
    return DayRange(day_of(first, zone), day_of(last, zone), zone)


def _figures(rollups: Rollups, as_of: date, high_value: int | None, at_risk: int | None) -> BusinessFigures:
    """The figures at the end of a day."""
    zone, currency = zone_named(rollups.site.time_zone), rollups.site.currency
    until = start_of(as_of + timedelta(days=1), zone)
    active_since = start_of(as_of - timedelta(days=ACTIVE_DAYS - 1), zone)
    churned_before = start_of(as_of - timedelta(days=CHURNED_DAYS), zone)
    bought = {group["known"]: group for group in queries.purchases(rollups, until, active_since, churned_before)}
    customers, guests = bought.get(True, {}), bought.get(False, {})
    orders = customers.get("orders", 0) + guests.get("orders", 0)
    revenue, guest_revenue = customers.get("revenue", 0), guests.get("revenue", 0)
    return BusinessFigures(
        total_customers=customers.get("people", 0),
        active_customers=customers.get("active", 0),
        churn_rate=percentage(customers.get("churned", 0), customers.get("people", 0)),
        total_revenue=major_units(revenue, currency),
        guest_revenue=major_units(guest_revenue, currency),
        refunds=major_units(queries.refunds(rollups, until), currency),
        orders=orders,
        average_order_value=major_units((revenue + guest_revenue) / orders, currency) if orders else 0.0,
        high_value_customers=high_value,
        at_risk_customers=at_risk,
    )


def _comparison(rollups: Rollups, now: BusinessFigures, as_of: date, compare: Compare) -> Comparison:
    """Every figure against what it was that many days before."""
    earlier = as_of - timedelta(days=COMPARED_DAYS[compare])
    before = _figures(rollups, earlier, None, None).model_dump()
    return Comparison(
        compare=compare,
        as_of=earlier,
        figures={name: _compared(value, before[name]) for name, value in now.model_dump().items()},
    )


def _compared(now: float | None, before: float | None) -> Compared:
    change = percentage(now - before, before) if before and now is not None else None
    return Compared(previous=before, change=change)
