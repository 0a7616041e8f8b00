"""One day's funnel rollups, from its events."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import numpy as np

from footfall.funnels.columns import pack
from footfall.funnels.engine import Integers
from footfall.funnels.steps import kept_by_day, satisfies
from footfall.schemas.event import StepEvent
from footfall.schemas.funnel import DEVICES, Device, FunnelDocument
from footfall.schemas.site import Funnel, Site

MILLISECOND = timedelta(milliseconds=1)
ENTRIES_PER_DOCUMENT = 1_000_000
"""12 MB of columns; MongoDB takes documents of 16 MB."""


@dataclass
class Ranked:
    """Who entered one step on one device, and each entry's rank in the day's order of time."""

    people: list[int] = field(default_factory=list)
    ranks: list[int] = field(default_factory=list)


class DayEntries:
    """Collects a day's step entries; events come in the order of time."""

    def __init__(self, start: datetime, funnels: Iterable[Funnel]) -> None:
        self._start = start
        self._entered = {(step, device): Ranked() for one in funnels for step in one.steps for device in DEVICES}
        self._satisfied: dict[tuple[str | None, ...], list[Ranked]] = {}
        self._milliseconds: list[int] = []

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

    def _steps_of(self, event: StepEvent) -> list[Ranked]:
        return [
            entered
            for (step, device), entered in self._entered.items()
            if device == event["device"] and satisfies(event, step)
        ]

    def milliseconds(self) -> Integers:
        """Returns when each of the day's ranks was, in milliseconds from the day's beginning."""
        return np.array(self._milliseconds, np.int64)

    def on(self, device: Device, step: str) -> Ranked:
        """Returns the entries to one step on one device."""
        return self._entered[step, device]

    def devices(self, funnel: Funnel) -> list[Device]:
        """Returns the devices on which any of a funnel's steps was entered."""
        return [device for device in DEVICES if any(self._entered[step, device].people for step in funnel.steps)]


def funnel_documents(site: Site, day: date, collected: DayEntries) -> Iterator[FunnelDocument]:
    """Returns a day's documents: every funnel's steps, on each device that any of them was seen on."""
    milliseconds = collected.milliseconds()
    for funnel in kept_by_day(site):
        for device in collected.devices(funnel):
            for order in range(1, len(funnel.steps) + 1):
                yield from _documents(site, funnel, day, device, order, collected, milliseconds)


def _documents(
    site: Site,
    funnel: Funnel,
    day: date,
    device: Device,
    order: int,
    collected: DayEntries,
    milliseconds: Integers,
) -> Iterator[FunnelDocument]:
    # one step's document; more where its entries do not fit into one
    step = funnel.steps[order - 1]
    entered = collected.on(device, step)
    repeated = step in funnel.steps[: order - 1]
    for part, begin in enumerate(range(0, max(1, len(entered.people)), ENTRIES_PER_DOCUMENT)):
        ranks = entered.ranks[begin : begin + ENTRIES_PER_DOCUMENT]
        suffix = (f":{order}" if repeated else "") + (f":part {part + 1}" if part else "")
        yield FunnelDocument(
            _id=f"{site.site_id}:{day}:{device}:{funnel.name}:{step}{suffix}",
            site_id=site.site_id,
            date=day.isoformat(),
            device=device,
            funnel=funnel.name,
            step=step,
            order=order,
            ranked=len(milliseconds),
            entries=pack(entered.people[begin : begin + ENTRIES_PER_DOCUMENT], ranks, milliseconds[ranks]),
        )
