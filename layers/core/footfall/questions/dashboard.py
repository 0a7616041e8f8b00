"""The question how a shop does over a range of days, at a glance: from its days, or of those that pass filters."""

from collections import Counter
from collections.abc import Collection, Iterable
from datetime import date

from footfall.days import Compare, DayRange
from footfall.dimensions import Dimension
from footfall.funnels.steps import kept_by_day
from footfall.money import major_units
from footfall.questions import narrowed_dashboard
from footfall.questions.behaviour import Behaviour, BehaviourQuery
from footfall.questions.breakdown import Breakdown, in_days, of_days, told
from footfall.questions.cache import Asked, Remembered
from footfall.questions.comparison import RangeComparison
from footfall.questions.dashboard_answer import (
    Dashboard,
    DashboardQuestion,
    DayFigures,
    DeviceFigures,
    PageFigures,
    SourceFigures,
)
from footfall.questions.drop_offs import drop_offs
from footfall.questions.event_rows import dimensions_named
from footfall.questions.feedback_sums import labelled
from footfall.questions.key_figures import BATCH, MONEY, KeyFigures, figures_of, key_figures, reached
from footfall.questions.left_out import LeftOut
from footfall.questions.range import Range
from footfall.questions.visits import Visits, people_on
from footfall.rollups import MadeOf, Rollups, rollups_of
from footfall.schemas.funnel import DEVICES, Device
from footfall.schemas.metrics import DayFiguresDocument, DeviceDay
from footfall.stores.collections import daily_metrics
from footfall.stores.keys import DASHBOARD
from footfall.stores.mongo import answering, database

LONGEST_LIST = 10


_answers = Remembered(DASHBOARD, Dashboard)


@_answers.or_last
@answering()
def answer(site_id: str, question: DashboardQuestion) -> Dashboard:
    """Returns the shop at a glance; raises NotFound, Unavailable, or Invalid, also for too much to look at."""
    with rollups_of(site_id) as rollups:
        days = question.days_of(rollups)
        named = dimensions_named(rollups.site, [question.breakdown] if question.breakdown else [])
        row = next(iter(named.values()), None)
        if question.filters_of(rollups.site) or question.bots == "include":
            return narrowed_dashboard.answer(rollups, days, question, row)
        made_of: MadeOf = "figures" if row is None or in_days(rollups, row) else "events"
        asked = Asked(rollups, days, question, made_of, named.values(), earlier=question.compare is not None)
        return _answers.remember(asked, lambda: _dashboard(rollups, days, question.compare, row))


def _dashboard(rollups: Rollups, days: DayRange, compare: Compare | None, row: Dimension | None) -> Dashboard:
    by_day = _figures(rollups, days)
    figures, currency = by_day.values(), rollups.site.currency
    funnels = [(funnel, reached(rollups, days, funnel)) for funnel in kept_by_day(rollups.site)]
    whole = figures_of(figures, [users for _, users in funnels], currency)
    return Dashboard(
        range=Range.of(days),
        complete_to=None,
        currency=currency,
        by_device=_by_device(figures),
        top_drop_off_points=drop_offs(funnels),
        daily=[_day(day, by_day.get(day), currency) for day in days],
        sentiment_distribution=labelled(rollups, days),
        top_pages=_top_pages(figures),
        top_sources=_top_sources(figures),
        comparison=_comparison(rollups, days, whole, compare) if compare else None,
        breakdown=_breakdown(rollups, days, row) if row else None,
        **whole.model_dump(),
        **LeftOut.of_days(figures).model_dump(),
    )


def _comparison(rollups: Rollups, days: DayRange, now: KeyFigures, compare: Compare) -> RangeComparison:
    earlier = days.earlier(compare)
    return RangeComparison.of(compare, earlier, rollups.first_day(), now, key_figures(rollups, earlier))


def _breakdown(rollups: Rollups, days: DayRange, row: Dimension) -> Breakdown:
    if in_days(rollups, row):
        found = of_days(rollups, row.name, days)
    else:
        found = Behaviour.of(BehaviourQuery(rollups, days, {}, {row.name: row})).by(row.name)
    return told(row.name, found, rollups.site.currency)


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
