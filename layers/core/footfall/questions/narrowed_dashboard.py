"""The shop at a glance, of the events and sessions that pass filters: from the lake, the event log and the sessions."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np

from footfall.breakdowns.engine import Figures
from footfall.days import DayRange
from footfall.dimensions import UNKNOWN, Dimension, dimensions_of
from footfall.funnels.steps import kept_by_day
from footfall.questions.behaviour import Behaviour, BehaviourQuery
from footfall.questions.breakdown import ValueFigures, each_of, told
from footfall.questions.comparison import RangeComparison
from footfall.questions.dashboard_answer import (
    Dashboard,
    DashboardQuestion,
    DayFigures,
    DeviceFigures,
    PageFigures,
    SourceFigures,
)
from footfall.questions.drop_offs import Reached, drop_offs
from footfall.questions.event_rows import narrowed
from footfall.questions.funnel_attempts import attempted
from footfall.questions.funnel_query import FunnelModes
from footfall.questions.key_figures import KeyFigures
from footfall.questions.left_out import LeftOut
from footfall.questions.range import Range
from footfall.rates import percentage
from footfall.rollups import Rollups
from footfall.schemas.funnel import DEVICES, Device
from footfall.schemas.site import Funnel

LONGEST_LIST = 10
NOTHING = ValueFigures(
    users=0,
    page_views=0,
    sessions=0,
    bounce_rate=0.0,
    avg_session_seconds=0.0,
    conversions=0,
    conversion_rate=0.0,
    orders=0,
    revenue=0.0,
)


def answer(rollups: Rollups, days: DayRange, question: DashboardQuestion, row: Dimension | None) -> Dashboard:
    """Returns the shop at a glance, also by a dimension; raises Invalid, also for too much to look at, Unavailable."""
    narrowed(rollups.site, question)
    known = dimensions_of(rollups.site)
    dimensions = {name: known[name] for name in ("device", "source")} | ({row.name: row} if row else {})
    pages = {name: known[name] for name in ("page", "page_type")}
    found = _behaviour(rollups, days, question, dimensions, pages)
    reached = _reached(rollups, days, question, kept_by_day(rollups.site))
    currency = rollups.site.currency
    whole = _key_figures(found, reached, currency)
    return Dashboard(
        range=Range.of(days),
        complete_to=rollups.received_to,
        currency=currency,
        by_device=_by_device(found.by("device", None), currency),
        top_drop_off_points=drop_offs(reached),
        daily=_daily(found, days, currency),
        sentiment_distribution=None,
        top_pages=_top_pages(found),
        top_sources=_top_sources(found.by("source", None)),
        comparison=_comparison(rollups, days, question, whole),
        breakdown=told(row.name, found.by(row.name), currency) if row else None,
        **whole.model_dump(),
        **LeftOut.of_days([]).model_dump(),
    )


def _behaviour(
    rollups: Rollups,
    days: DayRange,
    question: DashboardQuestion,
    told: Mapping[str, Dimension],
    done: Mapping[str, Dimension],
) -> Behaviour:
    filters, bots = question.filters_of(rollups.site), question.bots == "include"
    return Behaviour.of(BehaviourQuery(rollups, days, filters, told, done, bots))


def _comparison(
    rollups: Rollups, days: DayRange, question: DashboardQuestion, now: KeyFigures
) -> RangeComparison | None:
    if question.compare is None:
        return None
    earlier = days.earlier(question.compare)
    found = _behaviour(rollups, earlier, question, {}, {})
    reached = _reached(rollups, earlier, question, kept_by_day(rollups.site)[:1])
    before = _key_figures(found, reached, rollups.site.currency)
    return RangeComparison.of(question.compare, earlier, rollups.first_day(), now, before)


def _key_figures(found: Behaviour, reached: Reached, currency: str) -> KeyFigures:
    whole = next(each_of(found.together(), currency), NOTHING)
    users = reached[0][1] if reached else [0]
    return KeyFigures(
        total_users=whole.users,
        total_sessions=whole.sessions,
        page_views=whole.page_views,
        bounce_rate=whole.bounce_rate,
        avg_session_seconds=whole.avg_session_seconds,
        overall_conversion_rate=percentage(users[-1], users[0]),
        orders=whole.orders,
        revenue=whole.revenue,
        refunds=None,
        net_revenue=None,
    )


def _reached(rollups: Rollups, days: DayRange, question: DashboardQuestion, funnels: Sequence[Funnel]) -> Reached:
    # as /api/funnel has it with the same filters
    asked = question.model_dump(by_alias=True, exclude_none=True, exclude={"breakdown", "compare"})
    found = []
    for funnel in funnels:
        own = {"funnel": funnel.name, "from": days.first, "to": days.last}
        modes = FunnelModes.model_validate({**asked, **own})
        attempts = attempted(modes.query_of(rollups), modes).attempts
        ended = np.bincount(attempts.reached, minlength=len(funnel.steps) + 1)
        found.append((funnel, ended[::-1].cumsum()[::-1][1:].tolist()))
    return found


def _by_device(found: Figures, currency: str) -> list[DeviceFigures]:
    known = dict(zip(found.values, each_of(found, currency), strict=True))
    devices = [_device(device, known[device]) for device in DEVICES if device in known]
    return sorted(devices, key=lambda one: -one.users)


def _device(device: Device, figures: ValueFigures) -> DeviceFigures:
    return DeviceFigures(
        device=device,
        users=figures.users,
        sessions=figures.sessions,
        page_views=figures.page_views,
        bounce_rate=figures.bounce_rate,
        avg_session_seconds=figures.avg_session_seconds,
    )


def _daily(found: Behaviour, days: DayRange, currency: str) -> list[DayFigures]:
    by_day = found.by_day(days)
    known = dict(zip(by_day.values, each_of(by_day, currency), strict=True))
    return [_day(day, known.get(day.isoformat(), NOTHING)) for day in days]


def _day(day: date, figures: ValueFigures) -> DayFigures:
    return DayFigures(
        date=day,
        users=figures.users,
        sessions=figures.sessions,
        page_views=figures.page_views,
        bounce_rate=figures.bounce_rate,
        avg_session_seconds=figures.avg_session_seconds,
        orders=figures.orders,
        revenue=figures.revenue,
        refunds=None,
        net_revenue=None,
    )


def _top_pages(found: Behaviour) -> list[PageFigures]:
    pages, types = found.does["page"], found.does["page_type"]
    views = found.activity.views
    pairs, counts = np.unique(pages.codes[views] * len(types.texts) + types.codes[views], return_counts=True)
    viewed: Counter[str] = Counter()
    for pair, count in zip(pairs.tolist(), counts.tolist(), strict=True):
        page, kind = divmod(pair, len(types.texts))
        viewed[_named(pages.texts[page], types.texts[kind])] += count
    return [PageFigures(page=page, views=count) for page, count in viewed.most_common(LONGEST_LIST)]


def _named(page: str, page_type: str) -> str:
    return next((name for name in (page, page_type) if name != UNKNOWN), "other")


def _top_sources(found: Figures) -> list[SourceFigures]:
    counts = zip(found.values, found.sessions.tolist(), found.conversions.tolist(), strict=False)
    sources = [
        SourceFigures(source=source, sessions=sessions, conversions=conversions)
        for source, sessions, conversions in counts
        if sessions
    ]
    return sorted(sources, key=lambda one: (-one.sessions, one.source))[:LONGEST_LIST]
