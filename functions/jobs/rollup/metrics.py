"""One day's figures, from its events, sessions and orders."""

import struct
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, cast

from footfall.people.numbers import PersonNumbers
from footfall.schemas.funnel import Device
from footfall.schemas.metrics import Buyers, DeviceDay, SourceDay
from footfall.schemas.site import Site
from footfall.sessions.fold import NOT_A_VISIT
from pyroaring import BitMap

MOST_PAGES = 1_000
SESSION_SUMS = ("sessions", "bounces", "conversions", "session_seconds")


class DayMetrics:
    """Collects a day's events, and tells its figures."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._people: defaultdict[str, set[int]] = defaultdict(set)
        self._views: Counter[str] = Counter()
        self._pages: Counter[str] = Counter()

    def add(self, event: Mapping[str, Any], person: int) -> None:
        """Count an event of a person, whose dense id is given."""
        if event["type"] in NOT_A_VISIT:
            return
        self._people[event["device"]].add(person)
        if event["type"] == "pageview":
            self._views[event["device"]] += 1
            self._pages[event.get("path") or event.get("page_type") or "other"] += 1

    def figures(
        self, sessions: Iterable[Mapping[str, Any]], orders: list[dict[str, Any]], refunds: int, numbers: PersonNumbers
    ) -> dict[str, Any]:
        """The figures of `daily_metrics`; nothing where nothing happened that day."""
        sessions = list(sessions)
        if not (self._people or sessions or orders or refunds):
            return {}
        ours = [order for order in orders if order["currency"] == self._site.currency]
        return {
            "visitors": len(set().union(*self._people.values())),
            "page_views": self._views.total(),
            **_sums(sessions),
            "orders": len(orders),
            "revenue": sum(order["total"] for order in ours),
            "refunds": refunds,
            "currency": self._site.currency,
            "by_device": self._by_device(sessions),
            "sources": _sources(sessions),
            "pages": [{"page": page, "views": views} for page, views in self._pages.most_common(MOST_PAGES)],
            "buyers": _buyers(ours, numbers),
        }

    def _by_device(self, sessions: list[Mapping[str, Any]]) -> dict[Device, DeviceDay]:
        devices = sorted(self._people.keys() | {group["device"] for group in sessions})
        return {
            cast(Device, device): cast(
                DeviceDay,
                {
                    "people": _bitmap(self._people[device]),
                    "visitors": len(self._people[device]),
                    "page_views": self._views[device],
                    **_sums([group for group in sessions if group["device"] == device]),
                },
            )
            for device in devices
        }


def _bitmap(people: set[int]) -> bytes:
    bitmap = BitMap(people)
    bitmap.run_optimize()
    return bytes(bitmap.serialize())


def _sums(sessions: list[Mapping[str, Any]]) -> dict[str, Any]:
    return {name: sum(group[name] for group in sessions) for name in SESSION_SUMS}


def _sources(sessions: list[Mapping[str, Any]]) -> list[SourceDay]:
    names = sorted({group["source"] for group in sessions})
    groups = {name: _sums([group for group in sessions if group["source"] == name]) for name in names}
    return [
        SourceDay(source=name, sessions=sums["sessions"], conversions=sums["conversions"])
        for name, sums in groups.items()
    ]


def _buyers(orders: list[dict[str, Any]], numbers: PersonNumbers) -> Buyers:
    known = [(number, order["total"]) for order in orders if (number := numbers.of(order)) is not None]
    people, totals = [number for number, _ in known], [total for _, total in known]
    return Buyers(people=struct.pack(f"<{len(people)}I", *people), totals=struct.pack(f"<{len(totals)}q", *totals))
