"""Sessions as plain lists, and what the engines should make of them, reckoned event by event."""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from footfall.funnels.engine import Coded
from footfall.propensity.following import Events
from footfall.schemas.event import VIEW_TYPES
from footfall.schemas.funnel import DEVICES
from footfall.sessions.fold import kind_of
from hypothesis import strategies as st

BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
KINDS = [
    ("pageview", "home"),
    ("pageview", "product"),
    ("pageview", "payment"),
    ("pageview", "confirmation"),
    ("pageview", None),
    ("click", "home"),
    ("product_added", None),
    ("product_viewed", None),
    ("order_completed", None),
]
SOURCES = ["direct", "google", "news", "other", "unknown"]


@dataclass(frozen=True)
class Told:
    """One event of a session: when, in seconds from the first; of which type, and page; on which device."""

    second: int
    type: str
    page_type: str | None
    device: int

    @property
    def kind(self) -> str:
        return kind_of(self.type, self.page_type)


@dataclass(frozen=True)
class Visit:
    """A session: when it began, in seconds; its events in order; its source; when it ordered, in seconds from then."""

    start: int
    events: tuple[Told, ...]
    source: str
    ordered: int | None


@st.composite
def visits(draw: st.DrawFn, most: int = 12) -> list[Visit]:
    """Sessions with many events of one moment, and orders at any place or behind the last."""
    found = []
    for _ in range(draw(st.integers(0, most))):
        seconds = [0, *sorted(draw(st.lists(st.integers(0, 6), max_size=8)))]
        kinds = [draw(st.sampled_from(KINDS)) for _ in seconds]
        events = tuple(Told(at, *kind, draw(st.integers(0, 3))) for at, kind in zip(seconds, kinds, strict=True))
        ordered = draw(st.none() | st.integers(0, 9))
        found.append(Visit(draw(st.integers(0, 30)), events, draw(st.sampled_from(SOURCES)), ordered))
    return found


def milliseconds(second: int) -> int:
    return round((BEGIN + timedelta(seconds=second)).timestamp() * 1000)


def place_of_order(visit: Visit) -> int | None:
    """The first event that was not before the order, or that shows it."""
    if visit.ordered is None:
        return None
    shows = {"order_completed", "pageview confirmation"}
    for place, event in enumerate(visit.events):
        if event.second >= visit.ordered or event.kind in shows:
            return place
    return len(visit.events)


def place_of_view(visit: Visit) -> int:
    return next((n for n, event in enumerate(visit.events) if event.type in VIEW_TYPES), len(visit.events))


def events_of(found: list[Visit], shuffled: list[int] | None = None) -> Events:
    """The events of sessions as columns, in the order of these numbers."""
    rows = [(number, visit, event) for number, visit in enumerate(found) for event in visit.events]
    places = np.arange(len(rows))
    order = np.array(shuffled if shuffled is not None else places, np.int64)
    kinds, sources = sorted({row[2].kind for row in rows}), sorted({row[1].source for row in rows})
    return Events(
        sessions=np.array([number + 1 for number, *_ in rows], np.int64)[order],
        starts=np.array([milliseconds(visit.start) for _, visit, _ in rows], np.int64)[order],
        places=places[order],
        times=np.array([milliseconds(visit.start + event.second) for _, visit, event in rows], np.int64)[order],
        devices=np.array([event.device for *_, event in rows], np.int64)[order],
        kinds=Coded(kinds, np.array([kinds.index(event.kind) for *_, event in rows], np.int64)[order]),
        views=np.array([event.type in VIEW_TYPES for *_, event in rows], bool)[order],
        sources=Coded(sources, np.array([sources.index(visit.source) for _, visit, _ in rows], np.int64)[order]),
    )


def orders_of(found: list[Visit]) -> dict[int, int]:
    """When each session ordered, by its number."""
    return {
        number + 1: milliseconds(visit.start + visit.ordered)
        for number, visit in enumerate(found)
        if visit.ordered is not None
    }


def in_time(found: list[Visit]) -> list[Visit]:
    """Sessions as they began; those of one moment by their number."""
    return sorted(found, key=lambda visit: visit.start)


def features_of(visit: Visit, events: int, kinds: list[str], sources: list[str]) -> list[float]:
    """The numbers that a chance is learnt from, by the first events alone."""
    first = visit.events[:events]
    named = [event.kind if event.kind in kinds else "other" for event in first]
    counts = Counter(named)
    viewed = place_of_view(visit)
    device = DEVICES[visit.events[viewed].device] if viewed < events else "unknown"
    source = visit.source if visit.source in sources else "other"
    source = source if viewed < events else "unknown"
    passed = first[-1].second - first[0].second
    return [
        *(counts[kind] / events for kind in kinds),
        *(float(named[-1] == kind) for kind in kinds),
        *(float(device == name) for name in (*DEVICES, "unknown")),
        *(float(source == name) for name in sources),
        float(np.log1p(passed) / np.log1p(1800)),
    ]
