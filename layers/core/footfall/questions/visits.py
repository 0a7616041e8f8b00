"""What the visits of some days add up to."""

from collections.abc import Collection, Iterable
from typing import NamedTuple

from pyroaring import BitMap

from footfall.rates import percentage
from footfall.schemas.metrics import DayVisits, DeviceDay, VisitSums


class Visits(NamedTuple):
    """Sums of sessions, and the rates they come to."""

    sessions: int
    page_views: int
    conversions: int
    bounce_rate: float
    conversion_rate: float
    mean_seconds: float

    @classmethod
    def of(cls, parts: Collection[VisitSums]) -> "Visits":
        """Returns what days, or devices, add up to."""
        sessions, conversions = (sum(part[name] for part in parts) for name in ("sessions", "conversions"))
        return cls(
            sessions=sessions,
            page_views=sum(part["page_views"] for part in parts),
            conversions=conversions,
            bounce_rate=percentage(sum(part["bounces"] for part in parts), sessions),
            conversion_rate=percentage(conversions, sessions),
            mean_seconds=round(sum(part["session_seconds"] for part in parts) / sessions, 1) if sessions else 0.0,
        )


def people_on(devices: Iterable[DeviceDay]) -> int:
    """Returns how many distinct people there were on these devices."""
    bitmaps = [BitMap.deserialize(device["people"]) for device in devices]
    return len(BitMap.union(*bitmaps)) if bitmaps else 0


def people_of(days: Iterable[DayVisits]) -> int:
    """Returns how many distinct people there were on these days."""
    return people_on(device for day in days for device in day["by_device"].values())
