"""Days that a site no longer keeps whole: the figures of their visits stay, those of their orders are computed anew."""

from collections.abc import Callable, Iterator
from datetime import date

from bson import ObjectId
from footfall.chunks import chunks
from footfall.clock import now
from footfall.days import DayRange, zone_named
from footfall.funnels.steps import definition
from footfall.people.numbers import PersonNumbers
from footfall.schemas.feedback import FeedbackDay
from footfall.schemas.metrics import DayDocument, DayToken
from footfall.schemas.site import Site
from footfall.stores.collections import daily_dimensions, daily_metrics, daily_sessions, feedback_days, funnel_analytics
from footfall.stores.mongo import database

from . import queries
from .metrics import day_orders
from .writing import DayRollup

DAYS_PER_WRITE = 20


def known_before(site: Site, dates: set[str], first_kept: date) -> set[str]:
    """Returns those days of which visits were counted while all of their events were there."""
    return set(queries.computed(site.site_id, sorted(day for day in dates if day < first_kept.isoformat())))


def recount(site: Site, dates: set[str], in_time: Callable[[], bool]) -> Iterator[list[DayRollup]]:
    """Returns days with the figures of their orders of now, some at a time to be written; ends when time is up."""
    numbers = PersonNumbers(database(), site.site_id)
    for some in chunks(sorted(dates), DAYS_PER_WRITE):
        if not in_time():
            return
        known = daily_metrics.of(database()).find({"_id": {"$in": [f"{site.site_id}:{day}" for day in some]}})
        yield [_recounted(site, day, numbers) for day in known]


def _recounted(site: Site, known: DayDocument, numbers: PersonNumbers) -> DayRollup:
    day = date.fromisoformat(known["date"])
    days = DayRange(day, day, zone_named(site.time_zone))
    of_day = {"site_id": site.site_id, "date": known["date"]}
    orders = queries.orders_of(site.site_id, days)
    numbers.learn(orders)
    found = day_orders(site, orders, queries.refunds_of(site, days), numbers)
    own = DayToken(date=known["date"], token=str(ObjectId()), read_at=now())
    return DayRollup(
        date=known["date"],
        seen=known["token"],
        metrics={**known, **found, **own, "definition": definition(site)},
        funnels=funnel_analytics.of(database()).find(of_day).to_list(),
        dimensions=daily_dimensions.of(database()).find(of_day).to_list(),
        sessions=daily_sessions.of(database()).find(of_day).to_list(),
        feedback=_kept_feedback(site, known["date"]),
        columns=None,
        archives=None,
        events=0,
        people_unknown=sum(numbers.of(order) is None for order in orders),
    )


def _kept_feedback(site: Site, day: str) -> FeedbackDay | None:
    # the texts are gone: what they added up to stays
    found = feedback_days.of(database()).find_one({"_id": f"{site.site_id}:{day}"})
    return {**found, "definition": definition(site)} if found else None
