"""A shop at a glance, over a range of days."""

from collections import Counter
from collections.abc import Collection, Iterable
from datetime import date
from itertools import pairwise
from typing import Any

from footfall.days import DayRange
from footfall.funnels.tally import people_per_step
from footfall.money import major_units
from footfall.rates import percentage
from footfall.rollups import Rollups
from footfall.schemas.funnel import DEVICES
from footfall.schemas.metrics import (
    Dashboard,
    DayFigures,
    DeviceFigures,
    DropOffPoint,
    PageFigures,
    SentimentDistribution,
    SourceFigures,
)
from footfall.schemas.range import Range
from footfall.schemas.site import Funnel
from pyroaring import BitMap

from . import queries

DROP_OFF_POINTS = 5
LONGEST_LIST = 10
DAY_SUMS = ("visitors", "sessions", "page_views", "bounces", "orders", "revenue", "refunds")
Document = dict[str, Any]


def dashboard(rollups: Rollups, days: DayRange) -> Dashboard:
    """The answer for a range of days, from their rollups."""
    figures = queries.days_of(rollups, days)
    reached = [(funnel, _reached(rollups, days, funnel)) for funnel in rollups.site.funnels]
    found, currency = figures.values(), rollups.site.currency
    return Dashboard(
        range=Range(first=days.first, last=days.last, time_zone=days.zone.key),
        complete_to=None,
        total_users=len(_people(device for day in found for device in day["by_device"].values())),
        total_sessions=_sum(found, "sessions"),
        page_views=_sum(found, "page_views"),
        bounce_rate=percentage(_sum(found, "bounces"), _sum(found, "sessions")),
        avg_session_seconds=_mean_session(found),
        overall_conversion_rate=percentage(reached[0][1][-1], reached[0][1][0]) if reached else 0.0,
        orders=_sum(found, "orders"),
        revenue=major_units(_sum(found, "revenue"), currency),
        refunds=major_units(_sum(found, "refunds"), currency),
        currency=currency,
        by_device=_by_device(found),
        top_drop_off_points=_drop_offs(reached)[:DROP_OFF_POINTS],
        daily=[_day(day, figures.get(day), currency) for day in days],
        sentiment_distribution=SentimentDistribution(),
        top_pages=_top_pages(found),
        top_sources=_top_sources(found),
    )


def _reached(rollups: Rollups, days: DayRange, funnel: Funnel) -> list[int]:
    return people_per_step(queries.funnel_entries(rollups, days, funnel), len(funnel.steps))


def _people(devices: Iterable[Document]) -> BitMap:
    """Everybody who was seen on any of these devices' days."""
    bitmaps = [BitMap.deserialize(device["people"]) for device in devices]
    return BitMap.union(*bitmaps) if bitmaps else BitMap()


def _sum(parts: Iterable[Document], name: str) -> Any:
    return sum(part[name] for part in parts)


def _mean_session(parts: Collection[Document]) -> float:
    sessions = _sum(parts, "sessions")
    return round(_sum(parts, "session_seconds") / sessions, 1) if sessions else 0.0


def _by_device(days: Collection[Document]) -> list[DeviceFigures]:
    """The devices that anything happened on, that with most people first."""
    devices = []
    for device in DEVICES:
        found = [day["by_device"][device] for day in days if device in day["by_device"]]
        if found:
            devices.append(
                DeviceFigures(
                    device=device,
                    users=len(_people(found)),
                    sessions=_sum(found, "sessions"),
                    page_views=_sum(found, "page_views"),
                    bounce_rate=percentage(_sum(found, "bounces"), _sum(found, "sessions")),
                    avg_session_seconds=_mean_session(found),
                )
            )
    return sorted(devices, key=lambda one: -one.users)


def _drop_offs(reached: Iterable[tuple[Funnel, list[int]]]) -> list[DropOffPoint]:
    """Every passage from a step to the next, that which loses most people first."""
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


def _day(day: date, figures: Document | None, currency: str) -> DayFigures:
    """One day's figures; all 0 where nothing happened."""
    found = figures or dict.fromkeys(DAY_SUMS, 0)
    return DayFigures(
        date=day,
        users=found["visitors"],
        sessions=found["sessions"],
        page_views=found["page_views"],
        bounce_rate=percentage(found["bounces"], found["sessions"]),
        avg_session_seconds=_mean_session([figures] if figures else []),
        orders=found["orders"],
        revenue=major_units(found["revenue"], currency),
        refunds=major_units(found["refunds"], currency),
    )


def _top_pages(days: Iterable[Document]) -> list[PageFigures]:
    views: Counter[str] = Counter()
    for day in days:
        for page in day["pages"]:
            views[page["page"]] += page["views"]
    return [PageFigures(page=page, views=count) for page, count in views.most_common(LONGEST_LIST)]


def _top_sources(days: Iterable[Document]) -> list[SourceFigures]:
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
