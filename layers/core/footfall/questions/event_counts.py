"""The question how many events a site has, by type: of days as the lake's manifest has them, and of others counted."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import chain, groupby

from pydantic import BaseModel, Field
from pymongo.client_session import ClientSession

from footfall.clock import now
from footfall.days import DayRange, day_of, start_of, zone_named
from footfall.lake.archived import archived_dates
from footfall.lake.definition import ALL_THERE, definition
from footfall.schemas.event import EventMoment
from footfall.schemas.lake import LakeDay, WrittenDays
from footfall.schemas.metrics import StaleDate
from footfall.schemas.site import Site
from footfall.sites import find_site
from footfall.stores.collections import events, lake_periods, stale_days
from footfall.stores.mongo import Condition, answering, client, database

MOST_RUNS = 20
"""Runs of days that are not counted anew: between two of them it takes a question for each type of event."""


class EventCounts(BaseModel):
    """How many events the site has, bots among them. An event counts once all that follows from it is stored."""

    total_events: int = Field(description="Of all types", examples=[53405])
    by_type: dict[str, int] = Field(description="How many of each type", examples=[{"click": 4898, "pageview": 13597}])


@answering()
def answer(site_id: str) -> EventCounts:
    """Returns how many events of each type there are; raises Unavailable."""
    site = find_site(database(), site_id)
    runs = _runs(*_known(site)) if site else []
    counts = Counter[str]()
    for day in chain.from_iterable(runs):
        counts.update(day["types"])
    counts.update(_counted(site_id, list(_outside(site, runs)) if site else [{}]))
    by_type = {kind: counts[kind] for kind in sorted(counts) if counts[kind]}
    return EventCounts(total_events=sum(by_type.values()), by_type=by_type)


def _known(site: Site) -> tuple[list[LakeDay], set[str]]:
    # days that are in the lake as they are stored, and whole, in order; and which are archived, whose last state counts
    whole = {"site_id": site.site_id}
    with client().start_session(snapshot=True) as session:
        found = lake_periods.read(database(), WrittenDays, whole | ALL_THERE, session=session).to_list()
        known = {day["date"]: day for period in found for day in period["days"]}
        others = {day["date"] for one in found if one["definition"] != definition(site) for day in one["days"]}
        archived = _archived(site, known, session)
        marks = {mark["date"] for mark in stale_days.read(database(), StaleDate, whole, session=session)}
        earliest = events.read(database(), EventMoment, whole, session=session)
        first = next(earliest.sort([("site_id", 1), ("timestamp", 1)]).limit(1), None)
    since = max(_expired(site), str(day_of(first["timestamp"], zone_named(site.time_zone)))) if first else str(date.max)
    days = {day for day in known.keys() - marks - others if day > since}
    return [known[day] for day in sorted(days | archived)], archived


def _archived(site: Site, days: Collection[str], session: ClientSession) -> set[str]:
    if not days:
        return set()
    whole = DayRange(date.fromisoformat(min(days)), date.fromisoformat(max(days)), zone_named(site.time_zone))
    return archived_dates(database(), site.site_id, whole, session) & set(days)


def _expired(site: Site) -> str:
    if not site.retention_days:
        return ""
    return str(day_of(now() - timedelta(days=site.retention_days), zone_named(site.time_zone)))


def _runs(days: Sequence[LakeDay], archived: Collection[str]) -> list[list[LakeDay]]:
    # days without one missing between them, the longest runs of them, and all that hold archived days
    numbered = groupby(enumerate(days), lambda found: date.fromisoformat(found[1]["date"]).toordinal() - found[0])
    runs = [[day for _, day in run] for _, run in numbered]
    needed = [run for run in runs if any(day["date"] in archived for day in run)]
    longest = sorted((run for run in runs if run not in needed), key=len, reverse=True)[:MOST_RUNS]
    return sorted([*needed, *longest], key=lambda run: run[0]["date"])


def _outside(site: Site, runs: Iterable[Sequence[LakeDay]]) -> Iterator[Condition]:
    # the stretches of time before, between and after them
    zone = zone_named(site.time_zone)
    begin: dict[str, datetime] = {}
    for run in runs:
        yield {**begin, "$lt": start_of(date.fromisoformat(run[0]["date"]), zone)}
        begin = {"$gte": start_of(date.fromisoformat(run[-1]["date"]) + timedelta(days=1), zone)}
    yield begin


def _counted(site_id: str, stretches: Iterable[Condition]) -> dict[str, int]:
    whole = {"site_id": site_id}
    wanted = [{**whole, "timestamp": stretch} if stretch else whole for stretch in stretches]
    types = events.of(database()).distinct("type", whole)
    return {kind: sum(events.count(database(), {**one, "type": kind}) for one in wanted) for kind in types}
