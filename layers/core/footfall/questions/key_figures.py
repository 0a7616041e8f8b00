"""A shop's key figures over a range of days: what the dashboard begins with, and compares."""

from collections.abc import Collection
from typing import Literal

from pydantic import BaseModel, Field

from footfall.days import DayRange
from footfall.funnels.steps import kept_by_day
from footfall.funnels.tally import people_per_step
from footfall.money import major_units
from footfall.questions.figures import NetRevenueIfTold, Orders, RefundsIfTold, Revenue
from footfall.questions.visits import Visits, people_of
from footfall.rates import percentage
from footfall.rollups import Rollups
from footfall.schemas.funnel import StepEntries
from footfall.schemas.metrics import DayKeyFigures
from footfall.schemas.site import Funnel
from footfall.stores.collections import daily_metrics, funnel_analytics
from footfall.stores.mongo import database

BATCH = 20_000
MONEY: tuple[Literal["revenue", "refunds"], ...] = ("revenue", "refunds")


class KeyFigures(BaseModel):
    """What happened in a range. Rates in percent, 0 where there is nothing to divide by."""

    total_users: int = Field(
        description="Distinct people over the range who viewed a page or did something", examples=[90400]
    )
    total_sessions: int = Field(
        description="Sessions that began in the range, each with a view of a page, a product, a list or the cart"
    )
    page_views: int = Field(description="Of all sessions")
    bounce_rate: float = Field(
        description="Sessions of one page view and nothing else that a person does, of all sessions, in percent"
    )
    avg_session_seconds: float = Field(description="Mean seconds from a session's first event to its last")
    overall_conversion_rate: float = Field(
        description="People who went through the site's first funnel, of those who entered it: as /api/funnel gives it",
        examples=[0.5],
    )
    orders: Orders
    revenue: Revenue
    refunds: RefundsIfTold
    net_revenue: NetRevenueIfTold


def key_figures(rollups: Rollups, days: DayRange) -> KeyFigures:
    """Returns the key figures of a range."""
    query = {"site_id": rollups.site.site_id, "date": days.dates}
    found = daily_metrics.read(database(), DayKeyFigures, query, session=rollups.session, batch_size=BATCH)
    first = kept_by_day(rollups.site)[:1]
    return figures_of(found.to_list(), [reached(rollups, days, each) for each in first], rollups.site.currency)


def figures_of(days: Collection[DayKeyFigures], funnels: Collection[list[int]], currency: str) -> KeyFigures:
    """Returns the key figures of days, of people per step of the site's funnels."""
    visits = Visits.of(days)
    revenue, refunds = (sum(day[name] for day in days) for name in MONEY)
    users = next(iter(funnels), [0])
    return KeyFigures(
        total_users=people_of(days),
        total_sessions=visits.sessions,
        page_views=visits.page_views,
        bounce_rate=visits.bounce_rate,
        avg_session_seconds=visits.mean_seconds,
        overall_conversion_rate=percentage(users[-1], users[0]),
        orders=sum(day["orders"] for day in days),
        revenue=major_units(revenue, currency),
        refunds=major_units(refunds, currency),
        net_revenue=major_units(revenue - refunds, currency),
    )


def reached(rollups: Rollups, days: DayRange, funnel: Funnel) -> list[int]:
    """Returns how many people reached each step of a funnel of the site."""
    query = {
        "site_id": rollups.site.site_id,
        "funnel": funnel.name,
        "date": days.dates,
        "entries.count": {"$gt": 0},
        "order": {"$lte": len(funnel.steps)},  # the funnel was longer until lately, and its days are not all done anew
    }
    parts = {"entries": ("people", "ranks")}
    found = funnel_analytics.read(
        database(), StepEntries, query, parts=parts, session=rollups.session, batch_size=BATCH
    )
    return people_per_step(found, len(funnel.steps))
