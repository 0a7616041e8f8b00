"""The question how a shop does over a range of days, at a glance. Money in answers is in major units of `currency`."""

from collections import Counter
from collections.abc import Collection, Iterable
from datetime import date
from itertools import pairwise

from pydantic import BaseModel, Field

from footfall.days import Compare, DayRange
from footfall.funnels.steps import kept_by_day
from footfall.money import major_units
from footfall.questions.cache import Asked, Remembered
from footfall.questions.comparison import DESCRIPTION, RangeComparison
from footfall.questions.figures import Currency, NetRevenue, Orders, Refunds, Revenue
from footfall.questions.key_figures import BATCH, MONEY, KeyFigures, figures_of, key_figures, reached
from footfall.questions.left_out import LeftOut
from footfall.questions.range import Range, RangeAnswer, RangeQuestion
from footfall.questions.sentiment_figures import SentimentDistribution, distribution_of
from footfall.questions.visits import Visits, people_on
from footfall.rates import percentage
from footfall.rollups import Rollups, rollups_of
from footfall.schemas.funnel import DEVICES, Device
from footfall.schemas.metrics import DayFiguresDocument, DeviceDay
from footfall.schemas.site import Funnel
from footfall.stores.collections import daily_metrics
from footfall.stores.keys import DASHBOARD
from footfall.stores.mongo import answering, database

DROP_OFF_POINTS = 5
LONGEST_LIST = 10


class DashboardQuestion(RangeQuestion):
    """Over which days, and what to compare the key figures with."""

    compare: Compare | None = Field(default=None, description=DESCRIPTION)


class DeviceFigures(BaseModel):
    """One device's part. A person seen on two devices counts on both."""

    device: Device
    users: int = Field(description="Distinct people over the range")
    sessions: int = Field(description="Sessions that began in the range")
    page_views: int = Field(description="On this device")
    bounce_rate: float = Field(description="Sessions that bounced, of all, in percent", examples=[41.5])
    avg_session_seconds: float = Field(description="Mean seconds from a session's first event to its last")


class DayFigures(BaseModel):
    """One local day."""

    date: date
    users: int = Field(description="Distinct people of this day; days do not add up to a range's `total_users`")
    sessions: int = Field(description="Sessions that began on this day")
    page_views: int = Field(description="Of this day")
    bounce_rate: float = Field(description="Sessions that bounced, of all, in percent")
    avg_session_seconds: float = Field(description="Mean seconds from a session's first event to its last")
    orders: Orders
    revenue: Revenue
    refunds: Refunds
    net_revenue: NetRevenue


class DropOffPoint(BaseModel):
    """A step after which people left, in one of the site's funnels."""

    funnel: str = Field(description="The funnel's name", examples=["default"])
    from_step: str = Field(description="The step that they reached", examples=["home"])
    to_step: str = Field(description="The step that they did not", examples=["search"])
    drop_off: int = Field(description="People who reached the one and not the other", examples=[45200])
    drop_off_rate: float = Field(description="The same of those who reached the one, in percent", examples=[50.0])


class PageFigures(BaseModel):
    """One page, by its path, or by its type where it came without a path."""

    page: str = Field(description="Its path, or its type")
    views: int = Field(description="How often it was seen in the range")


class SourceFigures(BaseModel):
    """Where sessions came from; `direct` when no source is known."""

    source: str = Field(description="Where they came from")
    sessions: int = Field(description="Sessions that began in the range")
    conversions: int = Field(description="Sessions that an order came of, wherever it was told")


class Dashboard(LeftOut, KeyFigures, RangeAnswer):
    """A shop at a glance: what happened in the range. Rates in percent, 0 where there is nothing to divide by.

    Orders belong to the day they were placed on.
    """

    currency: Currency
    by_device: list[DeviceFigures]
    top_drop_off_points: list[DropOffPoint] = Field(description="The five that lose most people")
    daily: list[DayFigures] = Field(description="Every day of the range, in order")
    sentiment_distribution: SentimentDistribution
    top_pages: list[PageFigures] = Field(description="The ten most viewed")
    top_sources: list[SourceFigures] = Field(description="The ten with most sessions")
    comparison: RangeComparison | None = Field(description="The key figures beside earlier ones; only with `compare`")


_answers = Remembered(DASHBOARD, Dashboard)


@_answers.or_last
@answering()
def answer(site_id: str, question: DashboardQuestion) -> Dashboard:
    """Returns the shop at a glance; raises NotFound, Invalid or Unavailable."""
    with rollups_of(site_id) as rollups:
        days = question.days_of(rollups)
        asked = Asked(rollups, days, question, earlier=question.compare is not None)
        return _answers.remember(asked, lambda: _dashboard(rollups, days, question.compare))


def _dashboard(rollups: Rollups, days: DayRange, compare: Compare | None) -> Dashboard:
    by_day = _figures(rollups, days)
    figures, currency = by_day.values(), rollups.site.currency
    funnels = [(funnel, reached(rollups, days, funnel)) for funnel in kept_by_day(rollups.site)]
    whole = figures_of(figures, [users for _, users in funnels], currency)
    return Dashboard(
        range=Range.of(days),
        complete_to=None,
        currency=currency,
        by_device=_by_device(figures),
        top_drop_off_points=_drop_offs(funnels)[:DROP_OFF_POINTS],
        daily=[_day(day, by_day.get(day), currency) for day in days],
        sentiment_distribution=distribution_of(figures),
        top_pages=_top_pages(figures),
        top_sources=_top_sources(figures),
        comparison=_comparison(rollups, days, whole, compare) if compare else None,
        **whole.model_dump(),
        **LeftOut.of_days(figures).model_dump(),
    )


def _comparison(rollups: Rollups, days: DayRange, now: KeyFigures, compare: Compare) -> RangeComparison:
    earlier = days.earlier(compare)
    return RangeComparison.of(compare, earlier, rollups.first_day(), now, key_figures(rollups, earlier))


def _figures(rollups: Rollups, days: DayRange) -> dict[date, DayFiguresDocument]:
    query = {"site_id": rollups.site.site_id, "date": days.dates}
    found = daily_metrics.read(database(), DayFiguresDocument, query, session=rollups.session, batch_size=BATCH)
    return {date.fromisoformat(day["date"]): day for day in found}


def _by_device(days: Collection[DayFiguresDocument]) -> list[DeviceFigures]:
    found = {device: [day["by_device"][device] for day in days if device in day["by_device"]] for device in DEVICES}
    devices = [_device(device, parts) for device, parts in found.items() if parts]
    return sorted(devices, key=lambda one: -one.users)


def _device(device: Device, parts: list[DeviceDay]) -> DeviceFigures:
    visits = Visits.of(parts)
    return DeviceFigures(
        device=device,
        users=people_on(parts),
        sessions=visits.sessions,
        page_views=visits.page_views,
        bounce_rate=visits.bounce_rate,
        avg_session_seconds=visits.mean_seconds,
    )


def _drop_offs(reached: Iterable[tuple[Funnel, list[int]]]) -> list[DropOffPoint]:
    points = [
        DropOffPoint(
            funnel=funnel.name,
            from_step=step,
            to_step=following,
            drop_off=before - after,
            drop_off_rate=percentage(before - after, before),
        )
        for funnel, users in reached
        for (step, following), (before, after) in zip(pairwise(funnel.steps), pairwise(users), strict=True)
        if before > after
    ]
    return sorted(points, key=lambda point: -point.drop_off)


def _day(day: date, figures: DayFiguresDocument | None, currency: str) -> DayFigures:
    visits = Visits.of([figures] if figures else [])
    revenue, refunds = (figures[name] if figures else 0 for name in MONEY)
    return DayFigures(
        date=day,
        users=figures["visitors"] if figures else 0,
        sessions=visits.sessions,
        page_views=visits.page_views,
        bounce_rate=visits.bounce_rate,
        avg_session_seconds=visits.mean_seconds,
        orders=figures["orders"] if figures else 0,
        revenue=major_units(revenue, currency),
        refunds=major_units(refunds, currency),
        net_revenue=major_units(revenue - refunds, currency),
    )


def _top_pages(days: Iterable[DayFiguresDocument]) -> list[PageFigures]:
    views: Counter[str] = Counter()
    for day in days:
        for page in day["pages"]:
            views[page["page"]] += page["views"]
    return [PageFigures(page=page, views=count) for page, count in views.most_common(LONGEST_LIST)]


def _top_sources(days: Iterable[DayFiguresDocument]) -> list[SourceFigures]:
    sessions: Counter[str] = Counter()
    conversions: Counter[str] = Counter()
    for day in days:
        for source in day["sources"]:
            sessions[source["source"]] += source["sessions"]
            conversions[source["source"]] += source["conversions"]
    return [
        SourceFigures(source=source, sessions=count, conversions=conversions[source])
        for source, count in sessions.most_common(LONGEST_LIST)
    ]
