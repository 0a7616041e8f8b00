"""One day's figures, from its events, sessions and orders."""

import struct
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TypedDict

import numpy as np
from bson import ObjectId
from footfall.breakdowns.columns import Visits
from footfall.breakdowns.sessions import SessionColumns
from footfall.funnels.engine import Coded
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
    SourceDay,
)
from footfall.schemas.order import OwnedOrder
from footfall.schemas.site import Site
from pyroaring import BitMap


class SessionCounts(TypedDict):
    """What is counted of sessions, and their seconds."""

    sessions: int
    bounces: int
    conversions: int
    session_seconds: float


MOST_PAGES = 1_000
MOST_SOURCES = 1_000
NO_SESSIONS = SessionCounts(sessions=0, bounces=0, conversions=0, session_seconds=0.0)


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
        sessions: SessionColumns,
        orders: Sequence[OwnedOrder],
        refunds: int,
        numbers: PersonNumbers,
    ) -> DayDocument | None:
        """Returns the document of `daily_metrics`; None where nothing happened that day."""
        visits = sessions.visits
        if not (self._people or len(visits.numbers) or orders or refunds):
            return None
        return DayDocument(
            _id=f"{self._site.site_id}:{date}",
            site_id=self._site.site_id,
            date=date,
            definition=definition(self._site),
            token=str(ObjectId()),
            read_at=read_at,
            visitors=len(set().union(*self._people.values())),
            page_views=self._views.total(),
            **_all(visits),
            by_device=self._by_device(sessions),
            sources=_sources(sessions),
            pages=[{"page": page, "views": views} for page, views in self._pages.most_common(MOST_PAGES)],
            **day_orders(self._site, orders, refunds, numbers),
        )

    def _by_device(self, sessions: SessionColumns) -> dict[Device, DeviceDay]:
        counts = _counts(sessions.coded("device"), sessions.visits)
        seen = self._people.keys() | counts.keys()
        return {
            device: self._on(device, counts.get(device, NO_SESSIONS)) for device in sorted(DEVICES) if device in seen
        }

    def _on(self, device: Device, counts: SessionCounts) -> DeviceDay:
        return DeviceDay(
            people=_bitmap(self._people[device]),
            visitors=len(self._people[device]),
            page_views=self._views[device],
            **counts,
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


def _all(visits: Visits) -> SessionCounts:
    everything = Coded([""], np.zeros(len(visits.numbers), np.int64))
    return _counts(everything, visits)[""]


def _counts(coded: Coded, visits: Visits) -> dict[str, SessionCounts]:
    # by the value that sessions have
    sums = np.zeros((len(coded.texts), 4), np.int64)
    one = np.ones(len(coded.codes), np.int64)
    np.add.at(sums, coded.codes, np.stack([one, visits.bounces, visits.conversions, visits.milliseconds], axis=1))
    return {
        text: SessionCounts(
            sessions=sessions, bounces=bounces, conversions=conversions, session_seconds=milliseconds / 1000
        )
        for text, (sessions, bounces, conversions, milliseconds) in zip(coded.texts, sums.tolist(), strict=True)
    }


def _sources(sessions: SessionColumns) -> list[SourceDay]:
    found = _counts(sessions.coded("source"), sessions.visits)
    most = sorted(found, key=lambda source: (-found[source]["sessions"], source))[:MOST_SOURCES]
    return [
        SourceDay(source=source, sessions=found[source]["sessions"], conversions=found[source]["conversions"])
        for source in sorted(most)
    ]


def _buyers(orders: Iterable[OwnedOrder], numbers: PersonNumbers) -> Buyers:
    known = [(number, order) for order in orders if (number := numbers.of(order)) is not None]
    return Buyers(
        people=struct.pack(f"<{len(known)}I", *(number for number, _ in known)),
        totals=struct.pack(f"<{len(known)}q", *(order["total"] for _, order in known)),
        refunded=struct.pack(f"<{len(known)}q", *(order["refunded"] for _, order in known)),
    )
