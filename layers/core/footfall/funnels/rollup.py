"""One day's funnel rollups, from its events."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np

from footfall.funnels.columns import pack
from footfall.funnels.engine import Entries, ordered
from footfall.funnels.steps import satisfies
from footfall.funnels.summary import on_device, step_figures
from footfall.schemas.funnel import DEVICES, Device, FunnelDocument, FunnelStep
from footfall.schemas.site import Funnel, Site

MILLISECOND = timedelta(milliseconds=1)
ENTRIES_PER_DOCUMENT = 1_000_000
"""12 MB of columns; MongoDB takes documents of 16 MB."""


@dataclass
class Collected:
    """The entries to one step on one device, as columns in the order of time."""

    people: list[int] = field(default_factory=list)
    ranks: list[int] = field(default_factory=list)
    milliseconds: list[int] = field(default_factory=list)


class DayEntries:
    """Collects a day's step entries; events come in the order of time."""

    def __init__(self, start: datetime, funnels: Iterable[Funnel]) -> None:
        self.ranked = 0
        self._start = start
        self._steps = sorted({step for funnel in funnels for step in funnel.steps})
        self._satisfied: dict[tuple[str, str | None, str | None], list[str]] = {}
        self._collected: dict[tuple[str, str], Collected] = {}

    def add(self, event: Mapping[str, Any], person: int) -> None:
        """Count an event of a person, whose dense id is given, for every step it satisfies."""
        steps = self._steps_of(event)
        if not steps:
            return
        milliseconds = (event["timestamp"] - self._start) // MILLISECOND
        for step in steps:
            entries = self._collected.setdefault((step, event["device"]), Collected())
            entries.people.append(person)
            entries.ranks.append(self.ranked)
            entries.milliseconds.append(milliseconds)
        self.ranked += 1

    def _steps_of(self, event: Mapping[str, Any]) -> list[str]:
        kind = event["type"], event.get("name"), event.get("page_type")
        if kind not in self._satisfied:
            self._satisfied[kind] = [step for step in self._steps if satisfies(event, step)]
        return self._satisfied[kind]

    def of(self, step: str, device: str) -> Collected:
        """The entries to one step on one device."""
        return self._collected.get((step, device)) or Collected()

    def devices(self, steps: Iterable[str]) -> list[Device]:
        """The devices on which any of the steps was entered."""
        return [device for device in DEVICES if any((step, device) in self._collected for step in steps)]


def funnel_documents(site: Site, day: date, entries: DayEntries) -> Iterator[FunnelDocument]:
    """What `funnel_analytics` holds of a day: every funnel's steps, on each device that any of them was seen on."""
    for funnel in site.funnels:
        attempts = ordered([_on_all_devices(entries, step) for step in funnel.steps])
        for device in entries.devices(funnel.steps):
            figures = step_figures(on_device(attempts, device), funnel.steps)
            for step in figures:
                yield from _documents(site, day, device, funnel, step, entries)


def _on_all_devices(entries: DayEntries, step: str) -> Entries:
    found = [(code, entries.of(step, device)) for code, device in enumerate(DEVICES)]
    people, places, times = (
        np.concatenate([np.asarray(getattr(one, name), np.int64) for _, one in found])
        for name in ("people", "ranks", "milliseconds")
    )
    devices = np.repeat(np.arange(len(found), dtype=np.uint8), [len(one.people) for _, one in found])
    return Entries.of(people, places, times, devices)


def _documents(
    site: Site, day: date, device: Device, funnel: Funnel, step: FunnelStep, entries: DayEntries
) -> Iterator[FunnelDocument]:
    """The document of one step; more where its entries do not fit into one, of which only the first has its figures."""
    collected = entries.of(step.name, device)
    repeated = step.name in funnel.steps[: step.order - 1]
    for part, begin in enumerate(range(0, max(1, len(collected.people)), ENTRIES_PER_DOCUMENT)):
        end = begin + ENTRIES_PER_DOCUMENT
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
            ranked=entries.ranked,
            entries=pack(collected.people[begin:end], collected.ranks[begin:end], collected.milliseconds[begin:end]),
        )
