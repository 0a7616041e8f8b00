"""One day's figures, from its events, sessions and orders."""

import struct
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from bson import ObjectId
from footfall.events.sources import source_named
from footfall.funnels.steps import definition
from footfall.orders.purchases import is_counted, left_out
from footfall.people.numbers import PersonNumbers
from footfall.schemas.event import ACTIVITY_TYPES, VisitEvent
from footfall.schemas.funnel import DEVICES, Device
from footfall.schemas.metrics import (
    Buyers,
    CustomersDay,
    DayDocument,
    DayOrders,
    DeviceDay,
    SentimentCounts,
    SourceDay,
)
from footfall.schemas.order import OwnedOrder
from footfall.schemas.site import Site
from pyroaring import BitMap

from .queries import SessionCounts, SessionGroup

MOST_PAGES = 1_000


class DayMetrics:
    """Collects a day's events, and tells its figures."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._people: defaultdict[str, set[int]] = defaultdict(set)
        self._views: Counter[str] = Counter()
        self._pages: Counter[str] = Counter()

    def add(self, event: VisitEvent, person: int) -> None:
        """Count an event of a person, whose dense id is given."""
        if event["type"] not in ACTIVITY_TYPES:
            return
        self._people[event["device"]].add(person)
        if event["type"] == "pageview":
            self._views[event["device"]] += 1
            self._pages[event.get("path") or event.get("page_type") or "other"] += 1

    def document(
        self,
        date: str,
        read_at: datetime,
        sessions: Sequence[SessionGroup],
        sentiment: SentimentCounts,
        orders: Sequence[OwnedOrder],
        refunds: int,
        numbers: PersonNumbers,
    ) -> DayDocument | None:
        """Returns the document of `daily_metrics`; None where nothing happened that day."""
        if not (self._people or sessions or orders or refunds or any(sentiment.values())):
            return None
        sums = _sums(sessions)
        return DayDocument(
            _id=f"{self._site.site_id}:{date}",
            site_id=self._site.site_id,
            date=date,
            definition=definition(self._site),
            token=str(ObjectId()),
            read_at=read_at,
            visitors=len(set().union(*self._people.values())),
            page_views=self._views.total(),
            sessions=sums["sessions"],
            bounces=sums["bounces"],
            conversions=sums["conversions"],
            session_seconds=sums["session_seconds"],
            by_device=self._by_device(sessions),
            sources=_sources(sessions),
            sentiment=sentiment,
            pages=[{"page": page, "views": views} for page, views in self._pages.most_common(MOST_PAGES)],
            **day_orders(self._site, orders, refunds, numbers),
        )

    def _by_device(self, sessions: Iterable[SessionGroup]) -> dict[Device, DeviceDay]:
        groups: defaultdict[str, list[SessionGroup]] = defaultdict(list)
        for group in sessions:
            groups[group["_id"]["device"]].append(group)
        seen = self._people.keys() | groups.keys()
        return {device: self._on(device, groups[device]) for device in sorted(DEVICES) if device in seen}

    def _on(self, device: Device, sessions: Iterable[SessionGroup]) -> DeviceDay:
        sums = _sums(sessions)
        return DeviceDay(
            people=_bitmap(self._people[device]),
            visitors=len(self._people[device]),
            page_views=self._views[device],
            sessions=sums["sessions"],
            bounces=sums["bounces"],
            conversions=sums["conversions"],
            session_seconds=sums["session_seconds"],
        )


def day_orders(site: Site, orders: Sequence[OwnedOrder], refunds: int, numbers: PersonNumbers) -> DayOrders:
    """Returns what a day's figures hold of the orders placed on it, and of what was given back on it."""
    ours = [order for order in orders if is_counted(order, site.currency)]
    others = left_out(orders, site.currency)
    return DayOrders(
        orders=len(ours),
        revenue=sum(order["total"] for order in ours),
        refunds=refunds,
        currency=site.currency,
        other_currencies=[
            {"currency": name, "orders": count} for name, count in sorted(others["other_currencies"].items())
        ],
        unknown_amounts=others["unknown_amounts"],
        free_orders=others["free_orders"],
        buyers=_buyers(ours, numbers),
        customers=_customers(ours, numbers),
    )


def _customers(orders: Iterable[OwnedOrder], numbers: PersonNumbers) -> CustomersDay:
    known = [order for order in orders if order["user_id"]]
    people = {number for order in known if (number := numbers.of(order)) is not None}
    return CustomersDay(people=_bitmap(people), revenue=sum(order["total"] for order in known))


def _bitmap(people: set[int]) -> bytes:
    bitmap = BitMap(people)
    bitmap.run_optimize()
    return bytes(bitmap.serialize())


def _sums(groups: Iterable[SessionCounts]) -> SessionCounts:
    counted = list(groups)
    return SessionCounts(
        sessions=sum(group["sessions"] for group in counted),
        bounces=sum(group["bounces"] for group in counted),
        conversions=sum(group["conversions"] for group in counted),
        session_seconds=sum(group["session_seconds"] for group in counted),
    )


def _sources(sessions: Iterable[SessionGroup]) -> list[SourceDay]:
    groups: defaultdict[str, list[SessionGroup]] = defaultdict(list)
    for group in sessions:
        # an older version stored google.com beside google
        groups[source_named(group["_id"]["source"])].append(group)
    sums = {source: _sums(groups[source]) for source in sorted(groups)}
    return [
        SourceDay(source=source, sessions=one["sessions"], conversions=one["conversions"])
        for source, one in sums.items()
    ]


def _buyers(orders: Iterable[OwnedOrder], numbers: PersonNumbers) -> Buyers:
    known = [(number, order) for order in orders if (number := numbers.of(order)) is not None]
    return Buyers(
        people=struct.pack(f"<{len(known)}I", *(number for number, _ in known)),
        totals=struct.pack(f"<{len(known)}q", *(order["total"] for _, order in known)),
        refunded=struct.pack(f"<{len(known)}q", *(order["refunded"] for _, order in known)),
    )
