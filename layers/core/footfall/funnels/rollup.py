"""One day's funnel rollups, from its events."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import numpy as np

from footfall.funnels.columns import pack
from footfall.funnels.engine import Entries, Timeline, ordered
from footfall.funnels.steps import satisfies
from footfall.funnels.summary import Summary
from footfall.schemas.event import StepEvent
from footfall.schemas.funnel import DEVICES, Device, FunnelDocument, FunnelStep
from footfall.schemas.site import Funnel, Site

MILLISECOND = timedelta(milliseconds=1)
ENTRIES_PER_DOCUMENT = 1_000_000
"""12 MB of columns; MongoDB takes documents of 16 MB."""


@dataclass
class Entered:
    """Who entered one step on one device, and each entry's rank in the day's order of time."""

    people: list[int] = field(default_factory=list)
    ranks: list[int] = field(default_factory=list)


class DayEntries:
    """Collects a day's step entries; events come in the order of time."""

    def __init__(self, start: datetime, funnels: Iterable[Funnel]) -> None:
        self._start = start
        self._entered = {(step, device): Entered() for one in funnels for step in one.steps for device in DEVICES}
        self._satisfied: dict[tuple[str | None, ...], list[Entered]] = {}
        self._milliseconds: list[int] = []
        self._devices: list[int] = []

    def add(self, event: StepEvent, person: int) -> None:
        """Count an event of a person, whose dense id is given, for every step it satisfies."""
        kind = event["type"], event.get("name"), event.get("page_type"), event["device"]
        satisfied = self._satisfied.get(kind)
        if satisfied is None:
            satisfied = self._satisfied[kind] = self._steps_of(event)
        if not satisfied:
            return
        for entered in satisfied:
            entered.people.append(person)
            entered.ranks.append(len(self._milliseconds))
        self._milliseconds.append((event["timestamp"] - self._start) // MILLISECOND)
        self._devices.append(DEVICES.index(event["device"]))

    def _steps_of(self, event: StepEvent) -> list[Entered]:
        return [
            entered
            for (step, device), entered in self._entered.items()
            if device == event["device"] and satisfies(event, step)
        ]

    def timeline(self) -> Timeline:
        """When the day's ranks were, in milliseconds from its beginning, and on which device."""
        return Timeline(np.array(self._milliseconds, np.int64), np.array(self._devices, np.uint8))

    def on(self, device: Device, step: str) -> Entered:
        """The entries to one step on one device."""
        return self._entered[step, device]

    def everywhere(self, step: str) -> Entries:
        """The entries to one step on all devices."""
        entered = [self._entered[step, device] for device in DEVICES]
        people = np.concatenate([np.array(one.people, np.uint32) for one in entered])
        return Entries(people, np.concatenate([np.array(one.ranks, np.uint32) for one in entered]))

    def devices(self, funnel: Funnel) -> list[Device]:
        """The devices on which any of a funnel's steps was entered."""
        return [device for device in DEVICES if any(self._entered[step, device].people for step in funnel.steps)]


def funnel_documents(site: Site, day: date, collected: DayEntries) -> Iterator[FunnelDocument]:
    """What `funnel_analytics` holds of a day: every funnel's steps, on each device that any of them was seen on."""
    timeline = collected.timeline()
    for funnel in site.funnels:
        attempts = ordered([collected.everywhere(step) for step in funnel.steps], timeline)
        figures = Summary(funnel.steps, attempts, timeline).steps_by_device()
        for device in collected.devices(funnel):
            for step in figures[device]:
                yield from _documents(site, funnel, day, device, step, collected.on(device, step.name), timeline)


def _documents(
    site: Site, funnel: Funnel, day: date, device: Device, step: FunnelStep, entered: Entered, timeline: Timeline
) -> Iterator[FunnelDocument]:
    """The document of one step; more where its entries do not fit into one, of which only the first has its figures."""
    repeated = step.name in funnel.steps[: step.order - 1]
    for part, begin in enumerate(range(0, max(1, len(entered.people)), ENTRIES_PER_DOCUMENT)):
        ranks = entered.ranks[begin : begin + ENTRIES_PER_DOCUMENT]
        suffix = (f":{step.order}" if repeated else "") + (f":part {part + 1}" if part else "")
        yield FunnelDocument(
            _id=f"{site.site_id}:{day}:{device}:{funnel.name}:{step.name}{suffix}",
            site_id=site.site_id,
            date=day.isoformat(),
            device=device,
            funnel=funnel.name,
            step=step.name,
            order=step.order,
            users=0 if part else step.users,
            conversion_rate=0.0 if part else step.conversion_rate,
            drop_off=0 if part else step.drop_off,
            avg_seconds=None if part else step.avg_seconds,
            ranked=len(timeline.times),
            entries=pack(entered.people[begin : begin + ENTRIES_PER_DOCUMENT], ranks, timeline.times[ranks]),
        )
